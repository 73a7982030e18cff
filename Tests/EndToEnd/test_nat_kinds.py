"""The NAT laboratory itself: each kind of router maps and filters as it should (RFC 4787 §4.1 and §5, by probes as in RFC 5780)."""

import contextlib
import socket
import subprocess

import pytest

import natlab
from natlab import Kind, Laboratory
from network import NAMESPACES, Machine

# It changes with the laboratory, and not with the product.
pytestmark = [pytest.mark.long, pytest.mark.skipif(not natlab.IS_POSSIBLE, reason=natlab.WHY_NOT)]

# On veth a packet is there as soon as it is sent, or never.
ARRIVE_SECONDS = 0.1

MAPPING_KINDS = [kind for kind in Kind if kind is not Kind.UDP_BLOCKED]
ENDPOINT_INDEPENDENT = [kind for kind in MAPPING_KINDS if kind is not Kind.SYMMETRIC]


def name(kind: Kind) -> str:
    return kind.value.replace(" ", "-")


@pytest.fixture(scope="module")
def laboratory():
    made = Laboratory()
    yield made
    made.close()


@pytest.fixture
def probe(laboratory):
    """`probe(machine, address, port)`: a UDP socket there."""
    with contextlib.ExitStack() as open_sockets:

        def make(machine: Machine, address: str = "0.0.0.0", port: int = 0) -> socket.socket:
            with machine.entered():
                made = open_sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            made.settimeout(ARRIVE_SECONDS)
            made.bind((address, port))
            return made

        yield make


@pytest.fixture
def strangers(laboratory, probe):
    """Two ports on each of two addresses: [address][port]."""
    return [
        [probe(laboratory.elsewhere, address, port) for port in (4001, 4002)]
        for address in laboratory.elsewhere_addresses
    ]


def mapping(client: socket.socket, stranger: socket.socket) -> tuple[str, int]:
    """From where a packet of the client's comes to the stranger."""
    client.sendto(b"Who am I?", stranger.getsockname())
    _, source = stranger.recvfrom(100)
    return source


def arrives(sender: socket.socket, destination: tuple[str, int], client: socket.socket) -> bool:
    sender.sendto(b"Are you there?", destination)
    try:
        _, source = client.recvfrom(100)
    except TimeoutError:
        return False
    assert source == sender.getsockname()
    return True


@pytest.mark.parametrize("kind", MAPPING_KINDS, ids=name)
def test_a_mapping_depends_on_the_destination_behind_a_symmetric_nat_alone(laboratory, probe, strangers, kind):
    home = laboratory.homes[0]
    home.become(kind)
    client = probe(home.host)
    mappings = [mapping(client, stranger) for address in strangers for stranger in address]
    assert all(address == home.address for address, _ in mappings)
    # Each other, and each the same when it is asked for again.
    assert len(set(mappings)) == (4 if kind is Kind.SYMMETRIC else 1)
    assert mappings == [mapping(client, stranger) for address in strangers for stranger in address]


@pytest.mark.parametrize(
    "kind, same_address, same_port",
    [
        (Kind.FULL_CONE, True, True),
        (Kind.ADDRESS_RESTRICTED, True, False),
        (Kind.PORT_RESTRICTED, False, False),
        (Kind.SYMMETRIC, False, False),
    ],
    ids=lambda value: name(value) if isinstance(value, Kind) else None,
)
def test_who_is_let_in_is_what_the_kind_is_named_after(laboratory, probe, strangers, kind, same_address, same_port):
    home = laboratory.homes[0]
    home.become(kind)
    client = probe(home.host)
    (asked, same), (other, _) = strangers
    mapped = mapping(client, asked)
    assert arrives(asked, mapped, client)
    # The asked one's address with another port, then another address with the asked one's port.
    assert arrives(same, mapped, client) is same_address
    assert arrives(other, mapped, client) is same_port
    # Who was asked meanwhile is let in, too.
    assert arrives(other, mapping(client, other), client)


@pytest.mark.parametrize("kind", Kind, ids=name)
def test_nobody_is_let_in_before_the_host_has_sent(laboratory, probe, strangers, kind):
    home = laboratory.homes[0]
    home.become(kind)
    client = probe(home.host, port=5_000)
    assert not arrives(strangers[0][0], (home.address, 5_000), client)


@pytest.mark.parametrize("kind", ENDPOINT_INDEPENDENT, ids=name)
def test_a_packet_that_comes_too_early_does_not_move_the_mapping(laboratory, probe, strangers, kind):
    home = laboratory.homes[0]
    home.become(kind)
    client = probe(home.host)
    mapped = mapping(client, strangers[0][0])
    early = strangers[1][0]
    arrives(early, mapped, client)
    assert mapping(client, early) == mapped
    assert arrives(early, mapped, client)


@pytest.mark.parametrize("kind", Kind, ids=name)
def test_tcp_goes_out_through_every_kind(laboratory, kind):
    home = laboratory.homes[0]
    home.become(kind)
    with laboratory.elsewhere.entered():
        server = socket.create_server((laboratory.elsewhere_addresses[0], 0))
    with server, home.host.entered(), socket.create_connection(server.getsockname(), timeout=2) as client:
        accepted, source = server.accept()
        with accepted:
            assert source[0] == home.address
            # And stays when the router becomes another one.
            home.become(Kind.SYMMETRIC if kind is not Kind.SYMMETRIC else Kind.FULL_CONE)
            accepted.settimeout(2)
            client.sendall(b"still here")
            assert accepted.recv(100) == b"still here"


def test_no_udp_goes_out_where_it_is_blocked(laboratory, probe, strangers):
    home = laboratory.homes[0]
    home.become(Kind.UDP_BLOCKED)
    with pytest.raises(TimeoutError):
        mapping(probe(home.host), strangers[0][0])


def test_a_firewall_leaves_one_port_open(laboratory, probe, strangers):
    home = laboratory.homes[0]
    home.become(Kind.FULL_CONE)

    def connects(port: int) -> bool:
        with laboratory.elsewhere.entered():
            server = socket.create_server((laboratory.elsewhere_addresses[0], port))
        with server, home.host.entered():
            try:
                socket.create_connection(server.getsockname(), timeout=ARRIVE_SECONDS).close()
                return True
            except TimeoutError:
                return False

    home.leave_open(443)
    try:
        assert connects(443) and not connects(3478)
        with pytest.raises(TimeoutError):
            mapping(probe(home.host), strangers[0][0])
    finally:
        home.leave_open()
    assert connects(3478)


def test_a_router_that_becomes_another_one_has_forgotten_what_it_let_in(laboratory, probe, strangers):
    home = laboratory.homes[0]
    home.become(Kind.FULL_CONE)
    client = probe(home.host)
    mapped = mapping(client, strangers[0][0])
    assert arrives(strangers[1][0], mapped, client)
    home.become(Kind.PORT_RESTRICTED)
    for address in strangers:
        for stranger in address:
            assert not arrives(stranger, mapped, client)
    mapped = mapping(client, strangers[0][0])
    assert arrives(strangers[0][0], mapped, client)
    assert not arrives(strangers[1][0], mapped, client)


@pytest.mark.parametrize("first, second", natlab.PAIRS, ids=lambda kind: name(kind))
def test_holes_are_punched_between_those_that_can_be_direct(laboratory, probe, strangers, first, second):
    """What ICE does, with the least that it takes: each learns its mapping from a stranger, both send, and answer whence they
    hear something."""
    laboratory.become(first, second)
    laboratory.count()
    hosts = [probe(home.host) for home in laboratory.homes]
    for host in hosts:
        host.settimeout(0.05)
    mappings = []
    for host in hosts:
        with contextlib.suppress(TimeoutError):
            mappings.append(mapping(host, strangers[0][0]))
    heard = [0, 0]
    if len(mappings) == 2:
        targets = [{mappings[1]}, {mappings[0]}]
        for _ in range(4):
            for number, host in enumerate(hosts):
                for target in list(targets[number]):
                    host.sendto(b"Check", target)
            for number, host in enumerate(hosts):
                with contextlib.suppress(TimeoutError):
                    while True:
                        _, source = host.recvfrom(100)
                        targets[number].add(source)
                        heard[number] += 1
    assert all(heard) is natlab.can_be_direct(first, second)
    # The routers have counted what got through, and nothing of the node's.
    for home, received in zip(laboratory.homes, heard):
        counted = home.counted()
        assert (counted["peer_udp"] > 0) is (received > 0 or len(mappings) == 2)
        assert counted["node_udp"] == counted["node_tcp"] == counted["peer_tcp"] == 0


def test_eight_pairs_of_fifteen_can_be_direct():
    assert len(natlab.PAIRS) == 15
    assert sum(natlab.can_be_direct(*pair) for pair in natlab.PAIRS) == 8


def test_the_routers_count_each_path_by_itself(laboratory, probe):
    laboratory.become(Kind.FULL_CONE, Kind.FULL_CONE)
    laboratory.count()
    one, other = (probe(home.host) for home in laboratory.homes)
    node = probe(laboratory.node_machine, laboratory.node_address, 3478)
    mapped = mapping(one, node)
    mapping(other, node)
    # 28 bytes of headers each.
    other.sendto(b"x" * 972, mapped)
    assert one.recv(2_000)
    counted = laboratory.homes[0].counted()
    assert counted == {"node_udp": 28 + len(b"Who am I?"), "node_tcp": 0, "peer_udp": 1_000, "peer_tcp": 0}


def test_nothing_leads_out_of_the_laboratory(laboratory):
    """Every route ends inside: the public network and the homes' own; the homes' default is their router, which has none."""
    inside = (f"{natlab.PUBLIC}.0/24", "192.168.11.0/24", "192.168.12.0/24")
    for path in NAMESPACES.glob(f"{Machine.TAG}-*"):
        if not path.name.startswith(laboratory.public.name.rsplit("-", 1)[0] + "-"):
            continue
        listed = subprocess.run(["ip", "-n", path.name, "route"], capture_output=True, text=True, check=True, timeout=10)
        for route in listed.stdout.splitlines():
            to, *_ = route.split()
            assert to in inside or (to == "default" and "-host" in path.name), f"{path.name}: {route}"
    assert Laboratory.node_address not in subprocess.run(
        ["ip", "route"], capture_output=True, text=True, check=True, timeout=10
    ).stdout


def test_what_a_killed_run_left_is_swept_up(laboratory):
    # No process has this number: it is above the kernel's highest.
    left = f"{Machine.TAG}-{1 << 23}-left"
    subprocess.run(["ip", "netns", "add", left], check=True, timeout=10)
    Machine("sweeper").close()
    assert not (NAMESPACES / left).exists()
    assert (NAMESPACES / laboratory.public.name).exists()
