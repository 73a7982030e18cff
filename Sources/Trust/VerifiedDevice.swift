import CryptoPrimitives
import WireFormat

/// A device whose chain was verified up to the authority. Nothing but ``CertificateChain/verify(authority:now:revoked:)``, or
/// a ``ChainCache`` that kept the result, makes one.
public struct VerifiedDevice: Equatable, Sendable {
    public let bubble: BubbleID
    public let member: MemberID
    public let memberKey: HybridPublicKey
    public let device: DeviceID
    /// 32 bytes, Ed25519.
    public let leafKey: [UInt8]
    /// 32 bytes, Ed25519.
    public let sessionKey: [UInt8]
    public let generation: UInt32
    public let rights: Rights
    /// The invitation that the member redeemed; none if the authority enrolled it.
    public let invitation: InvitationID?
    /// The member that issued the invitation; none if the authority did.
    public let inviter: MemberID?
    /// SHA-512 of the chain's encoding, 64 bytes.
    public let chainHash: [UInt8]
    private let memberValidity: Validity
    private let deviceValidity: Validity

    /// - Parameter chain: one whose certificates were all checked.
    init(verified chain: CertificateChain) {
        bubble = chain.member.bubble
        member = chain.member.member
        memberKey = chain.member.key
        device = chain.device.device
        leafKey = chain.device.leafKey
        sessionKey = chain.device.sessionKey
        generation = chain.device.generation
        rights = chain.device.rights
        invitation = chain.invitation?.invitation
        inviter = chain.inviter?.member
        chainHash = chain.hash
        memberValidity = chain.member.validity
        deviceValidity = chain.device.validity
    }

    /// What this device's MLS leaves carry.
    public var leafIdentity: LeafIdentity {
        LeafIdentity(bubble: bubble, member: member, device: device, generation: generation, chainHash: chainHash)
    }

    /// Whether it still counts: the part of a chain's verification that changes with time.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - revoked: from the bubble's state.
    /// - Throws: ``TrustError/expired``, ``TrustError/notYetValid``, ``TrustError/revoked``, ``TrustError/wrongBubble``.
    public func check(now: UInt64, revoked: RevocationList) throws(TrustError) {
        guard revoked.bubble == bubble else { throw .wrongBubble }
        try memberValidity.check(now: now)
        try deviceValidity.check(now: now)
        guard !isRevoked(by: revoked) else { throw .revoked }
    }

    /// Whether the authority has taken it out: the device itself, its member, the invitation that it came by, or the member that
    /// issued that. The part of ``check(now:revoked:)`` that depends on nobody's clock.
    public func isRevoked(by revoked: RevocationList) -> Bool {
        if revoked.count == 0 { return false }
        if revoked.contains(member) || revoked.contains(device) { return true }
        if let invitation, revoked.contains(invitation) { return true }
        if let inviter, revoked.contains(inviter) { return true }
        return false
    }
}

// Only for a `ChainCache` at rest: what is read back was verified before it was sealed.
extension VerifiedDevice {
    func encode(into writer: inout WireWriter) {
        writer.write(bubble)
        writer.write(fixed: memberKey.bytes)
        writer.write(device)
        writer.write(fixed: leafKey)
        writer.write(fixed: sessionKey)
        writer.write(generation)
        writer.write(rights)
        writer.write(optional: invitation)
        writer.write(optional: inviter)
        writer.write(fixed: chainHash)
        writer.write(memberValidity)
        writer.write(deviceValidity)
    }

    init(from reader: inout WireReader) throws(WireError) {
        bubble = try reader.read()
        memberKey = try reader.readHybridKey()
        member = MemberID(of: memberKey, bubble: bubble)
        device = try reader.read()
        leafKey = try reader.readFixed(DeviceCertificate.keyLength)
        sessionKey = try reader.readFixed(DeviceCertificate.keyLength)
        generation = try reader.readUInt32()
        rights = try reader.read()
        invitation = try reader.readOptional()
        inviter = try reader.readOptional()
        chainHash = try reader.readFixed(HashAlgorithm.sha512.length)
        memberValidity = try reader.read()
        deviceValidity = try reader.read()
    }
}
