"""The first thing anyone sees: the page opens over TLS and asks the newcomer who they are."""

from playwright.sync_api import expect


def test_the_operator_invitation_opens_the_enrolling_screen(node, people, engine):
    operator = people("Ada", engine)
    operator.page.goto(node.operator_invitation)

    assert operator.page.evaluate("isSecureContext")
    expect(operator.page.get_by_role("textbox", name="Display name")).to_be_visible()
    expect(operator.page.get_by_label("Passphrase", exact=True)).to_be_visible()
    expect(operator.page.get_by_role("button", name="Join")).to_be_visible()
    assert operator.faults == []


def test_the_node_is_healthy_and_stops_when_it_is_told_to(node):
    assert node.is_healthy()
    node.restart()
    assert node.is_healthy()
