#!/usr/bin/env python3
"""What an honest client notices while a hostile one is at work: STUN datagrams as long as they can be, and connections that ask
for the largest file and never read it.

Nobody here has an account. Each scene lasts a few seconds, in a network of its own where nothing else comes; how much is sent,
and how many connections there are, is fixed. Name executables to compare them, such as one from before a change and one
from after it: hostile.py OLD NEW. Without any it is the one that `make build` leaves.
"""

import argparse
import contextlib
import os
import pathlib
import re
import resource
import socket
import ssl
import statistics
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from turn import BINDING, MAGIC, Client, Refused

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "Tests/EndToEnd"))

from node import EXECUTABLE, Node, free_port  # noqa: E402

HERE = "127.0.0.1"
SECRET = "north"
SECONDS = 5
# 13 Mbit/s, in the name of as many networks.
LONG_DATAGRAMS_A_SECOND = 25
SLOW_READERS = 100
# How often an honest client asks, of each kind, and how long it waits.
ASKED_A_SECOND = 40
PATIENCE = 2.0


def long_datagram() -> bytes:
    """A Binding request of attributes that nobody knows, each of another type: as many as a datagram holds."""
    types = range(0x7FFF, 0x7FFF - 16_370, -1)
    attributes = b"".join(struct.pack("!HH", kind, 0) for kind in types)
    return struct.pack("!HHI", BINDING, len(attributes), MAGIC) + os.urandom(12) + attributes


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# The hostile ones.


@contextlib.contextmanager
def long_datagrams(node: Node) -> Iterator[None]:
    over = threading.Event()
    datagram = long_datagram()

    def send() -> None:
        with contextlib.ExitStack() as stack:
            sockets = []
            for network in range(50):
                sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sender.bind((f"127.16.{network}.1", 0))
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                sockets.append(sender)
            number = 0
            while not over.wait(1 / LONG_DATAGRAMS_A_SECOND):
                with contextlib.suppress(OSError):
                    sockets[number % len(sockets)].sendto(datagram, (HERE, node.relay_port))
                number += 1

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def slow_readers(node: Node) -> Iterator[None]:
    context = unverified()
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW_READERS):
            plain = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            plain.settimeout(10)
            plain.connect((HERE, node.port))
            reader = stack.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
            reader.sendall(b"GET /core.wasm HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield


@contextlib.contextmanager
def nobody(node: Node) -> Iterator[None]:
    yield


@contextlib.contextmanager
def both(node: Node) -> Iterator[None]:
    with slow_readers(node), long_datagrams(node):
        yield


SCENES = {
    "nobody hostile": nobody,
    f"{LONG_DATAGRAMS_A_SECOND} long datagrams a second": long_datagrams,
    f"{SLOW_READERS} slow readers": slow_readers,
    "both": both,
}


# The honest one.


class Honest:
    """Asks for its address, sends itself data through the relay, and looks whether the node is well."""

    def __init__(self, node: Node):
        self.server = (HERE, node.relay_port)
        self.ends = [Client(self.server, SECRET, user) for user in ("alice", "bob")]
        for end in self.ends:
            end.allocate()
        for end, other in zip(self.ends, reversed(self.ends)):
            end.bind(0x4000, other.relayed)
            end.socket.settimeout(PATIENCE)
        self.stranger = Client(self.server, SECRET)
        self.stranger.socket.settimeout(PATIENCE)
        plain = socket.create_connection((HERE, node.port), timeout=10)
        self.page = unverified().wrap_socket(plain, server_hostname="localhost")

    def binding(self) -> None:
        message = struct.pack("!HHI", BINDING, 0, MAGIC) + os.urandom(12)
        self.stranger.socket.send(message)
        if self.stranger.answer(message) is None:
            raise TimeoutError

    def relayed(self) -> None:
        token = os.urandom(160)
        self.ends[0].socket.send(struct.pack("!HH", 0x4000, len(token)) + token)
        # What came too late for an earlier round is not what is waited for.
        while self.ends[1].socket.recv(2048)[4:] != token:
            pass

    def healthz(self) -> None:
        self.page.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.page.recv(4_096)
            if not piece:
                raise ConnectionError("the node closed the connection")
            head += piece
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        rest = length - len(head.split(b"\r\n\r\n", 1)[1])
        while rest > 0:
            rest -= len(self.page.recv(rest))

    def close(self) -> None:
        for client in (*self.ends, self.stranger):
            client.close()
        self.page.close()


KINDS: dict[str, Callable[[Honest], None]] = {
    "Binding": Honest.binding,
    "through the relay": Honest.relayed,
    "/healthz": Honest.healthz,
}


def ask(honest: Honest, kind: str) -> str:
    """The times that it took, asked over and over."""
    times, lost = [], 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            KINDS[kind](honest)
            times.append(time.monotonic() - begun)
        except (OSError, Refused):
            lost += 1
        time.sleep(max(0, 1 / ASKED_A_SECOND - (time.monotonic() - begun)))
    if not times:
        return f"no answer, {lost} times"
    times.sort()
    worst = times[min(len(times) - 1, int(0.99 * len(times)))]
    text = f"{1e3 * statistics.median(times):.1f} / {1e3 * worst:.1f} ms"
    return text + (f", {lost} lost" if lost else "")


def resident(pid: int) -> int:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def measure(executable: pathlib.Path) -> dict[tuple[str, str], str]:
    """What each scene does to each kind of question, with a node of its own."""
    figures = {}
    for scene, hostile in SCENES.items():
        with tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder, "secret")
            secret.write_text(SECRET)
            port = free_port()
            # A relay that does not reach this machine counts its strangers, too.
            node = Node(
                pathlib.Path(folder), "--turn-port", str(port), "--turn-secret", str(secret), "--public-ip", HERE,
                executable=executable,
            ).start()  # fmt: skip
            node.relay_port = port
            try:
                honest = Honest(node)
                for question in KINDS.values():
                    question(honest)
                before = resident(node.pid)
                with hostile(node):
                    answers: dict[str, str] = {}
                    threads = [
                        threading.Thread(target=lambda kind=kind: answers.update({kind: ask(honest, kind)})) for kind in KINDS
                    ]
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()
                    grown = resident(node.pid) - before
                honest.close()
            finally:
                node.kill()
        figures |= {(scene, kind): answers[kind] for kind in KINDS}
        figures[scene, "memory of the node"] = f"{grown / 1e6:+.0f} MB"
    return figures


OWN_NETWORK = "HOSTILE_BENCH_HAS_ITS_OWN_NETWORK"


def enter_own_network() -> None:
    """Begins again, in a network of nothing but loopback; who is not root becomes it there."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    script = 'ip link set lo up && exec "$@"'
    os.execvpe(
        "unshare", ["unshare", *user, "--net", "sh", "-c", script, "sh", sys.executable, *sys.argv],
        {**os.environ, OWN_NETWORK: "1"},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("executables", nargs="*", type=pathlib.Path, help="which to measure, side by side")
    executables = parser.parse_args().executables or [EXECUTABLE]
    if OWN_NETWORK not in os.environ:
        enter_own_network()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    columns = []
    for executable in executables:
        print(f"{executable} …", flush=True)
        columns.append(measure(executable.absolute()))
    cells = [["while there is", "what an honest client notices", *map(str, executables)]]
    cells += [[scene, figure, *(column[scene, figure] for column in columns)] for scene, figure in columns[0]]
    widths = [max(len(line[number]) for line in cells) for number in range(len(cells[0]))]
    print("\nTimes are the median and the 99th percentile.\n")
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
