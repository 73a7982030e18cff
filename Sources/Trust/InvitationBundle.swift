import CryptoPrimitives
import WireFormat

/// What the inviter leaves on the node for the newcomer, sealed under the link's secret: enough to enrol, to form the first
/// conversation and to send its Welcome while the inviter is away.
public struct InvitationBundle: WireCodable {
    /// The longest sealed bundle, in bytes.
    public static let sizeLimit = 1 << 20
    private static let formatVersion: UInt8 = 1
    /// Sealed bundles come in multiples of this, so that their size says little.
    private static let padding = 8192
    private static let keyPackageLimit = 16_384
    private static let nameLimit = 1024

    public let authority: Authority
    public let state: SignedBubbleState
    /// Of the device that `keyPackage` and `mailbox` belong to.
    public let inviterChain: CertificateChain
    public let certificate: InvitationCertificate
    /// An MLS key package of the inviter, reserved for this invitation.
    public let keyPackage: [UInt8]
    public let mailbox: MailboxCapability
    /// What the inviter calls itself.
    public let inviterName: String

    public init(
        authority: Authority, state: SignedBubbleState, inviterChain: CertificateChain,
        certificate: InvitationCertificate, keyPackage: [UInt8], mailbox: MailboxCapability, inviterName: String
    ) {
        self.authority = authority
        self.state = state
        self.inviterChain = inviterChain
        self.certificate = certificate
        self.keyPackage = keyPackage
        self.mailbox = mailbox
        self.inviterName = inviterName
    }

    /// A version byte, a nonce (12) and the bundle, padded with zeros, under AES-256-GCM.
    ///
    /// - Throws: ``TrustError/malformed(_:)`` if a part is longer than the newcomer would read.
    public func seal(_ keys: InvitationKeys, random: Randomness) throws(TrustError) -> [UInt8] {
        guard keyPackage.count <= Self.keyPackageLimit, inviterName.utf8.count <= Self.nameLimit else {
            throw .malformed(.tooLong)
        }
        var writer = WireWriter()
        writer.write(opaque: encoded)
        let overhead = 1 + AEADAlgorithm.aes256GCM.nonceLength + AEADAlgorithm.aes256GCM.tagLength
        let size = (writer.bytes.count + overhead + Self.padding - 1) / Self.padding * Self.padding
        guard size <= Self.sizeLimit else { throw .malformed(.tooLong) }
        var plaintext = writer.bytes + [UInt8](repeating: 0, count: size - overhead - writer.bytes.count)
        defer { wipe(&plaintext) }
        let nonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        do throws(CryptoError) {
            let ciphertext = try AEADAlgorithm.aes256GCM.seal(
                key: keys.bundleKey, nonce: nonce, plaintext: plaintext, aad: Self.additionalData(keys.id))
            return [Self.formatVersion] + nonce + ciphertext
        } catch {
            throw .notAuthentic
        }
    }

    /// Opens a bundle and checks everything in it: the authority against the link, the state, the inviter's chain, the
    /// invitation's certificate and its dates.
    ///
    /// - Parameters:
    ///   - link: the invitation as the newcomer got it.
    ///   - now: seconds since 1970.
    public static func open(_ sealed: [UInt8], link: InvitationLink, now: UInt64) throws(TrustError)
        -> OpenedInvitation
    {
        let bundle = try decrypt(sealed, link.keys)
        guard link.kind == .member, constantTimeEqual(bundle.authority.hash, link.authorityHash) else {
            throw .wrongAuthority
        }
        let state = try bundle.state.verify(authority: bundle.authority)
        let inviter = try bundle.inviterChain.verify(authority: bundle.authority, now: now, revoked: state.revoked)
        let certificate = bundle.certificate
        // Nobody who was itself invited has this right, so that the newcomer's chain cannot become too deep.
        guard inviter.rights.contains(.mayInvite) else { throw .rightsWidened }
        try certificate.verify(authority: bundle.authority, inviter: bundle.issuingMember)
        guard certificate.invitation == link.keys.id, certificate.key == (try link.keys.signingKey().publicKey) else {
            throw .identityMismatch
        }
        try certificate.validity.check(now: now)
        guard !state.revoked.contains(certificate.invitation) else { throw .revoked }
        return OpenedInvitation(bundle, state: state, inviter: inviter)
    }

    /// The certificate of the member that issued the invitation; none if the authority did.
    var issuingMember: MemberCertificate? { certificate.issuer == .authority ? nil : inviterChain.member }

    private static func decrypt(_ sealed: [UInt8], _ keys: InvitationKeys) throws(TrustError) -> InvitationBundle {
        guard sealed.count <= sizeLimit else { throw .malformed(.tooLong) }
        let nonceEnd = 1 + AEADAlgorithm.aes256GCM.nonceLength
        guard sealed.count > nonceEnd else { throw .malformed(.truncated) }
        guard sealed[0] == formatVersion else { throw .malformed(.invalidValue) }
        var plaintext: [UInt8]
        do throws(CryptoError) {
            plaintext = try AEADAlgorithm.aes256GCM.open(
                key: keys.bundleKey, nonce: [UInt8](sealed[1..<nonceEnd]), ciphertext: [UInt8](sealed[nonceEnd...]),
                aad: additionalData(keys.id))
        } catch {
            throw .notAuthentic
        }
        defer { wipe(&plaintext) }
        do throws(WireError) {
            var reader = WireReader(plaintext)
            let bundle = try InvitationBundle(decoding: try reader.readOpaque(limit: sizeLimit))
            guard reader.readRest().allSatisfy({ $0 == 0 }) else { throw .trailingBytes }
            return bundle
        } catch {
            throw .malformed(error)
        }
    }

    private static func additionalData(_ id: InvitationID) -> [UInt8] {
        label("CryptPeer invitation bundle 1") + id.bytes
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(authority)
        writer.write(state)
        writer.write(inviterChain)
        writer.write(certificate)
        writer.write(opaque: keyPackage)
        writer.write(mailbox)
        writer.write(text: inviterName)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        authority = try reader.read()
        state = try reader.read()
        inviterChain = try reader.read()
        certificate = try reader.read()
        keyPackage = try reader.readOpaque(limit: Self.keyPackageLimit)
        mailbox = try reader.read()
        inviterName = try reader.readText(limit: Self.nameLimit)
    }
}

/// An invitation whose bundle was opened and checked: what the newcomer needs.
public struct OpenedInvitation {
    public let authority: Authority
    public let state: BubbleState
    public let inviter: VerifiedDevice
    public let inviterChain: CertificateChain
    public let certificate: InvitationCertificate
    /// An MLS key package of the inviter, not looked at here: its leaf is checked as any leaf.
    public let keyPackage: [UInt8]
    public let mailbox: MailboxCapability
    /// What the inviter calls itself, as written: not normalised, not shortened.
    public let inviterName: String
    private let issuingMember: MemberCertificate?

    init(_ bundle: InvitationBundle, state: BubbleState, inviter: VerifiedDevice) {
        authority = bundle.authority
        self.state = state
        self.inviter = inviter
        inviterChain = bundle.inviterChain
        certificate = bundle.certificate
        keyPackage = bundle.keyPackage
        mailbox = bundle.mailbox
        inviterName = bundle.inviterName
        issuingMember = bundle.issuingMember
    }

    /// The newcomer's own chain.
    public func chain(member: MemberCertificate, device: DeviceCertificate) -> CertificateChain {
        CertificateChain(inviter: issuingMember, invitation: certificate, member: member, device: device)
    }
}
