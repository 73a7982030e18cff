"""Every screen, in both languages, in both browsers, on a phone too, and open to assistive technology."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from person import PHONE


def assert_accessible(page, screen: str) -> None:
    results = Axe().run(page)
    violations = results.response["violations"]
    assert violations == [], f"{screen}: " + "; ".join(
        f"{violation['id']} at {[node['target'] for node in violation['nodes']]}" for violation in violations
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(node, people, scheme):
    # Without motion: what fades in has another contrast on the way.
    look = {"color_scheme": scheme, "reduced_motion": "reduce"}
    ada, grace = people("Ada", **look), people("Grace", viewport=PHONE, **look)
    ada.page.goto(node.url)
    expect(ada.page.get_by_text("You need an invitation")).to_be_visible()
    assert_accessible(ada.page, "welcome")
    ada.page.goto("about:blank")
    ada.page.goto(node.operator_invitation)
    expect(ada.page.get_by_role("button", name="Join")).to_be_visible()
    assert_accessible(ada.page, "enrolling")
    ada.page.goto("about:blank")
    ada.enrol(node.operator_invitation)
    assert_accessible(ada.page, "main, empty")

    ada.page.get_by_role("button", name="Invite", exact=True).click()
    dialog = ada.page.get_by_role("dialog", name="Invite")
    expect(dialog.get_by_role("img", name="Invitation QR code")).to_be_visible(timeout=30_000)
    assert_accessible(ada.page, "invite")
    link = dialog.get_by_role("textbox", name="Invitation link").input_value()
    ada.page.keyboard.press("Escape")

    grace.enrol(link)
    assert_accessible(grace.page, "main, on a phone")
    grace.open_conversation("Ada")
    grace.send("Hello from a small screen")
    assert_accessible(grace.page, "conversation, on a phone")
    ada.open_conversation("Grace")
    ada.expect_messages(1)
    assert_accessible(ada.page, "conversation, masked")
    ada.reveal()
    assert_accessible(ada.page, "conversation, revealed")

    ada.page.get_by_role("button", name="Verify").click()
    expect(ada.page.get_by_role("dialog", name="Verify")).to_be_visible()
    assert_accessible(ada.page, "verify")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Settings").click()
    assert_accessible(ada.page, "settings")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Save it now").click()
    assert_accessible(ada.page, "recovery")
    ada.page.keyboard.press("Escape")
    ada.lock()
    assert_accessible(ada.page, "locked")


def test_nothing_is_wider_than_a_phone(node, people):
    ada = people("Ada", viewport=PHONE)
    ada.enrol(node.operator_invitation)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert ada.page.evaluate(overflow) <= 0
    ada.invite()
    assert ada.page.evaluate(overflow) <= 0


def test_a_conversation_is_within_reach_in_any_window(node, people):
    ada, grace = people("Ada", reduced_motion="reduce"), people("Grace")
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    for number in range(12):
        ada.expect_state(ada.send(f"Message {number}"), "Sent", "Delivered", "Read")
    page = ada.page
    field = page.get_by_role("textbox", name="Message", exact=True)
    for width, height in ((1280, 800), (800, 600), (740, 360), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert page.get_by_role("log").bounding_box()["height"] >= 120
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert_accessible(page, f"conversation at {width}x{height}")
    page.emulate_media(forced_colors="active")
    assert_accessible(page, "conversation in forced colours")
    page.emulate_media(forced_colors="none")

    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Verify").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if field.evaluate("field => field === document.activeElement"):
            break
    expect(field).to_be_focused()
    ada.articles.last.focus()
    page.keyboard.press("ArrowUp")
    expect(ada.articles.nth(-2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_focused()


def test_the_app_speaks_french_to_a_french_browser(node, people):
    ada = people("Ada", locale="fr-FR")
    ada.page.goto(node.operator_invitation)
    expect(ada.page.locator("html")).to_have_attribute("lang", "fr")
    expect(ada.page.get_by_role("button", name="Rejoindre")).to_be_visible()


def test_the_first_load_stays_below_400_kilobytes(node, people):
    ada = people("Ada")
    received = []
    ada.page.on("requestfinished", lambda request: received.append(request.sizes()["responseBodySize"]))
    ada.page.goto(node.operator_invitation)
    expect(ada.page.get_by_role("button", name="Join")).to_be_visible()
    ada.page.wait_for_load_state("networkidle")
    assert 100_000 < sum(received) <= 400_000
