"""Clients that others wrote, against our relay: coturn's, in the modes they have."""

import contextlib
import re
import signal
import socket
import subprocess
import time

import pytest

from node import Node
from programs import coturn

SECRET = "a secret that the clients share"
V4, V6 = "127.0.0.1", "::1"
MESSAGES = 5
CLIENTS = 4  # coturn makes them in pairs, RTP and RTCP, where it is not told otherwise


def free_pair() -> int:
    """A port that is free with the one after it, at both addresses: clients have one for RTP and one for RTCP."""
    while True:
        with contextlib.ExitStack() as probes:
            ports = [0, 0]
            try:
                for index in range(2):
                    wanted = ports[0] + 1 if index else 0
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        for family, address in ((socket.AF_INET, V4), (socket.AF_INET6, V6)):
                            probe = probes.enter_context(socket.socket(family, kind))
                            probe.bind((address, wanted))
                            wanted = ports[index] = probe.getsockname()[1]
            except (OSError, OverflowError):
                continue
            return ports[0]


class Relay:
    """A node whose relay reaches this machine, and peers at the next ports that send back what they get."""

    def __init__(self, node: Node, port: int, peer_port: int):
        self.node = node
        self.port = port
        self.peer_port = peer_port

    def client(self, *options: str, port: int | None = None, server: str = V4) -> subprocess.CompletedProcess[str]:
        """turnutils_uclient: its clients allocate, send their messages and wait for them to come back."""
        return subprocess.run(self.command(*options, port=port, server=server), capture_output=True, text=True, timeout=60)

    def command(self, *options: str, port: int | None = None, server: str = V4) -> list[str]:
        command = [coturn("turnutils_uclient"), "-v", "-m", str(CLIENTS), "-n", str(MESSAGES), "-l", "170", "-z", "5"]
        command += ["-u", "guest", "-W", SECRET, "-p", str(port or self.port), "-r", str(self.peer_port)]
        if "-e" not in options:
            command += ["-e", V4]
        return [*command, *options, server]


def started_node(folder, port: int, *options: str) -> Node:
    (folder / "secret").write_text(SECRET)
    node = Node(
        folder, "--turn-port", str(port), "--turn-secret", str(folder / "secret"), "--public-ip", V4, V6,
        "--turn-allow-loopback", "--turn-old-channels", *options,
    )  # fmt: skip
    return node.start()


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    port, peer_port = free_pair(), free_pair()
    node = started_node(tmp_path_factory.mktemp("relay"), port)
    peers = [
        subprocess.Popen(
            [coturn("turnutils_peer"), "-L", address, "-p", str(peer_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for address in (V4, V6)
    ]
    try:
        yield Relay(node, port, peer_port)
    finally:
        for peer in peers:
            peer.terminate()
            peer.wait()
        node.stop()


def relayed(node: Node) -> int:
    """The datagrams that the node says it has relayed; it says so every few seconds."""
    return node.metric("cryptpeer_relay_datagrams_total")


def assert_all_came_back(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    sent, received = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", result.stdout)[-1]
    assert int(sent) == CLIENTS * MESSAGES and int(received) == int(sent), result.stdout[-2000:]
    assert "Total lost packets 0 " in result.stdout


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="channels"),
        pytest.param(("-s",), id="send indications"),
        pytest.param(("-y",), id="client to client"),
        pytest.param(("-s", "-y"), id="client to client by send indications"),
        pytest.param(("-c",), id="without RTCP"),
        pytest.param(("-x", "-e", V6), id="an IPv6 address"),
        pytest.param(("-X",), id="an IPv4 address, asked for"),
        pytest.param(("-g",), id="DONT-FRAGMENT"),
        pytest.param(("-D",), id="padded channels"),
        pytest.param(("-G",), id="extra requests"),
        pytest.param(("-N", "-s"), id="wrong requests"),
    ],
)
def test_udp(relay, options):
    before = relayed(relay.node)
    assert_all_came_back(relay.client(*options))
    # Up and down again, or from client to client.
    deadline = time.monotonic() + 15
    while relayed(relay.node) < before + CLIENTS * MESSAGES:
        assert time.monotonic() < deadline, "nothing went through the node"
        time.sleep(0.5)


def test_udp_to_the_ipv6_address(relay):
    assert_all_came_back(relay.client("-x", "-e", V6, server=V6))


STREAMS = [
    pytest.param((), id="channels"),
    pytest.param(("-s",), id="send indications"),
    pytest.param(("-y",), id="client to client"),
    pytest.param(("-c", "-x", "-e", V6), id="an IPv6 address"),
]


@pytest.mark.parametrize("options", STREAMS)
def test_tcp(relay, options):
    assert_all_came_back(relay.client("-t", *options))


@pytest.mark.parametrize("options", STREAMS)
def test_tls_at_the_port_of_https(relay, options):
    authority = relay.node.data / "ca.pem"
    assert_all_came_back(relay.client("-t", "-S", "-E", str(authority), *options, port=relay.node.port))
    assert relay.node.is_healthy()


def test_a_second_channel_for_a_peer_is_refused(relay):
    """RFC 8656 §12.2: what -N attempts, and stops at."""
    result = relay.client("-N", "-c")
    assert result.returncode != 0
    assert "channel bind: error 400 (Bad Request)" in result.stdout


def test_clients_that_break_their_messages(relay):
    """-R changes what it sends at random, and then may wait for an answer without end, which coturn does not give either:
    what counts is that the node goes on, and that others have lost nothing by it."""
    broken = [
        subprocess.Popen(relay.command("-R", ("-s", "-c")[number % 2]), stdout=subprocess.DEVNULL)
        for number in range(6)
    ]
    try:
        assert_all_came_back(relay.client())
        time.sleep(5)
    finally:
        for client in broken:
            client.kill()
            client.wait()
    assert relay.node.is_healthy()
    assert_all_came_back(relay.client("-s"))


ALTERNATES = [
    pytest.param(V4, (), id="UDP"),
    pytest.param(V6, ("-x", "-e", V6), id="UDP over IPv6"),
    pytest.param(V4, ("-t",), id="TCP"),
    pytest.param(V6, ("-t", "-s", "-x", "-e", V6), id="TCP over IPv6"),
    pytest.param(V4, ("-t", "-S"), id="TLS"),
]


@pytest.fixture(scope="module")
def drained(relay, tmp_path_factory):
    """A node that sends the clients of each transport to `relay` (RFC 8489 §10), because it is about to be stopped."""
    port = free_pair()
    alternates = [f"{V4}:{relay.port}", f"[{V6}]:{relay.port}", f"tcp:{V4}:{relay.port}", f"tcp:[{V6}]:{relay.port}"]
    # Clients that know RFC 8489 alone could look for that name; coturn's is not one of them.
    alternates += [f"tls:{V4}:1#relay.example.org", f"tls:{V4}:{relay.node.port}"]
    node = started_node(tmp_path_factory.mktemp("drained"), port, "--relay-alternate", *alternates)
    try:
        yield Relay(node, port, relay.peer_port)
    finally:
        node.stop()


@pytest.mark.parametrize(("server", "options"), ALTERNATES)
def test_clients_are_sent_to_another_relay(relay, drained, server, options):
    port = drained.node.port if "-S" in options else drained.port
    if "-S" in options:
        both = drained.node.data.parent / "authorities.pem"
        both.write_bytes(b"".join((node.data / "ca.pem").read_bytes() for node in (relay.node, drained.node)))
        options = (*options, "-E", str(both))
    drained.node.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 15
    while "New allocations are sent to the other relays" not in drained.node.output():
        assert time.monotonic() < deadline, drained.node.output()
        time.sleep(0.1)
    before = relayed(relay.node)
    result = drained.client(*options, port=port, server=server)
    assert_all_came_back(result)
    assert "error 300" in result.stdout
    deadline = time.monotonic() + 15
    while relayed(relay.node) < before + CLIENTS * MESSAGES:
        assert time.monotonic() < deadline, "nothing went through the other relay"
        time.sleep(0.5)
    assert relayed(drained.node) == 0


def test_a_wrong_secret_is_refused(relay):
    result = relay.client("-W", "another secret")
    assert result.returncode != 0
    assert "Cannot complete Allocation" in result.stdout


def test_stun(relay):
    result = subprocess.run(
        [coturn("turnutils_stunclient"), "-p", str(relay.port), V4], capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 0
    assert re.search(rf"UDP reflexive addr: {V4}:\d+", result.stdout), result.stdout
