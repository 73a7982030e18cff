import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("Joining by an external commit")
struct ResyncTests {
    @Test("a member that lost its state replaces its old leaf")
    func resync() throws {
        var parties = try makeGroup(["alice", "bob", "carol"])
        let again = try Party("bob", seed: "again")
        let join = try externalJoin(again, from: parties[0], replacing: 1)
        let lost = parties.remove(at: 1)
        for party in parties {
            let staged = try party.apply(join.message)
            #expect(staged.isExternal)
            #expect(staged.removed.map(\.leaf) == [1])
            #expect(staged.added.map(\.leaf) == [1])
            #expect(staged.committer == 1)
            #expect(staged.removed[0].node.credential == staged.added[0].node.credential)
        }
        #expect(try lost.apply(join.message).removesSelf)
        again.group = try ExternalJoin(decoding: join.encoded).group
        parties.insert(again, at: 1)
        try expectAgreement(parties)
        for party in parties { try commit(party, among: parties) }
        try expectAgreement(parties)
    }

    @Test("an external commit that replaces nobody is taken only where the application says so")
    func policy() throws {
        var parties = try makeGroup(["alice", "bob"])
        let carol = try Party("carol")
        let join = try externalJoin(carol, from: parties[0], replacing: nil)
        for policy in [ExternalCommitPolicy.refuse, .resync] {
            #expect(throws: MLSError.invalidProposals(.externalCommitNotAllowed)) {
                try parties[0].process(join.message, policy)
            }
        }
        for party in parties {
            let staged = try party.apply(join.message, .any)
            #expect(staged.removed.isEmpty)
            #expect(staged.added.map(\.leaf) == [2])
        }
        carol.group = join.group
        parties.append(carol)
        try expectAgreement(parties)
        let resync = try externalJoin(try Party("bob", seed: "2"), from: parties[0], replacing: 1)
        #expect(throws: MLSError.invalidProposals(.externalCommitNotAllowed)) {
            try parties[0].process(resync.message, .refuse)
        }
    }

    @Test("the application is asked about the joiner, and the joiner's about the members")
    func acceptance() throws {
        let parties = try makeGroup(["alice", "bob"])
        let again = try Party("bob", seed: "again")
        parties[0].accept = { $0.signatureKey != again.signatureKey }
        let join = try externalJoin(again, from: parties[0], replacing: 1)
        #expect(throws: MLSError.credentialRefused) { try parties[0].process(join.message) }
        again.accept = { _ in false }
        #expect(throws: MLSError.credentialRefused) { try externalJoin(again, from: parties[0], replacing: 1) }
    }

    @Test("a change of any byte of an external commit or of its GroupInfo is refused")
    func tampering() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        let again = try Party("bob", suite: .x25519AES128, seed: "again")
        let info = try parties[0].state.groupInfo(signer: parties[0].signer)
        for index in info.indices {
            var forged = info
            forged[index] ^= 0x01
            #expect(throws: MLSError.self) { try externalJoin(again, groupInfo: forged, replacing: 1) }
        }
        let join = try externalJoin(again, groupInfo: info, replacing: 1)
        for index in join.message.indices {
            var forged = join.message
            forged[index] ^= 0x01
            #expect(throws: MLSError.self) { try parties[0].process(forged) }
        }
        try parties[0].apply(join.message)
    }

    @Test("a GroupInfo serves one epoch only")
    func staleGroupInfo() throws {
        let parties = try makeGroup(["alice", "bob", "carol"])
        let info = try parties[0].state.groupInfo(signer: parties[0].signer)
        try commit(parties[2], among: parties)
        let again = try Party("bob", seed: "again")
        let join = try externalJoin(again, groupInfo: info, replacing: 1)
        #expect(throws: MLSError.epochExpired(2)) { try parties[0].process(join.message) }
    }
}

func externalJoin(_ joiner: Party, from member: Party, replacing leaf: UInt32?) throws -> ExternalJoin {
    try externalJoin(joiner, groupInfo: try member.state.groupInfo(signer: member.signer), replacing: leaf)
}

func externalJoin(_ joiner: Party, groupInfo: [UInt8], replacing leaf: UInt32?) throws -> ExternalJoin {
    try Group.joinExternally(
        groupInfo: groupInfo, credential: joiner.credential, signatureKey: joiner.signatureKey, replacing: leaf,
        signer: joiner.signer, random: joiner.random, accept: joiner.accept)
}
