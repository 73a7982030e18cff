"""Locking, unlocking, and wrong passphrases."""

import re

from playwright.sync_api import expect

from person import ENROL_MILLISECONDS


def try_passphrase(person, passphrase: str) -> None:
    person.page.get_by_label("Passphrase", exact=True).fill(passphrase)
    person.page.get_by_role("button", name="Unlock").click()


def test_lock_shows_nothing_and_the_passphrase_brings_it_back(node, people, engine):
    ada = people("Ada", engine)
    ada.enrol(node.operator_invitation)
    ada.lock()
    assert "Ada" not in ada.page.content()
    ada.unlock()


def test_a_wrong_passphrase_says_so_and_gets_slower_across_reloads(node, people):
    ada = people("Ada")
    ada.enrol(node.operator_invitation)
    ada.lock()
    for _ in range(3):
        expect(ada.page.get_by_role("button", name="Unlock")).to_be_enabled(timeout=ENROL_MILLISECONDS)
        try_passphrase(ada, "not the passphrase")
        expect(ada.page.get_by_text("Wrong passphrase.")).to_be_visible(timeout=ENROL_MILLISECONDS)
    waiting = ada.page.get_by_text(re.compile(r"Next attempt in \d+ seconds?"))
    for _ in range(3):
        expect(ada.page.get_by_role("button", name="Unlock")).to_be_enabled(timeout=ENROL_MILLISECONDS)
        try_passphrase(ada, "not the passphrase")
        expect(waiting).to_be_visible(timeout=ENROL_MILLISECONDS)
    # A reload does not reset the delay.
    ada.page.reload()
    expect(waiting).to_be_visible(timeout=ENROL_MILLISECONDS)
    expect(ada.page.get_by_role("button", name="Unlock")).to_be_enabled(timeout=ENROL_MILLISECONDS)
    ada.unlock()


def test_an_idle_page_locks_itself(node, people):
    ada = people("Ada")
    ada.page.clock.install()
    ada.enrol(node.operator_invitation)
    ada.page.clock.fast_forward("04:50")
    expect(ada.conversations).to_be_visible()
    ada.page.clock.fast_forward("00:30")
    expect(ada.page.get_by_role("button", name="Unlock")).to_be_visible()


def test_a_second_tab_takes_over_only_when_asked(node, people):
    ada = people("Ada")
    ada.enrol(node.operator_invitation)
    first = ada.page
    second = ada.open_tab()
    second.goto(node.url)
    expect(second.get_by_text("CryptPeer is open in another tab")).to_be_visible()
    second.get_by_role("button", name="Use it here").click()
    ada.unlock()
    expect(first.get_by_role("navigation", name="Conversations")).to_have_count(0)


