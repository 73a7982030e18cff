"""The relay as browsers use it: candidates of the relay only, over each transport, data and media."""

import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

import network
from conftest import persistent
from node import EXECUTABLE, Node, free_port
from turn import credential, permitted, relayed_address

TRANSPORTS = ("udp", "tcp", "tls")

# A page of the node's own with two ends of one connection in it, each of which may use nothing but the relay.
CONNECT = """
async ({ server, media }) => {
    const ends = [0, 1].map(() => new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" }));
    const errors = [];
    const types = new Set();
    ends.forEach((end, index) => {
        const other = ends[1 - index];
        end.onicecandidate = ({ candidate }) => {
            if (candidate?.candidate) types.add(candidate.candidate.split(" ")[7]);
            other.addIceCandidate(candidate).catch((error) => errors.push(String(error)));
        };
        end.onicecandidateerror = (event) => errors.push(`${event.errorCode} ${event.errorText}`);
    });
    const within = (seconds, what, promise) => Promise.race([promise, new Promise((_, reject) => setTimeout(
        () => reject(new Error(`no ${what}: ${ends[0].iceConnectionState}, ${errors.join("; ")}`)), seconds * 1000))]);

    const channel = ends[0].createDataChannel("data");
    channel.binaryType = "arraybuffer";
    const echoed = new Promise((resolve) => { ends[1].ondatachannel = ({ channel }) => {
        channel.binaryType = "arraybuffer";
        channel.onmessage = ({ data }) => channel.send(data);
        resolve();
    }; });
    const tracks = new Promise((resolve) => { ends[1].ontrack = ({ streams }) => resolve(streams[0]); });
    if (media) {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
        for (const track of stream.getTracks()) ends[0].addTrack(track, stream);
    }
    await ends[0].setLocalDescription();
    await ends[1].setRemoteDescription(ends[0].localDescription);
    await ends[1].setLocalDescription();
    await ends[0].setRemoteDescription(ends[1].localDescription);

    await within(20, "channel", new Promise((resolve) => { channel.onopen = resolve; }));
    await echoed;
    let sum = 0;
    const received = new Promise((resolve) => { channel.onmessage = ({ data }) => {
        sum += data.byteLength;
        if (sum === 1_000_000) resolve();
    }; });
    for (let index = 0; index < 100; index += 1) channel.send(new Uint8Array(10_000).fill(index));
    await within(20, "echo", received);

    let frames = 0;
    if (media) {
        const video = document.createElement("video");
        video.muted = true;
        video.srcObject = await within(10, "track", tracks);
        video.play();
        const until = performance.now() + 20_000;
        while (frames < 10 && performance.now() < until) {
            await new Promise((resolve) => setTimeout(resolve, 200));
            for (const entry of (await ends[1].getStats()).values()) {
                if (entry.type === "inbound-rtp" && entry.kind === "video") frames = entry.framesDecoded ?? 0;
            }
        }
    }
    // Data may flow before the check that nominates the pair is answered.
    const chosenPairs = async () => {
        for (;;) {
            const stats = [...(await ends[0].getStats()).values()];
            const pairs = stats.filter(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
            if (pairs.length > 0) return { stats, pairs };
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    };
    const { stats, pairs } = await within(10, "nominated pair", chosenPairs());
    const chosen = pairs.map((pair) => {
        const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.find((entry) => entry.id === id));
        const { candidateType, relayProtocol, address } = local;
        return { local: candidateType, remote: remote.candidateType, relayProtocol, address };
    });
    for (const end of ends) end.close();
    return { types: [...types], chosen, frames, errors };
}
"""


@pytest.fixture
def relaying(tmp_path):
    """A node whose relay reaches this machine: both ends are on it."""
    secret = tmp_path / "secret"
    secret.write_text("north\n")
    port = free_port()
    node = Node(
        tmp_path, "--turn-port", str(port), "--turn-secret", str(secret), "--turn-allow-loopback", "--public-ip", "127.0.0.1"
    ).start()
    node.relay_port = port
    yield node
    node.stop()


def server(node: Node, transport: str) -> dict:
    address = {
        "udp": f"turn:127.0.0.1:{node.relay_port}?transport=udp",
        "tcp": f"turn:127.0.0.1:{node.relay_port}?transport=tcp",
        "tls": f"turns:localhost:{node.port}?transport=tcp",
    }[transport]
    username, password = credential("north")
    return {"urls": [address], "username": username, "credential": password}


@pytest.fixture
def page(playwright_itself, browsers, engine, relaying, tmp_path):
    if engine == "chromium":
        context = browsers[engine].new_context(ignore_https_errors=True)
        context.grant_permissions(["camera", "microphone"], origin=relaying.url)
    else:
        # To its TURN over TLS, Firefox applies no exception that was made for a page: the node's authority is installed, as
        # people do it.
        profile = tmp_path / "profile"
        profile.mkdir()
        store = ["certutil", "-d", f"sql:{profile}"]
        subprocess.run([*store, "-N", "--empty-password"], check=True, timeout=30)
        authority = relaying.data / "ca.pem"
        subprocess.run([*store, "-A", "-n", "node", "-t", "C,,", "-i", str(authority)], check=True, timeout=30)
        context = persistent(playwright_itself, engine, profile)
    page = context.new_page()
    page.goto(f"{relaying.url}/healthz")
    yield page
    context.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_data_and_media_through_the_relay_alone(page, relaying, engine, transport):
    result = page.evaluate(CONNECT, {"server": server(relaying, transport), "media": True})
    assert result["types"] == ["relay"]
    assert result["chosen"] and all(pair["local"] == pair["remote"] == "relay" for pair in result["chosen"])
    assert result["frames"] >= 10, result
    if engine == "chromium":
        assert {pair["relayProtocol"] for pair in result["chosen"]} == {transport}
    deadline = time.monotonic() + 10
    while relaying.metric("cryptpeer_relay_bytes_total") < 2_000_000:
        assert time.monotonic() < deadline, "the relay has carried nothing"
        time.sleep(0.2)


# How soon a changed address is to be taken up.
FOLLOWING_SECONDS = 5
PUBLIC = "203.0.113.9"


@pytest.fixture
def remote(tmp_path):
    """`remote("--host", "chat.test")`: a node on a host of its own, and that host."""
    if not network.IS_POSSIBLE:
        pytest.skip("only root may make namespaces")
    lan = network.Network(1)
    host = lan.hosts[0]
    host.switch = lan.switch
    names = pathlib.Path("/etc/netns") / host.name / "hosts"
    started: list[Node] = []

    def start(*options: str) -> tuple[Node, network.Host, pathlib.Path]:
        names.parent.mkdir(parents=True, exist_ok=True)
        names.write_text("127.0.0.1 localhost\n203.0.113.7 chat.test\n")
        program = host.program(str(EXECUTABLE), tmp_path)
        (tmp_path / "secret").write_text("north")
        node = Node(
            tmp_path, "--turn-port", "3478", "--turn-secret", str(tmp_path / "secret"), *options, executable=program
        )
        started.append(node.start())
        return started[0], host, names

    yield start
    for node in started:
        node.stop()
    lan.close()
    shutil.rmtree(names.parent, ignore_errors=True)


@pytest.fixture
def drained(remote, tmp_path):
    """A node that sends its clients to one on another host, since it is about to be stopped; and that host."""
    other, host, _ = remote()
    folder = tmp_path / "drained"
    folder.mkdir()
    port = free_port()
    node = Node(
        folder, "--turn-port", str(port), "--turn-secret", str(tmp_path / "secret"), "--turn-allow-loopback", "--relay-alternate",
        f"{host.address}:3478", f"tcp:{host.address}:3478", f"tls:{host.address}:{other.port}",
    )  # fmt: skip
    node.relay_port = port
    node.start()
    node.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 15
    while "New allocations are sent to the other relays" not in node.output():
        assert time.monotonic() < deadline, node.output()
        time.sleep(0.1)
    yield node, host
    node.stop()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_chromium_follows_to_another_relay(drained, browsers, transport):
    """RFC 8489 §10, over each transport. It does not follow to loopback, and Firefox not at all (Mozilla's bug 857688)."""
    node, host = drained
    context = browsers["chromium"].new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{node.url}/healthz")
    # By a name it may come over IPv6, for which there is no alternate.
    relay = server(node, transport)
    relay["urls"] = [url.replace("localhost", "127.0.0.1") for url in relay["urls"]]
    result = page.evaluate(CONNECT, {"server": relay, "media": False})
    context.close()
    assert {pair["address"] for pair in result["chosen"]} == {host.address}, result
    assert {pair["relayProtocol"] for pair in result["chosen"]} == {transport}


def await_relayed(address: str, at: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (found := relayed_address((at, 3478), "north")) != address:
        assert time.monotonic() < deadline, f"the relay is still at {found}"
        time.sleep(0.1)


def test_a_changed_address_is_taken_up_without_a_restart(remote):
    _, host, _ = remote()
    await_relayed(host.address, host.address, FOLLOWING_SECONDS)
    other = f"{network.PREFIX}.77"
    network.ip("-n", host.name, "address", "del", f"{host.address}/24", "dev", "eth0")
    network.ip("-n", host.name, "address", "add", f"{other}/24", "dev", "eth0")
    await_relayed(other, other, FOLLOWING_SECONDS)
    # A public one is what peers see, whatever private ones there are.
    network.ip("-n", host.name, "address", "add", "203.0.113.9/32", "dev", "eth0")
    await_relayed("203.0.113.9", other, FOLLOWING_SECONDS)


def test_a_router_s_public_address_is_learnt_from_the_node_s_own_name(remote):
    _, host, names = remote("--host", "chat.test")
    await_relayed("203.0.113.7", host.address, FOLLOWING_SECONDS)
    names.write_text("198.51.100.7 chat.test\n")
    # Nothing of this machine's tells of it: the name is looked up every 15 s.
    await_relayed("198.51.100.7", host.address, 15 + FOLLOWING_SECONDS)


@pytest.mark.parametrize(
    "options, neighbour", [((), False), (("--relay-network", "203.0.113.0/24"), True), (("--bubble",), True)]
)
def test_the_network_that_the_machine_is_in_is_reached_only_if_it_is_named(remote, options, neighbour):
    """Though its addresses are public. Two of the relay's clients reach each other by its own address all the same."""
    _, host, _ = remote(*options)
    network.ip("-n", host.name, "address", "add", f"{PUBLIC}/24", "dev", "eth0")
    await_relayed(PUBLIC, host.address, FOLLOWING_SECONDS)
    peers = ["203.0.113.50", PUBLIC, "198.51.100.50"]
    assert permitted((host.address, 3478), "north", peers) == [neighbour, True, True]


def test_a_name_on_the_local_network_changes_nothing(remote):
    _, host, names = remote("--host", "camp.local")
    names.write_text("10.99.0.1 camp.local\n")
    time.sleep(FOLLOWING_SECONDS)
    await_relayed(host.address, host.address, FOLLOWING_SECONDS)


def doctor(node: Node, *options: str) -> tuple[int, list[str]]:
    command = [str(EXECUTABLE), "doctor", *options, "--ca", str(node.data / "ca.pem")]
    answer = subprocess.run([*command, "--turn-secret", str(node.data.parent / "secret")], capture_output=True, timeout=60)
    return answer.returncode, answer.stdout.decode().splitlines()


@pytest.fixture
def public(remote):
    """A node that has a public address beside its private one, and is reached by it."""

    def start(*options: str) -> tuple[Node, network.Host]:
        node, host, _ = remote("--host", PUBLIC, *options)
        network.ip("-n", host.name, "address", "replace", f"{PUBLIC}/32", "dev", "eth0")
        network.ip("route", "replace", f"{PUBLIC}/32", "via", host.address)
        return node, host

    yield start
    subprocess.run(["ip", "route", "delete", f"{PUBLIC}/32"], check=False, capture_output=True)


def test_the_doctor_sees_an_address_that_peers_do_not_reach(public):
    node, host = public("--public-ip", f"{network.PREFIX}.2")
    time.sleep(FOLLOWING_SECONDS)
    status, lines = doctor(node, f"https://{PUBLIC}:{node.port}")
    assert status == 1
    failures = [line for line in lines if line.startswith("fail")]
    assert len(failures) == 1 and f"start the node with --public-ip {PUBLIC}" in failures[0], lines


def test_the_doctor_sees_a_firewall(public):
    node, host = public()
    time.sleep(FOLLOWING_SECONDS)
    status, lines = doctor(node, f"https://{PUBLIC}:{node.port}")
    assert status == 0 and all(line.startswith("ok") for line in lines), lines
    rules = "table inet wall { chain in { type filter hook input priority 0; udp dport 3478 drop; tcp dport 3478 drop; }; }"
    subprocess.run(["ip", "netns", "exec", host.name, "nft", "-f", "-"], input=rules.encode(), check=True, timeout=10)
    status, lines = doctor(node, f"https://{PUBLIC}:{node.port}")
    assert status == 1
    standings = {line.split(":")[0] for line in lines}
    assert {"fail  Relay over UDP", "warn  Relay over TCP", "ok    Relay over TLS", "ok    Allocation"} <= standings, lines


def answers(address: str) -> bool:
    """Whether the relay answers there, from there."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(1)
        # What comes from elsewhere does not reach a connected socket.
        probe.connect((address, 3478))
        try:
            probe.send(bytes.fromhex("000100002112a442") + bytes(12))
            return probe.recv(100)[:2] == b"\x01\x01"
        except OSError:
            time.sleep(0.1)
            return False


def test_answers_come_from_the_address_that_was_asked(remote):
    _, host, _ = remote()
    addresses = ["fd77::2", "fd77::3", f"{network.PREFIX}.3", host.address]
    for address in addresses[:3]:
        length = 64 if ":" in address else 24
        network.ip("-n", host.name, "address", "add", f"{address}/{length}", "dev", "eth0", *(["nodad"] if ":" in address else []))
    network.ip("address", "add", "fd77::1/64", "dev", host.switch, "nodad")
    time.sleep(FOLLOWING_SECONDS)
    for address in addresses:
        assert answers(address), address


def test_an_ipv6_address_is_served_as_soon_as_it_may_be(remote):
    """At first it is tentative (RFC 4862 §5.4): there, and not to be listened at. That takes longer here than the node takes
    to see it."""
    _, host, _ = remote()
    with host.entered():
        pathlib.Path("/proc/sys/net/ipv6/conf/eth0/dad_transmits").write_text("5")
    network.ip("address", "add", "fd77::1/64", "dev", host.switch, "nodad")
    network.ip("-n", host.name, "address", "add", "fd77::2/64", "dev", "eth0")
    tentative = ("ip", "-n", host.name, "-6", "address", "show", "dev", "eth0", "tentative")
    began = time.monotonic()
    while b"fd77::2" in subprocess.run(tentative, check=True, capture_output=True, timeout=10).stdout:
        assert time.monotonic() < began + 30, "the address stays tentative"
        time.sleep(0.1)
    assert time.monotonic() > began + 3, "the kernel did not look for another one with the address"
    deadline = time.monotonic() + FOLLOWING_SECONDS
    while not answers("fd77::2"):
        assert time.monotonic() < deadline, "nobody answers at the new address"
