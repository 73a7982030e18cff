import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("What a chain may say")
struct ChainRuleTests {
    @Test("rights only narrow: no certificate grants what its issuer lacks")
    func rights() throws {
        let world = try World()
        // A device with more than its member.
        let device: DeviceCertificate = try Forge.device(of: world.chain.member.member, in: world, rights: 1)
            .signed(by: world.memberKey)
        #expect(throws: TrustError.rightsWidened) { try world.verify(world.chain.replacingDevice(device)) }
        // A member with more than its invitation.
        for rights: UInt8 in [1, 2, 3] {
            let member: MemberCertificate = try Forge.member(
                world.memberKey.publicKey, in: world, issuer: .id(world.link.keys.id.bytes), rights: rights
            ).signed(by: try world.link.keys.signingKey())
            #expect(throws: TrustError.rightsWidened) { try world.verify(with(world, member: member)) }
        }
        // An invitation that grants what only the authority may.
        for rights: UInt8 in [1, 2, 3] {
            let invitation: InvitationCertificate = try Forge.invitation(
                world.link.keys, in: world, issuer: .id(world.operatorChain.member.member.bytes), rights: rights
            ).signed(by: world.operatorKey)
            #expect(throws: TrustError.rightsWidened) { try world.verify(with(world, invitation: invitation)) }
        }
        // A device may have less than its member.
        let narrowed = world.operatorChain.replacingDevice(
            try World.device(of: world.operatorKey, rights: [], fill: 4, bubble: world.bubble, random: world.random))
        #expect(try world.verify(narrowed).rights == [])
    }

    @Test("a member without mayInvite invites nobody")
    func mayInvite() throws {
        let world = try World()
        let inviter = try MemberCertificate.issue(
            to: world.operatorKey.publicKey, rights: [.operator], validity: Validity(from: World.start),
            bubble: world.bubble, by: world.authorityKey, random: world.random)
        #expect(throws: TrustError.rightsWidened) { try world.verify(with(world, inviter: inviter)) }
    }

    @Test("who was invited cannot invite in turn")
    func tooDeep() throws {
        let world = try World()
        let second = try InvitationLink.member(
            origin: "https://localhost", authorityHash: world.authority.hash, random: world.random)
        let invitation = try InvitationCertificate.issue(
            for: second.keys, validity: Validity(from: World.start + 100), bubble: world.bubble,
            by: world.chain.member.member, signer: world.memberKey, random: world.random)
        let key = try HybridSigningKey.generate(world.random)
        let member = try MemberCertificate.issue(
            to: key.publicKey, redeeming: invitation, with: second.keys, now: world.now, random: world.random)
        let chain = CertificateChain(
            inviter: world.chain.member, invitation: invitation, member: member,
            device: try World.device(of: key, rights: [], fill: 5, bubble: world.bubble, random: world.random))
        #expect(throws: TrustError.tooDeep) { try world.verify(chain) }
    }

    @Test("a member whom the authority lets invite does so under a certificate of its own")
    func promoted() throws {
        let world = try World()
        let promoted = try MemberCertificate.issue(
            to: world.memberKey.publicKey, rights: [.mayInvite], validity: Validity(from: World.start + 200),
            bubble: world.bubble, by: world.authorityKey, random: world.random)
        let own = CertificateChain(member: promoted, device: world.chain.device)
        #expect(try world.verify(own).member == world.chain.member.member)
        let invitation = try InvitationCertificate.issue(
            for: world.link.keys, validity: Validity(from: World.start + 300), bubble: world.bubble,
            by: promoted.member, signer: world.memberKey, random: world.random)
        let key = try HybridSigningKey.generate(world.random)
        let chain = CertificateChain(
            inviter: promoted, invitation: invitation,
            member: try MemberCertificate.issue(
                to: key.publicKey, redeeming: invitation, with: world.link.keys, now: World.start + 400,
                random: world.random),
            device: try World.device(of: key, rights: [], fill: 6, bubble: world.bubble, random: world.random))
        #expect(try world.verify(chain).inviter == promoted.member)
    }

    @Test("certificates that do not follow from one another are refused")
    func issuers() throws {
        let world = try World()
        let other = try World(seed: "another")
        // An invitation without the member that issued it, or with another.
        let orphan = CertificateChain(
            invitation: world.invitation, member: world.chain.member, device: world.chain.device)
        #expect(throws: TrustError.wrongIssuer) { try world.verify(orphan) }
        let impostor = try MemberCertificate.issue(
            to: other.operatorKey.publicKey, rights: [.mayInvite], validity: Validity(from: World.start),
            bubble: world.bubble, by: world.authorityKey, random: world.random)
        #expect(throws: TrustError.wrongIssuer) { try world.verify(with(world, inviter: impostor)) }
        // An inviter without an invitation, an invited member without one, a direct member with one.
        let idle = CertificateChain(
            inviter: world.chain.inviter, member: world.operatorChain.member, device: world.operatorChain.device)
        #expect(throws: TrustError.wrongIssuer) { try world.verify(idle) }
        #expect(throws: TrustError.wrongIssuer) {
            try world.verify(CertificateChain(member: world.chain.member, device: world.chain.device))
        }
        #expect(throws: TrustError.wrongIssuer) { try world.verify(with(world, member: world.operatorChain.member)) }
        // Another invitation's id in the member's certificate; another member's device.
        let misnamed: MemberCertificate = try Forge.member(
            world.memberKey.publicKey, in: world, issuer: .id([UInt8](repeating: 0, count: 16))
        ).signed(by: try world.link.keys.signingKey())
        #expect(throws: TrustError.wrongIssuer) { try world.verify(with(world, member: misnamed)) }
        #expect(throws: TrustError.wrongIssuer) {
            try world.verify(world.chain.replacingDevice(world.operatorChain.device))
        }
    }

    @Test("a member cannot take another's id")
    func memberID() throws {
        let world = try World()
        let thief: MemberCertificate = try Forge.member(
            world.memberKey.publicKey, in: world, issuer: .id(world.link.keys.id.bytes),
            id: world.operatorChain.member.member
        ).signed(by: try world.link.keys.signingKey())
        let device: DeviceCertificate = try Forge.device(of: world.operatorChain.member.member, in: world)
            .signed(by: world.memberKey)
        let chain = CertificateChain(
            inviter: world.chain.inviter, invitation: world.invitation, member: thief, device: device)
        #expect(throws: TrustError.identityMismatch) { try world.verify(chain) }
    }

    @Test("a certificate of another bubble is refused in every place", arguments: Link.allCases)
    func wrongBubble(link: Link) throws {
        let world = try World()
        let other = BubbleID.generate(world.random)
        let operatorID = world.operatorChain.member.member
        let forge: Forge =
            switch link {
            case .inviter: .member(world.operatorKey.publicKey, in: world, rights: 3, from: World.start, bubble: other)
            case .invitation: try .invitation(world.link.keys, in: world, issuer: .id(operatorID.bytes), bubble: other)
            case .member:
                .member(world.memberKey.publicKey, in: world, issuer: .id(world.link.keys.id.bytes), bubble: other)
            case .device: .device(of: world.chain.member.member, in: world, bubble: other)
            }
        let chain = try link.chain(in: world, forge.signature(by: try link.signer(in: world)), forge)
        #expect(throws: TrustError.wrongBubble) { try world.verify(chain) }
    }

    @Test("member and device count from when to when they say, a wrong clock of a day at the beginning aside")
    func validity() throws {
        let world = try World()
        let day: UInt64 = 24 * 3600
        let start = World.start + 10 * day
        let member = try MemberCertificate.issue(
            to: world.memberKey.publicKey, rights: [], validity: Validity(from: start, until: start + 5 * day),
            bubble: world.bubble, by: world.authorityKey, random: world.random)
        let unlimited = CertificateChain(member: member, device: world.chain.device)
        #expect(throws: TrustError.notYetValid) { try world.verify(unlimited, now: start - day - 1) }
        _ = try world.verify(unlimited, now: start - day)
        _ = try world.verify(unlimited, now: start + 5 * day)
        #expect(throws: TrustError.expired) { try world.verify(unlimited, now: start + 5 * day + 1) }
        let limited = world.chain.replacingDevice(
            try World.device(
                of: world.memberKey, rights: [], fill: 2, validity: Validity(from: start, until: start + day),
                bubble: world.bubble, random: world.random))
        #expect(throws: TrustError.notYetValid) { try world.verify(limited, now: start - day - 1) }
        let verified = try world.verify(limited, now: start)
        #expect(throws: TrustError.expired) { try world.verify(limited, now: start + day + 1) }
        #expect(throws: TrustError.expired) { try verified.check(now: start + day + 1, revoked: world.noneRevoked) }
        #expect(throws: TrustError.notYetValid) { try verified.check(now: 0, revoked: world.noneRevoked) }
        #expect(throws: TrustError.expired) { try world.verify(limited, now: .max) }
    }

    @Test("an invitation counts when it is redeemed: its end later on takes nobody away")
    func invitationWindow() throws {
        let world = try World()
        _ = try world.verify(world.chain, now: World.start + 100 * World.week)
        for start in [World.start - 1, World.start + World.week + 1] {
            let member: MemberCertificate = try Forge.member(
                world.memberKey.publicKey, in: world, issuer: .id(world.link.keys.id.bytes), from: start
            ).signed(by: try world.link.keys.signingKey())
            #expect(throws: TrustError.outsideIssuerValidity) { try world.verify(with(world, member: member)) }
        }
    }

    @Test("an invitation that was issued outside the inviter's time is refused, and one from within it stays")
    func inviterWindow() throws {
        let world = try World()
        let until = { (end: UInt64) throws in
            try MemberCertificate.issue(
                to: world.operatorKey.publicKey, rights: [.mayInvite],
                validity: Validity(from: World.start - 100, until: end), bubble: world.bubble, by: world.authorityKey,
                random: world.random)
        }
        let ended = try until(World.start)
        _ = try world.verify(with(world, inviter: ended), now: World.start + World.week)
        let before = try until(World.start - 1)
        #expect(throws: TrustError.outsideIssuerValidity) { try world.verify(with(world, inviter: before)) }
    }

    @Test("a revoked device, member, invitation or inviter takes the chain along; another's revocation does not")
    func revocation() throws {
        let world = try World()
        let verified = try world.verify(world.chain)
        var lists = [RevocationList](repeating: world.noneRevoked, count: 4)
        lists[0].revoke(verified.device)
        lists[1].revoke(verified.member)
        lists[2].revoke(world.link.keys.id)
        lists[3].revoke(world.operatorChain.member.member)
        for list in lists {
            #expect(throws: TrustError.revoked) { try world.verify(world.chain, revoked: list) }
            #expect(throws: TrustError.revoked) { try verified.check(now: world.now, revoked: list) }
        }
        _ = try world.verify(world.operatorChain, revoked: lists[0])
        _ = try world.verify(world.operatorChain, revoked: lists[2])
        var elsewhere = world.noneRevoked
        elsewhere.revoke(DeviceID.generate(world.random))
        // The same bytes as another kind of id are another entry.
        elsewhere.revoke(try MemberID(verified.device.bytes))
        _ = try world.verify(world.chain, revoked: elsewhere)
    }

    @Test("a newcomer certifies itself only with the link's keys and in the invitation's time")
    func redeeming() throws {
        let world = try World()
        let redeem = { (keys: InvitationKeys, now: UInt64) throws in
            try MemberCertificate.issue(
                to: world.memberKey.publicKey, redeeming: world.invitation, with: keys, now: now, random: world.random)
        }
        let other = try InvitationLink.member(
            origin: "https://localhost", authorityHash: world.authority.hash, random: world.random)
        #expect(throws: TrustError.identityMismatch) { try redeem(other.keys, world.now) }
        #expect(throws: TrustError.expired) { try redeem(world.link.keys, World.start + World.week + 1) }
        #expect(throws: TrustError.notYetValid) { try redeem(world.link.keys, World.start - 25 * 3600) }
        // A clock that is an hour behind the inviter's: the invitation's beginning counts.
        let early = try redeem(world.link.keys, World.start - 3600)
        #expect(early.validity.notBefore == World.start)
        _ = try world.verify(with(world, member: early))
    }

    @Test("unknown rights and versions are refused while reading")
    func strictDecoding() throws {
        let world = try World()
        let unknown = Forge.member(world.memberKey.publicKey, in: world, rights: 4)
        #expect(throws: WireError.invalidValue) {
            let _: MemberCertificate = try unknown.signed(by: world.authorityKey)
        }
        var bytes = world.chain.device.encoded
        bytes[0] = 2
        #expect(throws: WireError.invalidValue) { try DeviceCertificate(decoding: bytes) }
        #expect(throws: TrustError.malformed(.invalidValue)) {
            try DeviceCertificate.issue(
                device: DeviceID.generate(world.random), leafKey: [1], sessionKey: [UInt8](repeating: 0, count: 32),
                generation: 0, rights: [], validity: Validity(from: 0), bubble: world.bubble, by: world.memberKey,
                random: world.random)
        }
    }

    private func with(
        _ world: World, inviter: MemberCertificate? = nil, invitation: InvitationCertificate? = nil,
        member: MemberCertificate? = nil
    ) -> CertificateChain {
        CertificateChain(
            inviter: inviter ?? world.chain.inviter, invitation: invitation ?? world.invitation,
            member: member ?? world.chain.member, device: world.chain.device)
    }
}
