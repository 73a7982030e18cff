import NIOCore
import Node
import NodeClient
import NodeProtocol
import Testing

@Suite("Stopping")
struct StopTests {
    @Test("SIGTERM ends the executable in time, with every kind of connection open")
    func withOpenConnections() async throws {
        let node = try await NodeProcess()
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        let device = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let unfinished = try await node.connect()
        let mute = try await RawConnection.open(host: "localhost", port: node.port)
        let deaf = try await bubble.session(over: try await node.connect(), origin: node.origin)
        try await deaf.connection.stopReading()

        let start = ContinuousClock.now
        let status = try await node.terminate()
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(status == 0)
        #expect(try await device.goodbye() == .unavailable)
        _ = (unfinished, mute)
    }

    @Test("a node that was stopped starts again on the same data")
    func startsAgain() async throws {
        let node = try await LocalNode()
        let bubble = try await TestBubble(claiming: node)
        let session = try await bubble.session(on: node)
        #expect(try await session.ask(.putCheckpoint([1, 2])) == .done)
        try await node.stop()
        try await node.start()
        let again = try await bubble.session(on: node)
        #expect(try await again.ask(.checkpoint) == .checkpoint([1, 2]))
        try await node.stop()
    }

    @Test("a start that fails leaves nothing at work on the closed database")
    func failedStart() async throws {
        let node = try await LocalNode()
        let port = try #require(Int(node.origin.split(separator: ":")[2]))
        for _ in 0..<50 {
            await #expect(throws: StartError.self) { _ = try await LocalNode { $0.port = port } }
        }
        try await node.stop()
    }
}
