#!/usr/bin/env python3
"""Writes files.json beside this file: how files are sealed (Documentation/PROTOCOL.md, Files), by other people's AES-GCM.

    python3 -m venv venv && venv/bin/pip install cryptography==50.0.2
    venv/bin/python Tests/KnownAnswers/files.py

Nothing here calls CryptPeer. The tests of the native reference and of the browser's worker only read files.json. The byte
at place i of a file is (31 i + 7 floor(i / 256) + floor(i / 65536)) mod 256.
"""

import hashlib
import json
import pathlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 65_520


def content(size):
    return bytes((31 * i + 7 * (i >> 8) + (i >> 16)) & 255 for i in range(size))


def seal(file, key):
    """The sealed chunks, and the file's hash."""
    chunks, running = [], bytes(32)
    count = max(1, -(-len(file) // CHUNK))
    for index in range(count):
        nonce = bytes(7) + index.to_bytes(4, "big") + bytes([index == count - 1])
        sealed = AESGCM(key).encrypt(nonce, file[index * CHUNK : (index + 1) * CHUNK], None)
        chunks.append(sealed)
        running = hashlib.sha256(running + sealed).digest()
    return chunks, running


def answer(size):
    key = hashlib.sha256(b"CryptPeer file key %d" % size).digest()
    chunks, file_hash = seal(content(size), key)
    sealed = b"".join(chunks)
    return {
        "size": size,
        "key": key.hex(),
        "chunks": len(chunks),
        "sealed_length": len(sealed),
        "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
        "first_bytes": sealed[:48].hex(),
        "last_bytes": sealed[-48:].hex(),
        "hash": file_hash.hex(),
    }


sizes = [0, 1, 16, 65_519, 65_520, 65_521, 131_040, 200_000, 1 << 20]
path = pathlib.Path(__file__).with_name("files.json")
path.write_text(json.dumps([answer(size) for size in sizes], indent=1) + "\n")
