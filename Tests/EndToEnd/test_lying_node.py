"""Promise 3: a node that lies is refused, says a page, and honest traffic goes on.

Grace's browser talks to the real node through a proxy that lies to her. Ada's talks to it directly.
"""

import os

import pytest
from playwright.sync_api import expect

import frames
from interceptor import pass_on
from lies import expect_honest_exchange, expect_warning, keep_apart
from person import ARRIVE_MILLISECONDS


@pytest.fixture
def meeting(node, people, victim):
    """Ada and Grace in their conversation, all of which passes by the node."""
    ada, grace = people("Ada"), victim("Grace")
    keep_apart(ada, grace)
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    article = ada.send("an honest beginning")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    return ada, grace


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
    expect_warning(grace, "had already been delivered once")
    liar.from_node = pass_on
    grace.expect_messages(2)
    expect_honest_exchange(ada, grace)


def test_an_edited_envelope_is_refused_and_its_message_comes_later(meeting, liar):
    ada, grace = meeting
    liar.from_node = envelopes_changed(lambda envelope: [envelope[:-40] + bytes([envelope[-40] ^ 1]) + envelope[-39:]])
    article = ada.send("changed on the way")
    expect_warning(grace, "A message was refused")
    grace.expect_messages(1)
    liar.from_node = pass_on
    # Grace's device asks for what it could not read, and Ada's writes it once more.
    grace.expect_messages(2)
    assert "changed on the way" in grace.reveal(1)
    ada.expect_state(article, "Read")
    expect_honest_exchange(ada, grace)


def test_a_dropped_message_shows_as_a_gap_and_heals(meeting, liar):
    ada, grace = meeting
    swallowed: set[bytes] = set()
    passed: list[bytes] = []
    held: list[bytes] = []

    def swallow(envelope: bytes) -> list[bytes]:
        swallowed.add(envelope)
        return []

    def pass_one(frame: bytes) -> list[bytes]:
        """The next message comes through; what was swallowed never does, and what follows waits."""
        pushed = frames.pushed_envelope(frame)
        if pushed is None or pushed.sequence == 0:
            return envelopes_changed(lambda envelope: [] if envelope in swallowed else [envelope])(frame)
        if not passed:
            passed.append(frame)
            return [frame]
        held.append(frame)
        return []

    liar.from_node = envelopes_changed(swallow)
    ada.expect_state(ada.send("swallowed"), "Sent")
    liar.from_node = pass_one
    article = ada.send("after the gap")
    gap = grace.page.get_by_text("Some messages are missing")
    expect(gap).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    # What came after the gap is not shown as if there were none.
    grace.expect_messages(1)
    assert swallowed and passed

    # The node is honest again; Grace's device has asked for the missing message, and Ada's writes it once more.
    liar.from_node = pass_on
    for frame in held:
        liar.inject(frame)
    grace.expect_messages(3)
    expect(gap).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    texts = [grace.reveal(index) for index in (1, 2)]
    assert "swallowed" in texts[0] and "after the gap" in texts[1]
    ada.expect_state(article, "Read")
    expect_honest_exchange(ada, grace)


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
    liar.from_node = turn_around
    for frame in reversed(held):
        liar.inject(frame)
    grace.expect_messages(5)
    for number in range(4):
        assert f"number {number}" in grace.reveal(number + 1)
    liar.from_node = pass_on
    expect_honest_exchange(ada, grace)


def turn_around(frame: bytes) -> list[bytes]:
    """What is fetched comes in the reverse order, under the numbers of the right one."""
    if fetched := frames.fetched_envelopes(frame):
        before, envelopes, after = fetched
        numbers, bodies = zip(*envelopes) if envelopes else ((), ())
        return [frames.with_envelopes(before, list(zip(numbers, reversed(bodies))), after)]
    return [frame]


def test_an_inserted_envelope_is_refused(meeting, liar):
    ada, grace = meeting

    def insert(frame: bytes) -> list[bytes]:
        if pushed := frames.pushed_envelope(frame):
            return [frames.PushedEnvelope(pushed.mailbox, 0, os.urandom(1024)).frame(), frame]
        return [frame]

    liar.from_node = insert
    ada.send("with a ghost in the room")
    grace.expect_messages(2)
    expect_warning(grace, "A message was refused")
    liar.from_node = pass_on
    assert grace.safety_number() == ada.safety_number()
    expect_honest_exchange(ada, grace)


def test_a_forged_commit_changes_nothing(node, meeting, liar):
    """In the slot's place, the node hands out a commit of its own make, and one that it took from this very conversation."""
    ada, grace = meeting
    ((earlier,), *_) = node.await_rows("SELECT sealed FROM commits")
    for commit in (os.urandom(len(earlier)), earlier):
        handed_out: list[bytes] = []

        def forge(frame: bytes) -> list[bytes]:
            if frames.response_kind(frame) != frames.RESPONSE_COMMIT:
                return [frame]
            handed_out.append(frame)
            return [frames.answer_instead(frame, commit)]

        liar.from_node = forge
        grace.page.reload()
        grace.unlock()
        grace.open_conversation("Ada")
        expect_warning(grace, "A message was refused")
        assert handed_out
    liar.from_node = pass_on
    assert grace.safety_number() == ada.safety_number()
    expect_honest_exchange(ada, grace)


def test_a_node_with_another_key_is_refused(meeting, liar):
    ada, grace = meeting

    def other_key(frame: bytes) -> list[bytes]:
        return [frame[:3] + bytes([frame[3] ^ 1]) + frame[4:]] if frame[:1] == b"\0" else [frame]

    liar.from_node = other_key
    grace.page.reload()
    grace.unlock()
    expect_warning(grace, "identified itself with an unknown key")
    liar.from_node = pass_on
    grace.page.reload()
    grace.unlock()
    grace.open_conversation("Ada")
    expect_honest_exchange(ada, grace)


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
    expect_warning(grace, "certificate was not the one announced")
    article = ada.send("by the mailbox, then")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    grace.expect_connection("Mailbox")
