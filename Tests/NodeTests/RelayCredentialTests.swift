import Foundation
import NodeClient
import NodeProtocol
import STUN
import TURN
import Testing

/// Rights to the relay of the executable, over its starts. `Rules+Storage` has what holds of every node: that none outlives
/// its device's revocation.
@Suite("Rights to the relay, over restarts")
struct RelayCredentialTests {
    private func right(_ bubble: TestBubble, on node: NodeProcess) async throws -> RelayCredential {
        let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let answer = try await session.ask(.relayCredential)
        await session.close()
        guard case .relayCredential(let credential) = answer else { throw NodeSession.Failure.unexpected }
        return credential
    }

    private func isServed(_ credential: RelayCredential, at port: Int) throws -> Bool {
        let requests = RelayRequests(username: credential.username, password: credential.password)
        return try DatagramClient(relayPort: port, requests).allocate() != nil
    }

    @Test("a node's own end with its process, also where others share the secret", arguments: [false, true])
    func own(isShared: Bool) async throws {
        let folder = try TemporaryFolder()
        let port = NodeProcess.freePort()
        let sharing = isShared ? ["--turn-secret", try folder.relaySecret()] : []
        let node = try await NodeProcess(folder: folder, options: ["--turn-port", "\(port)"] + sharing)
        let bubble = try await TestBubble(
            claiming: try #require(node.operatorLink), over: try await node.connect())
        let first = try await right(bubble, on: node)
        #expect(try isServed(first, at: port))
        for _ in 0..<2 {
            try await node.kill()
            try await node.start()
            #expect(try !isServed(first, at: port))
        }
        let next = try await right(bubble, on: node)
        #expect(try isServed(next, at: port))
        #expect(try !isServed(first, at: port))
        try await node.terminate()
    }

    @Test("what others make of a shared secret is served by each start, and what the node makes by the others' relays")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let secret = try folder.relaySecret()
        let (port, alternatePort) = (NodeProcess.freePort(), NodeProcess.freePort())
        let node = try await NodeProcess(
            folder: folder, options: ["--turn-port", "\(port)", "--turn-secret", secret])
        let alternate = try await NodeProcess(options: ["--turn-port", "\(alternatePort)", "--turn-secret", secret])
        for _ in 0..<2 {
            #expect(try DatagramClient(relayPort: port).allocate() != nil)
            try await node.kill()
            try await node.start()
        }
        let bubble = try await TestBubble(
            claiming: try #require(node.operatorLink), over: try await node.connect())
        let right = try await right(bubble, on: node)
        #expect(try isServed(right, at: alternatePort))
        try await alternate.terminate()
        try await node.terminate()
    }
}
