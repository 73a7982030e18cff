import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("A group of many")
struct GroupTests {
    @Test("members come, go and renew their keys, and all agree")
    func lifecycle() throws {
        var parties = try makeGroup(["alice", "bob", "carol", "dave", "erin"])
        try expectAgreement(parties)
        for party in parties { try commit(party, among: parties) }
        try expectAgreement(parties)

        let removed = parties.remove(at: 2)
        let staged = try commit(parties[0], among: parties + [removed], removing: [2]).staged
        #expect(staged.removed.map(\.leaf) == [2])
        try expectAgreement(parties)

        let frank = try Party("frank")
        try commit(parties[3], among: parties, adding: [frank])
        parties.append(frank)
        try expectAgreement(parties)
        // The newcomer took the leaf that became free.
        #expect(try frank.state.ownLeaf == 2)
        try commit(frank, among: parties)
        try expectAgreement(parties)
    }

    @Test("a removed member learns that it is, and reads nothing that comes after")
    func removal() throws {
        let parties = try makeGroup(["alice", "bob", "carol"])
        let carol = parties[2]
        let late = try parties[1].encrypt("sent before")
        let pending = try parties[0].commit(removing: [2])
        let staged = try carol.apply(pending.message)
        #expect(staged.removesSelf)
        #expect(staged.export(label: [1], context: [], length: 32) == nil)
        #expect(try !carol.state.isActive)
        try parties[1].apply(pending.message)
        try parties[0].merge(pending)
        let message = try parties[0].encrypt("not for carol")
        #expect(throws: MLSError.self) { try carol.read(message) }
        #expect(throws: MLSError.inactive) { try carol.encrypt("still here?") }
        #expect(throws: MLSError.inactive) { try carol.commit() }
        #expect(try parties[1].read(message) == "not for carol")
        // What was sent while it was a member, it may read.
        #expect(try carol.read(late) == "sent before")
        try carol.restart()
        #expect(try !carol.state.isActive)
        #expect(throws: MLSError.self) { try carol.read(message) }
    }

    @Test("a commit changes nothing before it is merged")
    func staging() throws {
        let parties = try makeGroup(["alice", "bob", "carol"])
        let before = try parties[1].state.encoded
        let pending = try parties[0].commit(removing: [2])
        guard case .commit(let staged) = try parties[1].process(pending.message) else {
            Issue.record("not a commit")
            return
        }
        #expect(try parties[1].state.encoded == before)
        #expect(staged.committer == 0)
        #expect(staged.epoch == 3)
        #expect(staged.removed.map(\.leaf) == [2])
        #expect(staged.updated.map(\.leaf) == [0])
        #expect(staged.epochAuthenticator == pending.staged.epochAuthenticator)
        // Messages still flow in the old epoch, and are read after merging.
        let message = try parties[0].encrypt("meanwhile")
        #expect(try parties[1].read(message) == "meanwhile")
        try parties[1].with { try $0.merge(staged) }
        #expect(throws: MLSError.messageKeyUsed) { try parties[1].read(message) }
        #expect(throws: MLSError.staleCommit) { try parties[1].with { try $0.merge(staged) } }
    }

    @Test("several people can be added at once, and the tree grows and shrinks")
    func growth() throws {
        var parties = try makeGroup(["0"])
        for size in [2, 3, 5, 9] {
            var newcomers: [Party] = []
            for number in parties.count..<size { newcomers.append(try Party("\(number)")) }
            try commit(parties[parties.count - 1], among: parties, adding: newcomers)
            parties += newcomers
            try expectAgreement(parties)
        }
        while parties.count > 1 {
            let leaving = parties.removeLast()
            try commit(parties[0], among: parties, removing: [try leaving.state.ownLeaf])
            try expectAgreement(parties)
        }
    }

    @Test("a commit may add without a path, and members added so can be reached")
    func addWithoutPath() throws {
        var parties = try makeGroup(["alice", "bob"])
        let carol = try Party("carol")
        let dave = try Party("dave")
        let pending = try commit(parties[0], among: parties, adding: [carol], update: false)
        #expect(pending.staged.updated.isEmpty)
        parties.append(carol)
        try commit(parties[2], among: parties, adding: [dave], update: false)
        parties.append(dave)
        try expectAgreement(parties)
        try commit(parties[1], among: parties)
        try expectAgreement(parties)
    }

    @Test("proposals are covered by another's commit, and must be before data is sent")
    func proposals() throws {
        var parties = try makeGroup(["alice", "bob", "carol", "dave"])
        let erin = try Party("erin")
        let requests: [(Party, ProposalRequest)] = [
            (parties[1], .update), (parties[2], .update), (parties[1], .add(try erin.keyPackage())),
            (parties[3], .remove(3)), (parties[2], .update),
        ]
        for (party, request) in requests {
            let message = try party.with {
                try $0.propose(request, signer: party.signer, random: party.random, accept: { _ in true })
            }
            for other in parties where other !== party {
                guard case .proposal(let received) = try other.process(message) else {
                    Issue.record("not a proposal")
                    return
                }
                #expect(try received.leaf == party.state.ownLeaf)
                #expect(throws: MLSError.messageKeyUsed) { try other.process(message) }
            }
        }
        for party in parties {
            #expect(try party.state.hasPendingProposals)
            #expect(throws: MLSError.commitRequired) { try party.encrypt("too early") }
            try party.restart()
        }
        let pending = try parties[0].commit()
        #expect(pending.staged.removed.map(\.leaf) == [3])
        #expect(Set(pending.staged.updated.map(\.leaf)) == [0, 1, 2])
        for party in parties.dropFirst() { try party.apply(pending.message) }
        try parties[0].merge(pending)
        #expect(try !parties.removeLast().state.isActive)
        try erin.join(try #require(pending.welcome))
        parties.append(erin)
        try expectAgreement(parties)
        for party in parties { try commit(party, among: parties) }
        try expectAgreement(parties)
    }

    @Test("of proposals that do not go together, a Remove comes before an Update, and a ReInit after all")
    func preference() throws {
        let parties = try makeGroup(["alice", "bob", "carol"], suite: .x25519AES128)
        let dave = try Party("dave", suite: .x25519AES128)
        let reInit = ReInit(groupID: [1], version: .mls10, suite: .x25519AES128, extensions: Extensions())
        let unknown = PreSharedKeyID(kind: .external(id: [1]), nonce: [UInt8](repeating: 1, count: 32))
        var messages = [
            try parties[2].forge(.proposal(.reInit(reInit)), generation: 5),
            try parties[1].propose(.update), try parties[1].propose(.update),
            try parties[2].propose(.remove(1)), try parties[2].propose(.add(try dave.keyPackage())),
        ]
        messages.append(try parties[1].forge(.proposal(.preSharedKey(unknown)), generation: 5))
        for message in messages { _ = try parties[0].process(message) }
        let first = try parties[0].commit()
        #expect(first.staged.removed.map(\.leaf) == [1])
        #expect(first.staged.updated.map(\.leaf) == [0])
        #expect(first.staged.added.map(\.node.credential) == [dave.credential])
        // What is asked for here comes first of all: the same newcomer once, the same member out once.
        let bundle = try #require(dave.bundle)
        let second = try parties[0].commit(adding: [bundle.keyPackage], removing: [1])
        #expect(second.staged.removed.count == 1)
        #expect(second.staged.added.count == 1)
        // One's own removal is for others to commit.
        _ = try parties[2].propose(.remove(2))
        #expect(try parties[2].commit().staged.removed.map(\.leaf) == [1])
        // A ReInit that waits alone is committed.
        let pair = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        _ = try pair[0].process(try pair[1].forge(.proposal(.reInit(reInit))))
        try pair[0].merge(try pair[0].commit())
        #expect(try pair[0].state.reInit == reInit)
    }

    @Test("leaves that the application does not accept are refused wherever they come from")
    func acceptance() throws {
        let parties = try makeGroup(["alice", "bob"])
        let mallory = try Party("mallory")
        let isMallory = { (leaf: LeafNode) in leaf.credential == mallory.credential }
        for party in parties { party.accept = { !isMallory($0) } }
        let keyPackage = try mallory.keyPackage()
        #expect(throws: MLSError.credentialRefused) { try parties[0].commit(adding: [keyPackage]) }
        parties[0].accept = { _ in true }
        let pending = try parties[0].commit(adding: [keyPackage])
        #expect(throws: MLSError.credentialRefused) { try parties[1].process(pending.message) }
        // The joiner checks everybody too.
        mallory.accept = { $0.credential != parties[1].credential }
        #expect(throws: MLSError.credentialRefused) { try mallory.join(try #require(pending.welcome)) }
        let proposal = try parties[0].with {
            try $0.propose(
                .add(keyPackage), signer: parties[0].signer, random: parties[0].random, accept: { _ in true })
        }
        #expect(throws: MLSError.credentialRefused) { try parties[1].process(proposal) }
        // A new credential of a member's, too.
        var options = CommitOptions()
        options.credential = mallory.credential
        let renamed = try makeGroup(["carol", "dave"], seed: "renamed")
        renamed[1].accept = { !isMallory($0) }
        let commit = try renamed[0].commit(options: options)
        #expect(throws: MLSError.credentialRefused) { try renamed[1].process(commit.message) }
    }

    @Test("nobody is added twice, or with keys of another's")
    func duplicates() throws {
        let parties = try makeGroup(["alice", "bob"])
        let keyPackage = try parties[1].keyPackage()
        #expect(throws: MLSError.invalidLeafNode(.duplicateSignatureKey)) {
            try parties[0].commit(adding: [keyPackage])
        }
        let carol = try Party("carol")
        let first = try carol.keyPackage()
        let second = try carol.keyPackage()
        #expect(throws: MLSError.invalidLeafNode(.duplicateSignatureKey)) {
            try parties[0].commit(adding: [first, second])
        }
        #expect(throws: MLSError.invalidProposals(.severalForOneLeaf)) {
            try parties[0].commit(removing: [1, 1])
        }
        #expect(throws: MLSError.invalidProposals(.removeOfCommitter)) { try parties[0].commit(removing: [0]) }
        #expect(throws: MLSError.invalidProposals(.removeOfNobody)) { try parties[0].commit(removing: [9]) }
        #expect(throws: MLSError.invalidProposals(.removeOfNobody)) { try parties[0].commit(removing: [.max]) }
        // In exchange for its old leaf, a member may come again.
        let pending = try parties[0].commit(adding: [keyPackage], removing: [1])
        try parties[0].merge(pending)
        try parties[1].join(try #require(pending.welcome))
        try expectAgreement(parties)
    }

    @Test("a key package of another suite, or with any byte changed, is refused")
    func keyPackages() throws {
        let alice = try Party("alice", suite: .x25519AES128)
        try alice.create()
        let foreign = try Party("foreign", suite: .x25519ChaCha20).keyPackage()
        #expect(throws: MLSError.invalidKeyPackage(.versionOrSuite)) { try alice.commit(adding: [foreign]) }
        let bytes = try Party("bob", suite: .x25519AES128).keyPackage().encoded
        try KeyPackage(decoding: bytes).validate()
        for index in bytes.indices {
            var forged = bytes
            forged[index] ^= 0x10
            #expect(throws: (any Error).self) {
                try alice.commit(adding: [try KeyPackage(decoding: forged)])
            }
        }
    }

    @Test("a pre-shared key that only one side has keeps the other out")
    func preSharedKeys() throws {
        let parties = try makeGroup(["alice", "bob"])
        let id = PreSharedKeyID(kind: .external(id: [7]), nonce: [UInt8](repeating: 3, count: 48))
        let secret = Secret([UInt8](repeating: 5, count: 32))
        var options = CommitOptions()
        options.preSharedKeys = [id]
        #expect(throws: MLSError.missingPreSharedKey) { try parties[0].commit(options: options) }
        options.preSharedKey = { $0 == id ? secret : nil }
        let pending = try parties[0].commit(options: options)
        #expect(throws: MLSError.missingPreSharedKey) { try parties[1].process(pending.message) }
        #expect(throws: MLSError.invalidConfirmationTag) {
            try parties[1].with {
                try $0.process(pending.message, preSharedKey: { _ in Secret([1]) }, accept: { _ in true })
            }
        }
        let received = try parties[1].with {
            try $0.process(pending.message, preSharedKey: { $0 == id ? secret : nil }, accept: { _ in true })
        }
        guard case .commit(let staged) = received else {
            Issue.record("not a commit")
            return
        }
        try parties[1].with { try $0.merge(staged) }
        try parties[0].merge(pending)
        try expectAgreement(parties)
        options.preSharedKeys = [id, id]
        #expect(throws: MLSError.invalidProposals(.duplicatePreSharedKey)) { try parties[0].commit(options: options) }
        options.preSharedKeys = [PreSharedKeyID(kind: .external(id: [7]), nonce: [1])]
        #expect(throws: MLSError.invalidProposals(.preSharedKeyNonce)) { try parties[0].commit(options: options) }
    }

    @Test("a group's own past can be a pre-shared key, as long as it is kept")
    func resumption() throws {
        let parties = try makeGroup(["alice", "bob"])
        let groupID = try parties[0].state.groupID
        func commit(_ epoch: UInt64) throws {
            var options = CommitOptions()
            options.preSharedKeys = [
                PreSharedKeyID(
                    kind: .resumption(.application, groupID: groupID, epoch: epoch),
                    nonce: [UInt8](repeating: 3, count: 48))
            ]
            let pending = try parties[0].commit(options: options)
            try parties[1].apply(pending.message)
            try parties[0].merge(pending)
        }
        try commit(1)
        try commit(1)
        try commit(1)
        try commit(1)
        try expectAgreement(parties)
        #expect(try parties[0].state.epoch == 5)
        #expect(throws: MLSError.missingPreSharedKey) { try commit(1) }
        #expect(throws: MLSError.missingPreSharedKey) { try commit(6) }
    }

    @Test("a newcomer needs the pre-shared keys of the commit that adds it")
    func preSharedKeyInWelcome() throws {
        let parties = try makeGroup(["alice", "bob"])
        let carol = try Party("carol")
        let id = PreSharedKeyID(kind: .external(id: [7]), nonce: [UInt8](repeating: 3, count: 48))
        let secret = Secret([UInt8](repeating: 5, count: 32))
        var options = CommitOptions()
        options.preSharedKeys = [id]
        options.preSharedKey = { _ in secret }
        let pending = try parties[0].commit(adding: [try carol.keyPackage()], options: options)
        let welcome = try #require(pending.welcome)
        let bundle = try #require(carol.bundle)
        #expect(throws: MLSError.missingPreSharedKey) { try carol.join(welcome) }
        #expect(throws: MLSError.decryptionFailed) {
            try Group.join(welcome, with: bundle, preSharedKey: { _ in Secret([1]) }, accept: { _ in true })
        }
        carol.group = try Group.join(
            welcome, with: bundle, preSharedKey: { $0 == id ? secret : nil }, accept: { _ in true })
        try parties[0].merge(pending)
        try expectAgreement([parties[0], carol], members: 3)
    }

    @Test("a reinitialised group is closed")
    func reInit() throws {
        let parties = try makeGroup(["alice", "bob"])
        var options = CommitOptions()
        let reInit = ReInit(groupID: [1], version: .mls10, suite: .xwing, extensions: Extensions())
        options.reInit = reInit
        #expect(throws: MLSError.invalidProposals(.reInitNotAlone)) {
            try parties[0].commit(removing: [1], options: options)
        }
        let pending = try parties[0].commit(options: options)
        try parties[1].apply(pending.message)
        try parties[0].merge(pending)
        try expectEqualAuthenticators(parties)
        for party in parties {
            #expect(try party.state.reInit == reInit)
            #expect(throws: MLSError.inactive) { try party.encrypt("more") }
            try party.restart()
            #expect(throws: MLSError.inactive) { try party.commit() }
        }
    }

    @Test("the group's extensions bind its members")
    func extensions() throws {
        let parties = try makeGroup(["alice", "bob"])
        var options = CommitOptions()
        options.extensions = Extensions()
        options.extensions?[ExtensionType(rawValue: 0xF123)] = [1]
        #expect(throws: MLSError.invalidLeafNode(.extensionNotSupported)) { try parties[0].commit(options: options) }
        var required = RequiredCapabilities(extensionTypes: [], proposalTypes: [], credentialTypes: [.x509])
        options.extensions = Extensions()
        options.extensions?[.requiredCapabilities] = required.encoded
        #expect(throws: MLSError.invalidLeafNode(.missingRequiredCapability)) {
            try parties[0].commit(options: options)
        }
        required.credentialTypes = [.basic]
        options.extensions?[.requiredCapabilities] = required.encoded
        let pending = try parties[0].commit(options: options)
        try parties[1].apply(pending.message)
        try parties[0].merge(pending)
        #expect(try parties[1].state.extensions == options.extensions)
        try expectAgreement(parties)
    }
}

/// Everybody has the same view, and can read everybody.
///
/// - Parameter members: how many the group has, if not all of them are here.
func expectAgreement(_ parties: [Party], members: Int? = nil) throws {
    try expectEqualAuthenticators(parties, members: members)
    for sender in parties {
        let message = try sender.encrypt("from \(sender.name)")
        for reader in parties where reader !== sender {
            #expect(try reader.read(message) == "from \(sender.name)")
        }
    }
}

func expectEqualAuthenticators(_ parties: [Party], members: Int? = nil) throws {
    for party in parties {
        #expect(try party.state.epochAuthenticator == parties[0].state.epochAuthenticator)
        #expect(try party.state.epoch == parties[0].state.epoch)
        #expect(try party.state.members.count == members ?? parties.count)
    }
}
