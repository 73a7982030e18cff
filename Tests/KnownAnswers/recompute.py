#!/usr/bin/env python3
"""Recomputes with other people's code what no official vector covers, and writes recomputed.json beside this file.

    python3 -m venv venv && venv/bin/pip install cryptography==50.0.2 dilithium-py==1.5.1
    CRYPTPEER_VECTORS=../shared/vectors venv/bin/python Tests/KnownAnswers/recompute.py

Nothing here calls CryptPeer: HPKE is written out from RFC 9180 over `hmac`, `hashlib` and `cryptography`, ML-DSA-65 is
dilithium-py's. The shared secrets of X-Wing are those of draft-ietf-hpke-pq's vectors. Tests only read recomputed.json.
"""

import hashlib
import hmac
import json
import os
import pathlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from dilithium_py.ml_dsa import ML_DSA_65

HERE = pathlib.Path(__file__).parent
VECTORS = pathlib.Path(os.environ.get("CRYPTPEER_VECTORS", "../shared/vectors"))
KDFS = {1: "sha256", 2: "sha384", 3: "sha512"}
AEADS = {1: (16, AESGCM), 2: (32, AESGCM), 3: (32, ChaCha20Poly1305)}


def extract(name, salt, ikm):
    """RFC 5869 section 2.2."""
    return hmac.new(salt or bytes(hashlib.new(name).digest_size), ikm, name).digest()


def expand(name, prk, info, length):
    """RFC 5869 section 2.3."""
    output, block, counter = b"", b"", 1
    while len(output) < length:
        block = hmac.new(prk, block + info + bytes([counter]), name).digest()
        output, counter = output + block, counter + 1
    return output[:length]


def labeled_extract(name, suite, salt, label, ikm):
    """RFC 9180 section 4."""
    return extract(name, salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(name, suite, prk, label, info, length):
    return expand(name, prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def schedule(case, shared, psk=b"", psk_id=b""):
    """RFC 9180 section 5.1, then some messages and exports."""
    name, (key_length, aead) = KDFS[case["kdf_id"]], AEADS[case["aead_id"]]
    suite = b"HPKE" + b"".join(case[part].to_bytes(2, "big") for part in ("kem_id", "kdf_id", "aead_id"))
    context = (
        bytes([case["mode"]])
        + labeled_extract(name, suite, b"", b"psk_id_hash", psk_id)
        + labeled_extract(name, suite, b"", b"info_hash", bytes.fromhex(case["info"]))
    )
    secret = labeled_extract(name, suite, shared, b"secret", psk)
    key = labeled_expand(name, suite, secret, b"key", context, key_length)
    base_nonce = labeled_expand(name, suite, secret, b"base_nonce", context, 12)
    exporter = labeled_expand(name, suite, secret, b"exp", context, hashlib.new(name).digest_size)
    case["encryptions"] = []
    for sequence in (0, 1, 2, 255, 256, 600):
        nonce = bytes(a ^ b for a, b in zip(base_nonce, sequence.to_bytes(12, "big")))
        aad, plaintext = b"Count-%d" % sequence, b"message %d " % sequence * (sequence % 7)
        ciphertext = aead(key).encrypt(nonce, plaintext, aad)
        case["encryptions"].append({"seq": sequence, "aad": aad.hex(), "pt": plaintext.hex(), "ct": ciphertext.hex()})
    case["exports"] = [
        {"exporter_context": of.hex(), "exported_value": labeled_expand(name, suite, exporter, b"sec", of, length).hex()}
        for of, length in ((b"", 32), (b"\x00", 48), (b"TestContext", 255))
    ]
    return case


def derive_p384(ikm):
    """RFC 9180 section 7.1.3 for DHKEM(P-384, HKDF-SHA384): the private key as a number."""
    suite = b"KEM\x00\x11"
    prk = labeled_extract("sha384", suite, b"", b"dkp_prk", ikm)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
    for counter in range(256):
        number = int.from_bytes(labeled_expand("sha384", suite, prk, b"candidate", bytes([counter]), 48), "big")
        if 0 < number < order:
            return number
    raise ValueError


def point(number):
    public = ec.derive_private_key(number, ec.SECP384R1()).public_key()
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def p384_case(mode, kdf, aead):
    ikm_r, ikm_e = hashlib.sha384(b"recipient").digest(), hashlib.sha384(b"ephemeral").digest()
    recipient, ephemeral = derive_p384(ikm_r), derive_p384(ikm_e)
    dh = ec.derive_private_key(ephemeral, ec.SECP384R1()).exchange(
        ec.ECDH(), ec.derive_private_key(recipient, ec.SECP384R1()).public_key()
    )
    suite = b"KEM\x00\x11"
    prk = labeled_extract("sha384", suite, b"", b"eae_prk", dh)
    shared = labeled_expand("sha384", suite, prk, b"shared_secret", point(ephemeral) + point(recipient), 48)
    return shared, {
        "mode": mode, "kem_id": 0x11, "kdf_id": kdf, "aead_id": aead, "info": b"recomputed".hex(),
        "ikmE": ikm_e.hex(), "ikmR": ikm_r.hex(), "skRm": recipient.to_bytes(48, "big").hex(),
        "pkRm": point(recipient).hex(), "enc": point(ephemeral).hex(), "shared_secret": shared.hex(),
    }  # fmt: skip


def hpke_cases():
    cases = []
    official = json.loads((VECTORS / "hpke/hpke-pq.json").read_text())
    copied = ("mode", "kem_id", "info", "ikmE", "ikmR", "skRm", "pkRm", "enc", "shared_secret")
    for source in (case for case in official if case["kem_id"] == 0x647A):
        for kdf, aead in ((2, 2), (1, 1), (3, 3)):
            case = {key: source[key] for key in copied} | {"kdf_id": kdf, "aead_id": aead}
            cases.append(schedule(case, bytes.fromhex(source["shared_secret"])))
    shared, case = p384_case(0, 2, 2)
    cases.append(schedule(case, shared))
    shared, case = p384_case(1, 2, 2)
    psk, psk_id = hashlib.sha256(b"psk").digest(), b"its name"
    cases.append(schedule(case | {"psk": psk.hex(), "psk_id": psk_id.hex()}, shared, psk, psk_id))
    for case in cases:
        case["name"] = "mode %(mode)d, KEM %(kem_id)04x, KDF %(kdf_id)d, AEAD %(aead_id)d" % case
    return cases


def stream(seed, draw, length):
    """Randomness(seed:): ChaCha20 (RFC 8439) under SHA-256(seed), block counter 0, the nonce the draw's number."""
    nonce = bytes(4) + draw.to_bytes(8, "little") + bytes(4)
    return Cipher(algorithms.ChaCha20(hashlib.sha256(seed).digest(), nonce), None).encryptor().update(bytes(length))


def randomness_cases():
    cases = []
    for seed in (b"", b"seed", bytes(range(200))):
        draws = [stream(seed, number, length) for number, length in enumerate((1, 32, 64, 65, 0, 1000, 32))]
        cases.append({"seed": seed.hex(), "draws": [draw.hex() for draw in draws]})
    return cases


def mldsa_cases():
    cases = []
    for number in range(4):
        seed = hashlib.sha256(b"seed %d" % number).digest()
        message, context, random = b"message " * (number * 40), b"c" * (number * 85), b"random %d" % number
        public, private = ML_DSA_65.key_derive(seed)
        formatted = bytes([0, len(context)]) + context + message
        signature = ML_DSA_65._sign_internal(private, formatted, stream(random, 0, 32))
        assert ML_DSA_65.verify(public, message, signature, context)
        classical_seed = hashlib.sha256(b"classical %d" % number).digest()
        classical = ed25519.Ed25519PrivateKey.from_private_bytes(classical_seed)
        raw = classical.public_key().public_bytes_raw()
        both = classical.sign(bytes([len(context)]) + context + message) + signature
        cases.append({
            "seed": seed.hex(), "message": message.hex(), "context": context.hex(), "random": random.hex(),
            "public_sha256": hashlib.sha256(public).hexdigest(),
            "signature_sha256": hashlib.sha256(signature).hexdigest(),
            "ed25519_seed": classical_seed.hex(),
            "hybrid_public_sha256": hashlib.sha256(raw + public).hexdigest(),
            "hybrid_signature_sha256": hashlib.sha256(both).hexdigest(),
        })  # fmt: skip
    return cases


def hash_cases():
    messages = [b"", b"abc", b"a" * 111, b"a" * 112, b"a" * 135, b"a" * 136, bytes(range(256)) * 5]
    return [
        {"message": message.hex(), "sha256": hashlib.sha256(message).hexdigest(),
         "sha384": hashlib.sha384(message).hexdigest(), "sha512": hashlib.sha512(message).hexdigest(),
         "shake256": hashlib.shake_256(message).hexdigest(32 + 100 * (len(message) % 3))}
        for message in messages
    ]  # fmt: skip


def main():
    result = {
        "hpke": hpke_cases(), "randomness": randomness_cases(), "mldsa": mldsa_cases(), "hash": hash_cases(),
    }  # fmt: skip
    (HERE / "recomputed.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
