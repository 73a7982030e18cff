"""What a person who joins is told when the link is good and something else is wrong, and that it then goes on by itself."""

import re

import pytest
from playwright.sync_api import expect

from clock import COMPILER, Clock
from node import EXECUTABLE, Node
from test_operation import Forward

DAY = 86_400
SOON = 30_000


@pytest.fixture
def page(browsers):
    context = browsers["chromium"].new_context(ignore_https_errors=True, locale="en-GB")
    yield context.new_page()
    context.close()


def join_button(page):
    return page.get_by_role("button", name="Join")


@pytest.mark.skipif(COMPILER is None, reason="a clock of its own has to be compiled")
@pytest.mark.parametrize("days", [2, -3, 8, -8])
def test_a_wrong_clock_is_named_and_the_link_works_when_it_is_set(tmp_path, page, days):
    clock = Clock(tmp_path)
    clock.set_ahead(days * DAY)
    node = Node(tmp_path, "--turn-port", "0", executable=clock.program(EXECUTABLE)).start()
    page.goto(node.operator_invitation)
    expect(page.get_by_text("The clock of this device or of the server is wrong")).to_be_visible(timeout=SOON)
    clock.set_ahead(0)
    page.goto("about:blank")
    page.goto(node.operator_invitation)
    expect(join_button(page)).to_be_enabled(timeout=SOON)
    expect(page.get_by_text("The clock of this device")).to_have_count(0)
    node.stop()


def test_behind_a_port_forward_the_page_says_which_option_is_missing(node, page):
    forwarded = Forward(node.port)
    page.goto(re.sub(r":\d+/", f":{forwarded.port}/", node.operator_invitation))
    option = page.get_by_text(f"--public-origin https://localhost:{forwarded.port}", exact=True)
    expect(option).to_be_visible(timeout=SOON)
    # What is copied is what is typed, without marks for the direction of a text.
    option.select_text()
    assert page.evaluate("getSelection().toString()") == f"--public-origin https://localhost:{forwarded.port}"
    forwarded.close()


def test_one_too_many_is_asked_to_wait_and_comes_in_by_itself(tmp_path, page, browsers):
    node = Node(tmp_path, "--guests-per-address", "1").start()
    page.goto(node.operator_invitation)
    expect(join_button(page)).to_be_enabled(timeout=SOON)
    context = browsers["chromium"].new_context(ignore_https_errors=True, locale="en-GB")
    second = context.new_page()
    second.goto(node.operator_invitation)
    expect(second.get_by_text("Many people are joining just now")).to_be_visible(timeout=SOON)
    page.close()
    expect(join_button(second)).to_be_enabled(timeout=SOON)
    context.close()
    node.stop()


def test_the_settings_say_which_version_it_is(node, people):
    ada = people("Ada")
    ada.enrol(node.operator_invitation)
    ada.page.get_by_role("button", name="Settings").click()
    expect(ada.page.get_by_text(re.compile(r"^CryptPeer .?\d+\.\d+\.\d+.?$"))).to_be_visible()
