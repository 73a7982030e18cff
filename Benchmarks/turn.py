"""A TURN client (RFC 8656 over UDP and IPv4), as far as a bench needs one."""

import base64
import hashlib
import hmac
import os
import socket
import struct
import time

MAGIC = 0x2112A442
BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND = 0x001, 0x003, 0x004, 0x008, 0x009
USERNAME, INTEGRITY, ERROR_CODE, CHANNEL_NUMBER, LIFETIME = 0x0006, 0x0008, 0x0009, 0x000C, 0x000D
PEER_ADDRESS, REALM, NONCE, RELAYED_ADDRESS, TRANSPORT = 0x0012, 0x0014, 0x0015, 0x0016, 0x0019


class Refused(Exception):
    """The server's answer is an error, or there is none."""


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_address(address: tuple[str, int]) -> bytes:
    ip = struct.unpack("!I", socket.inet_aton(address[0]))[0]
    return struct.pack("!HHI", 1, address[1] ^ (MAGIC >> 16), ip ^ MAGIC)


class Client:
    """One 5-tuple: a socket that is connected to the server."""

    def __init__(self, server: tuple[str, int], secret: str, user: str = "bench") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(server)
        self.socket.settimeout(1)
        username = f"{int(time.time()) + 3600}:{user}"
        password = base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()
        self.username = username.encode()
        self.password = password
        self.realm = self.nonce = b""
        self.key = b""
        self.relayed: tuple[str, int] = ("", 0)

    def binding(self) -> dict[int, bytes]:
        return self.exchange(struct.pack("!HHI", BINDING, 0, MAGIC) + os.urandom(12))[1]

    def allocate(self) -> tuple[str, int]:
        values = self.ask(ALLOCATE, attribute(TRANSPORT, bytes([17, 0, 0, 0])))
        port, ip = struct.unpack("!2xHI", values[RELAYED_ADDRESS])
        self.relayed = (socket.inet_ntoa(struct.pack("!I", ip ^ MAGIC)), port ^ (MAGIC >> 16))
        return self.relayed

    def bind(self, number: int, peer: tuple[str, int]) -> None:
        self.ask(
            CHANNEL_BIND,
            attribute(CHANNEL_NUMBER, struct.pack("!HH", number, 0)) + attribute(PEER_ADDRESS, xor_address(peer)),
        )

    def release(self) -> None:
        self.ask(REFRESH, attribute(LIFETIME, bytes(4)))

    def ask(self, method: int, attributes: bytes) -> dict[int, bytes]:
        """A request with the credential. What the first answer and a stale nonce's say is taken up."""
        for _ in range(3):
            body = attributes
            if self.nonce:
                body += attribute(USERNAME, self.username) + attribute(REALM, self.realm) + attribute(NONCE, self.nonce)
                length = len(body) + 24
            else:
                length = len(body)
            message = struct.pack("!HHI", method, length, MAGIC) + os.urandom(12) + body
            if self.nonce:
                message += attribute(INTEGRITY, hmac.digest(self.key, message, "sha1"))
            kind, values = self.exchange(message)
            if kind & 0x0110 == 0x0100:
                return values
            code = values[ERROR_CODE][2] * 100 + values[ERROR_CODE][3]
            if code not in (401, 438) or NONCE not in values:
                raise Refused(code)
            self.realm, self.nonce = values[REALM], values[NONCE]
            text = b":".join([self.username, self.realm, self.password.encode()])
            self.key = hashlib.md5(text).digest()
        raise Refused(401)

    def exchange(self, message: bytes) -> tuple[int, dict[int, bytes]]:
        for _ in range(3):
            self.socket.send(message)
            try:
                while True:
                    answer = self.socket.recv(2048)
                    if answer[0] < 0x40 and answer[4:20] == message[4:20]:
                        break
            except (TimeoutError, ConnectionRefusedError):
                continue
            values: dict[int, bytes] = {}
            offset = 20
            while offset < len(answer):
                kind, length = struct.unpack_from("!HH", answer, offset)
                values.setdefault(kind, answer[offset + 4 : offset + 4 + length])
                offset += 4 + (length + 3 & ~3)
            return struct.unpack_from("!H", answer)[0], values
        raise Refused("no answer")

    def close(self) -> None:
        self.socket.close()
