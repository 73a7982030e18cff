import CryptoPrimitives

/// Everything that follows from an invitation link's secret: HKDF-SHA-512 with the pinned authority hash for a salt, so that a
/// link with another hash is another invitation.
public struct InvitationKeys: Equatable, Sendable {
    /// Bytes of the secret.
    public static let secretLength = 32

    /// What stands in the link, 32 bytes.
    public let secret: Secret
    /// What the node files the invitation under.
    public let id: InvitationID
    /// Shown to the node, once, to redeem the invitation. 32 bytes.
    public let redemptionProof: [UInt8]
    private let prk: Secret

    public init(secret: Secret, authorityHash: [UInt8]) {
        self.secret = secret
        prk = HKDF.extract(.sha512, salt: authorityHash, ikm: secret)
        id = InvitationID(truncating: Self.expand(prk, "CryptPeer invitation id 1", InvitationID.length).exposed)
        redemptionProof = Self.expand(prk, "CryptPeer invitation redemption 1", 32).exposed
    }

    /// SHA-256 of ``redemptionProof``: what the node keeps until then.
    public var redemptionVerifier: [UInt8] { HashAlgorithm.sha256.hash(redemptionProof) }

    /// The key that certifies the newcomer.
    ///
    /// - Throws: ``TrustError/signingFailed`` if the cryptography fails.
    public func signingKey() throws(TrustError) -> HybridSigningKey {
        let seeds = Self.expand(prk, "CryptPeer invitation signing 1", HybridSigningKey.seedLength)
        do throws(CryptoError) {
            return try HybridSigningKey(seeds: seeds)
        } catch {
            throw .signingFailed
        }
    }

    /// The key that the bundle on the node is sealed under.
    var bundleKey: Secret { Self.expand(prk, "CryptPeer invitation bundle 1", 32) }

    private static func expand(_ prk: Secret, _ purpose: StaticString, _ length: Int) -> Secret {
        HKDF.expand(.sha512, prk: prk, info: label(purpose), length: length)
    }

    public static func == (first: InvitationKeys, second: InvitationKeys) -> Bool {
        first.prk == second.prk
    }
}
