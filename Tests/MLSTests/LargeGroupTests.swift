import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("A group of a thousand")
struct LargeGroupTests {
    @Test("is made in one commit, joined, and committed to from every corner")
    func thousand() throws {
        let suite = CipherSuite.x25519AES128
        let alice = try Party("0", suite: suite, seed: "large")
        try alice.create()
        var others: [Party] = []
        var keyPackages: [KeyPackage] = []
        for number in 1..<1_000 {
            let party = try Party("\(number)", suite: suite, seed: "large")
            keyPackages.append(try party.keyPackage())
            others.append(party)
        }
        var options = CommitOptions()
        options.includesTree = false
        let pending = try alice.commit(adding: keyPackages, options: options)
        try alice.merge(pending)
        let welcome = try #require(pending.welcome)
        let tree = try alice.state.ratchetTree
        var parties = [alice]
        for index in [0, 1, 499, 510, 998] {
            try others[index].join(welcome, tree: tree)
            parties.append(others[index])
        }
        for party in parties {
            try commit(party, among: parties)
            for other in parties {
                #expect(try other.state.epochAuthenticator == alice.state.epochAuthenticator)
            }
        }
        // Hashes that were kept are those of the tree as it is.
        var fresh = try RatchetTree(decoding: try alice.state.ratchetTree)
        #expect(try fresh.treeHash(.sha256) == alice.state.current.context.treeHash)
        // All but the six go; the tree stays as wide as its last leaf.
        let leaves = try alice.state.members.map(\.leaf)
        let staying = try parties.map { try $0.state.ownLeaf }
        try commit(parties[3], among: parties, removing: leaves.filter { !staying.contains($0) })
        try expectAgreement(parties)
        let message = try parties[5].encrypt("still small")
        #expect(message.count < 250)
    }
}
