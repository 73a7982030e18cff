import Foundation
import Logging
import Node
import NodeClient
import ServiceLifecycle
import Synchronization

/// A node inside the test's own process, with bounds and a clock of the test's choosing.
final class LocalNode: Sendable {
    let folder: TemporaryFolder
    private let configure: @Sendable (inout NodeConfiguration) -> Void
    private let state = Mutex(State())
    private let clockOffset = Mutex<UInt64>(0)

    private struct State {
        var group: ServiceGroup?
        var running: Task<Void, any Error>?
        var origin: String?
        var isReady = false
        var links: [String] = []
    }

    /// A started node.
    init(
        folder: TemporaryFolder? = nil, _ configure: @escaping @Sendable (inout NodeConfiguration) -> Void = { _ in }
    ) async throws {
        self.folder = try folder ?? TemporaryFolder()
        self.configure = configure
        try await start()
    }

    var data: String { folder.path + "/data" }

    /// Starts it, again at the same port. A child that another test is starting holds the sockets of this process, too, until
    /// it has become another program: that one's port is in use a moment longer.
    func start() async throws {
        for _ in 0..<40 where state.withLock({ $0.origin }) != nil {
            do {
                return try await startOnce()
            } catch let error as StartError where "\(error)".contains("in use") {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await startOnce()
    }

    private func startOnce() async throws {
        var configuration = NodeConfiguration(data: data)
        // The first start chooses a port, and later ones keep it.
        configuration.port = state.withLock { $0.origin }.flatMap { Int($0.split(separator: ":")[2]) } ?? 0
        configuration.clock = { [self] in now }
        configure(&configuration)
        state.withLock { $0.isReady = false }
        let (ready, announce) = AsyncStream<Void>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let node = try Node(configuration, logger: logger) { [self] announcement in
            switch announcement {
            case .operatorInvitation(let link): state.withLock { $0.links.append(link) }
            case .ready(let origin):
                state.withLock { state in
                    state.origin = origin
                    state.isReady = true
                }
                announce.finish()
            case .authorityFingerprint: break
            }
        }
        let group = ServiceGroup(services: [node], logger: logger)
        let running = Task {
            defer { announce.finish() }
            try await group.run()
        }
        state.withLock { state in
            state.group = group
            state.running = running
        }
        for await _ in ready {}
        if !state.withLock({ $0.isReady }) { try await running.value }
    }

    /// Stops as SIGTERM does.
    func stop() async throws {
        let (group, running) = state.withLock { ($0.group.take(), $0.running.take()) }
        await group?.triggerGracefulShutdown()
        try await running?.value
    }

    /// Stops without finishing anything.
    func kill() async {
        let running = state.withLock { state in
            state.group = nil
            return state.running.take()
        }
        running?.cancel()
        _ = await running?.result
    }

    var origin: String { state.withLock { $0.origin ?? "" } }
    /// Every operator invitation announced so far.
    var links: [String] { state.withLock { $0.links } }
    var authority: [UInt8] {
        get throws { try folder.bytes("data/ca.pem") }
    }

    var now: UInt64 { UInt64(Date().timeIntervalSince1970) + clockOffset.withLock { $0 } }

    func advance(seconds: UInt64) {
        clockOffset.withLock { $0 += seconds }
    }

    func connect(_ options: NodeConnection.Options? = nil) async throws -> NodeConnection {
        try await NodeConnection.open(to: origin, trusting: try authority, options: options)
    }

    func guest() async throws -> NodeSession {
        try await NodeSession.guest(over: try await connect(), origin: origin)
    }
}

/// Runs a test's body on a node and stops it afterwards, gracefully: a node that hangs fails the test.
func withNode(
    _ configure: @escaping @Sendable (inout NodeConfiguration) -> Void = { _ in },
    _ body: (LocalNode) async throws -> Void
) async throws {
    let node = try await LocalNode(configure)
    do {
        try await body(node)
    } catch {
        await node.kill()
        throw error
    }
    try await node.stop()
}
