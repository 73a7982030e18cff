import NIOCore
import NIOExtras
import NIOPosix

/// Accepts the relay's clients over plain TCP.
final class RelayListener: Sendable {
    private let channel: any Channel
    private let quiescing: ServerQuiescingHelper

    /// - Throws: an `IOError` if the port cannot be had.
    init(port: UInt16, streams: RelayStreams, ledger: ConnectionLedger, bounds: ServiceBounds) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        self.quiescing = quiescing
        channel = try await ServerBootstrap(group: group)
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
            .bind(host: Node.anyAddress(), port: Int(port)).get()
    }

    /// Accepts nobody any more, and lets everybody go.
    func stop() async {
        let stopped = channel.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: stopped)
        try? await stopped.futureResult.get()
    }
}
