"""What a person could lose or misread: drafts, masks, Back, links, what arrives unseen."""

import re

import pytest
from playwright.sync_api import Page, expect

from caller import callers, connect
from couples import Couple
from person import ARRIVE_MILLISECONDS, Person

LOCKING_SOON = "Locking soon, because nothing is touched."


def message_field(person: Person):
    return person.page.get_by_role("textbox", name="Message", exact=True)


def masked(person: Person):
    """The buttons of what is masked in the open conversation."""
    return person.articles.get_by_role("button", name="Reveal message")


def keep_revealed(person: Person, how: str, value: str) -> None:
    person.page.get_by_role("button", name="Settings").click()
    dialog = person.page.get_by_role("dialog", name="Settings")
    choice = dialog.get_by_label("A revealed message stays visible")
    expect(choice.locator(f"option[value='{value}']")).to_have_text(re.compile(how))
    choice.select_option(value)
    person.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def reopen(person: Person, other: str) -> None:
    """Leaves the conversation, and comes back to it."""
    go_back(person.page)
    expect(person.log).to_be_hidden()
    person.open_conversation(other)


def go_back(page: Page) -> None:
    page.evaluate("history.back()")


def set_hidden(page: Page, is_hidden: bool) -> None:
    """As behind another tab: without a screen, browsers show every page."""
    page.evaluate("""(isHidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => isHidden ? "hidden" : "visible" });
        document.dispatchEvent(new Event("visibilitychange"));
    }""", is_hidden)


# Drafts, the lock


@pytest.mark.long_in("firefox")
def test_a_draft_and_the_conversation_come_back_after_a_lock_and_a_reload(met, engine):
    _, ada, _ = met(engine, "chromium")
    message_field(ada).fill("half a thought")
    ada.lock()
    assert "half a thought" not in ada.page.content()
    ada.unlock()
    # The conversation is open again, without a press.
    expect(message_field(ada)).to_have_value("half a thought", timeout=ARRIVE_MILLISECONDS)
    message_field(ada).press_sequentially(", and")
    # Who looks at another tab has it sealed at once; the core answers for the number after that.
    set_hidden(ada.page, True)
    set_hidden(ada.page, False)
    ada.safety_number()
    ada.page.reload()
    ada.unlock()
    expect(message_field(ada)).to_have_value("half a thought, and", timeout=ARRIVE_MILLISECONDS)
    # What was sent is no draft any more.
    ada.send("half a thought, and the other half")
    ada.page.reload()
    ada.unlock()
    expect(message_field(ada)).to_have_value("", timeout=ARRIVE_MILLISECONDS)
    expect(ada.log.get_by_text("and the other half")).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_the_lock_announces_itself_can_be_put_off_and_says_why_it_came(node, people):
    ada = people("Ada")
    ada.page.clock.install()
    ada.enrol(node.operator_invitation)
    ada.page.clock.fast_forward("04:20")
    expect(ada.page.get_by_text(LOCKING_SOON)).to_be_hidden()
    ada.page.clock.fast_forward("00:15")
    expect(ada.page.get_by_role("status").filter(has_text=LOCKING_SOON)).to_be_visible()
    # A click waits for frames, which stand still with the clock.
    ada.page.get_by_role("button", name="Stay unlocked").press("Enter")
    expect(ada.page.get_by_text(LOCKING_SOON)).to_be_hidden()
    ada.page.clock.fast_forward("04:40")
    expect(ada.page.get_by_text(LOCKING_SOON)).to_be_visible()
    ada.page.clock.fast_forward("00:30")
    expect(ada.page.get_by_role("button", name="Unlock")).to_be_visible()
    expect(ada.page.get_by_text(re.compile("Locked because nothing was touched for .?5 minutes"))).to_be_visible()


# Masking


@pytest.mark.long_in("firefox")
def test_what_arrives_is_masked_and_stays_revealed_for_as_long_as_was_chosen(met, engine):
    _, ada, grace = met("chromium", engine)
    own = ada.send("written by me")
    grace.expect_messages(1)
    expect(own.get_by_text("written by me")).to_be_visible()
    expect(masked(ada)).to_have_count(0)
    assert "written by me" not in grace.page.content()

    # While it is in view.
    grace.reveal()
    expect(grace.articles.get_by_text("written by me")).to_be_visible()
    reopen(grace, "Ada")
    expect(masked(grace)).to_have_count(1)
    # Until it is hidden.
    keep_revealed(grace, "^until I hide it$", "65535")
    grace.reveal()
    reopen(grace, "Ada")
    expect(grace.articles.get_by_text("written by me")).to_be_visible()
    grace.articles.get_by_role("button", name="Hide", exact=True).click()
    expect(masked(grace)).to_have_count(1)
    # For a time.
    keep_revealed(grace, "^for .?10 seconds.?$", "10")
    grace.reveal()
    expect(masked(grace)).to_have_count(1, timeout=20_000)
    assert "written by me" not in grace.page.content()
    keep_revealed(grace, "^while unlocked and in view$", "0")
    # One's own never is, not even after a lock.
    ada.lock()
    ada.unlock()
    expect(ada.log.get_by_text("written by me")).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_all_is_revealed_by_one_button_and_hidden_by_one_key(met):
    _, ada, grace = met()
    for number in range(3):
        ada.send(f"line {number}")
    grace.expect_messages(3)
    expect(masked(grace)).to_have_count(3)
    grace.page.get_by_role("button", name="Reveal all").click()
    expect(masked(grace)).to_have_count(0)
    expect(grace.articles.get_by_text("line 2")).to_be_visible()
    grace.page.keyboard.press("Escape")
    expect(masked(grace)).to_have_count(3)
    assert "line 2" not in grace.page.content()


def test_a_conversation_can_be_opened_unmasked(met):
    _, ada, grace = met()
    set_unmasked(grace, True)
    article = ada.send("legible at once")
    expect(grace.articles.get_by_text("legible at once")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    ada.expect_state(article, "Read")
    reopen(grace, "Ada")
    expect(grace.articles.get_by_text("legible at once")).to_be_visible()
    set_unmasked(grace, False)
    ada.send("masked again")
    grace.expect_messages(2)
    expect(masked(grace).last).to_be_visible()
    assert "masked again" not in grace.page.content()


def set_unmasked(person: Person, is_unmasked: bool) -> None:
    person.page.get_by_role("button", name="Contact details").click()
    dialog = person.page.get_by_role("dialog", name="Contact details")
    dialog.get_by_label("Show messages here without masking").set_checked(is_unmasked)
    person.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


# Back


def test_back_closes_what_is_on_top_and_nothing_is_verified_behind_it(met, engine):
    _, ada, grace = met("chromium", engine)
    page = grace.page
    page.get_by_role("button", name="Verify").click()
    verify = page.get_by_role("dialog", name="Verify")
    expect(verify.get_by_label("Safety number", exact=True)).to_have_text(re.compile(r"\d"), timeout=ARRIVE_MILLISECONDS)
    go_back(page)
    expect(verify).to_be_hidden()
    expect(grace.log).to_be_visible()
    expect(grace.conversations.get_by_text("Verified")).to_be_hidden()

    ada.attach_bytes("plan.txt", "text/plain", b"north gate")
    file = grace.file("plan.txt")
    file.get_by_role("button", name="View").click(timeout=ARRIVE_MILLISECONDS)
    viewer = page.get_by_role("dialog", name="plan.txt")
    expect(viewer).to_be_visible()
    go_back(page)
    expect(viewer).to_be_hidden()
    expect(grace.log).to_be_visible()
    go_back(page)
    expect(grace.log).to_be_hidden()
    expect(grace.conversations).to_be_visible()
    grace.open_conversation("Ada")


def test_the_number_is_marked_as_verified_and_the_mark_removed(met):
    _, ada, _ = met()
    ada.page.get_by_role("button", name="Verify").click()
    dialog = ada.page.get_by_role("dialog", name="Verify")
    expect(dialog.get_by_label("Safety number", exact=True)).to_have_text(re.compile(r"\d"), timeout=ARRIVE_MILLISECONDS)
    dialog.get_by_role("button", name="Mark as verified").click()
    expect(ada.conversations.get_by_text("Verified")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    dialog.get_by_role("button", name="Remove the mark").click()
    expect(ada.conversations.get_by_text("Verified")).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    ada.page.keyboard.press("Escape")


def test_back_asks_before_a_call_is_left(met):
    couple: Couple = met()
    ada, grace = callers(couple)
    ada.skip_check()
    connect(ada, grace, "Voice call")
    go_back(ada.page)
    question = ada.page.get_by_role("dialog", name="Leave the call?")
    question.get_by_role("button", name="Stay in the call").click()
    expect(question).to_be_hidden()
    ada.expect_connected()
    go_back(ada.page)
    question.get_by_role("button", name="Hang up").click()
    for side in (ada, grace):
        side.expect_over("Call ended")


# Links


def test_a_link_is_followed_after_a_question_that_names_the_real_host(met, engine):
    node, ada, grace = met("chromium", engine)
    # The one host that answers here.
    real = node.url.removeprefix("https://")
    address = f"https://bank.example@{real}/healthz"
    ada.send(f"Your account: {address} now")
    grace.expect_messages(1)
    grace.reveal()
    link = grace.articles.last.get_by_role("link", name=address)
    link.click()
    question = grace.page.get_by_role("dialog", name="Open this link?")
    expect(question.get_by_text(real, exact=True)).to_be_visible()
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert len(grace.context.pages) == 1
    link.click()
    with grace.context.expect_page() as opened:
        question.get_by_role("button", name="Open in a new tab").click()
    opened.value.wait_for_url(re.compile("/healthz$"))
    assert opened.value.evaluate("opener") is None
    opened.value.close()


# What arrives unseen


def test_what_arrives_unseen_is_counted_in_a_button_and_in_the_title(met, engine):
    _, ada, grace = met("chromium", engine)
    for number in range(2):
        grace.send("\n".join(f"{number}.{line}" for line in range(40)))
    ada.expect_messages(2)
    grace.log.evaluate("log => { log.scrollTop = 0; }")
    for text in ("first", "second"):
        ada.send(text)
    jump = grace.page.get_by_role("button", name="2 new messages")
    expect(jump).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(grace.page).to_have_title("(2) CryptPeer")
    expect(masked(grace).last).not_to_be_in_viewport()
    jump.click()
    expect(masked(grace).last).to_be_in_viewport()
    expect(jump).to_be_hidden()
    expect(grace.page).to_have_title("CryptPeer")

    set_hidden(grace.page, True)
    ada.send("third")
    expect(grace.page).to_have_title("(1) CryptPeer", timeout=ARRIVE_MILLISECONDS)
    set_hidden(grace.page, False)
    grace.log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
    expect(grace.page).to_have_title("CryptPeer")


# Invitations


@pytest.mark.long_in("firefox")
def test_an_open_invitation_is_offered_again_and_says_who_joined_with_it(node, people, engine):
    ada, grace = people("Ada", engine), people("Grace")
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    ada.page.get_by_role("button", name="Invite", exact=True).click()
    dialog = ada.page.get_by_role("dialog", name="Invite")
    field = dialog.get_by_role("textbox", name="Invitation link")
    expect(field).to_have_value(link, timeout=ARRIVE_MILLISECONDS)
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("textbox", name="Whom it is for").fill("Grace, night shift")
    dialog.get_by_role("textbox", name="Whom it is for").press("Tab")
    expect(dialog.get_by_role("listitem").get_by_text("Grace, night shift")).to_be_visible()
    grace.enrol(link)
    expect(dialog.get_by_text(re.compile("Grace.? has joined")).first).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(field).to_be_hidden()
