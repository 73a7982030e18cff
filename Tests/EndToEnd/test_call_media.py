"""What a call sends and how: codecs, what is asked of the encoders, devices that change, a shared screen."""

import re

import pytest
from playwright.sync_api import expect

from caller import MIXED_PAIRS, Caller, callers, connect, introduce
from person import ARRIVE_MILLISECONDS, Person

# Of the call's connection, place by place in the order of its media sections: what this side sends and with which wishes.
SENT = """async () => {
    const connection = window.peerConnections.find((one) => one.connectionState === "connected" && one.getTransceivers().length > 0);
    const statistics = [...(await connection.getStats()).values()];
    return connection.getTransceivers().slice(0, 4).map(({ mid, sender }) => {
        const parameters = sender.getParameters();
        const outbound = statistics.find((one) => one.type === "outbound-rtp" && one.mid === mid && one.packetsSent > 0);
        const codec = statistics.find((one) => one.id === outbound?.codecId);
        return {
            track: sender.track?.id ?? "", device: sender.track?.getSettings().deviceId ?? "", hint: sender.track?.contentHint ?? "",
            bits: parameters.encodings[0]?.maxBitrate ?? 0, degradation: parameters.degradationPreference ?? "",
            codec: codec?.mimeType ?? "", wishes: codec?.sdpFmtpLine ?? "", packets: outbound?.packetsSent ?? 0,
        };
    });
}"""

# As a browser that lacks some codecs, or a device that has been given up on them.
WITHOUT_CODECS = """
    for (const side of [window.RTCRtpReceiver, window.RTCRtpSender]) {
        const capabilities = side.getCapabilities;
        side.getCapabilities = (kind) => {
            const found = capabilities.call(side, kind);
            return { ...found, codecs: found.codecs.filter(({ mimeType }) => !%s.includes(mimeType)) };
        };
    }
"""


def sent(caller: Caller) -> dict[str, dict]:
    return dict(zip(("microphone", "camera", "screen", "screenSound"), caller.page.evaluate(SENT)))


@pytest.fixture
def firefox_without_vp9(browsers):
    browser = browsers.another("firefox", preferences={"media.peerconnection.video.vp9_enabled": False})
    yield browser
    browser.close()


# What both have is used, the first of VP9, H.264, VP8 and AV1. Debian's Firefox has no H.264: it would get it from a plug-in
# that Cisco offers for download.
CHOICES = [
    pytest.param("chromium", "chromium", [], "video/VP9", marks=pytest.mark.long),
    ("chromium", "chromium", ["video/VP9"], "video/H264"),
    ("chromium", "firefox", ["video/VP9"], "video/VP8"),
    pytest.param("chromium", "chromium", ["video/VP9", "video/H264"], "video/VP8", marks=pytest.mark.long),
    pytest.param("chromium", "firefox", ["video/VP9", "video/H264", "video/VP8"], "video/AV1", marks=pytest.mark.long),
]


@pytest.mark.parametrize("first, second, missing, codec", CHOICES)
def test_the_codec_is_the_best_that_both_sides_have(node, people, first, second, missing, codec):
    ada, grace = people("Ada", first), people("Grace", second)
    # The caller lacks them; the other side has all it has.
    ada.context.add_init_script(WITHOUT_CODECS % missing)
    introduce(node, ada, grace)
    connect(Caller(ada), Caller(grace))
    expect_codec(codec, Caller(ada), Caller(grace))


@pytest.mark.parametrize("calls", [True, False], ids=["calls", "is called"])
def test_a_browser_without_the_first_codec_gets_the_next(node, people, firefox_without_vp9, calls):
    ada, grace = people("Ada"), Person(firefox_without_vp9, "Grace")
    introduce(node, ada, grace)
    sides = [Caller(grace), Caller(ada)] if calls else [Caller(ada), Caller(grace)]
    connect(*sides)
    expect_codec("video/VP8", *sides)
    grace.close()


def expect_codec(codec: str, *sides: Caller) -> None:
    for side in sides:
        side.expect_more("frames", "energy")
        # Firefox names a codec in its figures a while after it has used it.
        for named in (lambda: side.measure()["codec"], lambda: sent(side)["camera"]["codec"]):
            for _ in range(100):
                if named():
                    break
                side.page.wait_for_timeout(100)
            assert named() == codec


@pytest.mark.parametrize("first, second", MIXED_PAIRS)
def test_each_encoder_is_told_what_its_sound_or_picture_is_for(met, first, second):
    ada, grace = callers(met(first, second))
    connect(ada, grace)
    shares = first == "chromium"
    if shares:
        ada.press("Share screen")
    for side in (ada, grace):
        side.expect_more("frames", "energy")
        found = sent(side)
        # The voice: what one packet has lost, the next one brings; and none while nobody speaks.
        assert found["microphone"]["codec"] == "audio/opus"
        if side.person.engine == "chromium":
            # Firefox's figures do not say what it was asked for; the packets below do.
            assert {"useinbandfec=1", "usedtx=1"} <= set(found["microphone"]["wishes"].split(";")), found["microphone"]
        assert found["microphone"]["bits"] == 48_000 and found["camera"]["bits"] == 2_500_000
        if side.person.engine == "chromium":
            assert (found["camera"]["degradation"], found["camera"]["hint"]) == ("maintain-framerate", "motion")
            assert found["screen"]["degradation"] == "maintain-resolution"
        else:
            assert found["camera"]["degradation"] in ("", "maintain-framerate")
    if shares:
        found = sent(ada)
        assert found["screen"]["hint"] == "detail" and found["screen"]["bits"] == 4_000_000

    # In silence the voice's packets stop but for a few that describe the silence.
    for side in (ada, grace):
        side.press("Mute")
        side.page.wait_for_timeout(1_500)
        before = sent(side)["microphone"]["packets"]
        side.page.wait_for_timeout(3_000)
        silent = sent(side)["microphone"]["packets"] - before
        assert silent < 60, f"{silent} packets in 3 s of silence; speech has 150"


@pytest.fixture
def two_of_each(browsers):
    """Chromium with more than one camera: Firefox has one fake device of a kind."""
    browser = browsers.another("chromium", "--use-fake-device-for-media-stream=device-count=3,fps=5")
    yield browser
    browser.close()


@pytest.fixture
def ada_with_devices(two_of_each):
    """A person whose devices can be pulled out: the browser's own fakes cannot."""
    ada = Person(two_of_each, "Ada")
    ada.context.add_init_script(UNPLUGGABLE)
    yield ada
    ada.close()


# `unplug(kind)`: the device in use is gone, as the browser tells a page: its track ends, it is not in the list any more, and
# when it was the last one there is nothing to open.
UNPLUGGABLE = """
    const media = navigator.mediaDevices;
    const open = media.getUserMedia.bind(media);
    const list = media.enumerateDevices.bind(media);
    const gone = new Set();
    const tracks = new Set();
    const kinds = { audio: "audioinput", video: "videoinput" };
    // The second fake camera sees depth alone, which nothing encodes.
    media.enumerateDevices = async () =>
        (await list()).filter(({ deviceId, label }) => !gone.has(deviceId) && label !== "fake_device_1");
    media.getUserMedia = async (wanted) => {
        const present = await media.enumerateDevices();
        const allowed = { ...wanted };
        for (const kind of ["audio", "video"]) {
            if (!wanted[kind]) continue;
            const all = present.filter((one) => one.kind === kinds[kind]);
            if (all.length === 0) throw new DOMException("", "NotFoundError");
            const { exact, ideal } = wanted[kind].deviceId ?? {};
            const found = all.find((one) => one.deviceId === (exact ?? ideal));
            if (exact !== undefined && found === undefined) throw new OverconstrainedError("deviceId", "");
            const { deviceId } = found ?? all[0];
            allowed[kind] = { ...wanted[kind], deviceId: { exact: deviceId } };
        }
        const stream = await open(allowed);
        for (const track of stream.getTracks()) tracks.add(track);
        return stream;
    };
    window.unplug = (kind) => {
        for (const track of tracks) {
            if (track.kind !== kind || track.readyState !== "live") continue;
            gone.add(track.getSettings().deviceId);
            track.stop();
            track.dispatchEvent(new Event("ended"));
        }
        media.dispatchEvent(new Event("devicechange"));
    };
    window.plug = () => {
        gone.clear();
        media.dispatchEvent(new Event("devicechange"));
    };
"""


def test_camera_and_microphone_are_switched_in_the_middle_of_a_call(node, people, ada_with_devices, engine):
    grace = people("Grace", engine)
    introduce(node, ada_with_devices, grace)
    ada, other = Caller(ada_with_devices), Caller(grace)
    connect(ada, other)
    other.expect_more("frames", "energy")
    before = sent(ada)
    ada.press("Devices")
    panel = ada.region.get_by_role("complementary", name="Devices")
    for kind in ("Camera", "Microphone"):
        picker = panel.get_by_role("combobox", name=kind)
        chosen = picker.evaluate("picker => picker.selectedIndex")
        assert picker.locator("option").count() > 1
        picker.select_option(index=1 if chosen == 0 else 0)
    ada.page.wait_for_timeout(1_000)
    after = sent(ada)
    for slot in ("camera", "microphone"):
        assert after[slot]["device"] not in ("", before[slot]["device"]), slot
    other.expect_more("frames", "energy")
    # One press is enough for the camera: front and back of a telephone.
    ada.region.get_by_role("button", name="Switch camera").click()
    ada.page.wait_for_timeout(1_000)
    assert sent(ada)["camera"]["device"] == before["camera"]["device"]
    other.expect_more("frames", "energy")
    # The choice holds for the next call.
    ada.region.get_by_role("button", name="Switch camera").click()
    ada.page.wait_for_timeout(1_000)
    ada.press("Hang up")
    ada.expect_gone()
    other.expect_gone()
    connect(ada, other)
    other.expect_more("frames", "energy")
    assert sent(ada)["camera"]["device"] == after["camera"]["device"]
    assert sent(ada)["microphone"]["device"] == after["microphone"]["device"]
    assert ada.person.faults == []


def test_a_device_that_is_unplugged_is_followed_by_another_or_missed_plainly(node, people, ada_with_devices):
    grace = people("Grace", "firefox")
    introduce(node, ada_with_devices, grace)
    ada, other = Caller(ada_with_devices), Caller(grace)
    connect(ada, other)
    other.expect_more("frames", "energy")
    before = sent(ada)
    for kind in ("video", "audio"):
        ada.page.evaluate("kind => window.unplug(kind)", kind)
    ada.page.wait_for_timeout(1_500)
    after = sent(ada)
    for slot in ("camera", "microphone"):
        assert after[slot]["device"] not in ("", before[slot]["device"]), slot
    other.expect_more("frames", "energy")

    # The last camera: the call goes on with the voice, and both sides see why there is no picture.
    ada.page.evaluate("window.unplug('video')")
    expect(ada.region.get_by_text("No camera was found.")).to_be_visible()
    expect(ada.region.get_by_role("button", name="Camera", exact=True)).to_have_attribute("aria-pressed", "false")
    expect(other.region.locator(".tile-remote.tile-dark")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    other.expect_more("energy")
    ada.page.evaluate("window.plug()")
    ada.region.get_by_role("button", name="Try again").click()
    expect(ada.region.get_by_text("No camera was found.")).to_be_hidden()
    other.expect_more("frames", "energy")
    # The last microphone: the other side is told that nothing will be heard.
    for _ in range(3):
        ada.page.evaluate("window.unplug('audio')")
        ada.page.wait_for_timeout(500)
    expect(ada.region.get_by_text("No microphone was found.")).to_be_visible()
    muted = other.region.get_by_role("figure", name=re.compile("Ada")).get_by_text("Microphone off")
    expect(muted).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    other.expect_more("frames")
    assert ada.person.faults == []


@pytest.mark.long_in("firefox")
def test_a_screen_is_shared_with_its_sound_and_taken_back(met, engine):
    ada, grace = callers(met("chromium", engine))
    connect(ada, grace, "Voice call")
    grace.expect_more("energy")
    assert grace.measure()["screenEnergy"] == 0
    ada.press("Share screen")
    expect(ada.region.get_by_text("You are sharing your screen")).to_be_visible()
    screen = grace.region.get_by_text(re.compile("Ada.*s screen"))
    expect(screen).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    # The screen's picture and sound beside the voice: three streams.
    grace.expect_more("screenFrames", "screenEnergy", "energy")
    # The browser's own bar ends it as well.
    ada.page.evaluate("""() => {
        const connection = window.peerConnections.find((one) => one.getTransceivers().length > 0);
        const { track } = connection.getTransceivers()[2].sender;
        track.stop();
        track.dispatchEvent(new Event("ended"));
    }""")
    expect(screen).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    expect(ada.region.get_by_text("You are sharing your screen")).to_be_hidden()
    # Both at once, and again from the same call.
    ada.press("Share screen")
    if engine == "chromium":
        grace.press("Share screen")
        ada.expect_more("screenFrames")
    grace.expect_more("screenFrames", "screenEnergy")
    ada.region.get_by_role("button", name="Stop sharing").click()
    expect(screen).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    grace.expect_more("energy")
    assert ada.person.faults == [] and grace.person.faults == []
