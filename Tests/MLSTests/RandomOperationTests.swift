import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("Random sequences of operations")
struct RandomOperationTests {
    @Test("leave all members with one view", arguments: 1...12)
    func sequence(_ seed: Int) throws {
        // Half the seeds run our own suite, half the cheapest, for longer.
        let suite: CipherSuite = seed % 2 == 0 ? .xwing : .x25519AES128
        let random = Randomness(seed: [UInt8]("operations \(seed)".utf8))
        var parties = try makeGroup(["0", "1"], suite: suite, seed: "\(seed)")
        var born = 2
        for _ in 0..<(suite == .xwing ? 25 : 80) {
            let committer = parties[Int(random.number(below: UInt32(parties.count)))]
            var newcomers: [Party] = []
            var leaving: [Party] = []
            switch random.number(below: 8) {
            case 0, 1, 2:
                for _ in 0...random.number(below: 3) {
                    newcomers.append(try Party("\(born)", suite: suite, seed: "\(seed)"))
                    born += 1
                }
            case 3, 4:
                leaving = parties.filter { $0 !== committer && random.number(below: 3) == 0 }
            case 5:
                try propose(parties, committer, random)
            case 6:
                let again = try Party("\(born)", suite: suite, seed: "\(seed)")
                born += 1
                try resync(again, &parties, random)
                continue
            default:
                break
            }
            let leaves = try leaving.map { try $0.state.ownLeaf }
            try commit(
                committer, among: parties, adding: newcomers, removing: leaves, update: random.number(below: 2) == 0)
            for party in leaving { #expect(try !party.state.isActive) }
            parties = try parties.filter { try $0.state.isActive } + newcomers
            for party in parties where random.number(below: 4) == 0 { try party.restart() }
            try expectEqualAuthenticators(parties)
            // Each holds the private keys of nodes above it, and of no others: not of blank or replaced ones.
            for party in parties {
                let epoch = try party.state.current
                #expect(try epoch.keys.match(epoch.tree, own: epoch.ownLeaf, epoch.algorithms))
            }
            let sender = parties[Int(random.number(below: UInt32(parties.count)))]
            let message = try sender.encrypt("x")
            for party in parties where party !== sender { #expect(try party.read(message) == "x") }
        }
    }

    private func propose(_ parties: [Party], _ committer: Party, _ random: Randomness) throws {
        for party in parties where party !== committer && random.number(below: 2) == 0 {
            let request: ProposalRequest
            if random.number(below: 4) == 0 {
                request = .remove(try party.state.ownLeaf)
            } else {
                request = .update
            }
            let message = try party.with {
                try $0.propose(
                    request, publicly: random.number(below: 2) == 0, signer: party.signer, random: party.random,
                    accept: { _ in true })
            }
            for other in parties where other !== party { _ = try other.process(message) }
        }
    }

    private func resync(_ again: Party, _ parties: inout [Party], _ random: Randomness) throws {
        guard parties.count > 1 else { return }
        let replaced = Int(random.number(below: UInt32(parties.count)))
        let helper = parties[(replaced + 1) % parties.count]
        let join = try externalJoin(again, from: helper, replacing: try parties[replaced].state.ownLeaf)
        for party in parties { try party.apply(join.message) }
        again.group = join.group
        parties[replaced] = again
        try expectEqualAuthenticators(parties)
    }
}

@Suite("Bytes that nobody meant")
struct HostileInputTests {
    @Test("never trap a decoder or a group", arguments: 0..<4)
    func noise(_ seed: Int) throws {
        let random = Randomness(seed: [UInt8]("noise \(seed)".utf8))
        let parties = try makeGroup(["alice", "bob", "carol"], suite: .x25519AES128)
        let bob = parties[1]
        var options = CommitOptions()
        options.asPublicMessage = true
        let dave = try Party("dave", suite: .x25519AES128)
        let pending = try parties[0].commit(adding: [try dave.keyPackage()], options: options)
        let samples = [
            try parties[0].encrypt("x"), pending.message, try #require(pending.welcome),
            try parties[0].state.groupInfo(signer: parties[0].signer), try parties[0].state.encoded,
            try parties[0].state.ratchetTree, pending.encoded, try #require(dave.bundle).encoded,
        ]
        for round in 0..<3_000 {
            var bytes: [UInt8]
            if round % 4 == 0 {
                bytes = random.bytes(Int(random.number(below: 300)))
                if round % 8 == 0, bytes.count > 4 { bytes.replaceSubrange(0..<4, with: [0, 1, 0, UInt8(round % 6)]) }
            } else {
                bytes = samples[Int(random.number(below: UInt32(samples.count)))]
                for _ in 0...random.number(below: 6) {
                    let position = Int(random.number(below: UInt32(bytes.count)))
                    switch random.number(below: 3) {
                    case 0: bytes[position] = random.bytes(1)[0]
                    case 1: bytes.removeSubrange(position..<min(bytes.count, position + 3))
                    default: bytes.insert(contentsOf: random.bytes(2), at: position)
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
            }
            _ = try? bob.process(bytes, .any)
            _ = try? dave.join(bytes)
            _ = try? externalJoin(dave, groupInfo: bytes, replacing: 1)
            _ = MessageHeader.peek(bytes)
            _ = try? KeyPackageBundle(decoding: bytes)
            if var group = try? Group(decoding: bytes) {
                _ = try? group.encrypt([1], signer: bob.signer, random: random)
                _ = try? group.process(pending.message, accept: { _ in true })
                _ = try? group.commit(removing: [2], signer: bob.signer, random: random, accept: { _ in true })
            }
            if let pending = try? PendingCommit(decoding: bytes) { _ = try? bob.merge(pending) }
        }
    }
}
