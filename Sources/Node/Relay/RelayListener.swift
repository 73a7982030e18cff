import NIOCore
import NIOExtras
import NIOPosix
import STUN

/// Accepts the relay's clients over plain TCP.
final class RelayListener: Sendable {
    private let channels: [any Channel]
    private let quiescing: ServerQuiescingHelper

    /// - Parameter addresses: where it listens; empty: at all of the machine's.
    /// - Throws: an `IOError` if the port cannot be had.
    init(
        at addresses: [IPAddress], port: UInt16, streams: RelayStreams, ledger: ConnectionLedger, bounds: ServiceBounds
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        self.quiescing = quiescing
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let place = ledger.admit(.connection, from: channel.remoteAddress) else {
                        streams.counts.refused()
                        throw ChannelError.eof
                    }
                    channel.closeFuture.whenComplete { _ in withExtendedLifetime(place) {} }
                    try channel.pipeline.syncOperations.addHandler(
                        RelayStreamHandler(streams, over: .tcp, openingSeconds: bounds.openingSeconds))
                }
            }
        var channels: [any Channel] = []
        do {
            if addresses.isEmpty {
                channels.append(try await bootstrap.bind(host: Node.anyAddress(), port: Int(port)).get())
            }
            for ip in addresses {
                let text = TransportAddress(ip, port: port).ipText
                channels.append(
                    try await bootstrap.bind(to: try SocketAddress(ipAddress: text, port: Int(port))).get())
            }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        self.channels = channels
    }

    /// Accepts nobody any more, and lets everybody go.
    func stop() async {
        let stopped = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: stopped)
        try? await stopped.futureResult.get()
    }
}
