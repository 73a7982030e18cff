import CryptoPrimitives
import Foundation
import NodeClient
import NodeProtocol
import Testing

@Suite("The database")
struct StoreTests {
    @Test("one change that cannot be made costs no other change anything")
    func oneBadChange() async throws {
        let node = try await NodeProcess()
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        let first = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let (bad, good) = (try await TestMailbox(of: first), try await TestMailbox(of: first))
        await first.close()
        try await node.terminate()
        // The next number of this mailbox does not exist: SQLite refuses it.
        try DatabaseSurgery.run(
            "UPDATE mailboxes SET nextSequence = 9223372036854775807 WHERE mailbox = x'\(hex(bad.id))'", on: node.data)
        try await node.start()
        let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let envelope = [UInt8](repeating: 7, count: Limits.envelopeLengths[0])
        var expected: [UInt32: Response] = [:]
        for round in 0..<60 {
            let isBad = round % 3 == 1
            let id = try await session.submit((isBad ? bad : good).delivery(envelope, at: session.nodeTime))
            expected[id] = isBad ? .refused(.unavailable) : .done
        }
        var wrong = 0
        for _ in 0..<60 {
            let answer = try await session.nextAnswer()
            if answer.response != expected[answer.id] { wrong += 1 }
        }
        #expect(wrong == 0)
        try await node.terminate()
        let lines = node.log.split(separator: "\n")
        #expect(lines.count { $0.contains("The database refused to work: SQLite error") } == 1, "\(node.log)")
    }

    @Test("a row that holds what it cannot refuses its owner, is counted and said once, and does not end the node")
    func damagedRow() async throws {
        let metrics = NodeProcess.freePort()
        let node = try await NodeProcess(options: ["--metrics-port", "\(metrics)"])
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        try DatabaseSurgery.run("UPDATE devices SET rights = 300", on: node.data)
        for _ in 0..<3 {
            await #expect(throws: (any Error).self) {
                _ = try await bubble.session(over: try await node.connect(), origin: node.origin)
            }
        }
        let guest = try await NodeSession.guest(over: try await node.connect(), origin: node.origin)
        let id = [UInt8](repeating: 1, count: 16)
        #expect(try await guest.ask(.invitationBundle(invitation: id)) == .refused(.unknownInvitation))
        let connection = try await RawConnection.open(host: "127.0.0.1", port: metrics)
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let text = String(decoding: try await connection.exchange(Array(request.utf8)), as: UTF8.self)
        #expect(text.contains("cryptpeer_store_errors_total{code="), "\(text)")
        #expect(try await node.terminate() == 0)
        #expect(node.log.split(separator: "\n").count { $0.contains("what it holds is damaged") } == 1, "\(node.log)")
    }

    @Test("only a start brings a database of an older version up to date: no command does it under a running node")
    func olderVersion() async throws {
        let node = try await NodeProcess()
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        try await node.terminate()
        // As the version before left it.
        try DatabaseSurgery.run(
            "DROP TABLE usage", "DROP INDEX invitationsWithBundle",
            "ALTER TABLE slots ADD COLUMN tag BLOB NOT NULL DEFAULT x'00'", "CREATE INDEX slotsByTag ON slots (tag)",
            "ALTER TABLE commits ADD COLUMN tag BLOB NOT NULL DEFAULT x'00'",
            "CREATE INDEX commitsByTag ON commits (tag, length)", "CREATE INDEX blobsByTag ON blobs (tag, length)",
            "DELETE FROM grdb_migrations WHERE identifier <> '1'", "PRAGMA journal_mode = DELETE",
            "PRAGMA auto_vacuum = NONE", "VACUUM", "PRAGMA journal_mode = WAL", on: node.data)
        for command in [["operator-invitation", "--data", node.data], ["doctor", "--data", node.data]] {
            let result = try await NodeProcess.output(of: command)
            #expect(result.status == 1)
            #expect(result.err.contains("was written by an older cryptpeer: start the node"), "\(result.err)")
        }
        #expect(try DatabaseSurgery.run("SELECT identifier FROM grdb_migrations", on: node.data) == ["1"])
        try await node.start()
        let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let put = Request.putBlob(
            blob: Randomness.system().bytes(32), expires: session.nodeTime + 600, bytes: [1])
        #expect(try await session.ask(put) == .done)
        try await node.terminate()
        #expect(try DatabaseSurgery.run("PRAGMA auto_vacuum", on: node.data) == ["2"], "it can shrink now")
    }

    @Test("the file shrinks when much of what was in it is gone")
    func shrinks() async throws {
        let node = try await LocalNode()
        let bubble = try await TestBubble(claiming: node)
        let session = try await bubble.session(on: node)
        var blobs: [[UInt8]] = []
        for _ in 0..<8 {
            blobs.append(Randomness.system().bytes(32))
            let bytes = Randomness.system().bytes(Limits.blobLength)
            let put = Request.putBlob(blob: blobs[blobs.count - 1], expires: node.now + 6_000, bytes: bytes)
            #expect(try await session.ask(put) == .done)
        }
        for blob in blobs { #expect(try await session.ask(.deleteBlob(blob: blob)) == .done) }
        try await node.stop()
        #expect(try node.folder.bytes("data/node.sqlite").count > 8 << 20)
        // The sweep begins with the node.
        try await node.start()
        try await eventually {
            let length = try node.folder.bytes("data/node.sqlite").count
            guard length < 3 << 20 else { throw NodeSession.Failure.unexpected }
        }
        try await node.stop()
    }

    @Test("no two blobs look like one device's in the database, and no slot or commit says whose it is")
    func unlinkable() async throws {
        let node = try await LocalNode()
        let session = try await TestBubble(claiming: node).session(on: node)
        for _ in 0..<3 {
            let put = Request.putBlob(blob: Randomness.system().bytes(32), expires: node.now + 600, bytes: [1])
            #expect(try await session.ask(put) == .done)
        }
        try await node.stop()
        #expect(try DatabaseSurgery.run("SELECT count(DISTINCT tag) FROM blobs", on: node.data) == ["3"])
        for table in ["slots", "commits"] {
            let columns = try DatabaseSurgery.run("SELECT name FROM pragma_table_info('\(table)')", on: node.data)
            #expect(!columns.contains("tag") && !columns.contains("device"))
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }
}
