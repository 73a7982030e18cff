"""Running a node for a year: certificates are renewed, addresses come and go, clocks are wrong, the system is short of things.

No browsers here: what they would see is the certificate, the answer and the WebSocket's status.
"""

import datetime
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import network
from clock import COMPILER, Clock
from node import EXECUTABLE, Node, free_port

DAY = 86_400
# What the node promises: a new address within five seconds, a new certificate within a minute.
SOON = 15
# Where systems keep whom they trust.
ROOTS = [pathlib.Path("/etc/ssl/certs/ca-certificates.crt"), pathlib.Path("/etc/pki/tls/certs/ca-bundle.crt")]


def eventually(condition, seconds: float = SOON):
    """The first true value of `condition`, which is asked until it has one."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def run(*arguments: str, wrapper: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    command = [*wrapper, str(EXECUTABLE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def connect(port: int, host: str = "127.0.0.1") -> ssl.SSLSocket:
    context = ssl._create_unverified_context()
    return context.wrap_socket(socket.create_connection((host, port), timeout=10), server_hostname="localhost")


def shown(port: int) -> x509.Certificate:
    """The certificate that the node shows."""
    with connect(port) as tls:
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))


def names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


def upgrade(port: int, origin: str, host: str = "127.0.0.1") -> int:
    """The status of a WebSocket's opening from a page of that origin."""
    with connect(port, host) as tls:
        tls.sendall(
            f"GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return int(tls.recv(4_096).split(b" ")[1])


class Pair:
    """A certificate and its key on disk, as a program that renews certificates leaves them."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(exist_ok=True)
        self.certificate = folder / "chain.pem"
        self.key = folder / "key.pem"
        self.options = ("--host", "localhost", "--tls-cert", str(self.certificate), "--tls-key", str(self.key))

    def issue(self, serial: int, days: int = 90, name: str = "localhost", by: "Pair | None" = None) -> None:
        """A certificate that vouches for itself, or one by an authority, which is made for it."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        issuer, issuer_key = subject, key
        if by is not None:
            issuer, issuer_key = by.become_authority()
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(end - datetime.timedelta(days=200))
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        self._write(key, certificate)

    def become_authority(self) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the test")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=200))
            .not_valid_after(now + datetime.timedelta(days=200))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write(key, certificate)
        return name, key

    def _write(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    made.issue(serial=1)
    return made


@pytest.fixture
def given(pair, tmp_path):
    """A node with a certificate that was given to it."""
    running = Node(tmp_path, *pair.options).start()
    yield running
    running.stop()


def test_a_renewed_certificate_is_taken_up_at_sighup_and_ends_no_connection(given, pair):
    before = connect(given.port)
    pair.issue(serial=2)
    given.process.send_signal(signal.SIGHUP)
    eventually(lambda: shown(given.port).serial_number == 2)
    before.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert before.recv(100).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: str(pair.certificate) in given.output())


def test_a_renewed_certificate_is_taken_up_without_a_signal(given, pair):
    pair.issue(serial=3)
    eventually(lambda: shown(given.port).serial_number == 3)


@pytest.mark.parametrize(
    "what, said",
    [
        ("another key", "is not that of the certificate"),
        ("nothing", "cannot be read"),
        ("no certificate", "does not hold a certificate"),
        ("expired", "has expired"),
        ("another name", "is not one for localhost"),
    ],
)
def test_a_bad_new_certificate_is_named_and_the_old_one_stays(given, pair, what, said):
    match what:
        case "another key":
            chain = pair.certificate.read_bytes()
            pair.issue(serial=4)
            pair.certificate.write_bytes(chain)
        case "nothing":
            pair.certificate.unlink()
        case "no certificate":
            pair.certificate.write_text("-----BEGIN CERTIFICATE-----\n")
        case "expired":
            pair.issue(serial=4, days=-1)
        case "another name":
            pair.issue(serial=4, name="other.example.org")
    given.process.send_signal(signal.SIGHUP)
    eventually(lambda: said in given.output())
    assert "the old one stays" in given.output()
    assert shown(given.port).serial_number == 1
    pair.issue(serial=5)
    eventually(lambda: shown(given.port).serial_number == 5)


@pytest.mark.parametrize("options", [(), ("--turn-port", "0")])
def test_no_signal_but_those_that_stop_it_ends_the_node(tmp_path, options):
    node = Node(tmp_path, *options).start()
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
        node.process.send_signal(number)
    eventually(lambda: "SIGHUP" in node.output() and "SIGUSR1" in node.output())
    assert node.is_healthy()
    node.stop()


def headers(port: int) -> bytes:
    with connect(port) as tls:
        tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return everything(tls)


def test_a_certificate_that_only_some_trust_forbids_nobody_to_click_through(given):
    assert b"Strict-Transport-Security" not in headers(given.port)


@pytest.mark.skipif(not network.IS_POSSIBLE, reason="only root can say what this machine trusts")
def test_a_certificate_that_the_world_trusts_forbids_plain_http(pair, tmp_path):
    authority = Pair(tmp_path / "authority")
    pair.issue(serial=2, by=authority)
    trusted = next(path for path in ROOTS if path.exists())
    program = tmp_path / "cryptpeer"
    mount = f"mount --bind {authority.certificate} {trusted}"
    program.write_text(f'#!/bin/sh\nexec unshare -m sh -c \'{mount} && exec {EXECUTABLE} "$@"\' sh "$@"\n')
    program.chmod(0o755)
    node = Node(tmp_path, *pair.options, executable=program).start()
    assert b"Strict-Transport-Security: max-age=" in headers(node.port)
    node.stop()


def test_the_doctor_says_that_a_certificate_on_disk_is_not_the_one_that_is_shown(given, pair):
    url = f"https://localhost:{given.port}"
    arguments = ("doctor", url, "--ca", str(pair.certificate), "--tls-cert", str(pair.certificate), "--turn-port", "0")
    assert "another certificate" not in run(*arguments).stdout
    chain = pair.certificate.read_bytes()
    pair.issue(serial=6)
    pair.key.write_text("")
    found = run(*arguments).stdout
    assert "warn  Certificate: " in found and "another certificate" in found and "SIGHUP" in found
    pair.certificate.write_bytes(chain)


@pytest.mark.skipif(not network.IS_POSSIBLE, reason="only root can give a machine an address")
def test_an_address_that_comes_later_is_in_the_certificate_and_among_the_origins(tmp_path):
    address = "192.168.50.7"
    node = Node(tmp_path).start()
    subprocess.run(["ip", "address", "add", f"{address}/24", "dev", "lo"], check=True)
    try:
        eventually(lambda: address in names(shown(node.port)), 5)
        assert upgrade(node.port, f"https://{address}:{node.port}", address) == 101
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/24", "dev", "lo"], check=True)
        node.stop()


@pytest.mark.skipif(COMPILER is None, reason="a clock of its own has to be compiled")
@pytest.mark.parametrize("days", [-12_000, -500, 4_000])
def test_a_clock_that_was_wrong_at_the_first_start_leaves_no_dead_certificate(tmp_path, days):
    clock = Clock(tmp_path)
    clock.set_ahead(days * DAY)
    node = Node(tmp_path, "--turn-port", "0", executable=clock.program(EXECUTABLE)).start()
    now = datetime.datetime.now(datetime.timezone.utc)
    authority = x509.load_pem_x509_certificate((node.data / "ca.pem").read_bytes())
    assert authority.not_valid_before_utc <= now
    assert authority.not_valid_after_utc > now + datetime.timedelta(days=5 * 365)
    clock.set_ahead(0)

    def is_valid():
        leaf = shown(node.port)
        return leaf.not_valid_before_utc <= now and leaf.not_valid_after_utc > now + datetime.timedelta(days=30)

    eventually(is_valid)
    node.stop()
    Node.start(node).stop()


@pytest.mark.skipif(COMPILER is None, reason="a clock of its own has to be compiled")
def test_an_authority_near_its_end_is_said_in_time_and_costs_no_new_certificate_each_day(tmp_path):
    clock = Clock(tmp_path)
    program = clock.program(EXECUTABLE)
    Node(tmp_path, "--turn-port", "0", executable=program).start().stop()
    end = x509.load_pem_x509_certificate((tmp_path / "data/ca.pem").read_bytes()).not_valid_after_utc
    left = (end - datetime.datetime.now(datetime.timezone.utc)).days
    clock.set_ahead((left - 50) * DAY)
    node = Node(tmp_path, "--turn-port", "0", executable=program).start()
    eventually(lambda: re.search("certificate authority ends in (49|50) days", node.output()))
    leaf = shown(node.port)
    assert leaf.not_valid_after_utc == end
    node.restart()
    clock.set_ahead((left - 20) * DAY)
    asked = ["doctor", f"https://localhost:{node.port}", "--data", str(node.data), "--turn-port", "0"]
    found = subprocess.run([str(program), *asked], capture_output=True, text=True, timeout=60)
    assert re.search("warn  Certificate: its authority ends in (19|20) days", found.stdout), found.stdout
    assert shown(node.port) == leaf
    node.stop()


@pytest.mark.skipif(COMPILER is None, reason="a clock of its own has to be compiled")
def test_what_was_stored_by_a_clock_that_was_behind_is_not_swept_when_that_is_set(tmp_path):
    clock = Clock(tmp_path)
    clock.set_ahead(-40 * DAY)
    node = Node(tmp_path, "--turn-port", "0", executable=clock.program(EXECUTABLE)).start()

    def put(blob: bytes, expires: float) -> None:
        node.query("INSERT INTO blobs (blob, tag, length, expires, bytes) VALUES (?, x'', 1, ?, x'00')", blob, int(expires))

    put(b"kept", time.time() - 10 * DAY)
    clock.set_ahead(0)
    eventually(lambda: "The clock was set ahead" in node.output(), 30)
    put(b"swept", time.time() - 50 * DAY)
    node.restart()
    eventually(lambda: not node.query("SELECT 1 FROM blobs WHERE blob = ?", b"swept"))
    assert node.query("SELECT 1 FROM blobs WHERE blob = ?", b"kept")
    node.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_plain_http_leads_to_the_host_that_was_asked_for(node, host):
    assert plain(node.port, f"{host}:{node.port}") == f"https://{host}:{node.port}/"


@pytest.mark.parametrize("host", ["evil.example:80", "localhost\r\nX: y", "", "localhost:1:2"])
def test_plain_http_leads_nowhere_else(node, host):
    assert plain(node.port, host) == f"https://localhost:{node.port}/"


def test_plain_http_is_answered_however_slowly_it_is_asked(node):
    with socket.create_connection(("127.0.0.1", node.port), timeout=10) as plain_socket:
        for piece in (b"G", b"ET / HTTP/1.1\r\nHo", f"st: 127.0.0.1:{node.port}\r".encode(), b"\n\r\n"):
            plain_socket.sendall(piece)
            time.sleep(0.05)
        assert f"Location: https://127.0.0.1:{node.port}/\r\n".encode() in everything(plain_socket)


def everything(open_socket: socket.socket) -> bytes:
    found = b""
    while part := open_socket.recv(4_096):
        found += part
    return found


def plain(port: int, host: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain_socket:
        plain_socket.sendall(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = everything(plain_socket).decode()
    assert answer.startswith("HTTP/1.1 307 ")
    (location,) = [line for line in answer.split("\r\n") if line.startswith("Location: ")]
    return location.removeprefix("Location: ")


def test_a_node_that_is_reached_at_another_port_is_told_so_by_one_option(tmp_path):
    public = "https://chat.example.org:4443"
    node = Node(tmp_path, "--public-origin", public)
    node.start()
    assert f"Ready: {public}" in node.printed
    assert node.operator_invitation.startswith(f"{public}/#")
    assert "chat.example.org" in names(shown(node.port))
    assert upgrade(node.port, public) == 101
    assert upgrade(node.port, f"https://localhost:{node.port}") == 101
    assert upgrade(node.port, "https://chat.example.org:4444") == 403
    assert upgrade(node.port, "https://other.example.org:4443") == 403
    node.stop()


def test_the_doctor_fails_where_the_node_does_not_know_the_address(node):
    found = run("doctor", f"https://localhost:{node.port}", "--data", str(node.data), "--turn-port", "0")
    assert found.returncode == 0, found.stdout
    forwarded = Forward(node.port)
    found = run("doctor", f"https://localhost:{forwarded.port}", "--data", str(node.data), "--turn-port", "0")
    forwarded.close()
    assert found.returncode == 1
    assert f"--public-origin https://localhost:{forwarded.port}" in found.stdout


class Forward:
    """A port that is passed on, as a router does."""

    def __init__(self, port: int):
        self.port = free_port()
        script = pathlib.Path(__file__).parent / "forward.py"
        self._process = subprocess.Popen([sys.executable, str(script), str(self.port), str(port)], stdout=subprocess.PIPE)
        self._process.stdout.readline()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def test_an_accept_that_fails_for_want_of_something_ends_nothing(node):
    (soft, hard) = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    open_files = len(list(pathlib.Path(f"/proc/{node.pid}/fd").iterdir()))
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (open_files, hard))
    waiting = [socket.create_connection(("127.0.0.1", node.port), timeout=10) for _ in range(3)]
    eventually(lambda: "accept" in node.output())
    assert node.process.poll() is None
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (soft, hard))
    eventually(node.is_healthy)
    for one in waiting:
        one.close()


def test_the_version_is_the_same_everywhere(node):
    version = run("--version").stdout.strip()
    assert version.count(".") == 2 and version[0].isdigit()
    assert f'cryptpeer_build_info{{version="{version}"}} 1' in node.metrics().splitlines()


def test_a_slow_line_gets_the_whole_of_the_largest_file(node):
    rate, length, taken = 100_000, 0, 0
    plain_socket = socket.socket()
    plain_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    plain_socket.settimeout(10)
    plain_socket.connect(("127.0.0.1", node.port))
    with ssl._create_unverified_context().wrap_socket(plain_socket, server_hostname="localhost") as tls:
        tls.sendall(b"GET /core.wasm HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        begun = time.monotonic()
        while piece := tls.recv(2_048):
            if length == 0:
                (length,) = (int(line.split(b":")[1]) for line in piece.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                taken -= piece.index(b"\r\n\r\n") + 4
            taken += len(piece)
            # No faster than the line would be.
            time.sleep(max(0.0, begun + taken / rate - time.monotonic()))
    assert length > 1_000_000
    assert taken == length


def test_the_system_is_asked_for_no_dump_of_the_memory(node):
    assert resource.prlimit(node.pid, resource.RLIMIT_CORE) == (0, 0)


@pytest.mark.skipif(not network.IS_POSSIBLE, reason="only root can give a machine an address")
def test_ipv6_addresses_are_counted_by_household_and_by_organisation(tmp_path):
    node = Node(tmp_path, "--connections-per-address", "2").start()
    # Four households of an organisation, each with many networks, and a fifth.
    addresses = [f"fd00:7:1:{household}0{net}::1" for household in range(1, 6) for net in range(1, 4)]
    for address in addresses:
        network.ip("address", "add", f"{address}/128", "dev", "lo", "nodad")
    opened = []

    def is_admitted(address: str) -> bool:
        plain_socket = socket.create_connection(("::1", node.port), timeout=10, source_address=(address, 0))
        try:
            opened.append(ssl._create_unverified_context().wrap_socket(plain_socket))
            return True
        except OSError:
            return False

    admitted = [is_admitted(address) for address in addresses]
    assert admitted == [True, True, False] * 4 + [False] * 3
    for one in opened:
        one.close()
    for address in addresses:
        network.ip("address", "del", f"{address}/128", "dev", "lo")
    node.stop()


# Python's own modules suffice to have the system refuse IPv6, as RestrictAddressFamilies= of a systemd unit does: a filter
# of system calls (seccomp(2)) that answers socket(AF_INET6, ...) with EAFNOSUPPORT.
REFUSE_IPV6 = r"""
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
numbers = {"x86_64": 41, "aarch64": 198}
code = lambda op, jt, jf, k: struct.pack("HBBI", op, jt, jf, k)
rules = b"".join([
    code(0x20, 0, 0, 0), code(0x15, 0, 3, numbers[os.uname().machine]),
    code(0x20, 0, 0, 16), code(0x15, 0, 1, 10), code(0x06, 0, 0, 0x00050000 | 97),
    code(0x06, 0, 0, 0x7FFF0000),
])
buffer = ctypes.create_string_buffer(rules)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
program = Program(len(rules) // 8, ctypes.cast(buffer, ctypes.c_void_p))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program)) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("relay", [True, False])
def test_where_the_system_refuses_ipv6_the_node_serves_ipv4(tmp_path, relay):
    wrapper = tmp_path / "without-ipv6"
    wrapper.write_text(f"#!{sys.executable}\nimport sys\nsys.argv[1:1] = [{str(EXECUTABLE)!r}]\n{REFUSE_IPV6}")
    wrapper.chmod(0o755)
    node = Node(tmp_path, *(() if relay else ("--turn-port", "0")), executable=wrapper).start()
    node.url = f"https://127.0.0.1:{node.port}"
    assert node.is_healthy()
    node.stop()


@pytest.mark.parametrize("host, ascii_form", [("bücher.example", "xn--bcher-kva.example"), ("CAMP.local.", "camp.local")])
def test_a_host_name_is_taken_in_the_form_that_browsers_send(tmp_path, host, ascii_form):
    node = Node(tmp_path, "--host", host).start()
    assert f"Ready: https://{ascii_form}:{node.port}" in node.printed
    assert ascii_form in names(shown(node.port))
    assert upgrade(node.port, f"https://{ascii_form}:{node.port}") == 101
    assert upgrade(node.port, f"https://{ascii_form}.:{node.port}") == 101
    node.stop()


@pytest.mark.parametrize(
    "host, said",
    [
        ("https://camp.local", "without https://"),
        ("camp.local:8443", "--port"),
        ("[::1]:8443", "--port"),
        ("my_node.local", "underscore"),
        ("camp.local/path", "neither a host name nor an address"),
        ("1.2.3.4.5", "neither a host name nor an address"),
    ],
)
def test_a_host_that_cannot_be_one_is_refused_with_what_to_write_instead(tmp_path, host, said):
    result = run("serve", "--data", str(tmp_path / "data"), "--host", host, "--port", str(free_port()))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and said in result.stderr, result.stderr
