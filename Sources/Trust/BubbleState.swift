import CryptoPrimitives
import WireFormat

/// A bubble's state as it travels: signed by someone, not verified yet.
public struct SignedBubbleState: Equatable, Sendable, WireCodable, HybridSigned {
    static let signatureContext: StaticString = "CryptPeer bubble state 1"
    private static let formatVersion: UInt8 = 1
    static let nodeKeyLength = 32
    static let policyLimit = 4096

    let bubble: BubbleID
    let version: UInt64
    let nodeKey: [UInt8]
    let policy: [UInt8]
    let revoked: RevocationList
    let issued: UInt64
    var signature: [UInt8] = []

    init(
        version: UInt64, nodeKey: [UInt8], policy: [UInt8], revoked: RevocationList, issued: UInt64
    ) {
        bubble = revoked.bubble
        self.version = version
        self.nodeKey = nodeKey
        self.policy = policy
        self.revoked = revoked
        self.issued = issued
    }

    /// Checks both signatures.
    ///
    /// - Throws: ``TrustError/wrongBubble``, ``TrustError/invalidSignature``.
    public func verify(authority: Authority) throws(TrustError) -> BubbleState {
        guard bubble == authority.bubble else { throw .wrongBubble }
        try checkSignature(by: authority.key)
        return BubbleState(verified: self)
    }

    func encodeContent(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(version)
        writer.write(fixed: nodeKey)
        writer.write(opaque: policy)
        writer.write(revoked)
        writer.write(issued)
    }

    public func encode(into writer: inout WireWriter) {
        encodeSigned(into: &writer)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        version = try reader.readUInt64()
        nodeKey = try reader.readFixed(Self.nodeKeyLength)
        policy = try reader.readOpaque(limit: Self.policyLimit)
        revoked = try reader.read()
        bubble = revoked.bubble
        issued = try reader.readUInt64()
        signature = try reader.readHybridSignature()
    }
}

/// What the authority says about its bubble, verified.
public struct BubbleState: Equatable, Sendable {
    /// To pass it on.
    public let signed: SignedBubbleState

    init(verified signed: SignedBubbleState) {
        self.signed = signed
    }

    public var bubble: BubbleID { signed.bubble }
    /// Grows with each state; members never go back.
    public var version: UInt64 { signed.version }
    /// The Ed25519 key of the bubble's node, 32 bytes.
    public var nodeKey: [UInt8] { signed.nodeKey }
    /// At most 4096 bytes, read by the layers above.
    public var policy: [UInt8] { signed.policy }
    public var revoked: RevocationList { signed.revoked }
    /// Seconds since 1970.
    public var issued: UInt64 { signed.issued }
    /// SHA-256 of what is signed. Members compare it with the version, inside MLS.
    public var hash: [UInt8] { HashAlgorithm.sha256.hash(signed.content) }

    /// A new state.
    ///
    /// - Parameters:
    ///   - nodeKey: 32 bytes, Ed25519.
    ///   - policy: at most 4096 bytes.
    ///   - revoked: of the same bubble.
    ///   - issued: seconds since 1970.
    /// - Throws: ``TrustError/malformed(_:)`` for fields of a wrong length, ``TrustError/signingFailed``.
    public static func issue(
        version: UInt64, nodeKey: [UInt8], policy: [UInt8] = [], revoked: RevocationList, issued: UInt64,
        by authority: some HybridSigner, random: Randomness
    ) throws(TrustError) -> BubbleState {
        guard nodeKey.count == SignedBubbleState.nodeKeyLength else { throw .malformed(.invalidValue) }
        guard policy.count <= SignedBubbleState.policyLimit, revoked.count <= RevocationList.limit else {
            throw .malformed(.tooLong)
        }
        var signed = SignedBubbleState(
            version: version, nodeKey: nodeKey, policy: policy, revoked: revoked, issued: issued)
        try signed.sign(with: authority, random: random)
        return BubbleState(verified: signed)
    }

    /// The state to hold after `candidate` was shown: itself if it is newer, else this one if it is the same.
    ///
    /// - Throws: what ``SignedBubbleState/verify(authority:)`` throws; ``TrustError/stateRolledBack`` for an older version,
    ///   ``TrustError/stateForked`` for the same version with other content.
    public func updated(by candidate: SignedBubbleState, authority: Authority) throws(TrustError) -> BubbleState {
        let state = try candidate.verify(authority: authority)
        guard state.version >= version else { throw .stateRolledBack }
        guard state.version == version else { return state }
        guard state.hash == hash else { throw .stateForked }
        return self
    }
}
