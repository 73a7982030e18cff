import CryptoPrimitives
import MLS
import Testing
import WireFormat

@Suite("Two people in a group")
struct TwoPartyTests {
    static let suites: [CipherSuite] = [
        .xwing, .x25519AES128, .p256AES128, .x25519ChaCha20, .p521AES256, .p384AES256,
    ]

    @Test("create, add, welcome, and messages both ways, in every suite", arguments: suites)
    func conversation(_ suite: CipherSuite) throws {
        let alice = try Party("alice", suite: suite)
        let bob = try Party("bob", suite: suite)
        try alice.create()
        let pending = try alice.commit(adding: [try bob.keyPackage()])
        #expect(try alice.state.epoch == 0)
        try alice.merge(pending)
        let welcome = try #require(pending.welcome)
        #expect(try #require(bob.bundle).isAddressed(by: welcome))
        try bob.join(welcome)

        #expect(try alice.state.epoch == 1)
        #expect(try bob.state.epoch == 1)
        #expect(try alice.state.epochAuthenticator == bob.state.epochAuthenticator)
        #expect(try alice.state.members == bob.state.members)
        #expect(try bob.state.ownLeaf == 1)
        #expect(try bob.read(try alice.encrypt("hello")) == "hello")
        #expect(try alice.read(try bob.encrypt("hello yourself")) == "hello yourself")

        try commit(bob, among: [alice, bob])
        #expect(try alice.state.epoch == 2)
        #expect(try alice.state.epochAuthenticator == bob.state.epochAuthenticator)
        #expect(try bob.read(try alice.encrypt("after an update")) == "after an update")
    }

    @Test("an application message says who sent it, when, and what came with it")
    func metadata() throws {
        let parties = try makeGroup(["alice", "bob"])
        _ = try parties[0].encrypt("first")
        #expect(try parties[0].state.nextGeneration == 1)
        let alice = parties[0]
        let message = try alice.with {
            try $0.encrypt(
                [1, 2, 3], authenticatedData: [9], paddingTo: 1_000, signer: alice.signer, random: alice.random)
        }
        #expect(message.count > 1_000)
        let header = try #require(MessageHeader.peek(message))
        #expect(header.kind == .application)
        #expect(header.epoch == 1)
        #expect(try header.groupID == alice.state.groupID)
        guard case .application(let application) = try parties[1].process(message) else {
            Issue.record("not application data")
            return
        }
        #expect(application.leaf == 0)
        #expect(application.credential == alice.credential)
        #expect(application.signatureKey == alice.signatureKey)
        #expect(application.epoch == 1)
        #expect(application.generation == 1)
        #expect(application.data == [1, 2, 3])
        #expect(application.authenticatedData == [9])
    }

    @Test("padding hides the length of what is sent")
    func padding() throws {
        let alice = try makeGroup(["alice", "bob"])[0]
        let short = try alice.encrypt("no", paddingTo: 512)
        let long = try alice.encrypt(String(repeating: "yes", count: 100), paddingTo: 512)
        #expect(short.count == long.count)
    }

    @Test("messages are read in any order, and each only once")
    func order() throws {
        let parties = try makeGroup(["alice", "bob"])
        var messages: [[UInt8]] = []
        for number in 0..<20 { messages.append(try parties[0].encrypt("\(number)")) }
        for number in [19, 3, 4, 0, 18, 7] { #expect(try parties[1].read(messages[number]) == "\(number)") }
        for number in [19, 3, 0, 7] {
            #expect(throws: MLSError.messageKeyUsed) { try parties[1].read(messages[number]) }
        }
        #expect(try parties[1].read(messages[1]) == "1")
    }

    @Test("a sender too far ahead is refused, and one just near enough is read")
    func skip() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        var messages: [[UInt8]] = []
        for number in 0...1_001 { messages.append(try parties[0].encrypt("\(number)")) }
        #expect(throws: MLSError.generationTooFar) { try parties[1].read(messages[1_001]) }
        #expect(try parties[1].read(messages[1_000]) == "1000")
        // Of what was passed over, the last 256 can still be read; in larger groups it would be all of it.
        #expect(throws: MLSError.messageKeyUsed) { try parties[1].read(messages[743]) }
        #expect(try parties[1].read(messages[744]) == "744")
        #expect(try parties[1].state.encoded.count < 40_000)
        #expect(try parties[1].read(messages[1_001]) == "1001")
    }

    @Test("late messages of the last three epochs are read, older ones are not")
    func pastEpochs() throws {
        let parties = try makeGroup(["alice", "bob"])
        var messages: [[UInt8]] = []
        for _ in 0..<5 {
            messages.append(try parties[0].encrypt("late"))
            try commit(parties[1], among: parties)
        }
        #expect(throws: MLSError.epochExpired(1)) { try parties[1].read(messages[0]) }
        #expect(throws: MLSError.epochExpired(2)) { try parties[1].read(messages[1]) }
        for message in messages[2...] {
            #expect(try parties[1].read(message) == "late")
            #expect(throws: MLSError.messageKeyUsed) { try parties[1].read(message) }
        }
    }

    @Test("a message of an epoch to come is to be kept")
    func futureEpoch() throws {
        let parties = try makeGroup(["alice", "bob"])
        let pending = try parties[0].commit()
        try parties[0].merge(pending)
        let message = try parties[0].encrypt("early")
        #expect(throws: MLSError.epochNotReached(2)) { try parties[1].read(message) }
        try parties[1].apply(pending.message)
        #expect(try parties[1].read(message) == "early")
    }

    @Test("a commit of a past epoch is refused")
    func pastCommit() throws {
        let parties = try makeGroup(["alice", "bob"])
        let lost = try parties[0].commit()
        try commit(parties[1], among: parties)
        #expect(throws: MLSError.epochExpired(1)) { try parties[1].process(lost.message) }
        #expect(throws: MLSError.staleCommit) { try parties[0].merge(lost) }
    }

    @Test("one's own message is refused, current or past")
    func ownMessage() throws {
        let parties = try makeGroup(["alice", "bob"])
        let message = try parties[0].encrypt("mine")
        #expect(throws: MLSError.ownMessage) { try parties[0].read(message) }
        try commit(parties[1], among: parties)
        #expect(throws: MLSError.ownMessage) { try parties[0].read(message) }
    }

    @Test("a change of any byte of a message is refused, and the message itself still read")
    func tampering() throws {
        let parties = try makeGroup(["alice", "bob"])
        let message = try parties[0].encrypt("precious")
        for index in message.indices {
            var forged = message
            forged[index] ^= 0x40
            #expect(throws: MLSError.self) { try parties[1].read(forged) }
        }
        for length in message.indices {
            #expect(throws: MLSError.self) { try parties[1].read([UInt8](message[..<length])) }
        }
        #expect(throws: MLSError.self) { try parties[1].read(message + [0]) }
        #expect(try parties[1].read(message) == "precious")
    }

    @Test("a change of any byte of a commit is refused, and the commit itself still taken", arguments: [false, true])
    func tamperingWithCommit(_ publicly: Bool) throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        var options = CommitOptions()
        options.asPublicMessage = publicly
        let pending = try parties[0].commit(options: options)
        for index in pending.message.indices {
            var forged = pending.message
            forged[index] ^= 0x01
            #expect(throws: MLSError.self) { try parties[1].process(forged) }
        }
        try parties[1].apply(pending.message)
        try parties[0].merge(pending)
        #expect(try parties[0].state.epochAuthenticator == parties[1].state.epochAuthenticator)
    }

    @Test("a change of any byte of a Welcome is refused")
    func tamperingWithWelcome() throws {
        let alice = try Party("alice", suite: .x25519AES128)
        let bob = try Party("bob", suite: .x25519AES128)
        try alice.create()
        let pending = try alice.commit(adding: [try bob.keyPackage()])
        let welcome = try #require(pending.welcome)
        for index in welcome.indices {
            var forged = welcome
            forged[index] ^= 0x01
            #expect(throws: MLSError.self) { try bob.join(forged) }
        }
        try bob.join(welcome)
    }

    @Test("a message of another group, and somebody outside the group, get nowhere")
    func strangers() throws {
        let parties = try makeGroup(["alice", "bob"])
        let eve = try Party("eve")
        try eve.create("another group")
        #expect(throws: MLSError.wrongGroup) { try eve.read(try parties[0].encrypt("secret")) }
        // A group of the same name has other keys.
        try eve.create("group")
        try eve.merge(try eve.commit())
        #expect(throws: MLSError.decryptionFailed) { try eve.read(try parties[0].encrypt("secret")) }
        #expect(throws: MLSError.decryptionFailed) { try parties[0].read(try eve.encrypt("forged")) }
        // A Welcome for somebody else.
        let carol = try Party("carol")
        let pending = try parties[0].commit(adding: [try carol.keyPackage()])
        _ = try eve.keyPackage()
        #expect(throws: MLSError.notAddressed) { try eve.join(try #require(pending.welcome)) }
        #expect(try #require(eve.bundle).isAddressed(by: try #require(pending.welcome)) == false)
    }

    @Test("a Welcome without its tree needs the tree from elsewhere, and the right one")
    func separateTree() throws {
        let alice = try Party("alice")
        let bob = try Party("bob")
        try alice.create()
        var options = CommitOptions()
        options.includesTree = false
        let before = try alice.state.ratchetTree
        let pending = try alice.commit(adding: [try bob.keyPackage()], options: options)
        try alice.merge(pending)
        let welcome = try #require(pending.welcome)
        #expect(throws: MLSError.invalidGroupInfo(.treeMissing)) { try bob.join(welcome) }
        #expect(throws: MLSError.self) { try bob.join(welcome, tree: before) }
        try bob.join(welcome, tree: try alice.state.ratchetTree)
        #expect(try bob.read(try alice.encrypt("hello")) == "hello")
    }

    @Test("exported secrets agree, and depend on label, context, length and epoch")
    func exporter() throws {
        let parties = try makeGroup(["alice", "bob"])
        func export(_ party: Party, _ label: String, _ context: [UInt8] = [], _ length: Int = 32) throws -> [UInt8] {
            try party.state.export(label: [UInt8](label.utf8), context: context, length: length).exposed
        }
        let secret = try export(parties[0], "slot")
        #expect(try secret == export(parties[1], "slot"))
        #expect(try secret != export(parties[0], "other"))
        #expect(try secret != export(parties[0], "slot", [1]))
        #expect(try export(parties[0], "slot", [], 100).count == 100)
        let pending = try parties[0].commit()
        let next = try #require(pending.staged.export(label: [UInt8]("slot".utf8), context: [], length: 32)).exposed
        #expect(next != secret)
        try parties[0].merge(pending)
        #expect(try export(parties[0], "slot") == next)
    }
}
