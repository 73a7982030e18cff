"""The operator, invitations, and who may join with them."""

import re

from playwright.sync_api import expect

from person import ARRIVE_MILLISECONDS


def test_an_operator_joins_and_sees_that_the_recovery_file_is_not_saved_yet(node, people, engine):
    operator = people("Ada", engine)
    operator.enrol(node.operator_invitation)

    # The link's secret leaves the address bar, and the tab's own history, at once. The browser's keeps it (THREATS.md).
    assert "#" not in operator.page.url
    banner = operator.page.get_by_role("button", name="Save it now")
    expect(banner).to_be_visible()
    operator.page.reload()
    operator.unlock()
    expect(banner).to_be_visible()

    banner.click()
    dialog = operator.page.get_by_role("dialog", name="Recovery file")
    # An unattended screen is not enough: the passphrase is asked for, and a wrong one gives nothing.
    passphrase = dialog.get_by_label("Passphrase", exact=True)
    passphrase.fill("not the passphrase")
    dialog.get_by_role("button", name="Create the file").click()
    expect(dialog.get_by_text("Wrong passphrase.")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(dialog.get_by_role("button", name="Download the file")).to_be_hidden()
    passphrase.fill(operator.passphrase)
    dialog.get_by_role("button", name="Create the file").click()
    file = operator.download(dialog.get_by_role("button", name="Download the file").click)
    assert b"CryptPeer recovery" in file
    dialog.get_by_label("I have saved the file and written down the code").check()
    dialog.get_by_role("button", name="Done").click()
    expect(banner).to_be_hidden()
    operator.page.reload()
    operator.unlock()
    expect(banner).to_be_hidden()


def test_the_operator_invitation_works_once(node, people):
    people("Ada").enrol(node.operator_invitation)

    second = people("Mallory")
    second.page.goto(node.operator_invitation)
    second.page.get_by_role("textbox", name="Display name").fill(second.name)
    second.fill_passphrase(second.passphrase)
    second.page.get_by_role("button", name="Join").click()
    expect(second.page.get_by_text("already has an administrator")).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_an_invitation_enrols_a_person_while_the_operator_is_away(node, people, engine):
    ada, grace = people("Ada", engine), people("Grace", engine)
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    assert len(link) <= 120
    ada.kill_tab()

    grace.enrol(link)
    expect(grace.conversations.get_by_role("link", name="Ada")).to_be_visible()
    # Nobody with the right to has confirmed her yet, and she may not invite.
    expect(grace.page.get_by_text("has not confirmed you yet")).to_be_visible()
    expect(grace.page.get_by_role("button", name="Invite", exact=True)).to_have_count(0)

    ada.open_tab().goto(node.url)
    ada.unlock()
    expect(ada.conversations.get_by_role("link", name="Grace")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect(grace.page.get_by_text("has not confirmed you yet")).to_be_hidden(timeout=ARRIVE_MILLISECONDS)


def test_members_see_who_invited_them_and_nobody_else(node, people):
    ada, grace, eve = people("Ada"), people("Grace"), people("Eve")
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    eve.enrol(ada.invite())
    expect(ada.conversations.get_by_role("link")).to_have_count(2, timeout=ARRIVE_MILLISECONDS)
    for member, other in ((grace, "Eve"), (eve, "Grace")):
        expect(member.conversations.get_by_role("link")).to_have_count(1)
        expect(member.conversations.get_by_role("link", name="Ada")).to_be_visible()
        assert other not in member.page.inner_text("body")


def test_an_invitation_shows_the_fingerprint_that_the_newcomer_s_browser_must_show(node, people):
    ada = people("Ada")
    ada.enrol(node.operator_invitation)
    ada.page.get_by_role("button", name="Invite", exact=True).click()
    printed = [line.removeprefix("CA fingerprint: ") for line in node.printed if line.startswith("CA fingerprint: ")]
    assert len(printed) == 1
    expect(ada.page.get_by_role("dialog", name="Invite").get_by_text(printed[0])).to_be_visible()


def test_a_link_works_once(node, people):
    ada, grace, mallory = people("Ada"), people("Grace"), people("Mallory")
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    grace.enrol(link)

    mallory.page.goto(link)
    expect(mallory.page.get_by_text("Someone has already joined with this invitation")).to_be_visible(
        timeout=ARRIVE_MILLISECONDS
    )


def test_a_withdrawn_link_is_refused(node, people):
    ada, grace = people("Ada"), people("Grace")
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    ada.page.get_by_role("button", name="Invite", exact=True).click()
    dialog = ada.page.get_by_role("dialog", name="Invite")
    withdraw = dialog.get_by_role("button", name=re.compile("^Withdraw"))
    # The dialog offers the link again, and makes no other.
    expect(withdraw).to_have_count(1, timeout=ARRIVE_MILLISECONDS)
    withdraw.click()
    expect(withdraw).to_have_count(0, timeout=ARRIVE_MILLISECONDS)

    grace.page.goto(link)
    expect(grace.page.get_by_text("This invitation was withdrawn")).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def test_a_damaged_link_says_what_is_wrong(node, people):
    ada, grace = people("Ada"), people("Grace")
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    # However little of it is left.
    for damaged in (link[:-3], f"{node.url}/#garbage"):
        grace.page.goto("about:blank")
        grace.page.goto(damaged)
        expect(grace.page.get_by_text("Part of the link is missing or wrong")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
