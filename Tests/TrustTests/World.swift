import CryptoPrimitives
import Trust
import WireFormat

/// A bubble for tests: an authority, an operator that it enrolled, an open invitation of the operator's and a newcomer who
/// redeemed it. Everything follows from a seed.
struct World {
    static let start: UInt64 = 1_800_000_000
    static let week: UInt64 = 7 * 24 * 3600

    let random: Randomness
    let bubble: BubbleID
    let authorityKey: HybridSigningKey
    let authority: Authority
    let operatorKey: HybridSigningKey
    let operatorChain: CertificateChain
    let link: InvitationLink
    let invitation: InvitationCertificate
    let memberKey: HybridSigningKey
    let chain: CertificateChain

    init(seed: String = "world") throws {
        random = Randomness(seed: ascii(seed))
        bubble = BubbleID.generate(random)
        authorityKey = try HybridSigningKey.generate(random)
        authority = Authority(bubble: bubble, key: authorityKey.publicKey)
        operatorKey = try HybridSigningKey.generate(random)
        let operatorCertificate = try MemberCertificate.issue(
            to: operatorKey.publicKey, rights: [.mayInvite, .operator], validity: Validity(from: Self.start),
            bubble: bubble, by: authorityKey, random: random)
        operatorChain = CertificateChain(
            member: operatorCertificate,
            device: try Self.device(
                of: operatorKey, rights: [.mayInvite, .operator], fill: 1, bubble: bubble, random: random))
        link = try InvitationLink.member(
            origin: "https://localhost:8443", authorityHash: authority.hash, random: random)
        invitation = try InvitationCertificate.issue(
            for: link.keys, validity: Validity(from: Self.start, until: Self.start + Self.week), bubble: bubble,
            by: operatorCertificate.member, signer: operatorKey, random: random)
        memberKey = try HybridSigningKey.generate(random)
        chain = CertificateChain(
            inviter: operatorCertificate, invitation: invitation,
            member: try MemberCertificate.issue(
                to: memberKey.publicKey, redeeming: invitation, with: link.keys, now: Self.start + 100, random: random),
            device: try Self.device(of: memberKey, rights: [], fill: 2, bubble: bubble, random: random))
    }

    /// After everyone is enrolled.
    var now: UInt64 { Self.start + 1000 }
    var noneRevoked: RevocationList { RevocationList(bubble: bubble) }

    static func device(
        of member: HybridSigningKey, rights: Rights, fill: UInt8, generation: UInt32 = 0,
        validity: Validity = Validity(from: start), bubble: BubbleID, random: Randomness
    ) throws -> DeviceCertificate {
        try DeviceCertificate.issue(
            device: DeviceID([UInt8](repeating: fill, count: 16)), leafKey: [UInt8](repeating: 0x10 + fill, count: 32),
            sessionKey: [UInt8](repeating: 0x20 + fill, count: 32), generation: generation, rights: rights,
            validity: validity, bubble: bubble, by: member, random: random)
    }

    /// The newcomer's device, certified anew.
    func device(generation: UInt32) throws -> DeviceCertificate {
        try Self.device(of: memberKey, rights: [], fill: 2, generation: generation, bubble: bubble, random: random)
    }

    func verify(_ chain: CertificateChain, now: UInt64? = nil, revoked: RevocationList? = nil) throws(TrustError)
        -> VerifiedDevice
    {
        try chain.verify(authority: authority, now: now ?? self.now, revoked: revoked ?? noneRevoked)
    }

    func state(version: UInt64, policy: [UInt8] = [], revoked: RevocationList? = nil) throws -> BubbleState {
        try BubbleState.issue(
            version: version, nodeKey: [UInt8](repeating: 0xAB, count: 32), policy: policy,
            revoked: revoked ?? noneRevoked, issued: Self.start, by: authorityKey, random: random)
    }

    func bundle() throws -> InvitationBundle {
        InvitationBundle(
            authority: authority, state: try state(version: 1).signed, inviterChain: operatorChain,
            certificate: invitation, keyPackage: [UInt8](repeating: 0x55, count: 3000),
            mailbox: try MailboxCapability(
                mailbox: [UInt8](repeating: 1, count: 16), deliveryKey: Secret([UInt8](repeating: 2, count: 32)),
                envelopeSecret: Secret([UInt8](repeating: 3, count: 32))),
            inviterName: "Inès")
    }
}

func ascii(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func hex(_ bytes: [UInt8]) -> String {
    let digits = ascii("0123456789abcdef")
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// SHA-256, for pinning long encodings.
func digest(_ bytes: [UInt8]) -> String { hex(HashAlgorithm.sha256.hash(bytes)) }
