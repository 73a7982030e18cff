import CCryptoBoringSSL

/// A key pair of a ``KEM``.
public struct KEMKeyPair: Sendable {
    public let privateKey: Secret
    public let publicKey: [UInt8]

    public init(privateKey: Secret, publicKey: [UInt8]) {
        self.privateKey = privateKey
        self.publicKey = publicKey
    }
}

/// The key encapsulation mechanisms of HPKE: DHKEM (RFC 9180 §4.1) and X-Wing (draft-ietf-hpke-pq). The raw values are HPKE's
/// identifiers.
public enum KEM: UInt16, Sendable {
    case dhkemP256SHA256 = 0x0010
    case dhkemP384SHA384 = 0x0011
    case dhkemP521SHA512 = 0x0012
    case dhkemX25519SHA256 = 0x0020
    /// ML-KEM-768 with X25519 (draft-connolly-cfrg-xwing-kem). Private keys are the 32-byte seed.
    case xwing = 0x647a

    /// Nsk: bytes of a private key.
    public var privateKeyLength: Int { agreement?.privateKeyLength ?? Int(XWING_PRIVATE_KEY_BYTES) }
    /// Npk: bytes of a public key.
    public var publicKeyLength: Int { agreement?.publicKeyLength ?? Int(XWING_PUBLIC_KEY_BYTES) }
    /// Nenc: bytes of an encapsulated key.
    public var encapsulationLength: Int { agreement?.publicKeyLength ?? Int(XWING_CIPHERTEXT_BYTES) }
    /// Nsecret: bytes of the shared secret.
    public var sharedSecretLength: Int { agreement == nil ? Int(XWING_SHARED_SECRET_BYTES) : hash.length }
    /// How much randomness one encapsulation takes, in bytes.
    public var entropyLength: Int { agreement?.privateKeyLength ?? 64 }

    /// A new key pair from `random`.
    public func generateKeyPair(_ random: Randomness) throws(CryptoError) -> KEMKeyPair {
        try deriveKeyPair(ikm: random.secret(privateKeyLength))
    }

    /// DeriveKeyPair: the key pair that follows from `ikm` (RFC 9180 §7.1.3; draft-ietf-hpke-pq for X-Wing).
    ///
    /// - Parameter ikm: at least ``privateKeyLength`` bytes of entropy.
    public func deriveKeyPair(ikm: Secret) throws(CryptoError) -> KEMKeyPair {
        let privateKey: Secret
        switch self {
        case .xwing:
            privateKey = SHAKE256.labeledDerive(
                suite: suite, ikm: ikm, label: "DeriveKeyPair", context: [], length: privateKeyLength)
        case .dhkemX25519SHA256:
            let prk = kdf.extract(salt: [], label: "dkp_prk", ikm: ikm)
            privateKey = kdf.expand(prk, label: "sk", info: [], length: privateKeyLength)
        case .dhkemP256SHA256, .dhkemP384SHA384, .dhkemP521SHA512:
            return try deriveByRejection(kdf.extract(salt: [], label: "dkp_prk", ikm: ikm))
        }
        return try KEMKeyPair(privateKey: privateKey, publicKey: publicKey(of: privateKey))
    }

    /// The public key that belongs to `privateKey`.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func publicKey(of privateKey: Secret) throws(CryptoError) -> [UInt8] {
        if let agreement { return try agreement.publicKey(of: privateKey) }
        return try XWing.publicKey(of: privateKey)
    }

    /// Encap: a new shared secret, and what the owner of `publicKey` needs to get it too.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func encapsulate(to publicKey: [UInt8], random: Randomness) throws(CryptoError)
        -> (sharedSecret: Secret, encapsulation: [UInt8])
    {
        try encapsulateDerandomized(to: publicKey, entropy: random.secret(entropyLength))
    }

    /// Encap with randomness of the caller's choosing (EncapDerand of draft-ietf-hpke-pq; for DHKEM, the ephemeral key is
    /// DeriveKeyPair of it). For vectors: the same entropy twice is the same secret twice.
    ///
    /// - Parameter entropy: ``entropyLength`` bytes.
    public func encapsulateDerandomized(to publicKey: [UInt8], entropy: Secret) throws(CryptoError)
        -> (sharedSecret: Secret, encapsulation: [UInt8])
    {
        guard publicKey.count == publicKeyLength else { throw .invalidKey }
        guard entropy.count == entropyLength else { throw .invalidLength }
        guard let agreement else { return try XWing.encapsulate(to: publicKey, entropy: entropy) }
        // RFC 9180 §4.1.
        let ephemeral = try deriveKeyPair(ikm: entropy)
        let shared = try agreement.sharedSecret(ephemeral.privateKey, publicKey)
        return (extractAndExpand(shared, context: ephemeral.publicKey + publicKey), ephemeral.publicKey)
    }

    /// Decap: the shared secret inside `encapsulation`. With X-Wing, one that was tampered with may just give another
    /// secret (implicit rejection): the AEAD shows it.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func decapsulate(_ encapsulation: [UInt8], privateKey: Secret) throws(CryptoError) -> Secret {
        guard encapsulation.count == encapsulationLength else { throw .invalidKey }
        guard let agreement else { return try XWing.decapsulate(encapsulation, privateKey: privateKey) }
        let shared = try agreement.sharedSecret(privateKey, encapsulation)
        return extractAndExpand(shared, context: encapsulation + (try publicKey(of: privateKey)))
    }

    /// Whether these bytes are a key that can be encapsulated to. HPKE checks it anyhow, at its first use.
    public func isValidPublicKey(_ publicKey: [UInt8]) -> Bool {
        let entropy = Secret.make(count: entropyLength) { (buffer: UnsafeMutableRawBufferPointer) in
            // Any entropy will do: the result is thrown away.
            buffer.initializeMemory(as: UInt8.self, repeating: 1)
        }
        return (try? encapsulateDerandomized(to: publicKey, entropy: entropy)) != nil
    }

    /// "KEM" and the identifier: the suite of the labels inside a KEM (RFC 9180 §4.1).
    private var suite: [UInt8] {
        [0x4B, 0x45, 0x4D, UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue)]
    }

    private var kdf: LabeledKDF { LabeledKDF(hash: hash, suite: suite) }

    private var hash: HashAlgorithm {
        switch self {
        case .dhkemP256SHA256, .dhkemX25519SHA256, .xwing: .sha256
        case .dhkemP384SHA384: .sha384
        case .dhkemP521SHA512: .sha512
        }
    }

    private var agreement: KeyAgreement? {
        switch self {
        case .dhkemP256SHA256: .p256
        case .dhkemP384SHA384: .p384
        case .dhkemP521SHA512: .p521
        case .dhkemX25519SHA256: .x25519
        case .xwing: nil
        }
    }

    private func extractAndExpand(_ shared: Secret, context: [UInt8]) -> Secret {
        let prk = kdf.extract(salt: [], label: "eae_prk", ikm: shared)
        return kdf.expand(prk, label: "shared_secret", info: context, length: sharedSecretLength)
    }

    /// RFC 9180 §7.1.3, for the NIST curves: the first candidate that is a scalar.
    private func deriveByRejection(_ prk: Secret) throws(CryptoError) -> KEMKeyPair {
        for counter in UInt8.min...UInt8.max {
            var candidate = kdf.expand(prk, label: "candidate", info: [counter], length: privateKeyLength)
            if self == .dhkemP521SHA512 { candidate = candidate.maskingFirstByte(0x01) }
            guard let publicKey = try? publicKey(of: candidate) else { continue }
            return KEMKeyPair(privateKey: candidate, publicKey: publicKey)
        }
        throw .internalFailure
    }
}
