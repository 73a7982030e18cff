import CryptoPrimitives
import WireFormat

/// The vault's root, sealed under one set of segments.
struct RootSlot: Equatable, Sendable, WireCodable {
    static let rootLength = 32
    private static let checkLength = 32

    let passphraseParameters: PassphraseParameters
    /// Recognises the device segment: see ``SegmentDescriptor``.
    let deviceCheck: [UInt8]
    /// Recognises the whole set of segments. AES-GCM alone would let one ciphertext open under two keys.
    private let setCheck: [UInt8]
    private let nonce: [UInt8]
    private let sealedRoot: [UInt8]

    /// Seals `root` under `segments`.
    ///
    /// - Throws: ``HSMError/invalidSegments``.
    init(
        root: Secret, segments: [Segment], identity: VaultIdentity, generation: UInt64, random: Randomness
    ) throws(HSMError) {
        guard let segments = SegmentSet(segments) else { throw .invalidSegments }
        let check = SegmentDescriptor.deviceCheck(of: segments.device, in: identity)
        let descriptors: [SegmentDescriptor] = [.passphrase(segments.parameters), .device(check: check)]
        let unlock = UnlockKey(segments, descriptors, identity)
        passphraseParameters = segments.parameters
        deviceCheck = check
        setCheck = unlock.check(length: Self.checkLength)
        nonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        let aad = Self.additionalData(descriptors, setCheck: setCheck, identity: identity, generation: generation)
        sealedRoot = try sealAES(root, key: unlock.sealingKey(), nonce: nonce, aad: aad)
    }

    /// The root.
    ///
    /// - Throws: ``HSMError/wrongSegments``, whatever it is that does not fit.
    func open(_ segments: [Segment], identity: VaultIdentity, generation: UInt64) throws(HSMError) -> Secret {
        guard let segments = SegmentSet(segments), segments.parameters == passphraseParameters else {
            throw .wrongSegments
        }
        let unlock = UnlockKey(segments, descriptors, identity)
        guard constantTimeEqual(unlock.check(length: Self.checkLength), setCheck) else { throw .wrongSegments }
        let aad = Self.additionalData(descriptors, setCheck: setCheck, identity: identity, generation: generation)
        do throws(CryptoError) {
            var root = try AEADAlgorithm.aes256GCM.open(
                key: unlock.sealingKey(), nonce: nonce, ciphertext: sealedRoot, aad: aad)
            return Secret(wiping: &root)
        } catch {
            throw .wrongSegments
        }
    }

    private var descriptors: [SegmentDescriptor] { [.passphrase(passphraseParameters), .device(check: deviceCheck)] }

    /// Everything in the header that this slot depends on.
    private static func additionalData(
        _ descriptors: [SegmentDescriptor], setCheck: [UInt8], identity: VaultIdentity, generation: UInt64
    ) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: label("CryptPeer vault root 1"))
        writer.write(identity)
        writer.write(generation)
        writer.write(vector: descriptors)
        writer.write(fixed: setCheck)
        return writer.bytes
    }

    func encode(into writer: inout WireWriter) {
        writer.write(vector: descriptors)
        writer.write(fixed: setCheck)
        writer.write(fixed: nonce)
        writer.write(fixed: sealedRoot)
    }

    init(from reader: inout WireReader) throws(WireError) {
        let descriptors = try reader.readVector(of: SegmentDescriptor.self, limit: 2)
        guard descriptors.count == 2, case .passphrase(let parameters) = descriptors[0],
            case .device(let check) = descriptors[1]
        else { throw .invalidValue }
        passphraseParameters = parameters
        deviceCheck = check
        setCheck = try reader.readFixed(Self.checkLength)
        nonce = try reader.readFixed(AEADAlgorithm.aes256GCM.nonceLength)
        sealedRoot = try reader.readFixed(Self.rootLength + AEADAlgorithm.aes256GCM.tagLength)
    }
}

/// HKDF-SHA-512 over all segments at once: with any one of them missing, the rest say nothing about the result.
private struct UnlockKey {
    private let prk: Secret
    private let info: [UInt8]

    init(_ segments: SegmentSet, _ descriptors: [SegmentDescriptor], _ identity: VaultIdentity) {
        var ikm = Secret([])
        for (descriptor, secret) in zip(descriptors, [segments.passphrase, segments.device]) {
            ikm = ikm + Secret(descriptor.keyLabel) + secret
        }
        prk = HKDF.extract(.sha512, salt: identity.salt, ikm: ikm)
        var writer = WireWriter()
        writer.write(fixed: identity.vaultID)
        writer.write(vector: descriptors)
        info = writer.bytes
    }

    func sealingKey() -> Secret {
        HKDF.expand(.sha512, prk: prk, info: label("CryptPeer vault unlock 1") + info, length: 32)
    }

    func check(length: Int) -> [UInt8] {
        HKDF.expand(.sha512, prk: prk, info: label("CryptPeer vault check 1") + info, length: length).exposed
    }
}

/// AES-256-GCM of a secret, whose copy outside its protection is overwritten.
///
/// - Throws: ``HSMError/internalFailure``.
func sealAES(_ secret: Secret, key: Secret, nonce: [UInt8], aad: [UInt8]) throws(HSMError) -> [UInt8] {
    var plaintext = secret.exposed
    defer { wipe(&plaintext) }
    return try sealAES(plaintext, key: key, nonce: nonce, aad: aad)
}

/// AES-256-GCM.
///
/// - Throws: ``HSMError/internalFailure``.
func sealAES(_ plaintext: [UInt8], key: Secret, nonce: [UInt8], aad: [UInt8]) throws(HSMError) -> [UInt8] {
    do throws(CryptoError) {
        return try AEADAlgorithm.aes256GCM.seal(key: key, nonce: nonce, plaintext: plaintext, aad: aad)
    } catch {
        throw .internalFailure
    }
}

/// - Throws: ``HSMError/notAuthentic``.
func openAES(_ ciphertext: [UInt8], key: Secret, nonce: [UInt8], aad: [UInt8]) throws(HSMError) -> [UInt8] {
    do throws(CryptoError) {
        return try AEADAlgorithm.aes256GCM.open(key: key, nonce: nonce, ciphertext: ciphertext, aad: aad)
    } catch {
        throw .notAuthentic
    }
}
