import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("The group's state")
struct StateTests {
    @Test("survives being stored in the middle of everything")
    func restart() throws {
        let parties = try makeGroup(["alice", "bob", "carol"])
        let messages = [try parties[0].encrypt("0"), try parties[0].encrypt("1"), try parties[0].encrypt("2")]
        #expect(try parties[1].read(messages[2]) == "2")
        try parties[1].restart()
        #expect(try parties[1].read(messages[0]) == "0")
        try commit(parties[2], among: parties)
        for party in parties { try party.restart() }
        #expect(try parties[1].read(messages[1]) == "1")
        for message in messages { #expect(throws: MLSError.messageKeyUsed) { try parties[1].read(message) } }
        try expectAgreement(parties)
        let encoded = try parties[1].state.encoded
        #expect(try Group(decoding: encoded).encoded == encoded)
    }

    @Test("a pending commit survives a restart, and messages that came meanwhile")
    func pendingCommit() throws {
        let parties = try makeGroup(["alice", "bob"])
        let carol = try Party("carol")
        let pending = try parties[0].commit(adding: [try carol.keyPackage()])
        let stored = pending.encoded
        try parties[0].restart()
        let early = try parties[1].encrypt("before the commit")
        let late = try parties[1].encrypt("also before")
        #expect(try parties[0].read(early) == "before the commit")
        let restored = try PendingCommit(decoding: stored)
        #expect(restored.message == pending.message)
        #expect(restored.welcome == pending.welcome)
        #expect(restored.epoch == 2)
        try parties[1].apply(restored.message)
        try parties[0].merge(restored)
        try carol.join(try #require(restored.welcome))
        try expectAgreement(parties + [carol])
        #expect(try parties[0].read(late) == "also before")
        #expect(throws: MLSError.messageKeyUsed) { try parties[0].read(early) }
    }

    @Test("a staged commit survives a restart")
    func stagedCommit() throws {
        let parties = try makeGroup(["alice", "bob"])
        let pending = try parties[0].commit()
        guard case .commit(let staged) = try parties[1].process(pending.message) else {
            Issue.record("not a commit")
            return
        }
        let restored = try StagedCommit(decoding: staged.encoded)
        try parties[1].restart()
        try parties[1].with { try $0.merge(restored) }
        try parties[0].merge(pending)
        try expectAgreement(parties)
    }

    @Test("a key package bundle survives a restart")
    func bundle() throws {
        let alice = try Party("alice")
        let bob = try Party("bob")
        try alice.create()
        let pending = try alice.commit(adding: [try bob.keyPackage()])
        bob.bundle = try KeyPackageBundle(decoding: try #require(bob.bundle).encoded)
        try bob.join(try #require(pending.welcome))
    }

    @Test("every commit that was made uses a handshake key of its own")
    func handshakeKeys() throws {
        let parties = try makeGroup(["alice", "bob"])
        #expect(try parties[0].state.nextHandshakeGeneration == 0)
        _ = try parties[0].commit()
        #expect(try parties[0].state.nextHandshakeGeneration == 1)
        let second = try parties[0].commit()
        try parties[1].apply(second.message)
        try parties[0].merge(second)
        try expectAgreement(parties)
    }

    @Test("what fails leaves the state as it was")
    func failure() throws {
        let parties = try makeGroup(["alice", "bob"])
        let before = try parties[1].state.encoded
        var forged = try parties[0].encrypt("x")
        forged[forged.count - 1] ^= 1
        #expect(throws: MLSError.decryptionFailed) { try parties[1].read(forged) }
        #expect(throws: MLSError.self) { try parties[1].commit(removing: [7]) }
        #expect(try parties[1].state.encoded == before)
    }

    @Test("equal inputs and equal randomness give equal bytes")
    func determinism() throws {
        func run() throws -> [[UInt8]] {
            let parties = try makeGroup(["alice", "bob", "carol", "dave"], seed: "same")
            var bytes = [try parties[3].encrypt("text")]
            bytes.append(try commit(parties[2], among: parties, removing: [1]).encoded)
            bytes.append(try parties[0].state.encoded)
            return bytes
        }
        #expect(try run() == run())
    }

    @Test("with an own leaf that is nobody's, or with extensions twice, is refused")
    func malformed() throws {
        let alice = try Party("alice", suite: .x25519AES128)
        try alice.create()
        var encoded = try alice.state.encoded
        let own = try 1 + alice.state.current.context.encoded.count + alice.state.ratchetTree.count
        #expect(Array(encoded[own..<own + 4]) == [0, 0, 0, 0])
        encoded[own + 3] = 1
        #expect(throws: WireError.invalidValue) { try Group(decoding: encoded) }
        #expect(throws: WireError.invalidValue) { try Extensions(decoding: [6, 9, 9, 0, 9, 9, 0]) }
        var many = WireWriter()
        many.writeVector { writer in
            for type in UInt16(0)..<65 {
                writer.write(type)
                writer.write(opaque: [])
            }
        }
        #expect(throws: WireError.tooLong) { try Extensions(decoding: many.bytes) }
        // Only these two formats carry content.
        #expect(throws: WireError.invalidValue) { try AuthenticatedContent(decoding: [0, 3, 0]) }
    }

    @Test("has no place outside the tree")
    func shape() {
        let shape = TreeShape(holding: 3)
        #expect(shape.leafCount == 4)
        #expect(shape.parent(of: 3) == nil)
        for node: UInt32 in [7, 8, 1_000, .max] { #expect(shape.parent(of: node) == nil) }
    }
}
