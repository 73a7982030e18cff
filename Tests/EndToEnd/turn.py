"""As much of a TURN client over UDP (RFC 8656) as asking for one allocation, and for permissions, takes."""

import base64
import contextlib
import hashlib
import hmac
import os
import socket
import struct
import time

COOKIE = 0x2112A442
CREATE_PERMISSION, XOR_PEER_ADDRESS = 0x0008, 0x0012
ALLOCATE, USERNAME, MESSAGE_INTEGRITY, REALM, NONCE = 0x0003, 0x0006, 0x0008, 0x0014, 0x0015
XOR_RELAYED_ADDRESS, REQUESTED_TRANSPORT, ERROR_CODE = 0x0016, 0x0019, 0x0009
# 486, its hundreds and the rest (RFC 8489 §14.8).
ALLOCATION_QUOTA_REACHED = bytes([4, 86])


def credential(secret: str, seconds: int = 3600) -> tuple[str, str]:
    """After the TURN REST convention, as any other program that shares the secret makes it."""
    # Somebody else each time: one user's allocations are counted.
    username = f"{int(time.time()) + seconds}:{os.urandom(6).hex()}"
    password = base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
    return username, password


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def message(attributes: bytes, extra: int = 0, method: int = ALLOCATE) -> bytes:
    return struct.pack("!HHI", method, len(attributes) + extra, COOKIE) + os.urandom(12) + attributes


def attributes_of(answer: bytes) -> dict[int, bytes]:
    found, offset = {}, 20
    while offset + 4 <= len(answer):
        kind, length = struct.unpack_from("!HH", answer, offset)
        found[kind] = answer[offset + 4 : offset + 4 + length]
        offset += 4 + length + -length % 4
    return found


def allocate(client: socket.socket, server: tuple[str, int], username: str, password: str) -> dict[int, bytes]:
    """What the relay answers to one who asks for an allocation with that credential."""

    def ask(question: bytes) -> dict[int, bytes]:
        client.sendto(question, server)
        return attributes_of(client.recv(2048))

    wanted = attribute(REQUESTED_TRANSPORT, bytes([17, 0, 0, 0]))
    refusal = ask(message(wanted))
    named = wanted + attribute(USERNAME, username.encode())
    named += attribute(REALM, refusal[REALM]) + attribute(NONCE, refusal[NONCE])
    question = message(named, extra=24)
    key = hashlib.md5(b":".join([username.encode(), refusal[REALM], password.encode()])).digest()
    code = hmac.new(key, question, hashlib.sha1).digest()
    return ask(question + attribute(MESSAGE_INTEGRITY, code))


def relayed_address(server: tuple[str, int], secret: str) -> str | None:
    """The IPv4 address at which the relay makes an allocation; None if it does not answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.5)
        try:
            value = allocate(probe, server, *credential(secret)).get(XOR_RELAYED_ADDRESS)
        except (TimeoutError, OSError):
            return None
    if value is None:
        return None
    number = struct.unpack("!I", value[4:8])[0] ^ COOKIE
    return socket.inet_ntoa(struct.pack("!I", number))


def permitted(server: tuple[str, int], secret: str, peers: list[str]) -> list[bool]:
    """Which of these IPv4 addresses an allocation may have for peers."""
    username, password = credential(secret)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        refusal = {}

        def ask(method: int, wanted: bytes) -> dict[int, bytes]:
            if not refusal:
                client.sendto(message(attribute(REQUESTED_TRANSPORT, bytes([17, 0, 0, 0]))), server)
                refusal.update(attributes_of(client.recv(2048)))
            named = wanted + attribute(USERNAME, username.encode())
            named += attribute(REALM, refusal[REALM]) + attribute(NONCE, refusal[NONCE])
            question = message(named, extra=24, method=method)
            key = hashlib.md5(b":".join([username.encode(), refusal[REALM], password.encode()])).digest()
            client.sendto(question + attribute(MESSAGE_INTEGRITY, hmac.new(key, question, hashlib.sha1).digest()), server)
            return attributes_of(client.recv(2048))

        answer = ask(ALLOCATE, attribute(REQUESTED_TRANSPORT, bytes([17, 0, 0, 0])))
        assert ERROR_CODE not in answer, answer
        answers = []
        for peer in peers:
            number = struct.unpack("!I", socket.inet_aton(peer))[0] ^ COOKIE
            value = struct.pack("!HHI", 1, 9 ^ COOKIE >> 16, number)
            answer = ask(CREATE_PERMISSION, attribute(XOR_PEER_ADDRESS, value))
            # 403, its hundreds and the rest.
            assert ERROR_CODE not in answer or answer[ERROR_CODE][2:4] == bytes([4, 3]), answer
            answers.append(ERROR_CODE not in answer)
        return answers


@contextlib.contextmanager
def used_up(server: tuple[str, int], username: str, password: str):
    """As long as this lasts, a user has as many allocations as one may have."""
    with contextlib.ExitStack() as clients:
        while True:
            client = clients.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.settimeout(10)
            answer = allocate(client, server, username, password)
            if ERROR_CODE in answer:
                assert answer[ERROR_CODE][2:4] == ALLOCATION_QUOTA_REACHED, answer
                break
        yield
