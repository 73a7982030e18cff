"""Promise 3: a node that lies is refused, says a page, and honest traffic goes on.

Grace's browser talks to the real node through a proxy that lies to her. Ada's talks to it directly.
"""

import re

import pytest
from playwright.sync_api import expect

import frames
from interceptor import Interceptor, pass_on
from person import ARRIVE_MILLISECONDS, Person

pytestmark = pytest.mark.skip(reason="four of its lies are not shown green yet: see the open issue")


@pytest.fixture
def liar(node, tmp_path):
    proxy = Interceptor(node.port, tmp_path).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def victim(browsers, liar, request):
    """A browser that takes the proxy for the node."""
    browser = browsers.another("chromium", *liar.browser_arguments())
    present = []

    def arrive(name: str, **options) -> Person:
        person = Person(browser, name, **options)
        present.append(person)
        return person

    yield arrive
    for person in present:
        person.close()
    browser.close()


@pytest.fixture
def meeting(node, people, victim):
    """Ada and Grace in their conversation. Their browsers cannot reach each other, so that everything passes by the node."""
    ada, grace = people("Ada"), victim("Grace")
    for person in (ada, grace):
        person.context.add_init_script("RTCPeerConnection.prototype.addIceCandidate = async () => {};")
        person.context.add_init_script(NO_CANDIDATES_IN_SDP)
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    article = ada.send("an honest beginning")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    return ada, grace


NO_CANDIDATES_IN_SDP = """
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        return set.call(this, { type: description.type, sdp: description.sdp.replace(/^a=candidate:.*\\r\\n/gm, "") });
    };
"""


def envelopes_changed(change):
    """A rule that changes every envelope on its way to the browser, pushed or fetched."""

    def rule(frame: bytes) -> list[bytes]:
        if pushed := frames.pushed_envelope(frame):
            return [
                frames.PushedEnvelope(pushed.mailbox, pushed.sequence, envelope).frame()
                for envelope in change(pushed.envelope)
            ]
        if fetched := frames.fetched_envelopes(frame):
            before, envelopes, after = fetched
            changed = [(number, envelope) for number, body in envelopes for envelope in change(body)]
            return [frames.with_envelopes(before, changed, after)]
        return [frame]

    return rule


def expect_honest_exchange(ada, grace, count: int) -> None:
    """After the lies, both still write to each other; `count` messages were there before."""
    article = ada.send("honest again")
    grace.expect_messages(count + 1)
    ada.expect_state(article, "Delivered")
    answer = grace.send("and back")
    ada.expect_messages(count + 2)
    grace.expect_state(answer, "Delivered")


def alerts(person: Person):
    return person.page.get_by_role("alert")


def test_a_replayed_envelope_is_refused(meeting, liar):
    ada, grace = meeting
    seen: list[frames.PushedEnvelope] = []

    def record(frame: bytes) -> list[bytes]:
        if pushed := frames.pushed_envelope(frame):
            seen.append(pushed)
        return [frame]

    liar.from_node = record
    ada.send("only once")
    grace.expect_messages(2)
    stored = [pushed for pushed in seen if pushed.sequence > 0]
    assert stored, "the message came by the mailbox"
    last = max(pushed.sequence for pushed in stored)
    for pushed in stored:
        liar.inject(pushed.frame())
        last += 1
        liar.inject(frames.PushedEnvelope(pushed.mailbox, last, pushed.envelope).frame())
    expect(alerts(grace).filter(has_text="had been delivered once already")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    liar.from_node = pass_on
    grace.expect_messages(2)
    expect_honest_exchange(ada, grace, 2)


def test_an_edited_envelope_is_refused_and_its_message_comes_later(meeting, liar):
    ada, grace = meeting
    liar.from_node = envelopes_changed(lambda envelope: [envelope[:-40] + bytes([envelope[-40] ^ 1]) + envelope[-39:]])
    article = ada.send("changed on the way")
    expect(alerts(grace).filter(has_text="A message was refused")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    grace.expect_messages(1)
    liar.from_node = pass_on
    grace.page.reload()
    grace.unlock()
    grace.open_conversation("Ada")
    grace.expect_messages(2)
    assert "changed on the way" in grace.reveal(1)
    ada.expect_state(article, "Read")
    expect_honest_exchange(ada, grace, 2)


def test_a_dropped_message_shows_as_a_gap_and_heals(meeting, liar):
    ada, grace = meeting
    liar.from_node = envelopes_changed(lambda envelope: [])
    ada.expect_state(ada.send("swallowed"), "Sent")
    liar.from_node = pass_on
    article = ada.send("after the gap")
    # The later message tells that one is missing, and the sender's device writes it again.
    grace.expect_messages(3)
    texts = [grace.reveal(index) for index in (1, 2)]
    assert "swallowed" in texts[0] and "after the gap" in texts[1]
    ada.expect_state(article, "Read")
    expect(grace.page.get_by_text("Some messages are missing")).to_be_hidden(timeout=ARRIVE_MILLISECONDS)


def test_reordered_and_delayed_envelopes_are_put_in_order(meeting, liar):
    ada, grace = meeting
    held: list[bytes] = []

    def hold(frame: bytes) -> list[bytes]:
        if (pushed := frames.pushed_envelope(frame)) and pushed.sequence > 0:
            held.append(frame)
            return []
        return [frame]

    liar.from_node = hold
    articles = [ada.send(f"number {number}") for number in range(4)]
    ada.expect_state(articles[-1], "Sent")
    liar.from_node = pass_on
    for frame in reversed(held):
        liar.inject(frame)
    grace.expect_messages(5)
    for number in range(4):
        assert f"number {number}" in grace.reveal(number + 1)


def test_another_invitation_s_bundle_is_refused(node, people, victim, liar):
    ada, eve = people("Ada"), victim("Eve")
    ada.enrol(node.operator_invitation)
    first, second = ada.invite(), ada.invite()
    bundles: list[bytes] = []

    def swap(frame: bytes) -> list[bytes]:
        if frames.response_kind(frame) != frames.RESPONSE_INVITATION_BUNDLE:
            return [frame]
        bundles.append(frame[6:])
        return [frame[:6] + bundles[0]]

    liar.from_node = swap
    eve.page.goto(first)
    expect(eve.page.get_by_role("button", name="Join")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    grace = victim("Grace")
    grace.page.goto(second)
    expect(grace.page.get_by_text("is not what your inviter signed")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    liar.from_node = pass_on
    grace.page.goto("about:blank")
    grace.enrol(second)


def test_a_forged_commit_and_a_ghost_s_message_change_nothing(meeting, liar):
    """What only a member can make: the node offers random bytes, and a member's own bytes, in a commit's place."""
    ada, grace = meeting
    recorded: list[bytes] = []

    def answer(frame: bytes) -> list[bytes]:
        if pushed := frames.pushed_envelope(frame):
            recorded.append(pushed.envelope)
            ghost = bytes(range(256)) * 4
            return [frames.PushedEnvelope(pushed.mailbox, 0, ghost).frame(), frame]
        return [frame]

    liar.from_node = answer
    ada.send("with a ghost in the room")
    grace.expect_messages(2)
    expect(alerts(grace).filter(has_text="A message was refused")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    liar.from_node = pass_on
    assert grace.safety_number() == ada.safety_number()
    expect_honest_exchange(ada, grace, 2)


def test_a_node_with_another_key_is_refused(meeting, liar):
    ada, grace = meeting

    def other_key(frame: bytes) -> list[bytes]:
        return [frame[:3] + bytes([frame[3] ^ 1]) + frame[4:]] if frame[:1] == b"\0" else [frame]

    liar.from_node = other_key
    grace.page.reload()
    grace.unlock()
    expect(alerts(grace).filter(has_text="identified itself with an unknown key")).to_be_visible(
        timeout=ARRIVE_MILLISECONDS
    )
    liar.from_node = pass_on
    grace.page.reload()
    grace.unlock()
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    expect_honest_exchange(ada, grace, 1)


SPLICE_FINGERPRINT = """
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        const sdp = description.sdp.replace(/(a=fingerprint:sha-256 )(..)/g,
            (line, name, byte) => name + (byte === "00" ? "01" : "00"));
        return set.call(this, { type: description.type, sdp });
    };
"""


def test_a_dtls_certificate_that_was_not_announced_closes_the_channel(node, people):
    """Nobody can change the SDP, which is sealed; what a man in the middle of the media path amounts to is a certificate
    other than the announced one, which is what this browser is made to see."""
    ada, grace = people("Ada"), people("Grace")
    grace.context.add_init_script(SPLICE_FINGERPRINT)
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    expect(alerts(grace).filter(has_text=re.compile("certificate was not the one announced"))).to_be_visible(
        timeout=ARRIVE_MILLISECONDS
    )
    article = ada.send("by the mailbox, then")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    grace.expect_connection("Mailbox")
