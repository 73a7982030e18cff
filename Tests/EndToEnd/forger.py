"""What a lying node can make by itself, and what it can once it has also got hold of an invitation link.

Written from Documentation/PROTOCOL.md, not from the product's code. Nothing here has a member's keys: the identities that it
passes off are those of another bubble, made by a real client there, so that every byte is as it should be but the authority.
"""

import base64
import hashlib
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from frames import opaque, read_opaque

ENVELOPE_LENGTHS = (1024, 4096, 16_384)
CONTENT_BLOB, CONTENT_INTRODUCTION = 1, 2
# An MLS 1.0 KeyPackage of the app's suite.
KEY_PACKAGE_START = bytes.fromhex("00010008")


@dataclass(frozen=True)
class Mailbox:
    """What it takes to write to someone."""

    mailbox: bytes
    delivery_key: bytes
    envelope_secret: bytes


class LeakedLink:
    """All that follows from an invitation link that somebody else has read."""

    BUNDLE_STEP = 8192

    def __init__(self, link: str):
        payload = base64.urlsafe_b64decode(link.split("#")[1] + "==")
        secret, authority_hash = payload[1:33], payload[33:65]
        self._key_material = HKDF.extract(SHA512(), authority_hash, secret)
        self.id = self._expand(b"CryptPeer invitation id 1", 16)

    def _expand(self, label: bytes, length: int) -> bytes:
        return HKDFExpand(SHA512(), length, label).derive(self._key_material)

    def _cipher(self) -> tuple[AESGCM, bytes]:
        return AESGCM(self._expand(b"CryptPeer invitation bundle 1", 32)), b"CryptPeer invitation bundle 1" + self.id

    def open(self, sealed: bytes) -> bytes:
        cipher, associated = self._cipher()
        content, zeros = read_opaque(cipher.decrypt(sealed[1:13], sealed[13:], associated))
        assert not any(zeros)
        return content

    def seal(self, content: bytes) -> bytes:
        cipher, associated = self._cipher()
        plaintext = opaque(content)
        plaintext += bytes(-(len(plaintext) + 29) % self.BUNDLE_STEP)
        nonce = os.urandom(12)
        return b"\x01" + nonce + cipher.encrypt(nonce, plaintext, associated)

    def inviter_mailbox(self, sealed: bytes, inviter_name: str) -> Mailbox:
        fields = self.open(sealed)[: -len(opaque(inviter_name.encode()))][-80:]
        return Mailbox(fields[:16], fields[16:48], fields[48:])

    def key_package(self, sealed: bytes, inviter_name: str) -> tuple[bytes, slice]:
        """The inviter's KeyPackage in a bundle, and where in its content it stands, length included."""
        content = self.open(sealed)
        end = len(content) - len(opaque(inviter_name.encode())) - 80
        for start in range(end - 6, 0, -1):
            if content[start + 2 : start + 6] == KEY_PACKAGE_START:
                if content[start:end] == opaque(content[start + 2 : end]):
                    return content[start + 2 : end], slice(start, end)
        raise AssertionError("no KeyPackage in the bundle")

    def with_key_package(self, sealed: bytes, inviter_name: str, key_package: bytes) -> bytes:
        """The bundle, with another KeyPackage in the place of the inviter's."""
        content = self.open(sealed)
        _, place = self.key_package(sealed, inviter_name)
        return self.seal(content[: place.start] + opaque(key_package) + content[place.stop :])


def key_package_of(published: bytes) -> bytes:
    """The KeyPackage at the beginning of what a node hands out, without the chain behind it."""
    rest = published[4:]  # version and suite
    for _ in range(3):  # init key; of the leaf: encryption key, signature key
        _, rest = read_opaque(rest)
    assert rest[:2] == b"\x00\x01", "a basic credential"
    _, rest = read_opaque(rest[2:])
    for _ in range(5):  # the capabilities: versions, suites, extensions, proposals, credentials
        _, rest = read_opaque(rest)
    assert rest[:1] == b"\x01", "a leaf of a KeyPackage, with a lifetime"
    rest = rest[17:]
    for _ in range(4):  # the leaf's extensions and signature, the KeyPackage's own
        _, rest = read_opaque(rest)
    return published[: len(published) - len(rest)]


# Envelopes


def _envelope_cipher(mailbox: Mailbox, salt: bytes) -> tuple[AESGCM, bytes, bytes]:
    label = b"CryptPeer envelope 1"
    material = HKDF(SHA256(), 44, salt, label).derive(mailbox.envelope_secret)
    return AESGCM(material[:32]), material[32:], label + mailbox.mailbox


def open_envelope(envelope: bytes, mailbox: Mailbox) -> bytes:
    """The content, zeros behind it included."""
    cipher, nonce, associated = _envelope_cipher(mailbox, envelope[:32])
    return cipher.decrypt(nonce, envelope[32:], associated)


def seal_envelope(content: bytes, mailbox: Mailbox) -> bytes:
    size = next(size for size in ENVELOPE_LENGTHS if size >= len(content) + 48)
    salt = os.urandom(32)
    cipher, nonce, associated = _envelope_cipher(mailbox, salt)
    return salt + cipher.encrypt(nonce, content + bytes(size - 48 - len(content)), associated)


def open_blob(reference: bytes, blobs: list[bytes]) -> bytes:
    """The content of that of the blobs which an envelope names."""
    assert reference[0] == CONTENT_BLOB
    key, digest = reference[33:65], reference[65:97]
    (blob,) = [blob for blob in blobs if hashlib.sha256(blob).digest() == digest]
    return AESGCM(key).decrypt(bytes(12), blob, b"CryptPeer blob 1")


def seal_blob(content: bytes) -> tuple[bytes, bytes]:
    """The content of an envelope that names the blob, and the blob."""
    key = os.urandom(32)
    plaintext = content + bytes(-(len(content) + 16) % ENVELOPE_LENGTHS[2])
    blob = AESGCM(key).encrypt(bytes(12), plaintext, b"CryptPeer blob 1")
    return bytes([CONTENT_BLOB]) + os.urandom(32) + key + hashlib.sha256(blob).digest(), blob
