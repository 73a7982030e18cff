import CryptoPrimitives
import WireFormat

/// Says that the owner of a hybrid key is a member of the bubble.
///
/// Issued by the authority, or by the newcomer itself with the key that its invitation link gave it.
public struct MemberCertificate: Equatable, Sendable, WireCodable, HybridSigned {
    public enum Issuer: Equatable, Sendable {
        case authority
        case invitation(InvitationID)
    }

    static let signatureContext: StaticString = "CryptPeer member certificate 1"
    private static let formatVersion: UInt8 = 1

    public let bubble: BubbleID
    public let issuer: Issuer
    /// The hash of ``key``: see ``MemberID``.
    public let member: MemberID
    public let key: HybridPublicKey
    public let rights: Rights
    public let validity: Validity
    var signature: [UInt8] = []

    private init(bubble: BubbleID, issuer: Issuer, key: HybridPublicKey, rights: Rights, validity: Validity) {
        self.bubble = bubble
        self.issuer = issuer
        member = MemberID(of: key, bubble: bubble)
        self.key = key
        self.rights = rights
        self.validity = validity
    }

    /// A certificate straight from the authority: an operator's, or one that lets a member invite.
    ///
    /// - Throws: ``TrustError/signingFailed``.
    public static func issue(
        to key: HybridPublicKey, rights: Rights, validity: Validity, bubble: BubbleID, by authority: some HybridSigner,
        random: Randomness
    ) throws(TrustError) -> MemberCertificate {
        var certificate = MemberCertificate(
            bubble: bubble, issuer: .authority, key: key, rights: rights, validity: validity)
        try certificate.sign(with: authority, random: random)
        return certificate
    }

    /// The newcomer's own certificate, signed with the invitation's key.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970, by the newcomer's clock. Behind the inviter's clock, the invitation's beginning counts.
    ///   - end: when the membership ends.
    /// - Throws: ``TrustError/identityMismatch`` if `keys` are another invitation's, ``TrustError/expired``,
    ///   ``TrustError/notYetValid``, ``TrustError/signingFailed``.
    public static func issue(
        to key: HybridPublicKey, redeeming invitation: InvitationCertificate, with keys: InvitationKeys, now: UInt64,
        until end: UInt64 = .max, random: Randomness
    ) throws(TrustError) -> MemberCertificate {
        guard invitation.invitation == keys.id else { throw .identityMismatch }
        try invitation.validity.check(now: now)
        var certificate = MemberCertificate(
            bubble: invitation.bubble, issuer: .invitation(invitation.invitation), key: key, rights: invitation.rights,
            validity: Validity(from: max(now, invitation.validity.notBefore), until: end))
        try certificate.sign(with: try keys.signingKey(), random: random)
        return certificate
    }

    func encodeContent(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        switch issuer {
        case .authority:
            writer.write(UInt8(0))
        case .invitation(let id):
            writer.write(UInt8(1))
            writer.write(id)
        }
        writer.write(member)
        writer.write(fixed: key.bytes)
        writer.write(rights)
        writer.write(validity)
    }

    public func encode(into writer: inout WireWriter) {
        encodeSigned(into: &writer)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        bubble = try reader.read()
        switch try reader.readUInt8() {
        case 0: issuer = .authority
        case 1: issuer = .invitation(try reader.read())
        default: throw .invalidValue
        }
        member = try reader.read()
        key = try reader.readHybridKey()
        rights = try reader.read()
        validity = try reader.read()
        signature = try reader.readHybridSignature()
    }
}
