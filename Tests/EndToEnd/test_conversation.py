"""Writing to each other, masked messages, the safety number."""

import time

import pytest
from playwright.sync_api import expect

from person import ARRIVE_MILLISECONDS

PAIRS = [("chromium", "chromium"), ("firefox", "firefox"), ("chromium", "firefox")]


def meet(node, people, first="chromium", second="chromium"):
    ada, grace = people("Ada", first), people("Grace", second)
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    return ada, grace


def stored_envelopes(node) -> int:
    return node.metric("cryptpeer_envelopes_stored_total")


@pytest.mark.parametrize("engines", PAIRS, ids="-".join)
def test_two_online_people_write_directly_and_no_envelope_reaches_the_node(met, engines):
    node, ada, grace = met(*engines)
    ada.expect_connection("Direct")
    grace.expect_connection("Direct")
    before = stored_envelopes(node)

    article = ada.send("Straight to you")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    assert "Straight to you" in grace.reveal()
    ada.expect_state(article, "Read")
    answer = grace.send("And back")
    ada.expect_messages(2)
    grace.expect_state(answer, "Delivered")

    assert stored_envelopes(node) == before
    for person in (ada, grace):
        assert "relay" not in person.selected_candidate_types()


def test_a_message_waits_in_the_mailbox_for_who_is_away(node, people):
    ada, grace = meet(node, people)
    grace.kill_tab()
    ada.expect_connection("Mailbox")
    articles = [ada.send(f"While you were out, {number}") for number in range(3)]
    for article in articles:
        ada.expect_state(article, "Sent")
    assert stored_envelopes(node) >= 3

    grace.open_tab().goto(node.url)
    grace.unlock()
    grace.open_conversation("Ada")
    grace.expect_messages(3)
    assert [f"out, {number}" in grace.reveal(number) for number in range(3)] == [True, True, True]
    ada.expect_state(articles[2], "Read")


def test_nothing_is_lost_or_doubled_when_the_node_is_killed_and_pages_reload(node, people):
    ada, grace = meet(node, people)
    ada.send("one")
    grace.expect_messages(1)
    node.kill()
    ada.send("two")
    ada.page.reload()
    node.start()
    ada.unlock()
    ada.open_conversation("Grace")
    ada.send("three")
    grace.page.reload()
    grace.unlock()
    grace.open_conversation("Ada")
    grace.expect_messages(3)
    time.sleep(3)  # a double would come with the next retry
    grace.expect_messages(3)
    for index, text in enumerate(("one", "two", "three")):
        assert text in grace.reveal(index)
    for index in range(3):
        ada.expect_state(ada.articles.nth(index), "Delivered", "Read")


def test_a_killed_tab_loses_nothing(node, people):
    ada, grace = meet(node, people)
    ada.expect_connection("Direct")
    ada.page.get_by_role("textbox", name="Message", exact=True).fill("the last words")
    ada.page.get_by_role("button", name="Send", exact=True).click()
    expect(ada.articles).to_have_count(1)
    ada.kill_tab()
    ada.open_tab().goto(node.url)
    ada.unlock()
    ada.open_conversation("Grace")
    grace.expect_messages(1)
    assert "the last words" in grace.reveal()
    ada.expect_state(ada.articles.first, "Read")


def test_the_network_drops_in_the_middle(node, people):
    ada, grace = meet(node, people)
    ada.expect_connection("Direct")
    grace.context.set_offline(True)
    node.kill()
    for number in range(3):
        ada.send(f"into the void {number}")
    node.start()
    grace.context.set_offline(False)
    grace.expect_messages(3)
    ada.expect_state(ada.articles.nth(2), "Delivered")


def test_any_script_arrives_as_it_was_written(met):
    _, ada, grace = met()
    for number, text in enumerate(("😀👩‍👩‍👧‍👦 emoji", "مرحبا بالعالم", "日本語と한국어", "<b>not markup</b>&amp;")):
        ada.send(text)
        grace.expect_messages(number + 1)
        assert text in grace.reveal()


def test_a_long_message_arrives_whole_and_a_longer_one_is_refused_plainly(met):
    _, ada, grace = met()
    text = "64 kibibytes of text. " * 2978
    ada.send(text[:65_536])
    grace.expect_messages(1)
    assert len(grace.reveal()) >= 65_000

    box = ada.page.get_by_role("textbox", name="Message", exact=True)
    box.fill("x" * 65_537)
    expect(ada.page.get_by_text("byte too long")).to_be_visible()
    expect(ada.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    box.fill("")


def test_a_message_is_masked_again_after_the_time_set(node, people):
    ada, grace = meet(node, people)
    grace.set_reveal_seconds(10)
    ada.send("for your eyes")
    grace.expect_messages(1)
    assert "for your eyes" not in grace.articles.first.inner_text()
    assert "for your eyes" in grace.reveal()
    expect(grace.articles.first.get_by_role("button", name="Reveal message")).to_be_visible(timeout=20_000)
    assert "for your eyes" not in grace.page.content()


@pytest.mark.parametrize("engines", PAIRS, ids="-".join)
def test_both_see_the_same_safety_number(met, engines):
    numbers = [person.safety_number() for person in met(*engines).people]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) == 60 and numbers[0].isdigit()
