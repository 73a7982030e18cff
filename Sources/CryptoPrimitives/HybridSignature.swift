/// An Ed25519 and an ML-DSA-65 signature of the same message, under the same context string. Worth something only while
/// both hold: forging one takes breaking elliptic curves and lattices.
public struct HybridSignature: Equatable, Sendable {
    /// 64 bytes of Ed25519, 3309 of ML-DSA-65.
    public static let length = 64 + MLDSA65.signatureLength

    /// Ed25519, then ML-DSA-65.
    public let bytes: [UInt8]

    /// - Throws: ``CryptoError/invalidSignature`` for another length. Whether it verifies is seen later.
    public init(_ bytes: [UInt8]) throws(CryptoError) {
        guard bytes.count == Self.length else { throw .invalidSignature }
        self.bytes = bytes
    }

    var ed25519: [UInt8] { [UInt8](bytes[..<64]) }
    var mldsa: [UInt8] { [UInt8](bytes[64...]) }
}

/// The public half of a ``HybridSigningKey``.
public struct HybridPublicKey: Hashable, Sendable {
    /// 32 bytes of Ed25519, 1952 of ML-DSA-65.
    public static let length = 32 + MLDSA65.publicKeyLength

    /// Ed25519, then ML-DSA-65.
    public let bytes: [UInt8]

    /// - Throws: ``CryptoError/invalidKey`` for another length.
    public init(_ bytes: [UInt8]) throws(CryptoError) {
        guard bytes.count == Self.length else { throw .invalidKey }
        self.bytes = bytes
    }

    /// The Ed25519 part, 32 bytes.
    public var ed25519: [UInt8] { [UInt8](bytes[..<32]) }
    /// The ML-DSA-65 part, 1952 bytes.
    public var mldsa: [UInt8] { [UInt8](bytes[32...]) }

    /// Whether both signatures are of `message` under `context` by this key's owner.
    public func verify(_ signature: HybridSignature, over message: [UInt8], context: [UInt8]) -> Bool {
        guard context.count <= MLDSA65.contextLimit else { return false }
        return SignatureScheme.ed25519.verify(
            signature.ed25519, over: HybridSigningKey.classicalMessage(message, context: context), by: ed25519)
            && MLDSA65.verify(signature.mldsa, over: message, context: context, by: mldsa)
    }
}

/// A signing key of the bubble's trust chain: Ed25519 and ML-DSA-65 together.
public struct HybridSigningKey: Sendable {
    /// Bytes of the private key: the Ed25519 seed, then ML-DSA-65's.
    public static let seedLength = 64

    /// What to keep, sealed, in order to have the key again.
    public let seeds: Secret
    public let publicKey: HybridPublicKey
    private let ed25519: Secret
    private let mldsa: Secret

    /// - Parameter seeds: the Ed25519 seed, then the ML-DSA-65 seed, 32 bytes each.
    /// - Throws: ``CryptoError/invalidKey`` for another length.
    public init(seeds: Secret) throws(CryptoError) {
        guard seeds.count == Self.seedLength else { throw .invalidKey }
        self.seeds = seeds
        ed25519 = try seeds.slice(0..<32)
        mldsa = try seeds.slice(32..<64)
        publicKey = try HybridPublicKey(
            SignatureScheme.ed25519.publicKey(of: ed25519) + MLDSA65.publicKey(seed: mldsa))
    }

    /// A new key from `random`.
    public static func generate(_ random: Randomness) throws(CryptoError) -> HybridSigningKey {
        try HybridSigningKey(seeds: random.secret(seedLength))
    }

    /// Signs `message` twice.
    ///
    /// - Parameter context: at most 255 bytes that say what kind of thing is signed, so that a signature for one purpose is
    ///   none for another.
    /// - Throws: ``CryptoError/invalidLength`` for a longer context.
    public func sign(_ message: [UInt8], context: [UInt8], random: Randomness) throws(CryptoError) -> HybridSignature {
        guard context.count <= MLDSA65.contextLimit else { throw .invalidLength }
        let classical = try SignatureScheme.ed25519.sign(
            Self.classicalMessage(message, context: context), with: ed25519)
        return try HybridSignature(
            classical + MLDSA65.sign(message, context: context, seed: mldsa, random: random))
    }

    /// Ed25519 has no context string of its own here: it signs the context's length, the context, the message.
    static func classicalMessage(_ message: [UInt8], context: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: context.count)] + context + message
    }
}
