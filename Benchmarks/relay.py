#!/usr/bin/env python3
"""The relay beside coturn: the CPU a relayed datagram costs, what passes at most, what an allocation takes.

Both servers run on one core, each alone, in turn; the load runs on the others, and all of it in a network of its own, where
nothing else comes and no firewall looks. On two cores the load has one for its senders and its receiver: what passes at
most is then the load's doing and not the relay's, and rows about that are measured and not judged. CPU time is what /proc says of the server's threads. Goals that are ratios to
coturn are judged by measurements side by side in this run, and the others as they are: on a machine with nothing else to
do. Options name the rows to measure; without any, all.
"""

import argparse
import collections
import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from turn import ALLOCATE, NO_LONGER, OVER_UDP, REFRESH, Client, Refused, ask_together

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXECUTABLE = pathlib.Path(os.environ.get("CRYPTPEER_EXECUTABLE", ROOT / ".build/release/cryptpeer"))
SECRET = "north"
HERE = "127.0.0.1"

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORES = CORES[1:] or CORES
# The receiver's, and then the senders'.
ONE_SENDER = [LOAD_CORES[0], LOAD_CORES[1 % len(LOAD_CORES)]]
ALL_SENDERS = [LOAD_CORES[0], *(LOAD_CORES[1:] or LOAD_CORES)]
# Whether senders and receiver have cores of their own, so that more can be offered than passes.
CAN_OVERLOAD = len(LOAD_CORES) > 1

# The folder of coturn's programs, where they are not on the PATH.
COTURN = os.environ.get("CRYPTPEER_COTURN")
if COTURN:
    os.environ["PATH"] = os.pathsep.join([COTURN, os.environ["PATH"]])


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HERE, 0))
        return probe.getsockname()[1]


def dropped(ports: set[int]) -> int:
    """The datagrams for which the UDP sockets at these ports had no room."""
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    columns = [line.split() for line in lines]
    return sum(int(words[-1]) for words in columns if int(words[1].split(":")[1], 16) in ports)


def stolen() -> float:
    """The seconds for which the machine below this one, if there is one, had other things to do."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(words[8]) / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Server:
    """One of the two, running on its core."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """The seconds of CPU time that its threads have used."""
        return self.scheduled(0)

    def waited(self) -> float:
        """The seconds for which its threads could have run and others had the core, its own among them."""
        return self.scheduled(1)

    def scheduled(self, field: int) -> float:
        nanoseconds = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                nanoseconds += int((task / "schedstat").read_text().split()[field])
        return nanoseconds / 1e9

    def dropped(self) -> int:
        """The datagrams that the kernel has dropped because its sockets for clients were full."""
        return dropped({self.port})

    def resident(self) -> int:
        """Bytes of memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def client(self) -> Client:
        return Client((HERE, self.port), SECRET)


@contextlib.contextmanager
def run(name: str) -> Iterator[Server]:
    """A server of its own, with nothing allocated."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port(socket.SOCK_DGRAM)
        log = open(f"{folder}/log", "wb")
        if name == "ours":
            pathlib.Path(folder, "secret").write_text(SECRET)
            command = [
                str(EXECUTABLE), "serve", "--data", f"{folder}/data", "--port", str(free_port(socket.SOCK_STREAM)),
                "--metrics-port", "0", "--turn-port", str(port), "--turn-secret", f"{folder}/secret",
                "--public-ip", HERE, "--turn-allow-loopback", "--turn-old-channels",
            ]  # fmt: skip
        else:
            command = [
                "turnserver", "-n", "--relay-threads=1", "--no-tls", "--no-dtls", "--no-cli", f"--listening-ip={HERE}",
                f"--listening-port={port}", f"--relay-ip={HERE}", "--realm=turn", "--use-auth-secret",
                f"--static-auth-secret={SECRET}", "--allow-loopback-peers", "--log-file=stdout", "--simple-log",
                f"--userdb={folder}/db", f"--pidfile={folder}/pid",
            ]  # fmt: skip
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
        server = Server(name, process, port)
        try:
            wait_until_answering(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()


def wait_until_answering(server: Server) -> None:
    end = time.monotonic() + 30
    client = server.client()
    client.socket.settimeout(0.2)
    try:
        while True:
            try:
                client.binding()
                # What starting leaves to be done.
                time.sleep(0.3)
                return
            except (Refused, OSError):
                if time.monotonic() > end or server.process.poll() is not None:
                    raise SystemExit(f"{server.name} does not answer") from None
    finally:
        client.close()


@contextlib.contextmanager
def undisturbed(server: Server) -> Iterator[None]:
    """The server, and the load that is started now, go before all else that runs on their cores (SCHED_FIFO): what is measured
    is then theirs, and not how often another program has the core for the four milliseconds that Linux gives it.
    """
    threads = [0, *(int(task.name) for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir())]

    def schedule(policy: int, priority: int) -> None:
        for thread in threads:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setscheduler(thread, policy, os.sched_param(priority))

    try:
        schedule(os.SCHED_FIFO, 1)
    except PermissionError:
        detail("not root: whatever else runs here falls into the delays")
    try:
        yield
    finally:
        schedule(os.SCHED_OTHER, 0)


def in_turn(rounds: int, measure: Callable[[Server], float]) -> tuple[float, float]:
    """The medians of ours and coturn's, measured in turn."""
    figures: dict[str, list[float]] = {"ours": [], "coturn": []}
    for round in range(rounds):
        for name in ("ours", "coturn") if round % 2 == 0 else ("coturn", "ours"):
            with run(name) as server:
                figures[name].append(measure(server))
    detail("each: " + "; ".join(f"{name} {' '.join(f'{value:.4g}' for value in values)}" for name, values in figures.items()))
    return statistics.median(figures["ours"]), statistics.median(figures["coturn"])


def detail(text: str) -> None:
    print(f"    {text}", flush=True)


# Flows: a client with a channel to a peer, both sockets ours.


@dataclasses.dataclass
class Flow:
    client: Client
    peer: socket.socket

    def close(self) -> None:
        self.client.close()
        self.peer.close()


@contextlib.contextmanager
def flows(server: Server, count: int) -> Iterator[list[Flow]]:
    made = []
    try:
        for _ in range(count):
            client = server.client()
            peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.append(Flow(client, peer))
            peer.bind((HERE, 0))
            peer.connect(client.allocate())
            client.bind(0x4000, peer.getsockname())
        yield made
    finally:
        for flow in made:
            flow.close()


@contextlib.contextmanager
def joined(server: Server, count: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Pairs of clients with channels to each other's relayed addresses."""
    clients = [server.client() for _ in range(2 * count)]
    try:
        for client in clients:
            client.allocate()
        pairs = list(zip(clients[::2], clients[1::2], strict=True))
        for one, other in pairs:
            one.bind(0x4000, other.relayed)
            other.bind(0x4000, one.relayed)
        yield [(one.socket, other.socket) for one, other in pairs]
    finally:
        for client in clients:
            client.close()


@dataclasses.dataclass
class Passage:
    """What one load brought through."""

    sent: int
    refused: int
    in_time: int
    received: int
    seconds: float
    median: float
    p99: float
    senders_held: float
    receiver_held: float

    @property
    def offered(self) -> float:
        return self.sent / self.seconds

    @property
    def rate(self) -> float:
        """What passes each second: without what waits in queues when the sending ends, which passes once and not each second."""
        return self.in_time / self.seconds


def load(
    ways: list[tuple[socket.socket, socket.socket]], *, rate: float, seconds: float, size: int, headers: int,
    burst: int = 1, segmented: bool = False, timed: bool = False, cores: list[int] = ONE_SENDER,
) -> Passage:  # fmt: skip
    numbers = [(sender.fileno(), receiver.fileno()) for sender, receiver in ways]
    for sender, receiver in ways:
        for end in (sender, receiver):
            end.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                while True:
                    end.recv(65_536)
            # A sender waits for room, as its own load is not what is measured.
            end.setblocking(True)
    output = subprocess.run(
        [
            str(GENERATOR), str(rate), str(seconds), str(size), str(burst), str(int(segmented)), str(headers),
            str(int(timed)), ",".join(map(str, cores)), *(f"{sender}:{receiver}" for sender, receiver in numbers),
        ],
        pass_fds=[number for pair in numbers for number in pair], check=True, capture_output=True, timeout=seconds + 30,
    ).stdout.split()  # fmt: skip
    for sender, receiver in ways:
        sender.settimeout(1)
        receiver.settimeout(1)
    return Passage(*(int(word) for word in output[:4]), *(float(word) for word in output[4:]))


def up(made: list[Flow]) -> list[tuple[socket.socket, socket.socket]]:
    """From the clients to their peers: with a ChannelData header at first (1)."""
    return [(flow.client.socket, flow.peer) for flow in made]


def down(made: list[Flow]) -> list[tuple[socket.socket, socket.socket]]:
    """From the peers to the clients: with a ChannelData header at last (2)."""
    return [(flow.peer, flow.client.socket) for flow in made]


# The rows of the table.


@dataclasses.dataclass
class Row:
    figure: str
    ours: str
    coturn: str
    ratio: str
    goal: str
    is_met: bool
    is_judged: bool = True

    @property
    def verdict(self) -> str:
        return ("met" if self.is_met else "missed") if self.is_judged else "not judged"


def small_datagrams() -> Row:
    """turnutils_uclient to turnutils_peer and back: each message is relayed twice."""
    messages = 1_000

    def measure(server: Server) -> float:
        peer_port = free_port(socket.SOCK_DGRAM)
        peer = subprocess.Popen(
            ["taskset", "-c", str(LOAD_CORES[0]), "turnutils_peer", "-L", HERE, "-p", str(peer_port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for _ in range(3):
                before = server.cpu()
                output = subprocess.run(
                    [
                        "taskset", "-c", ",".join(map(str, LOAD_CORES[1:] or LOAD_CORES)), "turnutils_uclient", "-c",
                        "-m", "50", "-l", "160", "-z", "1", "-n", str(messages), "-u", "bench", "-W", SECRET,
                        "-p", str(server.port), "-e", HERE, "-r", str(peer_port), HERE,
                    ],
                    capture_output=True, text=True, timeout=120,
                ).stdout  # fmt: skip
                used = server.cpu() - before
                found = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", output)
                if found and int(found[-1][1]) > 40 * messages:
                    # Up, and down again.
                    return used * 1e6 / (int(found[-1][0]) + int(found[-1][1]))
            raise SystemExit(f"turnutils_uclient does not get along with {server.name}:\n{output[-500:]}")
        finally:
            peer.terminate()
            peer.wait()

    ours, coturn = in_turn(3, measure)
    return Row(
        "CPU per relayed datagram, 50 flows of 160 bytes at 1 kHz", f"{ours:.2f} µs", f"{coturn:.2f} µs",
        f"{ours / coturn:.2f}", "0.75 or less", ours <= 0.75 * coturn,
    )  # fmt: skip


def bulk() -> Row:
    """The most that passes in either direction, whatever is offered; the same is offered to both."""

    def measure(server: Server) -> float:
        with flows(server, 1) as made:
            best = [0.0, 0.0]
            for direction, (ways, headers) in enumerate([(up(made), 1), (down(made), 2)]):
                for rate in (150e3, 250e3, 400e3, 650e3, 1e6, 1.5e6, 2.2e6, 0):
                    passage = load(
                        ways, rate=rate, seconds=0.4, size=1_200, headers=headers, burst=50, segmented=True
                    )
                    best[direction] = max(best[direction], passage.rate)
                detail(f"{server.name}: {['up', 'down'][direction]} {best[direction] / 1e3:.0f} k a second at most, "
                       f"of {passage.offered / 1e3:.0f} k offered at last")  # fmt: skip
            return min(best)

    ours, coturn = in_turn(2, measure)
    return Row(
        "one bulk flow of 1200 bytes, datagrams a second", f"{ours / 1e3:.0f} k", f"{coturn / 1e3:.0f} k",
        f"{ours / coturn:.2f}", "3 or more", ours >= 3 * coturn,
        CAN_OVERLOAD,
    )  # fmt: skip


def peak(
    ways: list[tuple[socket.socket, socket.socket]], *, headers: int = 1, burst: int = 1, segmented: bool = False
) -> tuple[float, float]:
    """The most that passes of 160 bytes each, and at which rate that was."""
    best = (0.0, 0.0)
    rate = 60e3
    behind = 0
    while rate < 5e6:
        passage = load(
            ways, rate=rate, seconds=0.3, size=160, headers=headers, burst=burst, segmented=segmented,
            cores=ALL_SENDERS,
        )  # fmt: skip
        best = max(best, (passage.rate, rate))
        # Once may be because of something else.
        behind = behind + 1 if passage.rate < 0.6 * best[0] or passage.offered < 0.7 * rate else 0
        if behind == 2:
            break
        rate *= 1.25
    return best


@contextlib.contextmanager
def fans(server: Server, clients: int, channels: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """From clients to several peers each, by as many channels from 0x4000 on."""
    made = []
    try:
        for _ in range(clients):
            client = server.client()
            peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(channels)]
            made.append((client, peers))
            relayed = client.allocate()
            for number, peer in enumerate(peers):
                peer.bind((HERE, 0))
                peer.connect(relayed)
                client.bind(0x4000 + number, peer.getsockname())
        yield [(client.socket, peers[number]) for number in range(channels) for client, peers in made]
    finally:
        for client, peers in made:
            client.close()
            for peer in peers:
                peer.close()


@contextlib.contextmanager
def segments_cut_by_sender() -> Iterator[None]:
    """A message of several datagrams (UDP_SEGMENT) is cut where it is sent and not where it is received."""
    try:
        subprocess.run(["ip", "link", "set", "lo", "gso_max_segs", "1"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "set", "lo", "gso_max_segs", "65535"], check=True)


def overload() -> Row:
    """What passes of five times as much as can pass, beside the most that passes: in short turns, so that whatever else the
    machine does falls on both.

    The load's cores could not send so much one by one. So sixteen datagrams leave a client with one message and are cut apart
    on its core: to the server each comes for itself, and goes on by itself, as each is for another of the client's peers.
    """
    burst = 16
    shares = []

    def measure(server: Server) -> float:
        with segments_cut_by_sender(), fans(server, 50, burst) as ways:
            best, at = peak(ways, headers=5, burst=burst, segmented=True)
            # The peak again, where it was and where all that it can be comes and hardly anything waits.
            tries: dict[float, list[float]] = {0.9 * best: [], best: [], at: []}
            excess, offered = [], []
            peers = {peer.getsockname()[1] for _, peer in ways}
            before = [server.dropped(), dropped(peers)]

            def turn(rate: float) -> Passage:
                return load(
                    ways, rate=rate, seconds=0.4, size=160, headers=5, burst=burst, segmented=True, cores=ALL_SENDERS
                )

            for _ in range(5):
                for rate, passed in tries.items():
                    passed.append(turn(rate).rate)
                passage = turn(5 * best)
                excess.append(passage.rate)
                offered.append(passage.offered)
            lost = [server.dropped() - before[0], dropped(peers) - before[1]]
            most = max(statistics.median(passed) for passed in tries.values())
            share = statistics.median(offered) / most
            if server.name == "ours":
                shares.append(share)
            detail(f"{server.name}: {most / 1e3:.0f} k a second at most, once {best / 1e3:.0f} k; of {share:.1f} times that, "
                   f"{statistics.median(excess) / 1e3:.0f} k; dropped before it {lost[0] / 1e3:.0f} k, behind it "
                   f"{lost[1] / 1e3:.0f} k")  # fmt: skip
            return statistics.median(excess) / most

    ours, coturn = in_turn(2, measure)
    return Row(
        f"goodput at {min(5, statistics.median(shares)):.1f} times overload, of the peak", f"{ours:.0%}",
        f"{coturn:.0%}", f"{ours / coturn:.1f}", "90 % or more", ours >= 0.9 and statistics.median(shares) > 4.5,
        CAN_OVERLOAD,
    )  # fmt: skip


def cycles() -> Row:
    """A challenge, an Allocate and a Refresh that ends it, each time over a 5-tuple of its own; by fifty clients at a time, as
    a relay has them when its CPU matters.

    By one after the other, each request finds the server asleep, and wakes it: that is said, too, and is mostly what waking up
    costs on that machine, so that a busy one shows more cycles than an idle one.
    """

    def measure(server: Server) -> float:
        figures = []
        for together in (1, 50):
            before = server.cpu()
            count = 0
            refusals: collections.Counter[int | str] = collections.Counter()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                clients = [server.client() for _ in range(together)]
                # A port that the system gives again: coturn remembers who had it before.
                refused = ask_together(clients, ALLOCATE, OVER_UDP)
                refused |= ask_together([client for client in clients if client not in refused], REFRESH, NO_LONGER)
                refusals.update(refused.values())
                count += together - len(refused)
                for client in clients:
                    client.close()
            if refusals:
                detail(f"{server.name}: {count} cycles, refused: {dict(refusals)}")
            figures.append(count / (server.cpu() - before))
        detail(f"{server.name}: {figures[1]:.0f} cycles a CPU second; one at a time {figures[0]:.0f}")
        return figures[1]

    ours, coturn = in_turn(3, measure)
    return Row(
        "allocate-to-release cycles per CPU second", f"{ours:.0f}", f"{coturn:.0f}", f"{ours / coturn:.1f}",
        "10000 or more", ours >= 10_000,
    )  # fmt: skip


def memory() -> Row:
    """Of 2,000 allocations with a channel each, by what the memory grew."""
    count = 2_000

    def measure(server: Server) -> float:
        client = server.client()
        client.allocate()
        before = server.resident()
        with flows(server, count):
            grown = server.resident() - before
        client.close()
        return grown / count

    ours, coturn = in_turn(1, measure)
    return Row(
        "resident memory per allocation with a channel", f"{ours / 1024:.1f} kB", f"{coturn / 1024:.1f} kB",
        f"{ours / coturn:.2f}", "8 kB or less", ours <= 8 * 1024,
    )  # fmt: skip


def delay() -> Row:
    """One way through the relay at half of what passes at most, less the median of the same way without it.

    Both servers have their core to themselves, and so has the load.
    """

    def measure(server: Server) -> float:
        with flows(server, 50) as made:
            half = peak(up(made))[0] / 2
            # The same sockets, on their own.
            direct = []
            for _ in made:
                receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                receiver.bind((HERE, 0))
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sender.connect(receiver.getsockname())
                direct.append((sender, receiver))
            with undisturbed(server):
                before = [server.waited(), stolen()]
                through = load(up(made), rate=half, seconds=1.5, size=160, headers=1, timed=True)
                held = [1e3 * (server.waited() - before[0]), 1e3 * (stolen() - before[1])]
                alone = load(direct, rate=half, seconds=1, size=160, headers=0, timed=True)
            for pair in direct:
                for end in pair:
                    end.close()
            detail(f"{server.name}: at {through.offered / 1e3:.0f} k a second {through.median:.0f} µs at the median, "
                   f"{through.p99:.0f} µs at the 99th percentile; without it {alone.median:.0f} and {alone.p99:.0f} µs; "
                   f"held up: the server for {held[0]:.0f} ms, the sender {through.senders_held:.0f} ms, "
                   f"this machine {held[1]:.0f} ms")  # fmt: skip
            return through.p99 - alone.median

    ours, coturn = in_turn(3, measure)
    return Row(
        "delay added at half load, 99th percentile", f"{ours:.0f} µs", f"{coturn:.0f} µs", f"{ours / coturn:.2f}",
        "100 µs or less", ours <= 100,
        CAN_OVERLOAD,
    )  # fmt: skip


def both_here() -> Row:
    """From a client to a client. The ordinary way is one passage up and another one down."""

    def measure(server: Server) -> float:
        used = dict.fromkeys(("up", "down", "joined"), 0.0)
        passed = dict.fromkeys(used, 0)
        with flows(server, 50) as made, joined(server, 50) as pairs:
            ways = {"up": (up(made), 1), "down": (down(made), 2), "joined": (pairs, 3)}
            # In short turns: whatever else the machine does falls on all three.
            for _ in range(4):
                for name, (way, headers) in ways.items():
                    before = server.cpu()
                    passed[name] += load(way, rate=50e3, seconds=0.4, size=160, headers=headers).received
                    used[name] += server.cpu() - before
        cost = {name: used[name] * 1e6 / passed[name] for name in used}
        detail(f"{server.name}: " + ", ".join(f"{name} {cost[name]:.2f} µs" for name in cost))
        return cost["joined"] / (cost["up"] + cost["down"])

    ours, coturn = in_turn(3, measure)
    return Row(
        "CPU with both peers on this node, of the ordinary path", f"{ours:.0%}", f"{coturn:.0%}",
        f"{ours / coturn:.2f}", "55 % or less", ours <= 0.55,
    )  # fmt: skip


OWN_NETWORK = "RELAY_BENCH_HAS_ITS_OWN_NETWORK"


def enter_own_network() -> None:
    """Begins again, in a network of nothing but loopback; who is not root becomes it there."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    script = 'ip link set lo up && exec "$@"'
    os.execvpe(
        "unshare", ["unshare", *user, "--net", "sh", "-c", script, "sh", sys.executable, *sys.argv],
        {**os.environ, OWN_NETWORK: "1"},
    )  # fmt: skip


ROWS = {
    "small": small_datagrams, "bulk": bulk, "overload": overload, "cycles": cycles, "memory": memory, "delay": delay,
    "joined": both_here,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], help="which rows to measure")
    wanted = parser.parse_args().rows or list(ROWS)
    for program in ("turnserver", "turnutils_uclient", "turnutils_peer", "taskset", "unshare", "ip"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing: make setup-test installs what it takes; CRYPTPEER_COTURN names a folder with coturn's")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    begun = time.monotonic()
    print(f"{len(CORES)} cores, load average before {os.getloadavg()[0]:.2f}")
    rows = []
    for name in wanted:
        print(f"{name} …", flush=True)
        rows.append(ROWS[name]())
    cells = [("figure", "ours", "coturn", "ratio", "goal", "")]
    cells += [(row.figure, row.ours, row.coturn, row.ratio, row.goal, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    print()
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(f"\n{time.monotonic() - begun:.0f} s; load average after {os.getloadavg()[0]:.2f}")
    if any(row.is_judged and not row.is_met for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    if OWN_NETWORK not in os.environ:
        enter_own_network()
    with tempfile.TemporaryDirectory() as built:
        GENERATOR = pathlib.Path(built, "relayload")
        subprocess.run(
            [shutil.which("cc") or "clang", "-O2", "-Wall", "-Wextra", "-pthread", "-o", str(GENERATOR), str(ROOT / "Benchmarks/relayload.c")],
            check=True,
        )
        main()
