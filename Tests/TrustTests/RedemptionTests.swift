import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Redeeming an invitation")
struct RedemptionTests {
    @Test("a redemption proves the link to whoever has the verifier")
    func proof() throws {
        let world = try World()
        let redemption = try Redemption(decoding: Redemption(chain: world.chain, keys: world.link.keys).encoded)
        #expect(redemption.chain == world.chain)
        #expect(redemption.matches(verifier: world.link.keys.redemptionVerifier))
        #expect(!redemption.matches(verifier: world.link.keys.redemptionProof))
        let other = try InvitationLink.member(
            origin: "https://localhost", authorityHash: world.authority.hash, random: world.random)
        #expect(!redemption.matches(verifier: other.keys.redemptionVerifier))
        #expect(!redemption.matches(verifier: []))
        #expect(throws: WireError.truncated) { try Redemption(decoding: redemption.encoded.dropLast()) }
    }

    @Test("the node's receipt is for one key, one invitation, one bubble and one time")
    func receipt() throws {
        let world = try World()
        let node = try SignatureScheme.ed25519.generate(world.random)
        let receipt = try RedemptionReceipt.issue(
            bubble: world.bubble, invitation: world.link.keys.id, memberKey: world.memberKey.publicKey,
            time: world.now, nodeKey: node.privateKey)
        func verify(
            _ receipt: RedemptionReceipt, node key: [UInt8]? = nil, bubble: BubbleID? = nil,
            invitation: InvitationID? = nil, memberKey: HybridPublicKey? = nil
        ) throws {
            try receipt.verify(
                nodeKey: key ?? node.publicKey, bubble: bubble ?? world.bubble,
                invitation: invitation ?? world.link.keys.id, memberKey: memberKey ?? world.memberKey.publicKey)
        }
        let bytes = receipt.encoded
        let read = try RedemptionReceipt(decoding: bytes)
        #expect(read == receipt && read.time == world.now)
        try verify(read)
        #expect(throws: TrustError.identityMismatch) { try verify(read, bubble: BubbleID.generate(world.random)) }
        #expect(throws: TrustError.identityMismatch) { try verify(read, invitation: .generate(world.random)) }
        #expect(throws: TrustError.identityMismatch) { try verify(read, memberKey: world.operatorKey.publicKey) }
        let stranger = try SignatureScheme.ed25519.generate(world.random)
        #expect(throws: TrustError.invalidSignature) { try verify(read, node: stranger.publicKey) }
        #expect(throws: TrustError.invalidSignature) { try verify(read, node: []) }
        for index in bytes.indices {
            var tampered = bytes
            tampered[index] ^= 1
            guard let receipt = try? RedemptionReceipt(decoding: tampered) else { continue }
            #expect(throws: TrustError.self) { try verify(receipt) }
        }
        #expect(throws: TrustError.signingFailed) {
            try RedemptionReceipt.issue(
                bubble: world.bubble, invitation: world.link.keys.id, memberKey: world.memberKey.publicKey, time: 0,
                nodeKey: Secret([1]))
        }
    }

    @Test("the inviter's countersignature confirms one newcomer")
    func countersignature() throws {
        let world = try World()
        let newcomer = try world.verify(world.chain)
        let inviter = try world.verify(world.operatorChain)
        let signed = try Countersignature.issue(for: newcomer, by: world.operatorKey, random: world.random)
        let bytes = signed.encoded
        let read = try Countersignature(decoding: bytes)
        #expect(read == signed)
        try read.verify(newcomer: newcomer, inviter: inviter)
        // Not for someone else, and not by someone else.
        #expect(throws: TrustError.identityMismatch) { try read.verify(newcomer: inviter, inviter: inviter) }
        #expect(throws: TrustError.wrongIssuer) { try read.verify(newcomer: newcomer, inviter: newcomer) }
        #expect(throws: TrustError.wrongIssuer) {
            try Countersignature.issue(for: newcomer, by: world.memberKey, random: world.random)
        }
        #expect(throws: TrustError.wrongIssuer) {
            try Countersignature.issue(for: inviter, by: world.operatorKey, random: world.random)
        }
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var tampered = bytes
            tampered[index] ^= 1
            guard let forged = try? Countersignature(decoding: tampered) else { continue }
            #expect(throws: TrustError.self) { try forged.verify(newcomer: newcomer, inviter: inviter) }
        }
    }

    @Test("a countersignature does not pass from one of two redemptions to the other")
    func secondRedemption() throws {
        let world = try World()
        let inviter = try world.verify(world.operatorChain)
        let signed = try Countersignature.issue(
            for: world.verify(world.chain), by: world.operatorKey, random: world.random)
        let thief = try HybridSigningKey.generate(world.random)
        let stolen = CertificateChain(
            inviter: world.chain.inviter, invitation: world.invitation,
            member: try MemberCertificate.issue(
                to: thief.publicKey, redeeming: world.invitation, with: world.link.keys, now: world.now,
                random: world.random),
            device: try World.device(of: thief, rights: [], fill: 8, bubble: world.bubble, random: world.random))
        let second = try world.verify(stolen)
        #expect(throws: TrustError.identityMismatch) { try signed.verify(newcomer: second, inviter: inviter) }
    }

    @Test("an invitation of the authority's is confirmed by whoever may invite, and by nobody else")
    func authoritysInvitation() throws {
        let world = try World()
        let invitation = try InvitationCertificate.issue(
            for: world.link.keys, validity: Validity(from: World.start), bubble: world.bubble, by: nil,
            signer: world.authorityKey, random: world.random)
        let newcomer = try world.verify(
            CertificateChain(invitation: invitation, member: world.chain.member, device: world.chain.device))
        let byOperator = try Countersignature.issue(for: newcomer, by: world.operatorKey, random: world.random)
        try byOperator.verify(newcomer: newcomer, inviter: try world.verify(world.operatorChain))
        let byItself = try Countersignature.issue(for: newcomer, by: world.memberKey, random: world.random)
        #expect(throws: TrustError.wrongIssuer) { try byItself.verify(newcomer: newcomer, inviter: newcomer) }
    }
}
