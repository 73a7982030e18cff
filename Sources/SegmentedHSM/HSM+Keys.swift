import CryptoPrimitives
import WireFormat

/// An Ed25519 key inside the HSM: an MLS leaf's, a session's. Only the public half is out here.
public struct SigningKey: Hashable, Sendable {
    /// 32 bytes.
    public let publicKey: [UInt8]
}

/// A hybrid key (Ed25519 and ML-DSA-65) inside the HSM: a member's, the authority's. Only the public half is out here.
public struct HybridKey: Hashable, Sendable {
    public let publicKey: HybridPublicKey
}

extension HSM {
    /// What a sealed key is, so that none opens as another kind.
    private enum KeyKind: UInt8 {
        case ed25519 = 1
        case hybrid = 2
    }

    private static let sealedKeyVersion: UInt8 = 1

    /// A new Ed25519 key.
    ///
    /// - Throws: ``HSMError/locked``.
    public func generateSigningKey(_ random: Randomness) throws(HSMError) -> SigningKey {
        _ = try unlockedKeys()
        return try load(ed25519: random.secret(SignatureScheme.ed25519.privateKeyLength))
    }

    /// A new hybrid key.
    ///
    /// - Throws: ``HSMError/locked``.
    public func generateHybridKey(_ random: Randomness) throws(HSMError) -> HybridKey {
        _ = try unlockedKeys()
        return try load(hybrid: random.secret(HybridSigningKey.seedLength))
    }

    /// An Ed25519 signature, 64 bytes.
    ///
    /// - Throws: ``HSMError/locked``, ``HSMError/unknownKey``.
    public func sign(_ message: [UInt8], with key: SigningKey) throws(HSMError) -> [UInt8] {
        let seed = try seed(of: key)
        do throws(CryptoError) {
            return try SignatureScheme.ed25519.sign(message, with: seed)
        } catch {
            throw .internalFailure
        }
    }

    /// Both signatures of `message` under `context`.
    ///
    /// - Parameter context: at most 255 bytes that say what kind of thing is signed.
    /// - Throws: ``HSMError/locked``, ``HSMError/unknownKey``, ``HSMError/contextTooLong``.
    public func sign(_ message: [UInt8], context: [UInt8], with key: HybridKey, random: Randomness) throws(HSMError)
        -> HybridSignature
    {
        let signer = try signer(of: key)
        guard context.count <= MLDSA65.contextLimit else { throw .contextTooLong }
        do throws(CryptoError) {
            return try signer.sign(message, context: context, random: random)
        } catch {
            throw .internalFailure
        }
    }

    /// The key for storage.
    ///
    /// - Parameter context: where it is stored: it opens nowhere else.
    /// - Throws: ``HSMError/locked``, ``HSMError/unknownKey``.
    public func seal(_ key: SigningKey, context: [UInt8], random: Randomness) throws(HSMError) -> [UInt8] {
        try sealKey(try seed(of: key), .ed25519, context, random)
    }

    /// The key for storage.
    ///
    /// - Parameter context: where it is stored: it opens nowhere else.
    /// - Throws: ``HSMError/locked``, ``HSMError/unknownKey``.
    public func seal(_ key: HybridKey, context: [UInt8], random: Randomness) throws(HSMError) -> [UInt8] {
        try sealKey(try signer(of: key).seeds, .hybrid, context, random)
    }

    /// Loads a key that was sealed under the same context.
    ///
    /// - Throws: ``HSMError/locked``, ``HSMError/notAuthentic``, ``HSMError/malformed(_:)``.
    public func openSigningKey(_ sealed: [UInt8], context: [UInt8]) throws(HSMError) -> SigningKey {
        try load(ed25519: try openKey(sealed, .ed25519, SignatureScheme.ed25519.privateKeyLength, context))
    }

    /// Loads a key that was sealed under the same context.
    ///
    /// - Throws: ``HSMError/locked``, ``HSMError/notAuthentic``, ``HSMError/malformed(_:)``.
    public func openHybridKey(_ sealed: [UInt8], context: [UInt8]) throws(HSMError) -> HybridKey {
        try load(hybrid: try openKey(sealed, .hybrid, HybridSigningKey.seedLength, context))
    }

    /// Overwrites a key that is not needed again before the next unlock.
    public func forget(_ key: SigningKey) {
        signingKeys[key.publicKey] = nil
    }

    /// Overwrites a key that is not needed again before the next unlock.
    public func forget(_ key: HybridKey) {
        hybridKeys[key.publicKey.bytes] = nil
    }

    func load(hybrid seeds: Secret) throws(HSMError) -> HybridKey {
        do throws(CryptoError) {
            let key = try HybridSigningKey(seeds: seeds)
            hybridKeys[key.publicKey.bytes] = key
            return HybridKey(publicKey: key.publicKey)
        } catch {
            throw .internalFailure
        }
    }

    func signer(of key: HybridKey) throws(HSMError) -> HybridSigningKey {
        _ = try unlockedKeys()
        guard let signer = hybridKeys[key.publicKey.bytes] else { throw .unknownKey }
        return signer
    }

    private func load(ed25519 seed: Secret) throws(HSMError) -> SigningKey {
        do throws(CryptoError) {
            let key = SigningKey(publicKey: try SignatureScheme.ed25519.publicKey(of: seed))
            signingKeys[key.publicKey] = seed
            return key
        } catch {
            throw .internalFailure
        }
    }

    private func seed(of key: SigningKey) throws(HSMError) -> Secret {
        _ = try unlockedKeys()
        guard let seed = signingKeys[key.publicKey] else { throw .unknownKey }
        return seed
    }

    // A sealed key: version (1), kind, nonce (12), seed or seeds, tag (16).
    private func sealKey(_ seed: Secret, _ kind: KeyKind, _ context: [UInt8], _ random: Randomness) throws(HSMError)
        -> [UInt8]
    {
        let nonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        let ciphertext = try sealAES(
            seed, key: try unlockedKeys().signing, nonce: nonce, aad: keyBinding(kind, context))
        return [Self.sealedKeyVersion, kind.rawValue] + nonce + ciphertext
    }

    private func openKey(_ sealed: [UInt8], _ kind: KeyKind, _ length: Int, _ context: [UInt8]) throws(HSMError)
        -> Secret
    {
        let key = try unlockedKeys().signing
        let parts = try parsing(sealed) { (reader) throws(WireError) -> (nonce: [UInt8], ciphertext: [UInt8]) in
            guard try reader.readUInt8() == Self.sealedKeyVersion, try reader.readUInt8() == kind.rawValue else {
                throw .invalidValue
            }
            let nonce = try reader.readFixed(AEADAlgorithm.aes256GCM.nonceLength)
            return (nonce, try reader.readFixed(length + AEADAlgorithm.aes256GCM.tagLength))
        }
        var seed = try openAES(parts.ciphertext, key: key, nonce: parts.nonce, aad: keyBinding(kind, context))
        return Secret(wiping: &seed)
    }

    private func keyBinding(_ kind: KeyKind, _ context: [UInt8]) -> [UInt8] {
        binding("CryptPeer sealed key 1", [kind.rawValue] + context)
    }
}
