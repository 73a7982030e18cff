import CCryptoBoringSSL

/// A private key and the public key that belongs to it.
public struct SigningKeyPair: Sendable {
    /// An Ed25519 seed, or an ECDSA scalar.
    public let privateKey: Secret
    public let publicKey: [UInt8]

    public init(privateKey: Secret, publicKey: [UInt8]) {
        self.privateKey = privateKey
        self.publicKey = publicKey
    }
}

/// The signature schemes of the MLS cipher suites (RFC 9420 §5.1, §17.1). The raw values are TLS's (RFC 8446 §4.2.3).
public enum SignatureScheme: UInt16, Sendable {
    /// RFC 8032. The private key is the 32-byte seed.
    case ed25519 = 0x0807
    /// FIPS 186-5. Private keys are big-endian scalars, public keys uncompressed points, signatures DER (RFC 9420 §5.1.1).
    case ecdsaP256SHA256 = 0x0403
    case ecdsaP384SHA384 = 0x0503
    case ecdsaP521SHA512 = 0x0603

    /// Bytes of a private key.
    public var privateKeyLength: Int { ecdsa?.curve.scalarLength ?? 32 }
    /// Bytes of a public key.
    public var publicKeyLength: Int { ecdsa?.curve.pointLength ?? 32 }

    /// A new key pair from `random`.
    ///
    /// - Throws: ``CryptoError/internalFailure`` only.
    public func generate(_ random: Randomness) throws(CryptoError) -> SigningKeyPair {
        // An Ed25519 seed always is one. A random scalar may lie outside the group's order: with P-256 and P-384 hardly
        // ever, with P-521 never once its surplus bits are cleared. So many failures in a row do not happen.
        for _ in 0..<64 {
            var candidate = random.secret(privateKeyLength)
            if self == .ecdsaP521SHA512 { candidate = candidate.maskingFirstByte(0x01) }
            guard let publicKey = try? publicKey(of: candidate) else { continue }
            return SigningKeyPair(privateKey: candidate, publicKey: publicKey)
        }
        throw .internalFailure
    }

    /// The public key that belongs to `privateKey`.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func publicKey(of privateKey: Secret) throws(CryptoError) -> [UInt8] {
        if let ecdsa { return try EllipticCurveKey(ecdsa.curve, privateKey: privateKey).publicPoint() }
        let expanded = try Ed25519.expand(privateKey)
        return expanded.publicKey
    }

    /// Signs `message`. Ed25519 signatures are 64 bytes and always the same; ECDSA ones are DER, of varying length, with a
    /// nonce from BoringSSL's own generator.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func sign(_ message: [UInt8], with privateKey: Secret) throws(CryptoError) -> [UInt8] {
        guard let ecdsa else { return try Ed25519.expand(privateKey).sign(message) }
        let key = try EllipticCurveKey(ecdsa.curve, privateKey: privateKey)
        let digest = ecdsa.hash.hash(message)
        var signature = [UInt8](repeating: 0, count: CCryptoBoringSSL_ECDSA_size(key.pointer))
        var written: UInt32 = 0
        guard CCryptoBoringSSL_ECDSA_sign(0, digest, digest.count, &signature, &written, key.pointer) == 1 else {
            throw .internalFailure
        }
        signature.removeLast(signature.count - Int(written))
        return signature
    }

    /// Whether `signature` is one of `message` by the owner of `publicKey`. Malformed keys and signatures are not.
    public func verify(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard let ecdsa else {
            guard signature.count == 64, publicKey.count == 32 else { return false }
            return CCryptoBoringSSL_ED25519_verify(message, message.count, signature, publicKey) == 1
        }
        guard let key = try? EllipticCurveKey(ecdsa.curve, publicKey: publicKey) else { return false }
        let digest = ecdsa.hash.hash(message)
        return CCryptoBoringSSL_ECDSA_verify(0, digest, digest.count, signature, signature.count, key.pointer) == 1
    }

    private var ecdsa: (curve: EllipticCurve, hash: HashAlgorithm)? {
        #if OWN_SUITE_ALONE
            // As for ``KeyAgreement``.
            return nil
        #else
            return switch self {
            case .ed25519: nil
            case .ecdsaP256SHA256: (.p256, .sha256)
            case .ecdsaP384SHA384: (.p384, .sha384)
            case .ecdsaP521SHA512: (.p521, .sha512)
            }
        #endif
    }
}

/// An Ed25519 key as BoringSSL wants it: the seed, then the public key.
struct Ed25519 {
    private let expanded: Secret
    let publicKey: [UInt8]

    static func expand(_ seed: Secret) throws(CryptoError) -> Ed25519 {
        guard seed.count == 32 else { throw .invalidKey }
        var publicKey = [UInt8](repeating: 0, count: 32)
        let expanded = Secret.make(count: 64) { (output: UnsafeMutableRawBufferPointer) in
            seed.withUnsafeBytes { seed in
                CCryptoBoringSSL_ED25519_keypair_from_seed(&publicKey, output.bytePointer, seed.bytePointer)
            }
        }
        return Ed25519(expanded: expanded, publicKey: publicKey)
    }

    func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        let signed = expanded.withUnsafeBytes { key in
            CCryptoBoringSSL_ED25519_sign(&signature, message, message.count, key.bytePointer)
        }
        guard signed == 1 else { throw .internalFailure }
        return signature
    }
}

extension Secret {
    /// The same bytes with the surplus bits of the first one cleared: P-521's order has 521 bits in 66 bytes.
    func maskingFirstByte(_ mask: UInt8) -> Secret {
        Secret.make(count: count) { (output: UnsafeMutableRawBufferPointer) in
            withUnsafeBytes { bytes in output.copyMemory(from: bytes) }
            if output.count > 0 { output[0] &= mask }
        }
    }
}
