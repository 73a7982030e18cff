import CryptoPrimitives
import Foundation
import NodeClient
import NodeProtocol
import Testing
import WireFormat

@Suite("What remains on the machine")
struct RemainsTests {
    @Test("an envelope is in the data folder until it is acknowledged, and then nowhere in it")
    func acknowledged() async throws {
        let node = try await LocalNode()
        let bubble = try await TestBubble(claiming: node)
        var session = try await bubble.session(on: node)
        let mailbox = try await TestMailbox(of: session)
        let envelope = Randomness.system().bytes(Limits.envelopeLengths[1])
        #expect(try await session.ask(mailbox.delivery(envelope, at: node.now)) == .done)
        try await node.stop()
        #expect(try holds(node, envelope), "the search finds what is there")
        try await node.start()
        session = try await bubble.session(on: node)
        #expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: 1)) == .done)
        try await node.stop()
        #expect(try !holds(node, envelope))
    }

    @Test("what has expired is deleted, and its room is free again")
    func expired() async throws {
        let node = try await LocalNode {
            $0.bounds.quotas.mailboxEnvelopes = 1
            $0.bounds.quotas.blobBytesPerDevice = 5_000
        }
        let bubble = try await TestBubble(claiming: node)
        var session = try await bubble.session(on: node)
        let mailbox = try await TestMailbox(of: session)
        let (envelope, blob) = (Randomness.system().bytes(1_024), Randomness.system().bytes(5_000))
        #expect(try await session.ask(mailbox.delivery(envelope, at: node.now)) == .done)
        #expect(try await session.ask(.putBlob(blob: Array(blob[..<32]), expires: node.now + 60, bytes: blob)) == .done)
        #expect(try await session.ask(mailbox.delivery(envelope, at: node.now)) == .refused(.mailboxFull))
        try await node.stop()
        node.advance(seconds: 8 * 86_400)
        try await node.start()
        session = try await bubble.session(on: node)
        // The sweep begins with the node.
        try await eventually {
            let answer = try await session.ask(mailbox.delivery([UInt8](repeating: 1, count: 1_024), at: node.now))
            guard answer == .done else { throw NodeSession.Failure.unexpected }
        }
        try await node.stop()
        #expect(try !holds(node, envelope))
        #expect(try !holds(node, Array(blob[100..<200])))
    }

    @Test("no token, delivery key, blob id or slot token that was shown to the node is kept by it")
    func secrets() async throws {
        let node = try await LocalNode()
        let link = try #require(node.links.first)
        let bubble = try await TestBubble(claiming: node)
        let session = try await bubble.session(on: node)
        let mailbox = try await TestMailbox(of: session)
        let (blob, slot, token) = (
            Randomness.system().bytes(32), Randomness.system().bytes(16), Randomness.system().bytes(32)
        )
        #expect(
            try await session.ask(mailbox.delivery([UInt8](repeating: 1, count: 1_024), at: node.now)) == .done)
        #expect(try await session.ask(.putBlob(blob: blob, expires: node.now + 6_000, bytes: [1])) == .done)
        #expect(try await session.ask(.createSlot(slot: slot, tokenHash: HashAlgorithm.sha256.hash(token))) == .done)
        let next = HashAlgorithm.sha256.hash([1])
        #expect(
            try await session.ask(
                .commit(slot: slot, position: 0, token: token, nextTokenHash: next, sealedCommit: [9])) == .done)
        try await node.stop()
        #expect(try holds(node, mailbox.id), "the search finds what is there")
        for secret in [mailbox.deliveryKey, blob, token, Array(link.utf8.suffix(80))] {
            #expect(try !holds(node, secret))
        }
        #expect(try !holds(node, Array("127.0.0.1".utf8)), "no address")
    }

    @Test("an ordinary day leaves no line in the log, a stranger's noise neither")
    func log() async throws {
        // The usual port of the relay may be another's, of which a line speaks.
        let node = try await NodeProcess(options: ["--turn-port", "\(NodeProcess.freePort())"])
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let mailbox = try await TestMailbox(of: session)
        _ = try await session.ask(mailbox.delivery([UInt8](repeating: 1, count: 1_024), at: session.nodeTime))
        let stranger = try await node.connect()
        try await stranger.send([1, 2, 3])
        _ = try await stranger.receive()
        let raw = try await RawConnection.open(host: "localhost", port: node.port)
        _ = try await raw.exchange([22, 3, 1, 0, 5, 1, 2, 3, 4, 5])
        _ = try await HTTPSClient(node.origin, trusting: try node.authority).get("/secret?name=Ada")
        try await node.terminate()
        #expect(node.log == "")
    }

    /// Whether any file in the data folder holds these bytes, or any 32 of them in a row: a page ends in the middle of what
    /// is long.
    private func holds(_ node: LocalNode, _ bytes: [UInt8]) throws -> Bool {
        let pieces = stride(from: 0, to: max(1, bytes.count - 31), by: 32).map {
            Data(bytes[$0..<min($0 + 32, bytes.count)])
        }
        return try FileManager.default.contentsOfDirectory(atPath: node.data).contains { name in
            let file = Data(try node.folder.bytes("data/" + name))
            return pieces.contains { file.range(of: $0) != nil }
        }
    }
}
