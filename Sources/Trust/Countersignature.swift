import CryptoPrimitives
import WireFormat

/// The inviter's word that this newcomer is the one who redeemed its invitation: until then, it is "unconfirmed".
public struct Countersignature: Equatable, Sendable, WireCodable, HybridSigned {
    static let signatureContext: StaticString = "CryptPeer countersignature 1"
    private static let formatVersion: UInt8 = 1

    public let bubble: BubbleID
    public let invitation: InvitationID
    /// The member that signs.
    public let inviter: MemberID
    /// SHA-512 of the newcomer's member key.
    public let newcomerKeyHash: [UInt8]
    var signature: [UInt8] = []

    private init(bubble: BubbleID, invitation: InvitationID, inviter: MemberID, newcomerKeyHash: [UInt8]) {
        self.bubble = bubble
        self.invitation = invitation
        self.inviter = inviter
        self.newcomerKeyHash = newcomerKeyHash
    }

    /// Confirms a newcomer. To be given for the first redemption only: see ``InvitationLedger``.
    ///
    /// - Throws: ``TrustError/wrongIssuer`` if the newcomer's invitation is not this signer's, ``TrustError/signingFailed``.
    public static func issue(for newcomer: VerifiedDevice, by signer: some HybridSigner, random: Randomness)
        throws(TrustError) -> Countersignature
    {
        let inviter = MemberID(of: signer.publicKey, bubble: newcomer.bubble)
        guard let invitation = newcomer.invitation, newcomer.inviter == nil || newcomer.inviter == inviter else {
            throw .wrongIssuer
        }
        var countersignature = Countersignature(
            bubble: newcomer.bubble, invitation: invitation, inviter: inviter,
            newcomerKeyHash: HashAlgorithm.sha512.hash(newcomer.memberKey.bytes))
        try countersignature.sign(with: signer, random: random)
        return countersignature
    }

    /// Whether `inviter` confirms `newcomer` with this.
    ///
    /// - Parameter inviter: the member that the newcomer's chain names; any that may invite, if the authority itself issued
    ///   the invitation.
    /// - Throws: ``TrustError/identityMismatch`` if it is about someone else, ``TrustError/wrongIssuer``,
    ///   ``TrustError/invalidSignature``.
    public func verify(newcomer: VerifiedDevice, inviter: VerifiedDevice) throws(TrustError) {
        guard bubble == newcomer.bubble, invitation == newcomer.invitation,
            newcomerKeyHash == HashAlgorithm.sha512.hash(newcomer.memberKey.bytes)
        else { throw .identityMismatch }
        guard self.inviter == inviter.member, bubble == inviter.bubble,
            newcomer.inviter.map({ $0 == inviter.member }) ?? inviter.rights.contains(.mayInvite)
        else { throw .wrongIssuer }
        try checkSignature(by: inviter.memberKey)
    }

    func encodeContent(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        writer.write(invitation)
        writer.write(inviter)
        writer.write(fixed: newcomerKeyHash)
    }

    public func encode(into writer: inout WireWriter) {
        encodeSigned(into: &writer)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        bubble = try reader.read()
        invitation = try reader.read()
        inviter = try reader.read()
        newcomerKeyHash = try reader.readFixed(HashAlgorithm.sha512.length)
        signature = try reader.readHybridSignature()
    }
}
