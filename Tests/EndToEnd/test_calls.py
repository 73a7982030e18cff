"""Voice and video calls between real browsers. Only the camera and the microphone are fake."""

import re
import time

import pytest
from playwright.sync_api import expect

from caller import CONNECT_MILLISECONDS, MIXED_PAIRS, PAIRS, Caller, callers, connect, introduce, meet
from person import ARRIVE_MILLISECONDS

# How many connections of this page have media and live.
LIVE_MEDIA = """window.peerConnections
    .filter((one) => one.connectionState !== "closed" && one.getTransceivers().length > 0).length"""


@pytest.mark.parametrize("first, second", PAIRS, ids=map("-".join, PAIRS))
def test_picture_and_sound_go_both_ways_encrypted_twice(met, first, second):
    ada, grace = callers(met(first, second))
    connect(ada, grace)
    for side in (ada, grace):
        side.expect_more("frames", "energy")
        expect(side.region.get_by_text("End-to-end encrypted · post-quantum")).to_be_visible()
        assert side.measure()["codec"] == "video/VP9"

    # Muted, nothing is heard; the other side is told.
    muted = grace.region.get_by_role("figure", name=re.compile("Ada")).get_by_text("Microphone off")
    expect(muted).to_be_hidden()
    ada.press("Mute")
    expect(muted).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    ada.press("Mute")
    expect(muted).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    # A camera that is off sends nothing, and comes back.
    ada.press("Camera")
    grace.page.wait_for_timeout(2_000)
    frames = grace.measure()["frames"]
    grace.page.wait_for_timeout(1_500)
    # Firefox goes on with a black picture a second.
    assert grace.measure()["frames"] <= frames + 4
    ada.press("Camera")
    grace.expect_more("frames")

    grace.press("Hang up")
    ada.expect_gone()
    grace.expect_gone()
    expect(ada.person.notices.filter(has_text=re.compile("Video call: .*0:"))).to_be_visible()
    assert ada.person.faults == [] and grace.person.faults == []


def test_a_voice_call_carries_no_picture(met):
    ada, grace = callers(met())
    connect(ada, grace, "Voice call")
    grace.expect_more("energy")
    assert grace.measure()["frames"] == 0
    ada.press("Hang up")
    grace.expect_gone()


def test_a_call_that_is_declined_says_so(met, engine):
    ada, grace = callers(met(engine, "chromium"))
    ada.call("Voice call")
    grace.incoming.get_by_role("button", name="Decline").click(timeout=ARRIVE_MILLISECONDS)
    ada.expect_over(re.compile("declined the call"))
    expect(grace.incoming).to_be_hidden()
    expect(ada.person.notices.filter(has_text=re.compile("Voice call: .*declined"))).to_be_visible()


def test_a_call_that_nobody_answers_is_missed(met):
    ada, grace = callers(met())
    ada.call("Voice call")
    expect(grace.incoming).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    ada.expect_over(re.compile("did not answer"))
    expect(grace.incoming).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    missed = grace.person.notices.filter(has_text=re.compile("Missed voice call"))
    expect(missed).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_who_is_away_sees_later_that_somebody_called(node, people):
    ada, grace = meet(node, people)
    grace.person.kill_tab()
    ada.person.expect_connection("Mailbox")
    ada.call("Voice call")
    ada.expect_over(re.compile("did not answer|cannot be reached"))
    grace.person.open_tab().goto(node.url)
    grace.person.unlock()
    grace.person.open_conversation("Ada")
    missed = grace.person.notices.filter(has_text=re.compile("Missed voice call"))
    expect(missed).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_a_second_call_finds_the_line_busy(node, people):
    ada, grace = meet(node, people)
    zoe = people("Zoe")
    zoe.enrol(ada.person.invite())
    zoe.open_conversation("Ada")
    zoe.expect_connection("Direct", "Relayed")
    connect(ada, grace, "Voice call")

    third = Caller(zoe)
    third.call("Voice call")
    third.expect_over(re.compile("is in another call"))
    expect(ada.incoming).to_be_hidden()
    ada.expect_more("energy")
    ada.press("Hang up")
    ada.expect_gone()
    ada.person.open_conversation("Zoe")
    missed = ada.person.notices.filter(has_text=re.compile("Missed voice call"))
    expect(missed).to_be_visible(timeout=ARRIVE_MILLISECONDS)


CALL_AT_ONCE = """([kind, at]) => {
    const button = document.querySelector(`.conversation-head button[aria-label="${kind}"]`);
    setTimeout(() => button.click(), at - Date.now());
}"""
# A long way between the two, so that both have called before either hears of it.
FAR_AWAY = """
    const send = RTCDataChannel.prototype.send;
    RTCDataChannel.prototype.send = function (data) {
        setTimeout(() => this.readyState === "open" && send.call(this, data), 1_000);
    };
"""


@pytest.mark.parametrize("first, second", MIXED_PAIRS)
def test_two_who_call_each_other_at_the_same_moment_are_in_one_call(node, people, first, second):
    ada, grace = people("Ada", first), people("Grace", second)
    for person in (ada, grace):
        person.context.add_init_script(FAR_AWAY)
    introduce(node, ada, grace)
    ada, grace = Caller(ada), Caller(grace)
    for side in (ada, grace):
        side.skip_check()
    for round, lead in enumerate((0, 150)):
        at = int(time.time() * 1000) + 700
        ada.page.evaluate(CALL_AT_ONCE, ["Video call", at])
        grace.page.evaluate(CALL_AT_ONCE, ["Video call", at + lead])
        # Nobody answers: each has said already that they want to talk.
        for side in (ada, grace):
            side.expect_connected()
            side.expect_more("frames", "energy")
        for side in (ada, grace):
            expect(side.incoming).to_be_hidden()
            assert side.page.evaluate(LIVE_MEDIA) == 1, "one connection for media on each side"
        (ada if round else grace).press("Hang up")
        for side in (ada, grace):
            side.expect_gone()
    # Nothing rings after, and nobody is said to have missed anything.
    ada.page.wait_for_timeout(3_000)
    for side in (ada, grace):
        expect(side.incoming).to_be_hidden()
        expect(side.region).to_be_hidden()
        notices = side.person.notices
        expect(notices.filter(has_text=re.compile("Video call: .*0:"))).to_have_count(2)
        expect(notices.filter(has_text="Missed")).to_have_count(0)
    assert ada.person.faults == [] and grace.person.faults == []


def test_a_side_that_vanishes_ends_the_call(node, people):
    ada, grace = meet(node, people)
    connect(ada, grace, "Voice call")
    killed = time.monotonic()
    grace.person.kill_tab()
    expect(ada.region.get_by_text("Reconnecting…").first).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    noticed = time.monotonic() - killed
    ada.expect_over(re.compile("did not come back|Call ended"))
    # A path has 30 s to come back.
    print(f"noticed after {noticed:.1f} s, over after {time.monotonic() - killed:.1f} s")
    assert time.monotonic() - killed < 30 + 20


# As a browser without WebRTC Encoded Transform.
NO_TRANSFORM = "delete window.RTCRtpScriptTransform;"


def test_a_browser_that_cannot_encrypt_frames_is_said_plainly_before_the_call(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    grace.context.add_init_script(NO_TRANSFORM)
    introduce(node, ada, grace)
    first, second = Caller(ada), Caller(grace)
    # The one who calls reads it before anything rings, each time; the other one before answering.
    first.skip_check()
    first.page.get_by_role("button", name="Video call", exact=True).click()
    check = first.page.get_by_role("dialog", name="Camera and microphone")
    expect(check.get_by_text(re.compile("Grace.*s browser does not support post-quantum"))).to_be_visible()
    expect(second.incoming).to_be_hidden()
    check.get_by_role("button", name=re.compile("^Call ")).click()
    expect(second.incoming.get_by_text(re.compile("does not support post-quantum"))).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    second.answer()
    for side in (first, second):
        side.expect_connected()
        side.expect_more("frames", "energy")
        expect(side.region.get_by_text("Standard encryption only")).to_be_visible()
        expect(side.region.get_by_text("End-to-end encrypted · post-quantum")).to_be_hidden()
    second.press("Hang up")
    first.expect_gone()


def test_the_check_before_the_first_call_shows_what_the_devices_give(node, people, engine):
    ada, grace = meet(node, people, engine, "chromium")
    ada.page.get_by_role("button", name="Video call", exact=True).click()
    check = ada.page.get_by_role("dialog", name="Camera and microphone")
    level = check.get_by_role("meter", name="Microphone level")
    # The fake microphone beeps. Firefox measures nothing on a machine without a sound card.
    expect(level).to_be_visible()
    if engine == "chromium":
        expect(level).not_to_have_attribute("aria-valuenow", "0", timeout=10_000)
    preview = check.locator("video")
    expect(preview).to_be_visible()
    ada.page.wait_for_timeout(500)
    assert preview.evaluate("video => video.videoWidth > 0 && !video.paused")
    # Nobody is called, heard or seen before the word is given; and a check that is left lets the devices go.
    expect(grace.incoming).to_be_hidden()
    ada.page.keyboard.press("Escape")
    expect(check).to_be_hidden()
    expect(ada.region).to_be_hidden()
    ada.page.get_by_role("button", name="Voice call", exact=True).click()
    check = ada.page.get_by_role("dialog", name="Microphone")
    expect(check.locator("video")).to_be_hidden()
    check.get_by_role("button", name=re.compile("^Call ")).click()
    grace.answer()
    ada.expect_connected()
    ada.press("Hang up")
    ada.expect_gone()
    # It was the first one: the next call asks nothing.
    ada.page.get_by_role("button", name="Voice call", exact=True).click()
    expect(ada.region).to_be_visible()
    ada.press("Hang up")


# One bit of the key under which frames are opened, on its way from the core to the worker.
FLIP_RECEIVE_KEY = """
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        if (message?.type === "receiveKey") message.key.key[0] ^= 1;
        return post.call(this, message, ...rest);
    };
"""


def test_nothing_is_decoded_under_another_key(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    grace.context.add_init_script(FLIP_RECEIVE_KEY)
    introduce(node, ada, grace)
    first, second = Caller(ada), Caller(grace)
    connect(first, second)
    # The packets arrive, and are no use; the other direction has its right key.
    second.expect_more("packets")
    second.page.wait_for_timeout(3_000)
    first.expect_more("frames", "energy")
    measured = second.measure()
    assert measured["frames"] == 0 and measured["energy"] < 1e-6, measured


# As a man in the middle of the media's path would look: not the certificate that was announced.
SPLICE_MEDIA_FINGERPRINT = """
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        if (!description.sdp.includes("m=audio")) return set.call(this, description);
        const sdp = description.sdp.replace(/(a=fingerprint:sha-256 )(..)/g,
            (line, name, byte) => name + (byte === "00" ? "01" : "00"));
        return set.call(this, { type: description.type, sdp });
    };
"""


def test_a_certificate_that_was_not_announced_ends_the_call_with_a_warning(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    grace.context.add_init_script(SPLICE_MEDIA_FINGERPRINT)
    introduce(node, ada, grace)
    first, second = Caller(ada), Caller(grace)
    first.call("Voice call")
    second.answer()
    for side in (first, second):
        expect(side.region.get_by_role("alert").get_by_text(re.compile("not the one announced"))).to_be_visible(
            timeout=CONNECT_MILLISECONDS
        )
        # It waits to be read.
        side.page.wait_for_timeout(1_000)
        side.press("Close")
        side.expect_gone()


def test_the_keyboard_is_enough_for_a_call(met):
    ada, grace = callers(met())
    connect(ada, grace, "Voice call")
    ada.page.keyboard.press("F6")
    ada.page.keyboard.press("m")
    expect(ada.region.get_by_role("button", name="Mute", exact=True)).to_have_attribute("aria-pressed", "true")
    ada.page.keyboard.press("d")
    details = ada.region.get_by_role("complementary", name="Details")
    expect(details.get_by_text("Round trip")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    ada.page.keyboard.press("Escape")
    # Small now: what is typed goes into the message.
    box = ada.page.get_by_role("textbox", name="Message", exact=True)
    box.press_sequentially("mmm")
    expect(box).to_have_value("mmm")
    expect(ada.region.get_by_role("button", name="Mute", exact=True)).to_have_attribute("aria-pressed", "true")
    box.fill("")
    ada.page.keyboard.press("F6")
    ada.page.keyboard.press("Shift+H")
    ada.expect_gone()
    grace.expect_gone()


def test_a_call_outlives_its_network(two_hosts):
    node, hosts, (ada, grace) = two_hosts
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    ada.expect_connection("Direct")
    first, second = Caller(ada), Caller(grace)
    connect(first, second)
    second.expect_more("frames", "energy")

    hosts[1].unplug()
    for side in (first, second):
        expect(side.region.get_by_text("Reconnecting…").first).to_be_visible(timeout=20_000)
    hosts[1].plug()
    for side in (first, second):
        expect(side.region.get_by_text(re.compile(r"^\d+:\d\d$"))).to_be_visible(timeout=30_000)
        side.expect_more("frames", "energy")
    # The same call over the same connection: ICE began anew, nothing else did.
    assert second.measure()["state"] == "connected"
    assert second.page.evaluate(LIVE_MEDIA) == 1
