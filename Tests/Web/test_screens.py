"""Each screen, legible for everybody: axe finds nothing, nothing is wider than the window, nothing goes uncaught."""

import pytest
from screens import SCREENS, complaints, screen


@pytest.mark.parametrize("variant", ("dark-desktop-fr", "light-phone-fr"))
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_fault(browsers, base, name, variant):
    with screen(browsers["chromium"], base, name, variant) as (page, faults):
        assert faults + complaints(page) == []


@pytest.mark.parametrize("name", ("enrol", "locked", "conversation", "settings", "call-video", "call-check"))
def test_a_screen_has_no_fault_in_firefox(browsers, base, name):
    with screen(browsers["firefox"], base, name, "light-desktop-en") as (page, faults):
        assert faults + complaints(page) == []


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
