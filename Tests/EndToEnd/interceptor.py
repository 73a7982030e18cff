"""A lying node: a proxy between one browser and the real executable, which reads and changes what passes.

To the browser it *is* the node, same origin included (the browser is told to connect elsewhere for it), so it stands for a
seized or hostile node, and for whoever intercepts TLS. It understands WebSocket frames and the few fields of the node's
protocol that it lies about (Documentation/PROTOCOL.md); everything else passes as it is.
"""

import asyncio
import pathlib
import ssl
import struct
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What to do with one binary message: the messages that go on in its place, in order.
Rule = Callable[[bytes], list[bytes]]


def pass_on(message: bytes) -> list[bytes]:
    return [message]


class Interceptor:
    """Listens on a port of its own in front of a node. Rules may be changed while browsers are connected."""

    def __init__(self, node_port: int, folder: pathlib.Path):
        self.node_port = node_port
        self.port = 0
        self.from_node: Rule = pass_on
        self.from_client: Rule = pass_on
        self._certificate = self._make_certificate(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._towards_browsers: list["Direction"] = []
        self._connections: set[asyncio.Task] = set()

    def start(self) -> "Interceptor":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def browser_arguments(self) -> list[str]:
        """Chromium's, so that it takes this proxy for the node."""
        return [f"--host-resolver-rules=MAP localhost:{self.node_port} 127.0.0.1:{self.port}"]

    def inject(self, message: bytes) -> None:
        """Says something to every connected browser that the node never said."""

        async def send() -> None:
            for direction in self._towards_browsers:
                await direction.send(message)

        asyncio.run_coroutine_threadsafe(send(), self._loop).result(10)

    # Connections

    async def _listen(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass  # one side has left; closing the other below tells it so
        finally:
            writer.close()
            self._connections.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unverified = ssl._create_unverified_context()
        node_reader, node_writer = await asyncio.open_connection("127.0.0.1", self.node_port, ssl=unverified)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            node_writer.write(head)
            if b"upgrade: websocket" not in head.lower():
                await self._both(self._pipe(reader, node_writer), self._pipe(node_reader, writer))
                return
            writer.write(await node_reader.readuntil(b"\r\n\r\n"))
            down = Direction(node_reader, writer, masked=False, rule=lambda message: self.from_node(message))
            up = Direction(reader, node_writer, masked=True, rule=lambda message: self.from_client(message))
            self._towards_browsers.append(down)
            try:
                await self._both(up.run(), down.run())
            finally:
                self._towards_browsers.remove(down)
        finally:
            node_writer.close()

    @staticmethod
    async def _both(one, other) -> None:
        """Until either side ends."""
        tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    @staticmethod
    async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()

    @staticmethod
    def _make_certificate(folder: pathlib.Path) -> pathlib.Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = folder / "interceptor.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path


class Direction:
    """One direction of a WebSocket (RFC 6455 section 5): frames become messages, messages become single frames."""

    BINARY = 2
    CONTROL = 8

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, masked: bool, rule: Rule):
        self._reader = reader
        self._writer = writer
        self._masked = masked
        self._rule = rule

    async def run(self) -> None:
        message = b""
        while True:
            final, opcode, payload = await self._read_frame()
            if opcode >= self.CONTROL:
                await self._write_frame(opcode, payload)
                continue
            message += payload
            if final:
                for changed in self._rule(message):
                    await self.send(changed)
                message = b""

    async def send(self, message: bytes) -> None:
        await self._write_frame(self.BINARY, message)

    async def _read_frame(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
        mask = await self._reader.readexactly(4) if second & 0x80 else None
        payload = await self._reader.readexactly(length)
        if mask:
            payload = _mask(payload, mask)
        return bool(first & 0x80), first & 0x0F, payload

    async def _write_frame(self, opcode: int, payload: bytes) -> None:
        flag = 0x80 if self._masked else 0
        if len(payload) < 126:
            head = struct.pack(">BB", 0x80 | opcode, flag | len(payload))
        elif len(payload) < 1 << 16:
            head = struct.pack(">BBH", 0x80 | opcode, flag | 126, len(payload))
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, flag | 127, len(payload))
        if self._masked:
            mask = b"\x11\x22\x33\x44"  # any will do: it hides nothing
            head, payload = head + mask, _mask(payload, mask)
        self._writer.write(head + payload)
        await self._writer.drain()


def _mask(payload: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
