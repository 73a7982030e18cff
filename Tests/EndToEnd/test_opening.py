"""The first thing anyone sees: the page opens over TLS and asks the newcomer who they are."""

import subprocess

from playwright.sync_api import expect

from node import EXECUTABLE


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


def test_the_executable_needs_nothing_of_swift_s():
    """What is copied to another machine finds there what every Debian has, and no more."""
    listed = subprocess.run(["ldd", EXECUTABLE], check=True, capture_output=True, text=True).stdout
    libraries = {line.split()[0].rsplit("/", 1)[-1].split(".so")[0] for line in listed.splitlines()}
    assert libraries <= {"linux-vdso", "ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm", "libstdc++", "libgcc_s"}
