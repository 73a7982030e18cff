import CryptoPrimitives
import WireFormat

/// Says that whoever holds the key that a link's secret gives may certify one member.
///
/// Issued by the authority, or by a member with ``Rights/mayInvite`` whose own certificate is the authority's.
public struct InvitationCertificate: Equatable, Sendable, WireCodable, HybridSigned {
    public enum Issuer: Equatable, Sendable {
        case authority
        case member(MemberID)
    }

    static let signatureContext: StaticString = "CryptPeer invitation certificate 1"
    private static let formatVersion: UInt8 = 1

    public let bubble: BubbleID
    public let issuer: Issuer
    public let invitation: InvitationID
    public let key: HybridPublicKey
    /// None of ``Rights/mayInvite`` and ``Rights/operator``.
    public let rights: Rights
    /// When it may be redeemed. What was redeemed in time stays valid afterwards.
    public let validity: Validity
    var signature: [UInt8] = []

    private init(bubble: BubbleID, issuer: Issuer, invitation: InvitationID, key: HybridPublicKey, validity: Validity) {
        self.bubble = bubble
        self.issuer = issuer
        self.invitation = invitation
        self.key = key
        rights = []
        self.validity = validity
    }

    /// A new invitation's certificate.
    ///
    /// - Parameters:
    ///   - keys: those of the link.
    ///   - inviter: the member that `signer` belongs to; none if it is the authority itself.
    /// - Throws: ``TrustError/signingFailed``.
    public static func issue(
        for keys: InvitationKeys, validity: Validity, bubble: BubbleID, by inviter: MemberID?,
        signer: some HybridSigner, random: Randomness
    ) throws(TrustError) -> InvitationCertificate {
        let issuer: Issuer = if let inviter { .member(inviter) } else { .authority }
        var certificate = InvitationCertificate(
            bubble: bubble, issuer: issuer, invitation: keys.id, key: try keys.signingKey().publicKey,
            validity: validity)
        try certificate.sign(with: signer, random: random)
        return certificate
    }

    /// Whether it may stand where it does: under the authority, or under a member whose certificate was itself verified.
    ///
    /// - Parameter inviter: the certificate of the member that issued it; none if the authority did.
    func verify(authority: Authority, inviter: MemberCertificate?) throws(TrustError) {
        guard bubble == authority.bubble else { throw .wrongBubble }
        guard rights.isDisjoint(with: .fromAuthorityOnly) else { throw .rightsWidened }
        switch (issuer, inviter) {
        case (.authority, nil):
            try checkSignature(by: authority.key)
        case (.member(let member), let inviter?):
            guard member == inviter.member else { throw .wrongIssuer }
            guard inviter.rights.contains(.mayInvite), rights.isSubset(of: inviter.rights) else {
                throw .rightsWidened
            }
            guard inviter.validity.contains(validity.notBefore) else { throw .outsideIssuerValidity }
            try checkSignature(by: inviter.key)
        default:
            throw .wrongIssuer
        }
    }

    func encodeContent(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        switch issuer {
        case .authority:
            writer.write(UInt8(0))
        case .member(let id):
            writer.write(UInt8(1))
            writer.write(id)
        }
        writer.write(invitation)
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
        case 1: issuer = .member(try reader.read())
        default: throw .invalidValue
        }
        invitation = try reader.read()
        key = try reader.readHybridKey()
        rights = try reader.read()
        validity = try reader.read()
        signature = try reader.readHybridSignature()
    }
}
