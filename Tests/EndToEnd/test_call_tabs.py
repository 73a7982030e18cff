"""Calls and the tabs of one profile: it rings in all of them, one answers, the others say so."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from caller import Caller, callers, connect, meet
from person import ARRIVE_MILLISECONDS

ELSEWHERE = "CryptPeer is open in another tab"

# Whatever the tabs of this origin say to each other aloud.
OVERHEAR = """() => {
    window.overheard = [];
    const text = (value) => ArrayBuffer.isView(value)
        ? [...value].map((byte) => String.fromCharCode(byte)).join("")
        : typeof value === "object" && value !== null ? Object.values(value).map(text).join(" ") : String(value);
    new BroadcastChannel("cryptpeer-tabs").onmessage = ({ data }) => window.overheard.push(text(data));
}"""


def another_tab(node, caller: Caller) -> Caller:
    page: Page = caller.person.context.new_page()
    page.on("pageerror", lambda error: caller.person.faults.append(str(error)))
    page.goto(node.url)
    expect(page.get_by_text(ELSEWHERE)).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    return Caller(caller.person, page)


def expect_rings(*tabs: Caller) -> None:
    for tab in tabs:
        expect(tab.incoming).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        expect(tab.incoming.get_by_text("Ada")).to_be_visible()


def expect_silent(*tabs: Caller) -> None:
    for tab in tabs:
        expect(tab.incoming).to_be_hidden(timeout=ARRIVE_MILLISECONDS)


@pytest.mark.long_in("firefox")
def test_the_tab_that_answers_has_the_call_and_the_others_say_so(met, engine):
    couple = met("chromium", engine)
    ada, grace = callers(couple)
    second, third = another_tab(couple.node, grace), another_tab(couple.node, grace)
    third.page.evaluate(OVERHEAR)
    ada.call("Video call")
    expect_rings(grace, second, third)
    second.answer()
    expect_silent(grace, second, third)
    ada.expect_connected()
    second.expect_connected()
    # It is had there: picture and sound, both ways, frames encrypted.
    second.expect_more("frames", "energy")
    ada.expect_more("frames", "energy")
    expect(second.region.get_by_text("End-to-end encrypted · post-quantum")).to_be_visible()
    expect(second.region.get_by_role("heading", name="Ada")).to_be_visible()
    assert grace.measure()["state"] == "none", "the tab with the keys has no media"
    # The others say where it is; neither shows it.
    strip = grace.page.get_by_role("region", name="Call in another tab")
    expect(strip.get_by_text(re.compile("Your call with .*Ada.* is in another tab"))).to_be_visible()
    expect(third.page.get_by_text("The call was answered in another tab.")).to_be_visible()
    expect(third.page.get_by_text("If you continue here, it ends.")).to_be_visible()
    for other in (grace, third):
        expect(other.region).to_be_hidden()
    # What the tabs said aloud names nobody, and holds no address and nothing of a description.
    overheard = third.page.evaluate("window.overheard")
    assert len(overheard) > 5
    for canary in ("Ada", "candidate", "ice-ufrag", "fingerprint", "127.0.0.1"):
        assert not any(canary in text for text in overheard), canary
    # A word passes through the tab with the keys in both directions.
    second.press("Mute")
    muted = ada.region.get_by_role("figure", name=re.compile("Grace")).get_by_text("Microphone off")
    expect(muted).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    strip.get_by_role("button", name="Hang up").click()
    for side in (ada, second):
        side.expect_gone()
    expect(strip).to_be_hidden()
    expect(third.page.get_by_text("If you continue here, it ends.")).to_be_hidden()
    expect(grace.person.notices.filter(has_text=re.compile("Video call: .*0:"))).to_be_visible()

    # And again, answered where the keys are.
    ada.call("Voice call")
    expect_rings(grace, second, third)
    grace.answer()
    ada.expect_connected()
    expect_silent(second, third)
    for other in (second, third):
        expect(other.page.get_by_text("The call was answered in another tab.")).to_be_visible()
    grace.expect_more("energy")
    ada.press("Hang up")
    grace.expect_gone()
    assert ada.person.faults == [] and grace.person.faults == []


@pytest.mark.long_in("chromium")
def test_a_tab_can_decline_for_all(met, engine):
    couple = met("chromium", engine)
    ada, grace = callers(couple)
    second = another_tab(couple.node, grace)
    ada.call("Voice call")
    expect_rings(grace, second)
    second.incoming.get_by_role("button", name="Decline").click()
    expect_silent(grace, second)
    ada.expect_over(re.compile("declined the call"))


def test_a_tab_that_comes_while_it_rings_rings_and_a_caller_that_gives_up_silences_all(met):
    couple = met()
    ada, grace = callers(couple)
    ada.call("Voice call")
    expect_rings(grace)
    second = another_tab(couple.node, grace)
    expect_rings(second)
    ada.press("Hang up")
    expect_silent(grace, second)


def test_two_tabs_that_answer_at_once_make_one_call(met):
    couple = met()
    ada, grace = callers(couple)
    second, third = another_tab(couple.node, grace), another_tab(couple.node, grace)
    ada.call("Voice call")
    expect_rings(grace, second, third)
    for tab in (second, third):
        tab.page.evaluate("""() => {
            const button = [...document.querySelectorAll("dialog.incoming button")].find((one) => one.textContent === "Answer");
            const at = Math.ceil((Date.now() + 500) / 1000) * 1000;
            setTimeout(() => button.click(), at - Date.now());
        }""")
    ada.expect_connected()
    ada.page.wait_for_timeout(1_500)
    having = [tab for tab in (grace, second, third) if tab.region.is_visible()]
    assert len(having) == 1 and having[0] is not grace
    having[0].expect_connected()
    having[0].expect_more("energy")
    ada.press("Hang up")
    having[0].expect_gone()


@pytest.mark.long_in("chromium")
def test_the_call_ends_with_the_tab_that_has_it(met, engine):
    couple = met("chromium", engine)
    ada, grace = callers(couple)
    second = another_tab(couple.node, grace)
    ada.call("Voice call")
    expect_rings(second)
    second.answer()
    ada.expect_connected()
    second.expect_connected()
    killed = time.monotonic()
    second.page.close(run_before_unload=False)
    # The tab with the keys notices, and says so: nobody waits for a path to come back.
    ada.expect_gone()
    assert time.monotonic() - killed < 12
    expect(grace.page.get_by_role("region", name="Call in another tab")).to_be_hidden()


def test_the_call_in_a_tab_ends_with_the_tab_that_has_the_keys(node, people):
    ada, grace = meet(node, people)
    second = another_tab(node, grace)
    ada.call("Voice call")
    expect_rings(second)
    second.answer()
    second.expect_connected()
    grace.page.close(run_before_unload=False)
    expect(second.region.get_by_text(re.compile("did not come back"))).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    second.expect_gone()
    ada.expect_over(re.compile("Call ended|did not come back"))


# Words between tabs take their time, as on a busy machine; locks do not.
SLOW_WORDS = """() => {
    const post = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = function (message) {
        setTimeout(() => post.call(this, message), 400);
    };
}"""


def test_a_last_word_that_is_late_is_waited_for(met):
    couple = met()
    ada, grace = callers(couple)
    second = another_tab(couple.node, grace)
    grace.page.evaluate(SLOW_WORDS)
    ada.call("Voice call")
    expect_rings(second)
    second.answer()
    second.expect_connected()
    ada.press("Hang up")
    outcome = second.region.get_by_text(re.compile("Call ended|did not come back"))
    expect(outcome).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(outcome).to_have_text("Call ended")
    second.expect_gone()


@pytest.mark.long_in("firefox")
def test_the_profile_is_moved_during_a_call_only_knowingly_and_the_other_side_hears_at_once(node, people, engine):
    ada, grace = meet(node, people, "chromium", engine)
    connect(ada, grace, "Voice call")
    second = another_tab(node, grace)
    expect(second.page.get_by_text("A call is under way. If you continue here, it ends.")).to_be_visible()
    asked = time.monotonic()
    second.page.get_by_role("button", name="Use it here").click()
    ada.expect_gone()
    assert time.monotonic() - asked < 12
    expect(second.page.get_by_role("button", name="Unlock")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(grace.page.get_by_text(ELSEWHERE)).to_be_visible()
    # With the profile, the other tab takes calls, and the first one rings with it.
    grace.person.page = second.page
    grace.person.unlock()
    grace.person.open_conversation("Ada")
    grace.person.expect_connection("Direct", "Relayed")
    ada.person.expect_connection("Direct", "Relayed")
    ada.call("Voice call")
    expect_rings(second, grace)
    grace.answer()
    ada.expect_connected()
    grace.expect_more("energy")
