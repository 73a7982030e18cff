"""The relay as browsers use it: candidates of the relay only, over each transport, data and media."""

import base64
import hashlib
import hmac
import subprocess
import time

import pytest

from conftest import persistent
from node import Node, free_port

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
    const stats = [...(await ends[0].getStats()).values()];
    const pairs = stats.filter(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
    const chosen = pairs.map((pair) => {
        const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.find((entry) => entry.id === id));
        return { local: local.candidateType, remote: remote.candidateType, relayProtocol: local.relayProtocol };
    });
    for (const end of ends) end.close();
    return { types: [...types], chosen, frames, errors };
}
"""


def credential(secret: str, seconds: int = 3600) -> dict:
    """After the TURN REST convention, as any other program that shares the secret makes it."""
    username = f"{int(time.time()) + seconds}:test"
    password = base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
    return {"username": username, "credential": password}


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
    return {"urls": [address], **credential("north")}


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
