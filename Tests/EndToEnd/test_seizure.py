"""Promise 2: whoever takes the node's machine finds no name, no text, no file, no passphrase, no SDP and no peer's address."""

import re
import socket
import ssl

from playwright.sync_api import expect

import canaries
from caller import Caller, connect
from person import ARRIVE_MILLISECONDS

NAMES = ("Adalbertine Kanarienvogel", "Grace Canarybird-Hopper")
MESSAGES = ("the canary sings at midnight, pier 39", "le canari est arrivé à bon port 🐤")
FILES = (("canary cage blueprint.txt", "the bars are two canary feathers apart"), ("roost.txt", "every canary sleeps at the lighthouse"))
PASSPHRASE = "canary battery staple feather"
CANDIDATE = "203.0.113.77"
CANDIDATE_PORT = 54_321

# One more candidate, whose address nothing ever connects from.
ONE_MORE_CANDIDATE = f"""
    const RTC = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends RTC {{
        set onicecandidate(handler) {{
            super.onicecandidate = handler && ((event) => {{
                handler(event);
                if (event.candidate === null || this.canary) return;
                this.canary = true;
                const candidate = "candidate:77 1 udp 2122260223 {CANDIDATE} {CANDIDATE_PORT} typ host generation 0";
                handler({{ candidate: new RTCIceCandidate({{ candidate, sdpMid: "0", sdpMLineIndex: 0 }}) }});
            }});
        }}
        get onicecandidate() {{ return super.onicecandidate; }}
    }};
"""


def test_a_seized_node_yields_noise(node, people, tmp_path):
    ada, grace = people(NAMES[0], passphrase=PASSPHRASE), people(NAMES[1], passphrase=PASSPHRASE)
    for person in (ada, grace):
        person.context.add_init_script(ONE_MORE_CANDIDATE)
    link = enrol_both(node, ada, grace)
    ada.expect_connection("Direct")
    ada.send(MESSAGES[0])
    grace.expect_messages(1)
    attach(ada, 0)
    expect(grace.file(FILES[0][0])).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
    # Its descriptions and candidates are among what the browsers announced.
    caller, callee = Caller(ada), Caller(grace)
    connect(caller, callee, "Voice call")
    caller.press("Hang up")
    caller.expect_gone()
    secrets = [
        *(canaries.text(f"name {name}", name) for name in NAMES),
        *(canaries.text(f"message {number}", message) for number, message in enumerate(MESSAGES)),
        *(canaries.text(f"name of file {number}", name) for number, (name, _) in enumerate(FILES)),
        *(canaries.text(f"file {number}", content) for number, (_, content) in enumerate(FILES)),
        canaries.text("passphrase", PASSPHRASE),
        canaries.text("secret of the invitation", link.split("#")[1][:40]),
        canaries.address("candidate", CANDIDATE, CANDIDATE_PORT),
        *sdp_secrets(ada),
        *sdp_secrets(grace),
    ]
    # Some of it through the mailbox, and kept there.
    grace.lock()
    ada.expect_connection("Mailbox")
    ada.expect_state(ada.send(MESSAGES[1]), "Sent")
    expect(attach(ada, 1)).to_contain_text("Encrypted and stored on the server", timeout=60_000)

    with planted(node, secrets):
        found = canaries.found(seize(node, tmp_path, secrets[:1]))
        assert found >= canaries.expected(secrets[:1]), "the search finds a canary that is there"
    assert seize_files(node, secrets) == []
    node.restart()  # the planted one leaves the memory with the process
    ada.expect_connection("Mailbox")
    ada.expect_state(ada.send(MESSAGES[0]), "Sent")
    assert seize(node, tmp_path, secrets) == []


def attach(person, number: int):
    name, content = FILES[number]
    return person.attach_bytes(name, "text/plain", content.encode())


def enrol_both(node, ada, grace) -> str:
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    grace.enrol(link)
    ada.open_conversation(NAMES[1])
    grace.open_conversation(NAMES[0])
    return link


def sdp_secrets(person) -> list[canaries.Canary]:
    """What the person's browser announced: of the SDP, what identifies a connection and would let someone splice it."""
    descriptions = person.page.evaluate("window.peerConnections.map((one) => one.localDescription?.sdp ?? '')")
    sdp = "\n".join(descriptions)
    secrets = [
        canaries.text(f"{person.name}'s ICE password", password) for password in re.findall(r"a=ice-pwd:(\S+)", sdp)
    ]
    secrets += [
        canaries.text(f"{person.name}'s ICE ufrag", f"ufrag {ufrag}") for ufrag in re.findall(r"a=ice-ufrag:(\S+)", sdp)
    ]
    for fingerprint in re.findall(r"a=fingerprint:sha-256 (\S+)", sdp):
        secrets.append(canaries.text(f"{person.name}'s fingerprint as text", fingerprint))
        secrets.append(canaries.key(f"{person.name}'s fingerprint", bytes.fromhex(fingerprint.replace(":", ""))))
    assert len(secrets) >= 4, sdp
    return secrets


def seize_files(node, secrets) -> list[canaries.Finding]:
    return canaries.scan_folder(node.data, secrets) + canaries.scan_file(node.log, secrets)


def seize(node, folder, secrets) -> list[canaries.Finding]:
    """Data folder, log, memory; and what it printed, the operator invitation aside."""
    return seize_files(node, secrets) + canaries.scan_process(node.pid, folder, secrets)


class planted:
    """A canary in the node's memory and one in its data folder: the first secret, said to it in clear by a fool."""

    def __init__(self, node, secrets):
        self._file = node.data / "planted"
        self._content = canaries.plant(secrets[:1])
        self._port = node.port

    def __enter__(self):
        self._file.write_bytes(self._content)
        raw = socket.create_connection(("127.0.0.1", self._port))
        self._socket = ssl._create_unverified_context().wrap_socket(raw, server_hostname="localhost")
        self._socket.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Canary: " + NAMES[0].encode())
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._file.unlink()
