"""Networks of their own: machines, each a network namespace, at switches. Nothing of them reaches the machine's own network."""

import contextlib
import ctypes
import itertools
import os
import pathlib
import shutil
import signal
import subprocess

# Only root may make namespaces and interfaces.
IS_POSSIBLE = os.geteuid() == 0 and shutil.which("ip") is not None

NUMBERS = itertools.count()
PREFIX = "10.77.13"

NAMESPACES = pathlib.Path("/run/netns")
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


def enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def leave_the_machines_own() -> None:
    """From now on this process, and what it starts, is at a network of its own, as on a machine whose cable leads nowhere.

    Tests that run side by side would else meet in ports and addresses, and a browser drops its connections when an interface of
    another test's comes or goes.
    """
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    forbid_link_local()
    ip("link", "set", "lo", "up")
    ip("link", "add", "cable", "type", "veth", "peer", "name", "nowhere")
    ip("address", "add", "10.77.12.2/24", "dev", "cable")
    ip("address", "add", "fd77:12::2/64", "dev", "cable", "nodad")
    for end in ("cable", "nowhere"):
        ip("link", "set", end, "up")
    ip("route", "add", "default", "via", "10.77.12.1")


@contextlib.contextmanager
def slow(megabits: int):
    """Whatever goes from this network's machine to itself takes its time: two browsers on it are as far apart as that."""
    if not IS_POSSIBLE:
        yield
        return
    # What is sent at once may be as large as the interface's MTU.
    limit = f"tbf rate {megabits}mbit burst 256kb latency 100ms"
    subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", *limit.split()], check=True, timeout=10)
    try:
        yield
    finally:
        subprocess.run(["tc", "qdisc", "delete", "dev", "lo", "root"], check=True, timeout=10)


def forbid_link_local() -> None:
    """Browsers take an address that comes by itself, a second after the others, for a change of network."""
    pathlib.Path("/proc/sys/net/ipv6/conf/default/addr_gen_mode").write_text("1")


class Machine:
    """A network namespace, named after this process and its role."""

    # A role's name must not be another's of the same process.
    TAG = "cp"

    def __init__(self, role: str):
        sweep()
        self.name = f"{self.TAG}-{os.getpid()}-{role}"
        ip("netns", "add", self.name)
        with self.entered():
            forbid_link_local()
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str) -> None:
        ip("-n", self.name, *arguments)

    def run(self, *command: str, given: str = "") -> str:
        """What the command prints."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command], input=given, capture_output=True, text=True, timeout=10
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}\n{given}"
        return done.stdout

    @contextlib.contextmanager
    def asleep(self):
        """All programs on that machine stand still, as when a laptop is closed."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        found = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True, timeout=10)
        for process in found.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), number)

    @contextlib.contextmanager
    def entered(self):
        """This thread is on that machine: a socket made now stays there."""
        with open("/proc/thread-self/ns/net") as home, open(NAMESPACES / self.name) as there:
            enter(there.fileno())
            try:
                yield
            finally:
                enter(home.fileno())

    def program(self, executable: str | pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
        """A program that runs the executable on this machine, which knows no DNS server."""
        empty = folder / "resolv.conf"
        empty.touch()
        path = folder / f"{self.name}-{pathlib.Path(executable).name}"
        # `ip netns exec` leaves to its child a mount namespace of its own; so does `unshare`, before.
        path.write_text(
            "#!/bin/sh\n"
            "exec unshare --mount sh -c '\n"
            f'    mount --bind {empty} "$(readlink -f /etc/resolv.conf)" &&\n'
            f'    exec ip netns exec {self.name} "$@"\n'
            f"' sh {executable} \"$@\"\n"
        )
        path.chmod(0o755)
        return path

    def close(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)


def sweep() -> None:
    """Removes what a run that was killed has left."""
    for path in NAMESPACES.glob(f"{Machine.TAG}-*-*"):
        if not pathlib.Path("/proc", path.name.split("-")[1]).exists():
            subprocess.run(["ip", "netns", "delete", path.name], check=False, capture_output=True)


class Switch(Machine):
    """Joins machines as one Ethernet does. It has no address itself."""

    def __init__(self, role: str):
        super().__init__(role)
        self.ip("link", "add", "switch", "type", "bridge")
        self.ip("link", "set", "switch", "up")
        self._ports: dict[str, str] = {}

    def attach(self, machine: Machine, interface: str, *addresses: str) -> None:
        port = self._ports[machine.name] = f"port{len(self._ports)}"
        self.ip("link", "add", port, "type", "veth", "peer", "name", interface, "netns", machine.name)
        self.ip("link", "set", port, "master", "switch", "up")
        for address in addresses:
            machine.ip("address", "add", address, "dev", interface)
        machine.ip("link", "set", interface, "up")

    def isolate(self, *machines: Machine) -> None:
        """From now on these reach others but not each other, as at an access point that keeps its guests apart."""
        for machine in machines:
            self.ip("link", "set", self._ports[machine.name], "type", "bridge_slave", "isolated", "on")


class Host(Machine):
    """A machine with one interface, at the switch of a `Network`."""

    def __init__(self, switch: str, number: int):
        super().__init__(f"host{number}")
        self.address = f"{PREFIX}.{number}"
        outside = f"{switch}h{number}"
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", outside, "master", switch, "up")
        self.plug()

    def plug(self) -> None:
        self.ip("address", "replace", f"{self.address}/24", "dev", "eth0")
        self.ip("link", "set", "eth0", "up")
        self.ip("route", "replace", "default", "via", f"{PREFIX}.1")

    def unplug(self) -> None:
        self.ip("link", "set", "eth0", "down")


class Network:
    """Hosts at a switch that this machine is at, too, with the node on it."""

    address = f"{PREFIX}.1"

    def __init__(self, hosts: int):
        # An interface's name has at most 15 characters. One that was deleted may stay for as long as a program runs in it.
        self.switch = f"cp{os.getpid() % 100_000}{next(NUMBERS) % 10}"
        ip("link", "add", self.switch, "type", "bridge")
        self.hosts: list[Host] = []
        try:
            ip("address", "add", f"{self.address}/24", "dev", self.switch)
            ip("link", "set", self.switch, "up")
            for number in range(hosts):
                self.hosts.append(Host(self.switch, number + 2))
        except subprocess.CalledProcessError:
            self.close()
            raise

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        subprocess.run(["ip", "link", "delete", self.switch], check=False)
