"""Each screen, legible for everybody: axe finds nothing, nothing is wider than the window, nothing goes uncaught."""

import contextlib
import re

import pytest
from screens import LINK, SCREENS, complaints, screen


@pytest.mark.parametrize("variant", ("dark-desktop-fr", "light-phone-fr"))
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_fault(browsers, base, name, variant):
    with screen(browsers["chromium"], base, name, variant) as (page, faults):
        assert faults + complaints(page) == []


@pytest.mark.parametrize("name", ("enrol", "locked", "conversation", "settings", "call-video", "call-check"))
def test_a_screen_has_no_fault_in_firefox(browsers, base, name):
    with screen(browsers["firefox"], base, name, "light-desktop-en") as (page, faults):
        assert faults + complaints(page) == []


@contextlib.contextmanager
def opened(browsers, base, address, width, height, **options):
    """A page of the scripted app in a window of that size, in English unless said otherwise."""
    context = browsers["chromium"].new_context(
        **{"viewport": {"width": width, "height": height}, "locale": "en-GB", "reduced_motion": "reduce", **options}
    )
    page = context.new_page()
    page.goto(base + address)
    yield page
    context.close()


@pytest.mark.parametrize("locale", ("en-GB", "fr-FR"))
@pytest.mark.parametrize("who", ("", "?operator"))
@pytest.mark.parametrize("width, height", ((1280, 800), (390, 844)))
def test_join_is_in_sight(browsers, base, width, height, who, locale):
    with opened(browsers, base, who + LINK, width, height, locale=locale) as page:
        join = page.get_by_role("button", name=re.compile("^(Join|Rejoindre)$"))
        page.get_by_text(re.compile("Ada|administ")).first.wait_for()
        box = join.bounding_box()
        assert box["y"] + box["height"] <= height


def test_an_error_goes_with_its_cause(browsers, base):
    with opened(browsers, base, LINK, 1280, 800) as page:
        page.get_by_role("button", name="Join").click()
        errors = page.locator(".field-error:visible")
        name, passphrase, repeat = (page.get_by_role("textbox", name="Display name"), page.get_by_label("Passphrase", exact=True),
                                    page.get_by_label("Repeat passphrase"))
        assert errors.all_text_contents() == ["Enter the name that others will see.", "Use at least 8 characters."]
        name.fill("Ada Lovelace")
        assert errors.all_text_contents() == ["Use at least 8 characters."]
        passphrase.fill("correct")
        assert errors.all_text_contents() == ["Use at least 8 characters."], "it is not mended yet"
        passphrase.fill("correct horse")
        assert errors.all_text_contents() == []
        repeat.fill("correct hors")
        page.get_by_role("button", name="Join").click()
        assert len(errors.all_text_contents()) == 1
        passphrase.fill("correct hors")
        assert errors.all_text_contents() == [], "either of the two may be mended"


def test_a_link_that_leads_nowhere_says_so_and_takes_another(browsers, base):
    with opened(browsers, base, LINK + "used", 1280, 800) as page:
        page.get_by_role("heading", name="This invitation cannot be used", level=1).wait_for()
        field = page.get_by_role("textbox", name="Paste your link")
        field.fill("rubbish")
        page.get_by_role("button", name="Continue").click()
        assert page.get_by_text("This is not an invitation link.").is_visible()
        field.fill(base.replace("http:", "https:"))
        assert field.get_attribute("aria-invalid") == "true"


def test_after_lock_nothing_is_left_in_the_page(browsers, base):
    page = browsers["chromium"].new_page()
    page.goto(f"{base}?unlocked")
    page.get_by_role("link", name="Ada Lovelace").click()
    box = page.get_by_role("textbox", name="Message", exact=True)
    box.fill("canary-sent")
    # Waiting for the text itself would leave it in the test's own part of the page.
    sent = page.get_by_role("article").count()
    box.press("Enter")
    page.get_by_role("article").nth(sent).wait_for()
    box.fill("canary-draft")
    planted = strings_in_memory(page)
    assert any("canary-sent" in text for text in planted) and any("canary-draft" in text for text in planted)

    page.get_by_role("button", name="Lock", exact=True).click()
    page.get_by_role("button", name="Unlock").wait_for()
    assert [text for text in strings_in_memory(page) if "canary" in text] == []
    page.close()


def strings_in_memory(page):
    import json

    client = page.context.new_cdp_session(page)
    chunks = []
    client.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    client.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    client.detach()
    return json.loads("".join(chunks))["strings"]
