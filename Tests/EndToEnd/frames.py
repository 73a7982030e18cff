"""The few frames of the node's protocol that tests read or forge (Documentation/PROTOCOL.md, "Between client and node")."""

from dataclasses import dataclass

CLIENT_REQUEST = 2
NODE_RESPONSE, NODE_PUSH = 2, 3
REQUEST_DELIVER, REQUEST_FETCH_BLOB = 11, 13
RESPONSE_INVITATION_BUNDLE, RESPONSE_ENVELOPES, RESPONSE_BLOB, RESPONSE_KEY_PACKAGE, RESPONSE_COMMIT = 2, 4, 5, 6, 7
PUSH_ENVELOPE = 0


@dataclass(frozen=True)
class PushedEnvelope:
    """A push of one envelope: sequence 0 is a transient one."""

    mailbox: bytes
    sequence: int
    envelope: bytes

    def frame(self) -> bytes:
        return (
            bytes([NODE_PUSH, PUSH_ENVELOPE])
            + self.mailbox
            + self.sequence.to_bytes(8, "big")
            + opaque(self.envelope)
        )


def pushed_envelope(frame: bytes) -> PushedEnvelope | None:
    """The envelope that a frame from the node pushes, if it does."""
    if frame[:2] != bytes([NODE_PUSH, PUSH_ENVELOPE]):
        return None
    envelope, rest = read_opaque(frame[26:])
    assert rest == b""
    return PushedEnvelope(frame[2:18], int.from_bytes(frame[18:26], "big"), envelope)


def response_kind(frame: bytes) -> int | None:
    """The kind of answer in a frame from the node, if it is one."""
    return frame[5] if frame[:1] == bytes([NODE_RESPONSE]) else None


def optional_answer(frame: bytes) -> bytes | None:
    """The key package or commit in an answer, if there is one."""
    return read_opaque(frame[7:])[0] if frame[6] else None


def answer_instead(frame: bytes, value: bytes) -> bytes:
    """The same answer with another key package or commit in it."""
    return frame[:6] + b"\1" + opaque(value)


def fetched_envelopes(frame: bytes) -> tuple[bytes, list[tuple[int, bytes]], bytes] | None:
    """What comes before, the envelopes with their sequence numbers, and what comes after, of an answered fetch."""
    if response_kind(frame) != RESPONSE_ENVELOPES:
        return None
    vector, rest = read_opaque(frame[6:])
    envelopes = []
    while vector:
        sequence = int.from_bytes(vector[:8], "big")
        envelope, vector = read_opaque(vector[8:])
        envelopes.append((sequence, envelope))
    return frame[:6], envelopes, rest


def with_envelopes(before: bytes, envelopes: list[tuple[int, bytes]], after: bytes) -> bytes:
    return before + opaque(b"".join(number.to_bytes(8, "big") + opaque(body) for number, body in envelopes)) + after


def request_kind(frame: bytes) -> int | None:
    """The kind of request in a frame from a client, if it is one."""
    return frame[5] if frame[:1] == bytes([CLIENT_REQUEST]) else None


def is_stored_delivery(frame: bytes) -> bool:
    """Whether a client's frame asks the node to keep an envelope (a transient one is kept nowhere)."""
    return request_kind(frame) == REQUEST_DELIVER and frame[54] == 0


def opaque(value: bytes) -> bytes:
    """`opaque value<V>` (RFC 9420 section 2.1.2)."""
    if len(value) < 1 << 6:
        return bytes([len(value)]) + value
    if len(value) < 1 << 14:
        return (len(value) | 1 << 14).to_bytes(2, "big") + value
    return (len(value) | 2 << 30).to_bytes(4, "big") + value


def read_opaque(data: bytes) -> tuple[bytes, bytes]:
    """The value at the start of `data`, and what follows it."""
    size = 1 << (data[0] >> 6)
    length = int.from_bytes(data[:size], "big") & ((1 << (8 * size - 2)) - 1)
    return data[size : size + length], data[size + length :]
