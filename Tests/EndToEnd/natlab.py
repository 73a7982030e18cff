"""The NAT laboratory: two homes behind routers of every kind of NAT, and our node in the public network between them.

                  node 203.0.113.1     elsewhere 203.0.113.3 and .4 (for probes)
                          |                  |
    ---------------------- the public network, a switch ----------------------
          |                                                        |
    203.0.113.11  router                             router  203.0.113.12
    192.168.11.1    |                                  |     192.168.12.1
                    |                                  |
    192.168.11.2  host                               host    192.168.12.2

The public addresses are TEST-NET-3 (RFC 5737): nobody's, and yet not private, so that a node which relays to no private address
relays to these. Every machine is a network namespace, and none has a way to the real network.
"""

import enum
import json
import shutil

import pytest

import network
from network import Machine, Switch

IS_POSSIBLE = network.IS_POSSIBLE and shutil.which("nft") is not None and shutil.which("conntrack") is not None
WHY_NOT = "the NAT laboratory needs root, ip (iproute2), nft (nftables) and conntrack"

# The lines that a run prints at its end; from a worker of it, they come under this name.
OUTCOMES = pytest.StashKey[list[str]]()
OUTCOMES_OF_WORKER = "nat-pairs"

PUBLIC = "203.0.113"


class Kind(enum.Enum):
    """How a router maps and filters UDP. In the words of RFC 3489 §5; of RFC 4787 in brackets (mapping, filtering)."""

    # (endpoint-independent, endpoint-independent)
    FULL_CONE = "full cone"
    # (endpoint-independent, address-dependent)
    ADDRESS_RESTRICTED = "address-restricted"
    # (endpoint-independent, address- and port-dependent)
    PORT_RESTRICTED = "port-restricted"
    # (address- and port-dependent, address- and port-dependent)
    SYMMETRIC = "symmetric"
    # None: not a NAT's doing but a firewall's.
    UDP_BLOCKED = "UDP blocked"


PAIRS = [(one, other) for number, one in enumerate(Kind) for other in list(Kind)[number:]]


def can_be_direct(one: Kind, other: Kind) -> bool:
    """A symmetric NAT's mapping for the peer is known only to whom it lets through its filter, and that needs a filter on the
    other side which does not look at the port."""
    kinds = {one, other}
    if Kind.UDP_BLOCKED in kinds:
        return False
    return Kind.SYMMETRIC not in kinds or not kinds <= {Kind.PORT_RESTRICTED, Kind.SYMMETRIC}


RELAYED_PAIRS = [pair for pair in PAIRS if not can_be_direct(*pair)]


def rules(kind: Kind, outside: str, host: str) -> str:
    """The router's table. There is one host behind it, so that a port of the host's is a port of the router's, and stands for
    the endpoint."""
    mapping = f"snat to {outside}"
    on_the_way_out = ""
    on_the_way_in = ""
    match kind:
        case Kind.FULL_CONE:
            on_the_way_out = 'iifname "lan" update @opened { udp sport }'
            on_the_way_in = f'iifname "wan" udp dport @opened dnat to {host}'
        case Kind.ADDRESS_RESTRICTED:
            on_the_way_out = 'iifname "lan" update @contacted { udp sport . ip daddr }'
            on_the_way_in = f'iifname "wan" udp dport . ip saddr @contacted dnat to {host}'
        case Kind.PORT_RESTRICTED:
            # Answers are let in to whoever asked: connection tracking is this filter already.
            pass
        case Kind.SYMMETRIC:
            # Another port for every connection, and so for every destination.
            mapping += " fully-random"
        case Kind.UDP_BLOCKED:
            on_the_way_out = 'iifname "lan" meta l4proto udp drop'
    return f"""
        table ip nat
        delete table ip nat
        table ip nat {{
            set opened {{
                type inet_service
                flags dynamic,timeout
                timeout 5m
            }}
            set contacted {{
                type inet_service . ipv4_addr
                flags dynamic,timeout
                timeout 5m
            }}
            chain from_outside {{
                type nat hook prerouting priority dstnat
                {on_the_way_in}
            }}
            # What is for nobody inside is for the router itself, and must not get there: it would become a connection that the
            # host's own packets to the same place collide with, and the host's mapping would move to another port. That is how
            # a plain masquerade fails at hole punching.
            chain to_router {{
                type filter hook input priority filter
                iifname "wan" meta l4proto udp drop
            }}
            chain through {{
                type filter hook forward priority filter
                {on_the_way_out}
            }}
            chain to_outside {{
                type nat hook postrouting priority srcnat
                oifname "wan" meta l4proto udp {mapping}
                oifname "wan" meta l4proto tcp snat to {outside}
            }}
        }}
    """


class Home:
    """A host behind a router of its own."""

    def __init__(self, number: int, public: Switch):
        self.address = f"{PUBLIC}.{number}"
        self.host_address = f"192.168.{number}.2"
        self.router = Machine(f"router{number}")
        self.machines = [self.router]
        self.host = Machine(f"host{number}")
        self.machines.append(self.host)
        public.attach(self.router, "wan", f"{self.address}/24")
        inside = f"192.168.{number}.1"
        self.host.ip("link", "add", "eth0", "type", "veth", "peer", "name", "lan", "netns", self.router.name)
        self.router.ip("address", "add", f"{inside}/24", "dev", "lan")
        self.router.ip("link", "set", "lan", "up")
        self.host.ip("address", "add", f"{self.host_address}/24", "dev", "eth0")
        self.host.ip("link", "set", "eth0", "up")
        self.host.ip("route", "add", "default", "via", inside)
        self.router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        self.kind = Kind.FULL_CONE
        self.become(self.kind)

    def become(self, kind: Kind) -> None:
        """The router is of that kind from now on, and has forgotten all mappings. TCP connections outlive it: every kind treats
        them the same."""
        self.kind = kind
        self.router.run("nft", "-f", "-", given=rules(kind, self.address, self.host_address))
        # It fails where there is nothing to forget.
        self.router.run("sh", "-c", "conntrack -D -p udp >/dev/null 2>&1 || true")

    def leave_open(self, *ports: int) -> None:
        """A firewall in the router lets nothing out but TCP to these ports; without any, there is no firewall."""
        allowed = ", ".join(map(str, ports))
        wall = f"""
            table ip wall {{
                chain through {{
                    type filter hook forward priority filter - 10
                    iifname "lan" meta l4proto != tcp drop
                    iifname "lan" tcp dport != {{ {allowed} }} drop
                }}
            }}
        """
        self.router.run("nft", "-f", "-", given="table ip wall\ndelete table ip wall\n" + (wall if ports else ""))

    def count(self, **others: str) -> None:
        """Counts from zero what goes to and comes from each of the others, by name and transport protocol."""
        counters = [f"{name}_{protocol}" for name in others for protocol in ("udp", "tcp")]
        matches = [
            f'{side} ip {end} {address} meta l4proto {protocol} counter name "{name}_{protocol}"'
            for name, address in others.items()
            for protocol in ("udp", "tcp")
            for side, end in (('iifname "wan"', "saddr"), ('oifname "wan"', "daddr"))
        ]
        # Behind the router's filter: what it drops has not gone anywhere.
        self.router.run(
            "nft",
            "-f",
            "-",
            given="table ip paths\ndelete table ip paths\ntable ip paths {\n"
            + "\n".join(f"counter {name} {{ }}" for name in counters)
            + "\nchain through {\ntype filter hook forward priority filter + 10\n"
            + "\n".join(matches)
            + "\n}\n}\n",
        )

    def counted(self) -> dict[str, int]:
        """Bytes since `count`."""
        objects = json.loads(self.router.run("nft", "-j", "list", "counters", "table", "ip", "paths"))["nftables"]
        return {one["counter"]["name"]: one["counter"]["bytes"] for one in objects if "counter" in one}

    def close(self) -> None:
        for machine in self.machines:
            machine.close()


class Laboratory:
    node_address = f"{PUBLIC}.1"
    elsewhere_addresses = (f"{PUBLIC}.3", f"{PUBLIC}.4")

    def __init__(self):
        self._parts: list[Machine | Home] = []
        try:
            self.public = self._add(Switch("public"))
            self.node_machine = self._add(Machine("node"))
            # As on the Internet: what it reaches there is none of its own network.
            self.public.attach(self.node_machine, "eth0", f"{self.node_address}/32")
            self.node_machine.ip("route", "add", f"{PUBLIC}.0/24", "dev", "eth0")
            self.elsewhere = self._add(Machine("elsewhere"))
            self.public.attach(self.elsewhere, "eth0", *(f"{address}/24" for address in self.elsewhere_addresses))
            self.homes = [self._add(Home(number, self.public)) for number in (11, 12)]
            for home, peer in zip(self.homes, reversed(self.homes)):
                home.peer_address = peer.address
            self.count()
        except BaseException:
            self.close()
            raise

    def _add(self, part):
        self._parts.append(part)
        return part

    def become(self, first: Kind, second: Kind) -> None:
        for home, kind in zip(self.homes, (first, second)):
            home.become(kind)

    def count(self) -> None:
        for home in self.homes:
            home.count(node=self.node_address, peer=home.peer_address)

    def close(self) -> None:
        for part in reversed(self._parts):
            part.close()
