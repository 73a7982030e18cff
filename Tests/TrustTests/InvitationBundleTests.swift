import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Invitation bundles")
struct InvitationBundleTests {
    @Test("the link opens the bundle, and everything in it was checked")
    func opens() throws {
        let world = try World()
        let sealed = try world.bundle().seal(world.link.keys, random: world.random)
        #expect(sealed.count % 8192 == 0 && sealed.count <= 32_768)
        let opened = try InvitationBundle.open(sealed, link: world.link, now: world.now)
        #expect(opened.authority == world.authority)
        #expect(opened.state.version == 1)
        #expect(opened.inviter == (try world.verify(world.operatorChain)))
        #expect(opened.certificate == world.invitation)
        #expect(opened.keyPackage == [UInt8](repeating: 0x55, count: 3000))
        #expect(opened.mailbox.deliveryKey.exposed == [UInt8](repeating: 2, count: 32))
        #expect(opened.inviterName == "Inès")
        // The newcomer's chain, made of what was in it.
        let member = try MemberCertificate.issue(
            to: world.memberKey.publicKey, redeeming: opened.certificate, with: world.link.keys, now: world.now,
            random: world.random)
        let device = try world.verify(opened.chain(member: member, device: world.chain.device))
        #expect(device.inviter == opened.inviter.member)
    }

    @Test("a bundle changed at any byte does not open")
    func tampering() throws {
        let world = try World()
        let sealed = try world.bundle().seal(world.link.keys, random: world.random)
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 0x80
            if index == 0 {
                #expect(throws: TrustError.malformed(.invalidValue)) {
                    try InvitationBundle.open(tampered, link: world.link, now: world.now)
                }
            } else if (try? InvitationBundle.open(tampered, link: world.link, now: world.now)) != nil {
                Issue.record("byte \(index) does not count")
            }
        }
        for length in [0, 1, 13, 28, 8192] {
            #expect(throws: TrustError.self) {
                try InvitationBundle.open([UInt8](sealed[..<length]), link: world.link, now: world.now)
            }
        }
    }

    @Test("another link's secret or pinned hash opens nothing")
    func otherLinks() throws {
        let world = try World()
        let sealed = try world.bundle().seal(world.link.keys, random: world.random)
        let other = try InvitationLink.member(
            origin: "https://localhost:8443", authorityHash: world.authority.hash, random: world.random)
        #expect(throws: TrustError.notAuthentic) { try InvitationBundle.open(sealed, link: other, now: world.now) }
        // Whoever knows the secret but not whom the link pins cannot put another authority there.
        let hash = [UInt8](repeating: 6, count: 32)
        let repinned = try InvitationLink(
            parsing: ascii("https://localhost:8443/#") + Base64URL.encode([1] + world.link.keys.secret.exposed + hash))
        #expect(throws: TrustError.notAuthentic) { try InvitationBundle.open(sealed, link: repinned, now: world.now) }
        let resealed = try world.bundle().seal(repinned.keys, random: world.random)
        #expect(throws: TrustError.wrongAuthority) {
            try InvitationBundle.open(resealed, link: repinned, now: world.now)
        }
    }

    @Test("a bundle whose parts do not belong together is refused, however well sealed")
    func forgedParts() throws {
        let world = try World()
        let other = try World(seed: "another")
        let good = try world.bundle()
        func open(
            authority: Authority? = nil, state: SignedBubbleState? = nil, inviterChain: CertificateChain? = nil,
            certificate: InvitationCertificate? = nil, now: UInt64? = nil
        ) throws -> OpenedInvitation {
            let bundle = InvitationBundle(
                authority: authority ?? good.authority, state: state ?? good.state,
                inviterChain: inviterChain ?? good.inviterChain, certificate: certificate ?? good.certificate,
                keyPackage: good.keyPackage, mailbox: good.mailbox, inviterName: good.inviterName)
            return try InvitationBundle.open(
                bundle.seal(world.link.keys, random: world.random), link: world.link, now: now ?? world.now)
        }
        _ = try open()
        #expect(throws: TrustError.wrongAuthority) { try open(authority: other.authority) }
        #expect(throws: TrustError.wrongBubble) { try open(state: other.state(version: 1).signed) }
        #expect(throws: TrustError.wrongBubble) { try open(inviterChain: other.operatorChain) }
        // An inviter that may not invite: the newcomer of another invitation.
        #expect(throws: TrustError.rightsWidened) { try open(inviterChain: world.chain) }
        // Another invitation's certificate; one by the operator of elsewhere; one with another key than the link's.
        let link = try InvitationLink.member(
            origin: "https://localhost", authorityHash: world.authority.hash, random: world.random)
        let foreign = try InvitationCertificate.issue(
            for: link.keys, validity: Validity(from: World.start), bubble: world.bubble,
            by: world.operatorChain.member.member, signer: world.operatorKey, random: world.random)
        #expect(throws: TrustError.identityMismatch) { try open(certificate: foreign) }
        let unsigned = try InvitationCertificate.issue(
            for: world.link.keys, validity: Validity(from: World.start), bubble: world.bubble,
            by: world.operatorChain.member.member, signer: other.operatorKey, random: world.random)
        #expect(throws: TrustError.invalidSignature) { try open(certificate: unsigned) }
        #expect(throws: TrustError.expired) { try open(now: World.start + World.week + 1) }
        #expect(throws: TrustError.notYetValid) { try open(now: World.start - 25 * 3600) }
        var revoked = world.noneRevoked
        revoked.revoke(world.link.keys.id)
        #expect(throws: TrustError.revoked) { try open(state: world.state(version: 2, revoked: revoked).signed) }
        var noInviter = world.noneRevoked
        noInviter.revoke(world.operatorChain.member.member)
        #expect(throws: TrustError.revoked) { try open(state: world.state(version: 2, revoked: noInviter).signed) }
    }

    @Test("another bubble's bundle, made whole for this link by who knows its secret, fails on the pinned authority")
    func substitutedBubble() throws {
        let world = try World()
        let other = try World(seed: "another")
        let bundle = InvitationBundle(
            authority: other.authority, state: try other.state(version: 1).signed, inviterChain: other.operatorChain,
            certificate: try InvitationCertificate.issue(
                for: world.link.keys, validity: Validity(from: World.start), bubble: other.bubble,
                by: other.operatorChain.member.member, signer: other.operatorKey, random: other.random),
            keyPackage: [], mailbox: try other.bundle().mailbox, inviterName: "")
        let sealed = try bundle.seal(world.link.keys, random: world.random)
        #expect(throws: TrustError.wrongAuthority) {
            try InvitationBundle.open(sealed, link: world.link, now: world.now)
        }
    }

    @Test("an operator's claim link opens no bundle")
    func claim() throws {
        let world = try World()
        let claim = try InvitationLink.operatorClaim(origin: "https://localhost", random: world.random)
        let sealed = try world.bundle().seal(claim.keys, random: world.random)
        #expect(throws: TrustError.wrongAuthority) { try InvitationBundle.open(sealed, link: claim, now: world.now) }
    }

    @Test("parts that are too long are not sealed")
    func limits() throws {
        let world = try World()
        let good = try world.bundle()
        let long = InvitationBundle(
            authority: good.authority, state: good.state, inviterChain: good.inviterChain,
            certificate: good.certificate, keyPackage: [UInt8](repeating: 0, count: 16_385), mailbox: good.mailbox,
            inviterName: "")
        #expect(throws: TrustError.malformed(.tooLong)) { try long.seal(world.link.keys, random: world.random) }
        #expect(throws: TrustError.malformed(.tooLong)) {
            try InvitationBundle.open(
                [UInt8](repeating: 1, count: InvitationBundle.sizeLimit + 1), link: world.link, now: world.now)
        }
        #expect(throws: TrustError.malformed(.invalidValue)) {
            try MailboxCapability(mailbox: [1], deliveryKey: Secret([]), envelopeSecret: Secret([]))
        }
    }
}
