import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Leaves and the chains behind them")
struct ChainCacheTests {
    @Test("a leaf is accepted once its chain was verified, and only with the certified key")
    func accepts() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        let device = try world.verify(world.chain)
        let identity = device.leafIdentity.encoded
        #expect(identity.count == 1 + 16 + 16 + 16 + 4 + 64)
        #expect(!cache.accepts(identity: identity, leafKey: device.leafKey, now: world.now, revoked: world.noneRevoked))
        #expect(try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked) == device)
        #expect(cache.accepts(identity: identity, leafKey: device.leafKey, now: world.now, revoked: world.noneRevoked))
        #expect(
            !cache.accepts(identity: identity, leafKey: device.sessionKey, now: world.now, revoked: world.noneRevoked))
        #expect(!cache.accepts(identity: [], leafKey: device.leafKey, now: world.now, revoked: world.noneRevoked))
        #expect(try cache.device(for: LeafIdentity(decoding: identity)) == device)
    }

    @Test("a leaf that says other than its chain is refused, whatever it changes")
    func mismatch() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        let device = try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        let identity = device.leafIdentity.encoded
        for index in identity.indices {
            var changed = identity
            changed[index] ^= 1
            let expected: TrustError =
                switch index {
                case 0: .malformed(.invalidValue)
                case 1..<53: .identityMismatch
                default: .unknownChain
                }
            #expect(throws: expected) {
                try cache.check(identity: changed, leafKey: device.leafKey, now: world.now, revoked: world.noneRevoked)
            }
        }
    }

    @Test("what was verified once is still asked for its time and its revocation")
    func stillChecked() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        let device = try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        let identity = device.leafIdentity.encoded
        var revoked = world.noneRevoked
        revoked.revoke(device.device)
        #expect(!cache.accepts(identity: identity, leafKey: device.leafKey, now: world.now, revoked: revoked))
        #expect(!cache.accepts(identity: identity, leafKey: device.leafKey, now: 0, revoked: world.noneRevoked))
    }

    @Test("a chain that is only verified is not kept, nor is its invitation used up")
    func verifiedOnly() throws {
        let world = try World()
        let cache = ChainCache(authority: world.authority)
        let empty = cache.encoded
        let device = try cache.verify(world.chain, now: world.now, revoked: world.noneRevoked)
        #expect(try device == world.verify(world.chain))
        #expect(cache.encoded == empty)
    }

    @Test("of one member only the last few chains are kept, however many it makes")
    func bounded() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        var identities: [LeafIdentity] = []
        for generation in UInt32(1)...20 {
            let chain = world.chain.replacingDevice(try world.device(generation: generation))
            identities.append(
                try cache.insert(chain, now: world.now, revoked: world.noneRevoked).leafIdentity)
        }
        #expect(cache.count == ChainCache.chainsPerMember)
        for identity in identities.suffix(ChainCache.chainsPerMember) { _ = try cache.device(for: identity) }
        #expect(throws: TrustError.unknownChain) { try cache.device(for: identities[0]) }
        // An older one that comes once more is the one that is kept for now.
        let old = world.chain.replacingDevice(try world.device(generation: 1))
        let identity = try cache.insert(old, now: world.now, revoked: world.noneRevoked).leafIdentity
        _ = try cache.device(for: identity)
        #expect(cache.count == ChainCache.chainsPerMember)
    }

    @Test("a leaf whose chain is kept no more is still silenced with its member or its device")
    func revokedWithoutChain() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        let device = try world.verify(world.chain)
        let identity = device.leafIdentity
        #expect(!cache.isRevoked(identity, by: world.noneRevoked))
        var member = world.noneRevoked
        member.revoke(device.member)
        #expect(cache.isRevoked(identity, by: member))
        var revoked = world.noneRevoked
        revoked.revoke(device.device)
        #expect(cache.isRevoked(identity, by: revoked))
        try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        #expect(cache.isRevoked(identity, by: revoked))
        #expect(!cache.isRevoked(identity, by: world.noneRevoked))
    }

    @Test("a leaf gives its place to the same device only, certified no earlier")
    func succession() throws {
        let world = try World()
        func identity(_ generation: UInt32, in world: World) throws -> LeafIdentity {
            try world.verify(world.chain.replacingDevice(try world.device(generation: generation)))
                .leafIdentity
        }
        let old = try identity(5, in: world)
        #expect(try identity(5, in: world).succeeds(old))
        #expect(try identity(6, in: world).succeeds(old))
        #expect(try !identity(4, in: world).succeeds(old))
        #expect(try !identity(6, in: World(seed: "another")).succeeds(old))
    }

    @Test("a chain that does not verify leaves no trace")
    func refusedChains() throws {
        let world = try World()
        let other = try World(seed: "another")
        var cache = ChainCache(authority: world.authority)
        let before = cache.encoded
        #expect(throws: TrustError.wrongBubble) {
            try cache.insert(other.chain, now: world.now, revoked: world.noneRevoked)
        }
        #expect(cache.encoded == before)
    }

    @Test("a second member key for an invitation is refused, the first one's new device is not")
    func secondKey() throws {
        let world = try World()
        var cache = ChainCache(authority: world.authority)
        try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        let thief = try HybridSigningKey.generate(world.random)
        let stolen = CertificateChain(
            inviter: world.chain.inviter, invitation: world.invitation,
            member: try MemberCertificate.issue(
                to: thief.publicKey, redeeming: world.invitation, with: world.link.keys, now: world.now,
                random: world.random),
            device: try World.device(of: thief, rights: [], fill: 8, bubble: world.bubble, random: world.random))
        // By itself, the chain is in order: that is what a leaked link and a lying node can do.
        let device = try world.verify(stolen)
        #expect(throws: TrustError.invitationReused) {
            try cache.insert(stolen, now: world.now, revoked: world.noneRevoked)
        }
        let identity = device.leafIdentity.encoded
        #expect(!cache.accepts(identity: identity, leafKey: device.leafKey, now: world.now, revoked: world.noneRevoked))
        let next = world.chain.replacingDevice(
            try World.device(
                of: world.memberKey, rights: [], fill: 2, generation: 1, bubble: world.bubble, random: world.random))
        #expect(try cache.insert(next, now: world.now, revoked: world.noneRevoked).generation == 1)
    }

    @Test("it comes back from its encoding with all it knew, and always encodes alike")
    func encoding() throws {
        let world = try World()
        var first = ChainCache(authority: world.authority)
        try first.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        try first.insert(world.operatorChain, now: world.now, revoked: world.noneRevoked)
        var second = ChainCache(authority: world.authority)
        try second.insert(world.operatorChain, now: world.now, revoked: world.noneRevoked)
        try second.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        #expect(first.encoded == second.encoded)
        let read = try ChainCache(decoding: first.encoded)
        #expect(read.encoded == first.encoded)
        let device = try world.verify(world.chain)
        #expect(try read.device(for: device.leafIdentity) == device)
        #expect(throws: WireError.self) { try ChainCache(decoding: first.encoded.dropLast()) }
    }

    @Test("the ledger keeps the first key of each invitation")
    func ledger() throws {
        let world = try World()
        var ledger = InvitationLedger()
        let ids = (0..<5).map { _ in InvitationID.generate(world.random) }
        for id in ids { try ledger.record(id, memberKey: world.memberKey.publicKey) }
        try ledger.record(ids[2], memberKey: world.memberKey.publicKey)
        #expect(throws: TrustError.invitationReused) {
            try ledger.record(ids[2], memberKey: world.operatorKey.publicKey)
        }
        let read = try InvitationLedger(decoding: ledger.encoded)
        #expect(read == ledger && read.encoded == ledger.encoded)
        #expect(read.memberKeyHash(for: ids[0]) == HashAlgorithm.sha256.hash(world.memberKey.publicKey.bytes))
        #expect(read.memberKeyHash(for: InvitationID.generate(world.random)) == nil)
    }
}
