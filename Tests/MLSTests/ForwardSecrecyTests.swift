import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("Keys that have served")
struct ForwardSecrecyTests {
    let algorithms: Algorithms

    init() throws {
        algorithms = try Algorithms(.x25519AES128)
    }

    @Test("are not in the tree they came from any more (§9.2)")
    func secretTree() throws {
        let root = Secret([UInt8](repeating: 7, count: 32))
        var tree = SecretTree(encryptionSecret: root, leafCount: 4)
        let left = algorithms.expandWithLabel(root, "tree", [UInt8]("left".utf8), 32)
        let right = algorithms.expandWithLabel(root, "tree", [UInt8]("right".utf8), 32)
        let leaf = algorithms.expandWithLabel(left, "tree", [UInt8]("left".utf8), 32)
        let first = algorithms.expandWithLabel(leaf, "application", [], 32)
        #expect(contains(tree.encoded, root))
        let key = try tree.take(0, .application, generation: 0, algorithms)
        for secret in [root, left, leaf, first, key.key] { #expect(!contains(tree.encoded, secret)) }
        #expect(contains(tree.encoded, right))
        // A skipped key stays until it is used.
        _ = try tree.take(0, .application, generation: 2, algorithms)
        let before = tree.encoded
        let skipped = try tree.take(0, .application, generation: 1, algorithms)
        #expect(contains(before, skipped.key))
        #expect(!contains(tree.encoded, skipped.key))
    }

    @Test("of leaves that never spoke are those of application data alone once the epoch has ended")
    func silentLeaves() throws {
        let root = Secret([UInt8](repeating: 7, count: 32))
        var tree = SecretTree(encryptionSecret: root, leafCount: 4)
        let right = algorithms.expandWithLabel(root, "tree", [UInt8]("right".utf8), 32)
        let leaves = ["left", "right"].map { algorithms.expandWithLabel(right, "tree", [UInt8]($0.utf8), 32) }
        _ = try tree.take(1, .application, generation: 0, algorithms)
        #expect(contains(tree.encoded, right))
        var expected = tree
        // Leaf 3 is blank.
        tree.retire(own: 0, members: [0, 1, 2], algorithms)
        for secret in [root, right] + leaves { #expect(!contains(tree.encoded, secret)) }
        for leaf in leaves {
            #expect(!contains(tree.encoded, algorithms.expandWithLabel(leaf, "handshake", [], 32)))
        }
        let key = try tree.take(2, .application, generation: 4, algorithms)
        let same = try expected.take(2, .application, generation: 4, algorithms)
        #expect(key.key == same.key)
        for leaf: UInt32 in 0..<4 {
            #expect(throws: MLSError.messageKeyUsed) { try tree.take(leaf, .commit, generation: 0, algorithms) }
        }
    }

    @Test("make room when too many were skipped, in one sender's ratchet and in all together")
    func bounds() throws {
        var tree = SecretTree(encryptionSecret: Secret([UInt8](repeating: 7, count: 32)), leafCount: 32)
        _ = try tree.take(0, .application, generation: 1_000, algorithms)
        _ = try tree.take(0, .application, generation: 1_500, algorithms)
        #expect(throws: MLSError.messageKeyUsed) { try tree.take(0, .application, generation: 498, algorithms) }
        _ = try tree.take(0, .application, generation: 1_499, algorithms)
        for leaf: UInt32 in 1..<20 { _ = try tree.take(leaf, .application, generation: 1_000, algorithms) }
        _ = try tree.take(20, .application, generation: 1_000, algorithms)
        // Of the last one's 1,000 there was room for what the first had used.
        #expect(throws: MLSError.messageKeyUsed) { try tree.take(20, .application, generation: 998, algorithms) }
        _ = try tree.take(20, .application, generation: 999, algorithms)
        // Using up or sending goes on.
        _ = try tree.take(5, .application, generation: 3, algorithms)
        _ = try tree.take(20, .application, generation: 1_002, algorithms)
        _ = try tree.take(20, .application, generation: 1_001, algorithms)
    }

    @Test("of an epoch that ended, only those for reading others are kept")
    func pastEpoch() throws {
        let parties = try makeGroup(["alice", "bob", "carol"], suite: .x25519AES128)
        let late = try parties[0].encrypt("late")
        // Carol sent and proposed nothing, Bob both: neither can send in the old epoch again, or read a handshake there.
        _ = try parties[1].encrypt("x")
        _ = try parties[1].commit()
        try commit(parties[0], among: parties)
        for reader in [parties[1], parties[2]] {
            let own = try reader.state.ownLeaf
            var keys = try #require(try reader.state.past.first).messageKeys
            for type in [ContentType.application, .commit] {
                #expect(throws: MLSError.messageKeyUsed) { try keys.next(own, type, algorithms) }
            }
            for leaf: UInt32 in 0..<3 {
                #expect(throws: MLSError.messageKeyUsed) { try keys.take(leaf, .commit, generation: 0, algorithms) }
            }
            try reader.restart()
            var restored = try #require(try reader.state.past.first).messageKeys
            #expect(throws: MLSError.messageKeyUsed) { try restored.take(0, .commit, generation: 0, algorithms) }
            #expect(try reader.read(late) == "late")
        }
    }

    @Test("are gone from a removed member's state")
    func removed() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        let before = try parties[1].state.current.secrets
        let exported = [
            before.exporterSecret, before.externalSecret, before.membershipKey, before.epochAuthenticator,
            before.initSecret,
        ]
        for secret in exported { #expect(contains(try parties[1].state.encoded, secret)) }
        try parties[1].apply(try parties[0].commit(removing: [1]).message)
        for secret in exported { #expect(!contains(try parties[1].state.encoded, secret)) }
    }

    @Test("of an epoch that ended are not in the state any more")
    func endedEpoch() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        let old = try parties[1].state.current.secrets
        let gone = [
            old.exporterSecret, old.externalSecret, old.membershipKey, old.epochAuthenticator, old.initSecret,
        ]
        try commit(parties[0], among: parties)
        for secret in gone { #expect(!contains(try parties[1].state.encoded, secret)) }
        // What opens late messages stays for three epochs more.
        #expect(contains(try parties[1].state.encoded, old.senderDataSecret))
        for _ in 0..<3 { try commit(parties[0], among: parties) }
        for secret in [old.senderDataSecret, old.resumptionSecret] {
            #expect(!contains(try parties[1].state.encoded, secret))
        }
    }

    @Test("for late messages and for resumption are gone when the application has no use for them")
    func forgotten() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        let old = try parties[1].state.current.secrets
        let late = try parties[0].encrypt("late")
        try commit(parties[0], among: parties)
        var group = try parties[1].state
        #expect(contains(group.encoded, old.resumptionSecret))
        group.forgetResumptionSecrets()
        #expect(!contains(group.encoded, old.resumptionSecret))
        #expect(contains(group.encoded, old.senderDataSecret))
        group = try Group(decoding: group.encoded)
        #expect(group.hasPastEpochs)
        group.forgetPastEpochs()
        #expect(!group.hasPastEpochs)
        #expect(!contains(group.encoded, old.senderDataSecret))
        #expect(throws: MLSError.epochExpired(1)) {
            try group.process(late, externalCommits: .refuse, accept: { _ in true })
        }
    }

    private func contains(_ bytes: [UInt8], _ secret: Secret) -> Bool {
        let part = secret.exposed
        guard bytes.count >= part.count, let first = part.first else { return false }
        for start in 0...(bytes.count - part.count) where bytes[start] == first {
            if bytes[start..<start + part.count].elementsEqual(part) { return true }
        }
        return false
    }
}
