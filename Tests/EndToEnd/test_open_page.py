"""What happens under a page that stays open: the node gets another version, the browser clears what was stored, the other tab goes."""

import json
import re

import pytest
from playwright.sync_api import expect

from caller import Caller, introduce
from conftest import persistent
from person import ARRIVE_MILLISECONDS, Person

UPDATED = "CryptPeer was updated: reload the page."


# A route does not see what a service worker asks for.
WITHOUT_SERVICE_WORKER = "delete Navigator.prototype.serviceWorker;"


def lose(person: Person, part: str) -> None:
    """As after an upgrade of the node: a part under its old name is gone."""
    person.context.route(re.compile(rf"/{part}-\w+\.js$"), lambda route: route.fulfill(status=404))


def faults(person: Person) -> list[str]:
    """What the page did not catch. Firefox counts as such what it tells of itself."""
    own = ("Loading module from", "Storage access is restricted")
    return [fault for fault in person.faults if not fault.startswith(own)]


def message_field(person: Person):
    return person.page.get_by_role("textbox", name="Message", exact=True)


@pytest.mark.long_in("firefox")
def test_a_page_older_than_the_node_says_so_names_who_calls_and_loses_nothing(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    grace.context.add_init_script(WITHOUT_SERVICE_WORKER)
    introduce(node, ada, grace)
    message_field(grace).fill("half a thought")
    lose(grace, "part")
    Caller(ada).call("Voice call")
    told = grace.page.get_by_role("alert").filter(has_text=UPDATED)
    expect(told).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(told).to_contain_text(re.compile("Ada.? is calling"))
    grace.context.unroute_all()
    told.get_by_role("button", name="Reload").click()
    grace.unlock()
    expect(message_field(grace)).to_have_value("half a thought", timeout=ARRIVE_MILLISECONDS)
    assert faults(grace) == []
    # It still rings there, and can be answered now.
    Caller(grace).answer()
    Caller(ada).expect_connected()


def test_a_viewer_and_a_recorder_that_are_gone_are_not_called_damaged_or_refused(node, people):
    ada, grace = people("Ada"), people("Grace")
    grace.context.add_init_script(WITHOUT_SERVICE_WORKER)
    introduce(node, ada, grace)
    lose(grace, "filecontent")
    lose(grace, "recorder")
    ada.attach_bytes("plan.txt", "text/plain", b"north gate")
    grace.file("plan.txt").get_by_role("button", name="View").click(timeout=ARRIVE_MILLISECONDS)
    viewer = grace.page.get_by_role("dialog", name="plan.txt")
    expect(viewer.get_by_text(UPDATED)).to_be_visible()
    expect(viewer.get_by_role("button", name="Reload")).to_be_visible()
    grace.page.keyboard.press("Escape")
    expect(grace.page.get_by_role("alert").filter(has_text=UPDATED)).to_be_visible()
    grace.page.get_by_role("button", name="Record voice message").press("Enter")
    expect(grace.page.get_by_text("The microphone cannot be used.")).to_be_hidden()


def test_what_is_in_memory_can_be_copied_out_when_the_browser_clears_the_profile(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    introduce(node, ada, grace)
    ada.send("meet at the north gate")
    grace.expect_messages(1)
    grace.reveal()
    message_field(grace).fill("half an answer")
    if engine == "chromium":
        session = grace.context.new_cdp_session(grace.page)
        session.send("Storage.clearDataForOrigin", {"origin": node.url, "storageTypes": "all"})
    else:
        grace.page.evaluate("void indexedDB.deleteDatabase('cryptpeer')")
    expect(grace.page.get_by_role("heading", name="Your profile was removed")).to_be_visible()
    expect(grace.page.get_by_text("The browser has removed everything")).to_be_visible()
    kept = grace.page.get_by_label("What was still open.").input_value()
    assert "meet at the north gate" in kept and "half an answer" in kept
    grace.page.get_by_role("button", name="Start again").click()
    expect(grace.page.get_by_role("heading", name="You need an invitation")).to_be_visible()
    assert faults(grace) == []


@pytest.mark.long_in("firefox")
def test_the_page_says_so_when_the_other_tab_is_closed(node, people, engine):
    ada = people("Ada", engine)
    ada.enrol(node.operator_invitation)
    first, second = ada.page, ada.open_tab()
    second.goto(node.url)
    expect(second.get_by_role("heading", name="CryptPeer is open in another tab")).to_be_visible()
    first.close()
    expect(second.get_by_role("heading", name="CryptPeer was closed in the other tab")).to_be_visible()
    second.get_by_role("button", name="Use it here").click()
    ada.unlock()


def test_a_browser_that_lets_the_site_keep_nothing_says_so_and_keeps_the_link(playwright_itself, node, tmp_path, engine):
    profile = tmp_path / "profile"
    if engine == "chromium":
        (profile / "Default").mkdir(parents=True)
        blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
        (profile / "Default/Preferences").write_text(json.dumps(blocked))
    context = persistent(playwright_itself, engine, profile, preferences={"network.cookie.cookieBehavior": 2})
    ada = Person.at(context, engine, "Ada")
    try:
        ada.page.goto(node.operator_invitation)
        expect(ada.page.get_by_text("cookies and site data are blocked")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        assert ada.page.url == node.operator_invitation
        assert faults(ada) == []
    finally:
        context.close()
