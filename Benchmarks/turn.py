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


OVER_UDP = attribute(TRANSPORT, bytes([17, 0, 0, 0]))
NO_LONGER = attribute(LIFETIME, bytes(4))


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
        values = self.ask(ALLOCATE, OVER_UDP)
        port, ip = struct.unpack("!2xHI", values[RELAYED_ADDRESS])
        self.relayed = (socket.inet_ntoa(struct.pack("!I", ip ^ MAGIC)), port ^ (MAGIC >> 16))
        return self.relayed

    def bind(self, number: int, peer: tuple[str, int]) -> None:
        self.ask(
            CHANNEL_BIND,
            attribute(CHANNEL_NUMBER, struct.pack("!HH", number, 0)) + attribute(PEER_ADDRESS, xor_address(peer)),
        )

    def release(self) -> None:
        self.ask(REFRESH, NO_LONGER)

    def ask(self, method: int, attributes: bytes) -> dict[int, bytes]:
        """A request with the credential. What the first answer and a stale nonce's say is taken up."""
        for _ in range(3):
            values = self.take(*self.exchange(self.request(method, attributes)))
            if values is not None:
                return values
        raise Refused(401)

    def request(self, method: int, attributes: bytes) -> bytes:
        """With the credential, as soon as realm and nonce are known."""
        body = attributes
        if self.nonce:
            body += attribute(USERNAME, self.username) + attribute(REALM, self.realm) + attribute(NONCE, self.nonce)
        length = len(body) + (24 if self.nonce else 0)
        message = struct.pack("!HHI", method, length, MAGIC) + os.urandom(12) + body
        if self.nonce:
            message += attribute(INTEGRITY, hmac.digest(self.key, message, "sha1"))
        return message

    def take(self, kind: int, values: dict[int, bytes]) -> dict[int, bytes] | None:
        """What an answer says; nothing if the request is to be made again, with what it says."""
        if kind & 0x0110 == 0x0100:
            return values
        code = values[ERROR_CODE][2] * 100 + values[ERROR_CODE][3]
        if code not in (401, 438) or NONCE not in values:
            raise Refused(code)
        self.realm, self.nonce = values[REALM], values[NONCE]
        text = b":".join([self.username, self.realm, self.password.encode()])
        self.key = hashlib.md5(text).digest()
        return None

    def exchange(self, message: bytes) -> tuple[int, dict[int, bytes]]:
        for _ in range(3):
            self.socket.send(message)
            answer = self.answer(message)
            if answer is not None:
                return answer
        raise Refused("no answer")

    def answer(self, message: bytes) -> tuple[int, dict[int, bytes]] | None:
        """The answer to a message that has been sent; nothing if none comes."""
        try:
            while True:
                answer = self.socket.recv(2048)
                if answer[0] < 0x40 and answer[4:20] == message[4:20]:
                    break
        except (TimeoutError, ConnectionRefusedError):
            return None
        values: dict[int, bytes] = {}
        offset = 20
        while offset < len(answer):
            kind, length = struct.unpack_from("!HH", answer, offset)
            values.setdefault(kind, answer[offset + 4 : offset + 4 + length])
            offset += 4 + (length + 3 & ~3)
        return struct.unpack_from("!H", answer)[0], values

    def close(self) -> None:
        self.socket.close()


def ask_together(clients: list[Client], method: int, attributes: bytes) -> dict[Client, int | str]:
    """The same request by each of them, all under way at once, until all are answered.

    Returns those that were refused, with the code or the reason.
    """
    refused: dict[Client, int | str] = {}
    pending = clients
    for _ in range(3):
        messages = [client.request(method, attributes) for client in pending]
        for client, message in zip(pending, messages, strict=True):
            client.socket.send(message)
        again = []
        for client, message in zip(pending, messages, strict=True):
            try:
                if client.take(*(client.answer(message) or client.exchange(message))) is None:
                    again.append(client)
            except Refused as refusal:
                refused[client] = refusal.args[0]
        pending = again
    return refused | dict.fromkeys(pending, 401)
