import CryptoPrimitives
import WireFormat

/// The certificates between the authority and one device, not verified yet.
///
/// authority → member → device, for who was enrolled by the authority itself;
/// authority → invitation → member → device;
/// authority → inviting member → invitation → member → device. There is no longer one.
public struct CertificateChain: Equatable, Sendable, WireCodable {
    /// No chain's encoding is longer, in bytes.
    public static let sizeLimit = 24_576
    private static let formatVersion: UInt8 = 1

    /// The certificate of the member that issued the invitation, if a member did.
    public let inviter: MemberCertificate?
    public let invitation: InvitationCertificate?
    public let member: MemberCertificate
    public let device: DeviceCertificate

    public init(
        inviter: MemberCertificate? = nil, invitation: InvitationCertificate? = nil, member: MemberCertificate,
        device: DeviceCertificate
    ) {
        self.inviter = inviter
        self.invitation = invitation
        self.member = member
        self.device = device
    }

    /// The same member's chain for another device or a new generation.
    public func replacingDevice(_ device: DeviceCertificate) -> CertificateChain {
        CertificateChain(inviter: inviter, invitation: invitation, member: member, device: device)
    }

    /// SHA-512 of the encoding: what an MLS leaf carries in the chain's place.
    public var hash: [UInt8] { HashAlgorithm.sha512.hash(encoded) }

    /// Checks every certificate of the chain, from the authority down.
    ///
    /// An invitation counts at the time it was redeemed, the inviter's certificate at the time the invitation was issued: when
    /// they end later, who was invited stays. That time is what the member certificate says, so that an expired link is
    /// stopped by the node and by the inviter's countersignature, not here.
    ///
    /// A revoked inviter takes along everyone it invited, until the authority certifies them itself: its key could still sign
    /// invitations with yesterday's date.
    ///
    /// - Parameters:
    ///   - authority: the one that our own invitation pinned.
    ///   - now: seconds since 1970.
    ///   - revoked: from the bubble's state.
    public func verify(authority: Authority, now: UInt64, revoked: RevocationList) throws(TrustError) -> VerifiedDevice
    {
        guard revoked.bubble == authority.bubble else { throw .wrongBubble }
        if let inviter {
            guard invitation != nil else { throw .wrongIssuer }
            // An inviter that was itself invited would make chains grow.
            guard inviter.issuer == .authority else { throw .tooDeep }
            try Self.checkIdentity(of: inviter, authority)
            try inviter.checkSignature(by: authority.key)
        }
        try invitation?.verify(authority: authority, inviter: inviter)
        try verifyMember(authority)
        try verifyDevice(authority)
        let verified = VerifiedDevice(verified: self)
        try verified.check(now: now, revoked: revoked)
        return verified
    }

    private func verifyMember(_ authority: Authority) throws(TrustError) {
        try Self.checkIdentity(of: member, authority)
        switch (member.issuer, invitation) {
        case (.authority, nil):
            try member.checkSignature(by: authority.key)
        case (.invitation(let id), let invitation?):
            guard id == invitation.invitation else { throw .wrongIssuer }
            guard member.rights.isSubset(of: invitation.rights) else { throw .rightsWidened }
            guard invitation.validity.contains(member.validity.notBefore) else { throw .outsideIssuerValidity }
            try member.checkSignature(by: invitation.key)
        default:
            throw .wrongIssuer
        }
    }

    private func verifyDevice(_ authority: Authority) throws(TrustError) {
        guard device.bubble == authority.bubble else { throw .wrongBubble }
        guard device.member == member.member else { throw .wrongIssuer }
        guard device.rights.isSubset(of: member.rights) else { throw .rightsWidened }
        try device.checkSignature(by: member.key)
    }

    private static func checkIdentity(of member: MemberCertificate, _ authority: Authority) throws(TrustError) {
        guard member.bubble == authority.bubble else { throw .wrongBubble }
        guard member.member == MemberID(of: member.key, bubble: member.bubble) else { throw .identityMismatch }
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(optional: inviter)
        writer.write(optional: invitation)
        writer.write(member)
        writer.write(device)
    }

    /// Every field's length is fixed, so that the size limit holds by itself.
    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        inviter = try reader.readOptional()
        invitation = try reader.readOptional()
        member = try reader.read()
        device = try reader.read()
    }
}
