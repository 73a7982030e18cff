import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Bubble state")
struct BubbleStateTests {
    @Test("the authority's state verifies, and comes back as it was signed")
    func roundTrip() throws {
        let world = try World()
        var revoked = world.noneRevoked
        revoked.revoke(world.chain.device.device)
        let state = try world.state(version: 3, policy: [1, 2, 3], revoked: revoked)
        let read = try SignedBubbleState(decoding: state.signed.encoded).verify(authority: world.authority)
        #expect(read == state)
        #expect(read.bubble == world.bubble && read.version == 3 && read.policy == [1, 2, 3])
        #expect(read.issued == World.start && read.nodeKey == [UInt8](repeating: 0xAB, count: 32))
        #expect(read.revoked.contains(world.chain.device.device))
        #expect(read.hash.count == 32 && read.hash == state.hash)
    }

    @Test("a state changed at any byte, or signed by another, is refused")
    func tampering() throws {
        let world = try World()
        let other = try World(seed: "another")
        let bytes = try world.state(version: 3, policy: [7]).signed.encoded
        let signature = bytes.count - HybridSignature.length
        for index in Array(0..<signature) + stride(from: signature, to: bytes.count, by: 53) {
            var tampered = bytes
            tampered[index] ^= 1
            guard let state = try? SignedBubbleState(decoding: tampered) else { continue }
            #expect(throws: TrustError.self) { try state.verify(authority: world.authority) }
        }
        let forged = try BubbleState.issue(
            version: 9, nodeKey: [UInt8](repeating: 0, count: 32), revoked: world.noneRevoked, issued: World.start,
            by: other.authorityKey, random: world.random)
        #expect(throws: TrustError.invalidSignature) { try forged.signed.verify(authority: world.authority) }
        #expect(throws: TrustError.wrongBubble) {
            try other.state(version: 1).signed.verify(authority: world.authority)
        }
        // The operator's member key signs no states.
        let usurped = try BubbleState.issue(
            version: 9, nodeKey: [UInt8](repeating: 0, count: 32), revoked: world.noneRevoked, issued: World.start,
            by: world.operatorKey, random: world.random)
        #expect(throws: TrustError.invalidSignature) { try usurped.signed.verify(authority: world.authority) }
    }

    @Test("members go forward only, and notice two states with one version")
    func versions() throws {
        let world = try World()
        let first = try world.state(version: 1)
        let second = try world.state(version: 2)
        #expect(try first.updated(by: second.signed, authority: world.authority) == second)
        #expect(throws: TrustError.stateRolledBack) {
            try second.updated(by: first.signed, authority: world.authority)
        }
        let fork = try world.state(version: 2, policy: [1])
        #expect(throws: TrustError.stateForked) { try second.updated(by: fork.signed, authority: world.authority) }
        // The same content signed once more is the same state.
        let again = try world.state(version: 2)
        #expect(again.signed != second.signed && again.hash == second.hash)
        #expect(try second.updated(by: again.signed, authority: world.authority) == second)
        let other = try World(seed: "another")
        #expect(throws: TrustError.wrongBubble) {
            try first.updated(by: other.state(version: 5).signed, authority: world.authority)
        }
    }

    @Test("fields of a wrong length are neither issued nor read")
    func lengths() throws {
        let world = try World()
        #expect(throws: TrustError.malformed(.invalidValue)) {
            try BubbleState.issue(
                version: 1, nodeKey: [1], revoked: world.noneRevoked, issued: 0, by: world.authorityKey,
                random: world.random)
        }
        #expect(throws: TrustError.malformed(.tooLong)) {
            try world.state(version: 1, policy: [UInt8](repeating: 0, count: 4097))
        }
    }

    @Test("a revocation list has one encoding, and holds hashes instead of ids")
    func revocationList() throws {
        let world = try World()
        let ids = (0..<20).map { _ in MemberID.generate(world.random) }
        var forward = world.noneRevoked
        var backward = world.noneRevoked
        for id in ids { forward.revoke(id) }
        for id in ids.reversed() + ids { backward.revoke(id) }
        #expect(forward == backward && forward.count == 20)
        #expect(forward.encoded == backward.encoded)
        #expect(ids.allSatisfy { forward.contains($0) })
        #expect(!forward.contains(MemberID.generate(world.random)))
        let read = try RevocationList(decoding: forward.encoded)
        #expect(read == forward)
        // Two entries in another order.
        var swapped = forward.encoded
        let start = swapped.count - 64
        swapped.replaceSubrange(start..., with: forward.encoded[(start + 32)...] + forward.encoded[start..<start + 32])
        #expect(throws: WireError.invalidValue) { try RevocationList(decoding: swapped) }
        var doubled = forward.encoded
        doubled.replaceSubrange((start + 32)..., with: forward.encoded[start..<start + 32])
        #expect(throws: WireError.invalidValue) { try RevocationList(decoding: doubled) }
        var other = RevocationList(bubble: BubbleID.generate(world.random))
        other.revoke(ids[0])
        var one = world.noneRevoked
        one.revoke(ids[0])
        #expect(other.encoded.suffix(32) != one.encoded.suffix(32))
    }
}
