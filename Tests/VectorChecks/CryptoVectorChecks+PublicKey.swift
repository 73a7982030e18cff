import CryptoPrimitives

extension CryptoVectorChecks {
    /// expectation, public key, message, context, signature.
    static func mldsaVerification(_ reader: inout CaseReader) throws(VectorFailure) {
        let expectation = try reader.expectation()
        let publicKey = try reader.bytes()
        let message = try reader.bytes()
        let context = try reader.bytes()
        let verified = MLDSA65.verify(try reader.bytes(), over: message, context: context, by: publicKey)
        try expect(
            verified == (expectation == .valid),
            verified ? "a bad signature verifies" : "a good signature does not verify")
    }

    /// seed, message, context, seed of the randomness, SHA-256 of the public key, SHA-256 of the signature.
    static func mldsaSigning(_ reader: inout CaseReader) throws(VectorFailure) {
        let seed = try reader.secret()
        let message = try reader.bytes()
        let context = try reader.bytes()
        let random = Randomness(seed: try reader.bytes())
        let publicKey = try accepted("the seed is refused") { () throws(CryptoError) in
            try MLDSA65.publicKey(seed: seed)
        }
        let signature = try accepted("signing is refused") { () throws(CryptoError) in
            try MLDSA65.sign(message, context: context, seed: seed, random: random)
        }
        try expectEqual(HashAlgorithm.sha256.hash(publicKey), try reader.bytes(), "another public key")
        try expectEqual(HashAlgorithm.sha256.hash(signature), try reader.bytes(), "another signature")
        try expect(
            MLDSA65.verify(signature, over: message, context: context, by: publicKey), "it does not verify")
    }

    /// both seeds, message, context, seed of the randomness, SHA-256 of the public key, SHA-256 of the signature.
    static func hybridSigning(_ reader: inout CaseReader) throws(VectorFailure) {
        let seeds = try reader.secret()
        let message = try reader.bytes()
        let context = try reader.bytes()
        let random = Randomness(seed: try reader.bytes())
        let key = try accepted("the seeds are refused") { () throws(CryptoError) in
            try HybridSigningKey(seeds: seeds)
        }
        let signature = try accepted("signing is refused") { () throws(CryptoError) in
            try key.sign(message, context: context, random: random)
        }
        try expectEqual(HashAlgorithm.sha256.hash(key.publicKey.bytes), try reader.bytes(), "another public key")
        try expectEqual(HashAlgorithm.sha256.hash(signature.bytes), try reader.bytes(), "another signature")
        try expect(key.publicKey.verify(signature, over: message, context: context), "it does not verify")
    }

    /// expectation, seed, encapsulation key, ciphertext, shared secret.
    static func mlkem(_ reader: inout CaseReader) throws(VectorFailure) {
        let expectation = try reader.expectation()
        let seed = try reader.secret()
        let publicKey = try reader.bytes()
        let ciphertext = try reader.bytes()
        let shared = try reader.bytes()
        func decapsulate() throws(CryptoError) -> Secret { try MLKEM768.decapsulate(ciphertext, seed: seed) }
        guard expectation == .valid else { return try refused("a malformed ciphertext is taken", decapsulate) }
        let derived = try accepted("the seed is refused") { () throws(CryptoError) in
            try MLKEM768.publicKey(seed: seed)
        }
        try expectEqual(derived, publicKey, "another encapsulation key")
        try expectEqual(try accepted("the ciphertext is refused", decapsulate), shared, "another shared secret")
    }

    /// KEM, ikmR, private key, public key, ikmE, encapsulation, shared secret.
    static func kem(_ reader: inout CaseReader) throws(VectorFailure) {
        let kem = try reader.kem()
        let recipientSeed = try reader.secret()
        let privateKey = try reader.bytes()
        let publicKey = try reader.bytes()
        let entropy = try reader.secret()
        let encapsulation = try reader.bytes()
        let shared = try reader.bytes()
        let pair = try accepted("DeriveKeyPair is refused") { () throws(CryptoError) in
            try kem.deriveKeyPair(ikm: recipientSeed)
        }
        try expectEqual(pair.publicKey, publicKey, "DeriveKeyPair gives another public key")
        try expectEqual(pair.privateKey, privateKey, "DeriveKeyPair gives another private key")
        try expectEqual(
            try accepted("the private key is refused") { () throws(CryptoError) in
                try kem.publicKey(of: Secret(privateKey))
            }, publicKey, "the private key has another public key")
        let sent = try accepted("Encap is refused") { () throws(CryptoError) in
            try kem.encapsulateDerandomized(to: publicKey, entropy: entropy)
        }
        try expectEqual(sent.encapsulation, encapsulation, "Encap gives another encapsulation")
        try expectEqual(sent.sharedSecret, shared, "Encap gives another secret")
        let received = try accepted("Decap is refused") { () throws(CryptoError) in
            try kem.decapsulate(encapsulation, privateKey: Secret(privateKey))
        }
        try expectEqual(received, shared, "Decap gives another secret")
    }
}
