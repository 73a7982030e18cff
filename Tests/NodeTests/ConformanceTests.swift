import Conformance
import Foundation
import NIOCore
import Node
import NodeClient
import NodeProtocol
import Testing

@Suite("The node, over TLS")
struct ConformanceTests {
    @Test("keeps the rules of every node, with small quotas and a clock that jumps", arguments: NodeConformance.rules)
    func keepsTheRulesLocally(rule: NodeRule) async throws {
        try await rule.check { try await LocalConformanceNode() }
    }

    @Test("keeps them as the executable, killed where the rules say so", arguments: NodeConformance.rules)
    func keepsTheRulesAsAProcess(rule: NodeRule) async throws {
        try await rule.check {
            ProcessConformanceNode(try await NodeProcess(options: ["--turn-port", "\(NodeProcess.freePort())"]))
        }
    }
}

private struct LocalConformanceNode: ConformanceNode {
    private let node: LocalNode

    init() async throws {
        let limits = Self.limits
        let port = NodeProcess.freePort()
        node = try await LocalNode { configuration in
            configuration.bounds.quotas.mailboxEnvelopes = limits.mailboxEnvelopes
            configuration.bounds.quotas.mailboxBytes = limits.mailboxBytes
            configuration.bounds.quotas.blobBytesPerDevice = limits.blobBytesPerDevice
            configuration.bounds.quotas.invitationsPerDevice = limits.invitationsPerDevice
            configuration.bounds.quotas.mailboxesPerDevice = limits.mailboxesPerDevice
            configuration.bounds.quotas.slotsPerDevice = limits.slotsPerDevice
            configuration.relay = .onLoopback(port: port)
        }
        // Half past the hour, so that an expiry kept to the hour differs from one kept to the second.
        node.advance(seconds: (5_400 - node.now % 3_600) % 3_600)
    }

    private static var limits: ConformanceLimits {
        var limits = ConformanceLimits()
        limits.mailboxEnvelopes = 40
        limits.mailboxBytes = 200 << 10
        limits.blobBytesPerDevice = 4 << 20
        limits.invitationsPerDevice = 6
        limits.mailboxesPerDevice = 5
        limits.slotsPerDevice = 20
        return limits
    }

    var limits: ConformanceLimits { Self.limits }
    var operatorLink: String { node.links.first ?? "" }
    func now() -> UInt64 { node.now }
    func shutdown() async { try? await node.stop() }

    func connect() async throws -> any ConformanceConnection {
        Connection(connection: try await node.connect())
    }

    func restart() async throws {
        await node.kill()
        try await node.start()
    }

    func relayClient(_ credential: RelayCredential) throws -> (any ConformanceRelayClient)? {
        try RelayClient(credential)
    }

    /// By whole hours: that is how the node keeps what lives long.
    func advance(seconds: UInt64) -> Bool {
        node.advance(seconds: (seconds + 3_599) / 3_600 * 3_600)
        return true
    }
}

private final class RelayClient: ConformanceRelayClient {
    private let credential: RelayCredential
    private var client: DatagramClient

    init(_ credential: RelayCredential) throws {
        self.credential = credential
        client = try Self.client(credential)
    }

    private static func client(_ credential: RelayCredential) throws -> DatagramClient {
        let requests = RelayRequests(username: credential.username, password: credential.password)
        return try DatagramClient(relayPort: Int(credential.udpPort), requests)
    }

    /// From a port of its own each time: the one before may have an allocation, or a nonce of the node's last life.
    func allocate() throws -> Bool {
        client = try Self.client(credential)
        return try client.allocate() != nil
    }

    func refresh() throws -> Bool { try client.ask(.refresh) { _ in }.isSuccess }
}

private struct ProcessConformanceNode: ConformanceNode {
    private let node: NodeProcess

    init(_ node: NodeProcess) {
        self.node = node
    }

    var limits: ConformanceLimits { ConformanceLimits() }
    var operatorLink: String { node.operatorLink ?? "" }
    func now() -> UInt64 { UInt64(Date().timeIntervalSince1970) }
    func advance(seconds: UInt64) -> Bool { false }
    func shutdown() async { _ = try? await node.terminate() }

    func connect() async throws -> any ConformanceConnection {
        Connection(connection: try await node.connect())
    }

    func restart() async throws {
        try await node.kill()
        try await node.start()
    }

    func relayClient(_ credential: RelayCredential) throws -> (any ConformanceRelayClient)? {
        try RelayClient(credential)
    }
}

private struct Connection: ConformanceConnection {
    let connection: NodeConnection

    func send(_ message: [UInt8]) async throws { try await connection.send(message) }
    func close() async { await connection.close() }

    func receive() async throws -> [UInt8]? {
        do {
            return try await connection.receive(within: .seconds(10))
        } catch NodeConnection.Failure.silence {
            throw ConformanceFailure.silence
        }
    }
}
