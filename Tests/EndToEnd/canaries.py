"""Looks for planted secrets in what someone would find who takes the machine: files, logs, a process's memory.

A canary is searched for in every form that a program might give it on the way: UTF-8, UTF-16 both ways, base64 and
base64url wherever in a longer text it starts, hexadecimal, and for addresses and keys the bytes themselves. Each form is
made by `forms`, and `plant` writes them all, so a test first shows that the search would have found them.
"""

import base64
import ipaddress
import json
import os
import pathlib
import subprocess
from dataclasses import dataclass

# Anything shorter turns up in a core dump by chance.
SHORTEST = 6


@dataclass(frozen=True)
class Canary:
    """A secret, and every byte sequence that would give it away."""

    name: str
    forms: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Finding:
    canary: str
    form: str
    place: str
    offset: int


def text(name: str, value: str) -> Canary:
    """A name, a message, a passphrase, an SDP's ufrag, password or fingerprint."""
    encoded = value.encode()
    forms = [("UTF-8", encoded), ("UTF-16LE", value.encode("utf-16-le")), ("UTF-16BE", value.encode("utf-16-be"))]
    if not value.isascii():
        forms.append(("percent-encoded", "".join(f"%{byte:02X}" if byte > 127 else chr(byte) for byte in encoded).encode()))
        forms.append(("JSON-escaped", json.dumps(value)[1:-1].encode()))
    return _canary(name, forms + _printed(encoded))


def key(name: str, value: bytes) -> Canary:
    """Key material, or any other bytes."""
    return _canary(name, [("binary", value), ("binary, reversed", value[::-1]), *_printed(value)])


def address(name: str, value: str, port: int) -> Canary:
    """An address and port, as text and as sockets hold them: an IPv4 address alone is too few bytes to search for."""
    parsed = ipaddress.ip_address(value)
    port_bytes = port.to_bytes(2, "big")
    forms = list(text(name, value).forms)
    # In a sockaddr_in the port precedes the address; in most encodings it follows.
    forms += [("binary, port first", port_bytes + parsed.packed), ("binary, port last", parsed.packed + port_bytes)]
    # STUN hides addresses behind its magic cookie (RFC 8489 section 14.2).
    cookie = bytes.fromhex("2112a442")
    hidden = bytes(a ^ b for a, b in zip(port_bytes + parsed.packed[:4], cookie[:2] + cookie))
    forms.append(("XOR-MAPPED", hidden))
    if parsed.version == 6:
        forms += [("binary", parsed.packed), ("exploded", parsed.exploded.encode())]
    return _canary(name, forms)


def _printed(value: bytes) -> list[tuple[str, bytes]]:
    """The forms in which bytes appear inside text."""
    forms = [("hex", value.hex().encode()), ("HEX", value.hex().upper().encode())]
    forms.append(("hex, colons", value.hex(":").upper().encode()))
    for offset in range(3):
        # Encoded behind `offset` other bytes; the characters that also depend on neighbours are cut off.
        encoded = base64.b64encode(bytes(offset) + value)
        start = (offset * 8 + 5) // 6
        whole = (offset + len(value)) * 8 // 6
        standard = encoded[start:whole]
        forms.append((f"base64 at {offset}", standard))
        url = standard.translate(bytes.maketrans(b"+/", b"-_"))
        if url != standard:
            forms.append((f"base64url at {offset}", url))
    return forms


def _canary(name: str, forms: list[tuple[str, bytes]]) -> Canary:
    for form, value in forms:
        if len(value) < SHORTEST:
            raise ValueError(f"{name} as {form} has {len(value)} bytes, which a scan would find by chance: use at least {SHORTEST}")
    return Canary(name, tuple(dict((value, (form, value)) for form, value in reversed(forms)).values()))


def scan_bytes(content, place: str, canaries: list[Canary]) -> list[Finding]:
    """The first occurrence of each form in `content` (bytes, or a mapped file)."""
    findings = []
    for canary in canaries:
        for form, value in canary.forms:
            offset = content.find(value)
            if offset >= 0:
                findings.append(Finding(canary.name, form, place, offset))
    return findings


def scan_file(path: pathlib.Path, canaries: list[Canary]) -> list[Finding]:
    findings = scan_bytes(os.fsencode(path), f"the name of {path}", canaries)
    return findings + scan_bytes(_without_emptiness(path), str(path), canaries)


# What is read at a time, and what is left of it where it is nothing but zeros: more than any canary is long, so that none
# is cut at the edge or put together across it.
PIECE = 1 << 16
REMNANT = bytes(1 << 12)


def _without_emptiness(path: pathlib.Path) -> bytes:
    """A file's content with its long stretches of zeros cut short: nine tenths of a core dump."""
    zeros = bytes(PIECE)
    content = bytearray()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            content += REMNANT if piece == zeros else piece
    return bytes(content)


def scan_folder(folder: pathlib.Path, canaries: list[Canary]) -> list[Finding]:
    """Every file below `folder`, and their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [finding for path in files for finding in scan_file(path, canaries)]


def core_dump(pid: int, folder: pathlib.Path) -> pathlib.Path:
    """Everything in a process's memory, also what it asked the kernel to keep out of dumps. The process goes on."""
    path = folder / f"core.{pid}"
    gdb = [
        "gdb", "--batch", "--nx", "--pid", str(pid),
        "-ex", "set use-coredump-filter off",
        "-ex", "set dump-excluded-mappings on",
        "-ex", f"generate-core-file {path}",
    ]  # fmt: skip
    # Where only root may look into another process (kernel.yama.ptrace_scope).
    if os.geteuid() != 0 and _ptrace_scope() > 0:
        gdb = ["sudo", *gdb]
    result = subprocess.run(gdb, capture_output=True, text=True)
    if not path.exists():
        raise AssertionError(f"no core dump of process {pid}:\n{result.stdout}{result.stderr}")
    if gdb[0] == "sudo":
        subprocess.run(["sudo", "chown", str(os.geteuid()), str(path)], check=True)
    return path


def _ptrace_scope() -> int:
    try:
        return int(pathlib.Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except OSError:
        return 0


def scan_process(pid: int, folder: pathlib.Path, canaries: list[Canary]) -> list[Finding]:
    """A process's memory, through a core dump that is deleted again."""
    path = core_dump(pid, folder)
    try:
        return scan_file(path, canaries)
    finally:
        path.unlink()


def plant(canaries: list[Canary]) -> bytes:
    """Every form of each canary, apart from each other: what a scan must find all of."""
    return b"\n--\n".join(value for canary in canaries for _, value in canary.forms)


def expected(canaries: list[Canary]) -> set[tuple[str, str]]:
    return {(canary.name, form) for canary in canaries for form, _ in canary.forms}


def found(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(finding.canary, finding.form) for finding in findings}
