import CryptoPrimitives
import WireFormat

extension CryptoVectorChecks {
    /// algorithm, expectation, key, nonce, aad, plaintext, ciphertext with tag.
    static func aead(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithm = try reader.aead()
        let expectation = try reader.expectation()
        let key = try reader.secret()
        let nonce = try reader.bytes()
        let aad = try reader.bytes()
        let plaintext = try reader.bytes()
        let ciphertext = try reader.bytes()
        func seal() throws(CryptoError) -> [UInt8] {
            try algorithm.seal(key: key, nonce: nonce, plaintext: plaintext, aad: aad)
        }
        func open() throws(CryptoError) -> [UInt8] {
            try algorithm.open(key: key, nonce: nonce, ciphertext: ciphertext, aad: aad)
        }
        switch expectation {
        case .valid:
            try expectEqual(try accepted("sealing is refused", seal), ciphertext, "sealing gives another ciphertext")
            try expectEqual(try accepted("opening is refused", open), plaintext, "opening gives another plaintext")
        case .invalid:
            try refused("a forged ciphertext opens", open)
            try expect(
                try accepted("sealing is refused", seal) != ciphertext, "sealing gives the forged ciphertext")
        case .unsupported:
            try refused("a key or nonce of a wrong length opens", open)
            try refused("a key or nonce of a wrong length seals", seal)
        }
    }

    /// curve (0 X25519, 1 P-256, 2 P-384, 3 P-521), expectation, private key, public key, shared secret.
    static func keyAgreement(_ reader: inout CaseReader) throws(VectorFailure) {
        let curve: KeyAgreement
        switch try reader.uint8() {
        case 0: curve = .x25519
        case 1: curve = .p256
        case 2: curve = .p384
        case 3: curve = .p521
        default: throw VectorFailure("an unknown curve")
        }
        let expectation = try reader.expectation()
        let privateKey = try reader.secret()
        let publicKey = try reader.bytes()
        let shared = try reader.bytes()
        func agree() throws(CryptoError) -> Secret { try curve.sharedSecret(privateKey, publicKey) }
        if expectation == .valid {
            try expectEqual(try accepted("the keys are refused", agree), shared, "another shared secret")
        } else {
            try refused("a bad public key is accepted", agree)
        }
    }

    /// scheme, expectation, public key, message, signature.
    static func signature(_ reader: inout CaseReader) throws(VectorFailure) {
        guard let scheme = SignatureScheme(rawValue: try reader.uint16()) else {
            throw VectorFailure("an unknown signature scheme")
        }
        let expectation = try reader.expectation()
        let publicKey = try reader.bytes()
        let message = try reader.bytes()
        let verified = scheme.verify(try reader.bytes(), over: message, by: publicKey)
        try expect(
            verified == (expectation == .valid),
            verified ? "a bad signature verifies" : "a good signature does not verify")
    }

    /// hash, expectation, ikm, salt, info, output length, output.
    static func hkdf(_ reader: inout CaseReader) throws(VectorFailure) {
        let hash = try reader.hashAlgorithm()
        let expectation = try reader.expectation()
        let ikm = try reader.secret()
        let salt = try reader.bytes()
        let info = try reader.bytes()
        let length = Int(try reader.uint32())
        let output = try reader.bytes()
        guard expectation == .valid else {
            return try expect(length > HKDF.maximumLength(hash), "a length that should be too much is not")
        }
        let derived = HKDF.derive(hash, salt: salt, ikm: ikm, info: info, length: length)
        try expectEqual(derived, output, "another output")
        let inTwo = HKDF.expand(
            hash, prk: HKDF.extract(hash, salt: Secret(salt), ikm: ikm), info: info, length: length)
        try expectEqual(inTwo, output, "extract and expand give another output")
    }

    /// hash, expectation, key, message, tag, possibly truncated.
    static func hmac(_ reader: inout CaseReader) throws(VectorFailure) {
        let hash = try reader.hashAlgorithm()
        let expectation = try reader.expectation()
        let key = try reader.secret()
        let computed = hash.hmac(key: key, try reader.bytes())
        let tag = try reader.bytes()
        try expect(tag.count <= computed.count, "a tag longer than the digest")
        try expect(
            constantTimeEqual([UInt8](computed[..<tag.count]), tag) == (expectation == .valid), "another tag")
    }

    /// hash, message, digest.
    static func hash(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithm = try reader.hashAlgorithm()
        let message = try reader.bytes()
        let digest = try reader.bytes()
        try expectEqual(algorithm.hash(message), digest, "another digest")
        var state = HashState(algorithm)
        for byte in message { state.update([byte]) }
        try expectEqual(state.finish(), digest, "another digest, byte by byte")
    }

    /// message, output.
    static func shake256(_ reader: inout CaseReader) throws(VectorFailure) {
        let message = try reader.bytes()
        let output = try reader.bytes()
        try expectEqual(SHAKE256.hash(message, length: output.count), output, "another output")
    }

    /// password, salt, N, r, p, expectation, output.
    static func scrypt(_ reader: inout CaseReader) throws(VectorFailure) {
        let password = try reader.bytes()
        let salt = try reader.bytes()
        let n = try reader.uint64()
        let r = try reader.uint64()
        let p = try reader.uint64()
        let expectation = try reader.expectation()
        let output = try reader.bytes()
        func derive() throws(CryptoError) -> Secret {
            try Scrypt.derive(password: password, salt: salt, n: n, r: r, p: p, length: output.count)
        }
        if expectation == .valid {
            try expectEqual(try accepted("the parameters are refused", derive), output, "another output")
        } else {
            try refused("parameters beyond the limit are taken", derive)
        }
    }

    /// seed, draws: {length, bytes}.
    static func randomness(_ reader: inout CaseReader) throws(VectorFailure) {
        let random = Randomness(seed: try reader.bytes())
        let draws = try reader.list { reader throws(VectorFailure) in try reader.bytes() }
        for draw in draws {
            try expectEqual(random.bytes(draw.count), draw, "the stream is another")
        }
    }

    /// expectation, bytes, text.
    static func base64URL(_ reader: inout CaseReader) throws(VectorFailure) {
        let expectation = try reader.expectation()
        let bytes = try reader.bytes()
        let text = try reader.bytes()
        let decoded: [UInt8]?
        do { decoded = try Base64URL.decode(text) } catch { decoded = nil }
        if expectation == .valid {
            try expectEqual(Base64URL.encode(bytes), text, "another text")
            try expect(decoded == bytes, "other bytes")
        } else {
            try expect(decoded == nil, "a malformed text is taken")
        }
    }
}
