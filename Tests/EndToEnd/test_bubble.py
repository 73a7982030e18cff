"""A bubble: the node and two people at one switch, without any way out and without a name server. Everything works."""

import socket
import subprocess

import pytest
from playwright.sync_api import expect

import network
from caller import Caller, connect
from network import Machine, Switch
from node import EXECUTABLE, Node
from person import Person
from programs import CHROMIUM

pytestmark = pytest.mark.skipif(not network.IS_POSSIBLE, reason="a network of its own needs root and ip (iproute2)")

PREFIX = "192.168.8"
FILE_BYTES = 1_500_000


@pytest.fixture
def camp():
    """A switch, the node's machine and two people's, with an address each and no route but to each other."""
    machines: list[Machine] = []
    try:
        switch = Switch("switch")
        machines.append(switch)
        for number, role in enumerate(("node", "ada", "grace"), 1):
            machines.append(Machine(role))
            switch.attach(machines[-1], "eth0", f"{PREFIX}.{number}/24")
        yield machines
    finally:
        for machine in reversed(machines):
            machine.close()


@pytest.mark.parametrize("path", ["Direct", "Relayed"])
def test_everything_works_without_any_way_out(camp, browsers, tmp_path, path):
    switch, node_machine, *hosts = camp
    if path == "Relayed":
        switch.isolate(*hosts)
    expect_isolation(camp, tmp_path, path)

    program = node_machine.program(EXECUTABLE, tmp_path)
    node = Node(tmp_path, "--bubble", "--host", f"{PREFIX}.1", executable=program)
    node.url = f"https://{PREFIX}.1:{node.port}"
    running, people = [], []
    try:
        node.start()
        for host, name in zip(hosts, ("Ada", "Grace")):
            running.append(browsers.another("chromium", executable=str(host.program(CHROMIUM, tmp_path))))
            people.append(Person(running[-1], name))
        live(node, *people, path)
        for person in people:
            assert person.requests_elsewhere(node.url) == []
            assert person.faults == []
    finally:
        for person in people:
            person.close()
        for browser in running:
            browser.close()
        node.stop()


def live(node: Node, ada: Person, grace: Person, path: str) -> None:
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    for person in (ada, grace):
        person.expect_connection(path)

    article = ada.send("No network but ours")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")
    assert "No network but ours" in grace.reveal()

    ada.attach_bytes("map.bin", "application/octet-stream", bytes(FILE_BYTES))
    expect(grace.file("map.bin")).to_contain_text("Received", timeout=30_000)

    first, second = Caller(ada), Caller(grace)
    connect(first, second, "Voice call")
    for side in (first, second):
        side.expect_more("energy")
    for person in (ada, grace):
        ends = person.selected_candidate_types()
        # The conversation's connection and the call's.
        assert len(ends) == 4
        assert ("relay" in ends[:2], "relay" in ends[2:]) == (path == "Relayed",) * 2, ends
    first.press("Hang up")
    second.expect_gone()
    for person in (ada, grace):
        person.expect_connection(path)


def expect_isolation(camp: list[Machine], folder, path: str) -> None:
    """The test's own conditions."""
    _, node, ada, grace = camp
    for machine in camp:
        routes = machine.run("ip", "route").splitlines()
        assert all(route.startswith(f"{PREFIX}.0/24 dev eth0 ") for route in routes), routes
    names = subprocess.run(
        [ada.program("/usr/bin/getent", folder), "hosts", "example.org"], capture_output=True, timeout=30
    )
    assert names.returncode == 2
    servers = subprocess.run([ada.program("/bin/cat", folder), "/etc/resolv.conf"], capture_output=True, timeout=10)
    assert servers.returncode == 0 and servers.stdout == b""
    for machine, address, is_reached in ((node, f"{PREFIX}.1", True), (grace, f"{PREFIX}.3", path == "Direct")):
        assert reaches(ada, machine, address) is is_reached


def reaches(one: Machine, other: Machine, address: str) -> bool:
    with other.entered():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with one.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener, sender:
        listener.bind((address, 0))
        listener.settimeout(0.5)
        sender.sendto(b"Are you there?", listener.getsockname())
        try:
            return listener.recv(100) != b""
        except TimeoutError:
            return False
