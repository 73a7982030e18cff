"""What is seen, heard and pressed in a call: details, layouts, keyboard, assistive technology."""

import re

import pytest
from playwright.sync_api import expect

from caller import Caller, callers, connect, meet
from person import ARRIVE_MILLISECONDS, PHONE
from test_call_tabs import another_tab, expect_rings
from test_screens import assert_accessible

# The clipboard as the page fills it; to read the system's own is asked of the user.
KEEP_COPIED = "navigator.clipboard.writeText = async (text) => { window.copied = text; }"
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f]{0,4}|\.local\b|localhost", re.IGNORECASE)


def size(tile) -> float:
    box = tile.bounding_box()
    return box["width"] * box["height"]


def test_the_details_can_be_given_to_whoever_helps(met, engine):
    ada, grace = callers(met(engine, "chromium"))
    ada.page.evaluate(KEEP_COPIED)
    connect(ada, grace)
    ada.expect_more("frames", "energy")
    grace.expect_more("frames", "energy")
    ada.press("Details")
    panel = ada.region.get_by_role("complementary", name="Details")
    expect(panel.get_by_role("heading", name=re.compile("Received: .*camera"))).to_be_visible()
    # A rate needs two looks, and a loss packets in between.
    ada.page.wait_for_timeout(3_000)
    panel.get_by_role("button", name="Copy as text").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    text = ada.page.evaluate("window.copied")
    figures = dict(line.strip().split(": ", 1) for line in text.splitlines() if line.startswith("  "))
    assert figures["Path"] == "Direct" and figures["Ends"].endswith("UDP")
    assert figures["Frames"].isdecimal() or "SFrame" in figures["Frames"]
    assert re.search(r"Received: camera\n  Codec: VP9\n  Resolution: [1-9]\d+ × [1-9]\d+\n  Frames per second: \d+\n  Frames: [1-9]", text)
    assert re.search(r"Received: voice\n  Codec: opus\n  Bit rate: [1-9]\d*\skbit/s\n  Loss: [\d.]+ %\n  Jitter: \d+\sms", text)
    assert re.search(r"Round trip: \d+\sms", text) and "Sent: voice" in text and "Sent: camera" in text
    # Of names and addresses there is none, on the page's own word.
    assert "Ada" not in text and "Grace" not in text and ADDRESS.search(text) is None, text
    assert not any(mark in text for mark in "\u2068\u2069")
    # What is shown is what was copied.
    assert ADDRESS.search(panel.inner_text()) is None
    ada.press("Hang up")
    grace.expect_gone()


def test_speaker_and_grid_full_screen_and_picture_in_picture(met, engine):
    ada, grace = callers(met(engine, "chromium"))
    connect(ada, grace)
    ada.expect_more("frames")
    remote = ada.region.get_by_role("figure", name=re.compile("Grace"))
    own = ada.region.get_by_role("figure", name="You")
    assert size(remote) > 8 * size(own)
    grid = ada.region.get_by_role("button", name="Grid layout")
    grid.click()
    expect(grid).to_have_attribute("aria-pressed", "true")
    assert 0.8 < size(remote) / size(own) < 1.25
    grid.click()
    assert size(remote) > 8 * size(own)
    full = ada.region.get_by_role("button", name="Full screen")
    full.click()
    expect(full).to_have_attribute("aria-pressed", "true")
    assert ada.page.evaluate("document.fullscreenElement.matches('.call')")
    full.click()
    expect(full).to_have_attribute("aria-pressed", "false")
    picture = ada.region.get_by_role("button", name="Picture in picture")
    inside = "document.pictureInPictureElement?.getAttribute('aria-label') ?? ''"
    for expected in ("Grace", ""):
        picture.click()
        ada.page.wait_for_timeout(1_000)
        assert ada.page.evaluate(inside) == expected
    # What is left open ends with the call.
    full.click()
    picture.click()
    ada.page.wait_for_timeout(500)
    grace.press("Hang up")
    ada.expect_gone()
    assert ada.page.evaluate("document.fullscreenElement === null && document.pictureInPictureElement === null")
    assert ada.person.faults == []


@pytest.mark.long_in("firefox")
def test_a_call_needs_no_mouse(node, people, engine):
    ada, grace = meet(node, people, engine, "chromium")
    focused = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent"

    def tab_to(caller: Caller, name: str) -> None:
        passed = []
        for _ in range(25):
            caller.page.keyboard.press("Tab")
            passed.append(re.sub("[\u2068\u2069]", "", caller.page.evaluate(focused) or ""))
            if passed[-1] == name:
                return
        raise AssertionError(f"Tab does not come to {name!r}, but to {passed}")

    ada.page.get_by_role("textbox", name="Message", exact=True).focus()
    for _ in range(25):
        ada.page.keyboard.press("Shift+Tab")
        if ada.page.evaluate(focused) == "Video call":
            break
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("dialog", name="Camera and microphone")).to_be_visible()
    expect(ada.page.get_by_role("button", name=re.compile("^Call .*Grace"))).to_be_visible()
    ada.page.wait_for_timeout(500)
    tab_to(ada, "Call Grace")
    ada.page.keyboard.press("Enter")
    expect(grace.incoming).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    # What somebody was typing answers nothing; Escape silences and does not decline.
    for key in ("Enter", "Space", "Escape"):
        grace.page.keyboard.press(key)
    grace.page.wait_for_timeout(500)
    expect(grace.incoming).to_be_visible()
    tab_to(grace, "Answer")
    grace.page.keyboard.press("Enter")
    ada.expect_connected()
    grace.expect_connected()

    # The call has the focus, and each of its keys does what the panel of keys says.
    key = ada.page.keyboard.press
    for letter, name in (("m", "Mute"), ("v", "Camera"), ("g", "Grid layout"), ("f", "Full screen")):
        pressed = ada.region.get_by_role("button", name=name, exact=True)
        before = pressed.get_attribute("aria-pressed")
        for expected in ("false" if before == "true" else "true", before):
            key(letter)
            expect(pressed).to_have_attribute("aria-pressed", expected)
        assert pressed.get_attribute("aria-keyshortcuts") == letter.upper()
    for letter, name in (("k", "Keyboard shortcuts"), ("c", "Devices"), ("d", "Details")):
        key(letter)
        expect(ada.region.get_by_role("complementary", name=name)).to_be_visible()
        key("Escape")
        expect(ada.region.get_by_role("complementary", name=name)).to_be_hidden()
    if engine == "chromium":
        sharing = ada.region.get_by_text("You are sharing your screen")
        key("s")
        expect(sharing).to_be_visible()
        key("s")
        expect(sharing).to_be_hidden()
    tab_to(ada, "Hang up")
    key("Enter")
    ada.expect_gone()
    # And where the focus was before, it is again.
    assert ada.page.evaluate("document.activeElement !== document.body")
    assert ada.person.faults == []


def test_what_happens_in_a_call_is_announced(node, people):
    ada, grace = meet(node, people)
    ada.call("Voice call")
    # The dialog says who and what as soon as it has the focus.
    expect(grace.incoming).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    description = grace.incoming.evaluate("dialog => document.getElementById(dialog.getAttribute('aria-describedby')).innerText")
    assert "Ada" in description and "Voice call" in description
    assert grace.page.evaluate("document.activeElement.matches('dialog.incoming')")
    assert "Ada" in grace.page.title()
    said = ada.region.get_by_role("status")
    expect(said.filter(has_text="Ringing…")).to_have_count(1)
    grace.answer()
    ada.expect_connected()
    for side, name in ((ada, "Grace"), (grace, "Ada")):
        expect(side.region.get_by_role("status").filter(has_text=re.compile(f"In call with .*{name}"))).to_have_count(1)
    for name, on, off in (
        ("Camera", "turned the camera on", "turned the camera off"),
        ("Mute", "turned the microphone off", "turned the microphone on"),
        ("Share screen", "is sharing a screen", "stopped sharing"),
    ):
        for text in (on, off):
            grace.press(name)
            expect(said.filter(has_text=re.compile(f"Grace.* {text}"))).to_have_count(1, timeout=ARRIVE_MILLISECONDS)
    grace.person.kill_tab()
    expect(said.filter(has_text="Reconnecting…")).to_have_count(1, timeout=ARRIVE_MILLISECONDS)
    expect(said.filter(has_text=re.compile("did not come back|Call ended"))).to_have_count(1, timeout=60_000)


LOOKS = [
    ("light", {"color_scheme": "light"}),
    ("dark phone", {"color_scheme": "dark", "viewport": PHONE, "has_touch": True}),
]


@pytest.mark.parametrize("name, look", LOOKS, ids=[name for name, _ in LOOKS])
def test_axe_finds_nothing_on_any_screen_of_a_call(node, people, name, look):
    ada, grace = meet(node, people, reduced_motion="reduce", **look)
    second, third = another_tab(node, grace), another_tab(node, grace)
    ada.page.get_by_role("button", name="Video call", exact=True).click()
    check = ada.page.get_by_role("dialog", name="Camera and microphone")
    expect(check.get_by_role("button", name=re.compile("^Call "))).to_be_visible()
    ada.page.wait_for_timeout(500)
    assert_accessible(ada.page, "device check")
    check.get_by_role("button", name=re.compile("^Call ")).click()
    expect_rings(grace, second, third)
    assert_accessible(ada.page, "ringing there")
    assert_accessible(grace.page, "ringing here")
    assert_accessible(second.page, "ringing in another tab")
    second.answer()
    for side in (ada, second):
        side.expect_connected()
        side.expect_more("frames")
        assert_accessible(side.page, "in a call")
    expect(grace.page.get_by_role("region", name="Call in another tab")).to_be_visible()
    assert_accessible(grace.page, "the call is in another tab")
    expect(third.page.get_by_text("If you continue here, it ends.")).to_be_visible()
    assert_accessible(third.page, "in a tab without the call")
    for button in ("Details", "Devices"):
        ada.press(button)
        expect(ada.region.get_by_role("complementary", name=button)).to_be_visible()
        ada.page.wait_for_timeout(1_200)
        assert_accessible(ada.page, button)
    ada.press("Close panel")
    ada.press("Share screen")
    expect(second.region.get_by_text(re.compile("Ada.*s screen"))).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    assert_accessible(ada.page, "sharing a screen")
    assert_accessible(second.page, "seeing a screen")
    ada.press("Back to the conversations")
    assert_accessible(ada.page, "a small call")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for tab in (ada, grace, second, third):
        assert tab.page.evaluate(width) <= 0
    grace.page.get_by_role("region", name="Call in another tab").get_by_role("button", name="Hang up").click()
    expect(second.region.get_by_text("Call ended")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    assert_accessible(second.page, "over")


def test_a_call_speaks_french(node, people):
    ada, grace = people("Ada"), people("Grace", locale="fr-FR")
    ada.enrol(node.operator_invitation)
    grace.page.goto(ada.invite())
    grace.page.get_by_label("Votre nom").or_(grace.page.locator("input[autocomplete=name]")).first.fill("Grace")
    for field in grace.page.locator("input[type=password]").all():
        field.fill(grace.passphrase)
    grace.page.get_by_role("button", name="Rejoindre").click()
    grace.page.get_by_role("link", name="Ada").click(timeout=60_000)
    ada.open_conversation("Grace")
    ada.expect_connection("Direct", "Relayed")
    caller = Caller(ada)
    caller.call("Video call")
    dialog = grace.page.get_by_role("dialog", name="Appel entrant")
    dialog.get_by_role("button", name="Répondre", exact=True).click(timeout=ARRIVE_MILLISECONDS)
    caller.expect_connected()
    region = grace.page.get_by_role("region", name="Appel", exact=True)
    expect(region.get_by_text("Appel chiffré de bout en bout · post-quantique")).to_be_visible()
    for button in ("Couper le micro", "Caméra", "Partager l’écran", "Appareils", "Détails", "Plein écran"):
        expect(region.get_by_role("button", name=button, exact=True)).to_be_visible()
    caller.expect_more("frames", "energy")
    assert_accessible(grace.page, "in a call, in French")
    region.get_by_role("button", name="Raccrocher").click()
    caller.expect_gone()
