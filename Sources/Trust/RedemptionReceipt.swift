import CryptoPrimitives
import WireFormat

/// The node's word that a member key was the first to redeem an invitation, and when.
public struct RedemptionReceipt: Equatable, Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1
    private static let signatureLength = 64

    public let bubble: BubbleID
    public let invitation: InvitationID
    /// SHA-256 of the member key.
    public let memberKeyHash: [UInt8]
    /// Seconds since 1970, by the node's clock.
    public let time: UInt64
    private let signature: [UInt8]

    /// A receipt.
    ///
    /// - Parameter nodeKey: the node's Ed25519 seed, 32 bytes.
    /// - Throws: ``TrustError/signingFailed`` if it is not one.
    public static func issue(
        bubble: BubbleID, invitation: InvitationID, memberKey: HybridPublicKey, time: UInt64, nodeKey: Secret
    ) throws(TrustError) -> RedemptionReceipt {
        let hash = HashAlgorithm.sha256.hash(memberKey.bytes)
        let message = content(bubble, invitation, hash, time)
        do throws(CryptoError) {
            return RedemptionReceipt(
                bubble: bubble, invitation: invitation, memberKeyHash: hash, time: time,
                signature: try SignatureScheme.ed25519.sign(message, with: nodeKey))
        } catch {
            throw .signingFailed
        }
    }

    /// - Parameter nodeKey: the one in the bubble's state.
    /// - Throws: ``TrustError/identityMismatch`` if it is a receipt for something else, ``TrustError/invalidSignature``.
    public func verify(
        nodeKey: [UInt8], bubble: BubbleID, invitation: InvitationID, memberKey: HybridPublicKey
    ) throws(TrustError) {
        guard bubble == self.bubble, invitation == self.invitation,
            memberKeyHash == HashAlgorithm.sha256.hash(memberKey.bytes)
        else { throw .identityMismatch }
        let message = Self.content(bubble, invitation, memberKeyHash, time)
        guard SignatureScheme.ed25519.verify(signature, over: message, by: nodeKey) else { throw .invalidSignature }
    }

    private init(
        bubble: BubbleID, invitation: InvitationID, memberKeyHash: [UInt8], time: UInt64, signature: [UInt8]
    ) {
        self.bubble = bubble
        self.invitation = invitation
        self.memberKeyHash = memberKeyHash
        self.time = time
        self.signature = signature
    }

    private static func content(_ bubble: BubbleID, _ invitation: InvitationID, _ hash: [UInt8], _ time: UInt64)
        -> [UInt8]
    {
        var writer = WireWriter()
        writer.write(opaque: label("CryptPeer redemption receipt 1"))
        writer.write(bubble)
        writer.write(invitation)
        writer.write(fixed: hash)
        writer.write(time)
        return writer.bytes
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        writer.write(invitation)
        writer.write(fixed: memberKeyHash)
        writer.write(time)
        writer.write(fixed: signature)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        bubble = try reader.read()
        invitation = try reader.read()
        memberKeyHash = try reader.readFixed(HashAlgorithm.sha256.length)
        time = try reader.readUInt64()
        signature = try reader.readFixed(Self.signatureLength)
    }
}
