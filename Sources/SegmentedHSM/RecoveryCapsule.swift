import CryptoPrimitives
import WireFormat

/// A hybrid key sealed under a ``RecoveryCode``, for a file: with file and code, and without the vault, the key is had again.
///
/// Encoded: "CryptPeer recovery" in ASCII, version (1), context, salt (32), nonce (12), both seeds and tag (80).
public struct RecoveryCapsule: Equatable, Sendable, WireCodable {
    private static let magic = label("CryptPeer recovery")
    private static let formatVersion: UInt8 = 1
    private static let saltLength = 32
    static let contextLimit = 255

    /// What the caller says, in clear, about whose key this is.
    public let context: [UInt8]
    private let salt: [UInt8]
    private let nonce: [UInt8]
    private let ciphertext: [UInt8]

    init(sealing seeds: Secret, context: [UInt8], code: RecoveryCode, random: Randomness) throws(HSMError) {
        guard context.count <= Self.contextLimit else { throw .contextTooLong }
        self.context = context
        salt = random.bytes(Self.saltLength)
        nonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        ciphertext = try sealAES(
            seeds, key: Self.key(code, salt: salt), nonce: nonce, aad: Self.header(context: context, salt: salt))
    }

    func open(_ code: RecoveryCode) throws(HSMError) -> Secret {
        var seeds = try openAES(
            ciphertext, key: Self.key(code, salt: salt), nonce: nonce, aad: Self.header(context: context, salt: salt))
        return Secret(wiping: &seeds)
    }

    private static func key(_ code: RecoveryCode, salt: [UInt8]) -> Secret {
        HKDF.derive(.sha512, salt: salt, ikm: code.key, info: label("CryptPeer recovery capsule 1"), length: 32)
    }

    private static func header(context: [UInt8], salt: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: magic)
        writer.write(formatVersion)
        writer.write(opaque: context)
        writer.write(fixed: salt)
        return writer.bytes
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: Self.header(context: context, salt: salt))
        writer.write(fixed: nonce)
        writer.write(fixed: ciphertext)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readFixed(Self.magic.count) == Self.magic, try reader.readUInt8() == Self.formatVersion
        else { throw .invalidValue }
        context = try reader.readOpaque(limit: Self.contextLimit)
        salt = try reader.readFixed(Self.saltLength)
        nonce = try reader.readFixed(AEADAlgorithm.aes256GCM.nonceLength)
        ciphertext = try reader.readFixed(HybridSigningKey.seedLength + AEADAlgorithm.aes256GCM.tagLength)
    }
}

extension HSM {
    /// Seals a key, the authority's, under a new random recovery key.
    ///
    /// - Parameter context: at most 255 bytes that the file shows in clear: whose key it is.
    /// - Returns: the code, to be written down, and the capsule, to be kept as a file elsewhere.
    /// - Throws: ``HSMError/locked``, ``HSMError/unknownKey``, ``HSMError/contextTooLong``.
    public func makeRecoveryCapsule(of key: HybridKey, context: [UInt8], random: Randomness) throws(HSMError)
        -> (code: RecoveryCode, capsule: RecoveryCapsule)
    {
        let seeds = try signer(of: key).seeds
        let code = RecoveryCode(key: random.secret(RecoveryCode.keyLength))
        return (code, try RecoveryCapsule(sealing: seeds, context: context, code: code, random: random))
    }

    /// Loads the key of a recovery capsule. Check that the public key is the one that the context promises.
    ///
    /// - Throws: ``HSMError/locked``; ``HSMError/notAuthentic`` if the code is another capsule's or the file is damaged.
    public func restore(_ capsule: RecoveryCapsule, code: RecoveryCode) throws(HSMError) -> HybridKey {
        _ = try unlockedKeys()
        return try load(hybrid: try capsule.open(code))
    }
}
