"""What the screen says when no path is found: one sentence on what is wrong and what to do, in the conversation and in a call."""

import re
import socket
import time

import pytest
from playwright.sync_api import expect

import turn
from caller import Caller, connect
from node import Node, free_port
from person import ARRIVE_MILLISECONDS, Person
from test_relayed import a_node, acquaint, drop, drop_between, hide_address, meet

# From the moment that somebody looks for a path; twice that on a machine with much to do.
EXPLAINED_MILLISECONDS = 5_000


def expect_told(person: Person, why: str, opening: str = "Your address stays hidden, and") -> None:
    # Marks that keep an argument's direction stand around it.
    sentence = person.page.get_by_text(re.compile(f"{opening} .?{why}"))
    expect(sentence).to_be_visible(timeout=2 * EXPLAINED_MILLISECONDS)
    person.expect_connection("Mailbox")


def expect_told_in_call(ada: Person, grace: Person, why: str) -> None:
    caller = Caller(ada)
    caller.call("Voice call")
    Caller(grace).answer()
    sentence = caller.region.get_by_text(re.compile(f"No path to .?Grace.?: .?{why}"))
    expect(sentence).to_be_visible(timeout=2 * EXPLAINED_MILLISECONDS)
    caller.press("Hang up")
    Caller(grace).expect_gone()


def credential(person: Person) -> tuple[tuple[str, int], str, str]:
    """Where the relay is, over UDP, and the right to it that this person's browser has now."""
    servers = person.page.evaluate("window.peerConnections.at(-1).getConfiguration().iceServers")
    [server] = [server for server in servers if server.get("username")]
    [(host, port)] = re.findall(r"turn:([^:]+):(\d+)\?transport=udp", " ".join(server["urls"]))
    return (socket.gethostbyname(host), int(port)), server["username"], server["credential"]


def await_no_allocation(node: Node) -> None:
    deadline = time.monotonic() + ARRIVE_MILLISECONDS / 1000
    while node.metric("cryptpeer_relay_allocations") > 0:
        assert time.monotonic() < deadline, "the browsers keep their allocations"
        time.sleep(0.1)


def test_a_relay_without_room(tmp_path, people, engine):
    """Another program of the device's has all the allocations that a device may have."""
    why = "the relay has no room for another connection; try again later"
    with a_node(tmp_path) as node:
        ada, grace = meet(node, people, engine, hidden=("Ada",))
        own = credential(ada)
        for person in (ada, grace):
            person.lock()
        await_no_allocation(node)
        with turn.used_up(*own):
            for person, other in ((ada, "Grace"), (grace, "Ada")):
                person.unlock()
                person.open_conversation(other)
            expect_told(ada, why)
            # There, the relay is reached.
            expect_told(grace, "the other device cannot reach the relay; its screen says why", "No direct path to .?Ada.?, and")
            expect_told_in_call(ada, grace, why)


def test_a_relay_that_cannot_be_reached(two_hosts):
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    # The session with the node stands; nothing new gets out of that network.
    drop(hosts[0], "meta l4proto udp", "tcp flags & (syn | ack) == syn")
    hide_address(ada)
    why = "the relay cannot be reached over UDP, TCP or TLS; this network’s firewall has to let it through"
    expect_told(ada, why)
    expect_told_in_call(ada, grace, why)
    drop(hosts[0])
    ada.expect_connection("Relayed", timeout=60_000)
    expect(ada.page.get_by_text(re.compile("the relay cannot be reached"))).to_be_hidden()


def test_a_node_that_is_away(two_hosts):
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    connect(Caller(ada), Caller(grace), "Voice call")
    node.kill()
    drop_between(hosts)
    for person in (ada, grace):
        why = "the server is offline; CryptPeer tries again when it is back"
        sentence = Caller(person).region.get_by_text(re.compile(f"No path to .*: .?{why}"))
        expect(sentence).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    node.start()
    for person in (ada, grace):
        Caller(person).expect_connected()
        Caller(person).expect_more("energy", milliseconds=ARRIVE_MILLISECONDS)
    Caller(ada).press("Hang up")


def test_a_right_that_has_ended(tmp_path, people):
    """The core renews a right long before its end. That it has ended is seen by a computer that wakes after hours, and does not
    hear from the node yet: here only the page knows how late it is."""
    with a_node(tmp_path) as node:
        ada, _ = meet(node, people, hidden=("Ada",))
        ada.lock()
        ada.page.evaluate("() => { const { now } = Date; Date.now = () => now() + 2 * 3_600_000; }")
        ada.unlock()
        ada.open_conversation("Grace")
        expect_told(ada, "this device’s credential for the relay has expired; lock and unlock to get another one")


def test_a_right_that_the_relay_does_not_take(two_hosts, tmp_path):
    """At the relay's port there is another node's by now, with a secret of its own."""
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    (tmp_path / "other").mkdir()
    other_port = free_port()
    (address, port), _, _ = credential(ada)
    with a_node(tmp_path / "other", "--host", address, "--bubble", "--turn-port", str(other_port)):
        redirected = f"meta l4proto {{ tcp, udp }} th dport {port} dnat ip to {address}:{other_port}"
        chain = f"chain outgoing {{\ntype nat hook output priority -100\n{redirected}\n}}\n"
        hosts[0].run("nft", "-f", "-", given=f"table ip other {{\n{chain}}}\n")
        # TLS goes to the port of HTTPS, to which the session with the node stands.
        drop(hosts[0], f"tcp dport {node.port} tcp flags & (syn | ack) == syn")
        hide_address(ada)
        why = "the relay does not accept this device’s credential; lock and unlock to get another one"
        expect_told(ada, why)
        expect_told_in_call(ada, grace, why)
