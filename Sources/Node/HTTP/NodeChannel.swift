import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOWebSocket
import NodeProtocol

/// One connection to the node: TLS, then HTTP/1.1 answered by the router, or a WebSocket, or the relay's STUN and TURN.
///
/// Hummingbird accepts the connections, counts on `setup` to build the pipeline, and waits for `handle` when it stops.
struct NodeChannel: HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let negotiated: EventLoopFuture<Negotiated>
    }

    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
        case relayStream
    }

    let responder: HTTPChannelHandler.Responder
    let anchor: TrustAnchor
    let ledger: ConnectionLedger
    let bounds: ServiceBounds
    /// What all connections together hold of answers.
    let room: AnswerRoom
    let metrics: NodeMetrics
    /// Where STUN and TURN go; nil without a relay.
    let streams: RelayStreams?
    /// Makes the handler of a WebSocket that was opened with this `Origin`.
    let makeSession: @Sendable (_ origin: String) -> any ChannelHandler

    /// What a request's head may hold: browsers send about 1 kB.
    private static let headLength = 16_384

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard let place = ledger.admit(.connection, from: channel.remoteAddress) else {
                throw NotAdmitted()
            }
            channel.closeFuture.whenComplete { _ in withExtendedLifetime(place) {} }
            let pipeline = channel.pipeline.syncOperations
            let opening = OpeningHandler(deadline: .seconds(bounds.openingSeconds))
            try pipeline.addHandler(opening)
            let port = channel.localAddress?.port ?? 443
            try pipeline.addHandler(PlainHTTPHandler { [anchor] in anchor.origin(forHost: $0, port: port) })
            // An idle session keeps no room for what it sent last.
            var tls = NIOSSLServerHandler.Configuration()
            tls.maximumPreservedOutboundBufferCapacity = 512
            try pipeline.addHandler(NIOSSLServerHandler(context: anchor.context, configuration: tls))

            let gate = ProtocolGate(channel.eventLoop) { [streams, bounds] choice in
                switch choice {
                case .http:
                    return try serveUpgradableHTTP(channel, port: port, logger)
                case .relay:
                    guard let streams else { throw NotAdmitted() }
                    try channel.pipeline.syncOperations.addHandler(
                        RelayStreamHandler(streams, over: .tls, openingSeconds: bounds.openingSeconds))
                    return channel.eventLoop.makeSucceededFuture(.relayStream)
                }
            }
            try pipeline.addHandler(gate)
            let negotiated = gate.negotiated
            let removal = NIOLoopBound(opening, eventLoop: channel.eventLoop)
            negotiated.whenComplete { _ in
                channel.pipeline.syncOperations.removeHandler(removal.value, promise: nil)
            }
            return Value(channel: channel, negotiated: negotiated)
        }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            switch try? await value.negotiated.get() {
            case .http(let channel):
                await handleHTTP(asyncChannel: channel, logger: logger)
            case .webSocket, .relayStream, nil:
                try? await value.channel.closeFuture.get()
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    /// HTTP, which may become a WebSocket. Called on the channel's event loop.
    private func serveUpgradableHTTP(_ channel: any Channel, port: Int, _ logger: Logger) throws
        -> EventLoopFuture<Negotiated>
    {
        let pipeline = channel.pipeline.syncOperations
        var configuration = NIOUpgradableHTTPServerPipelineConfiguration<Negotiated>(
            upgradeConfiguration: .init(
                upgraders: [webSocketUpgrader()],
                notUpgradingCompletionHandler: { channel in serveHTTP(channel, logger) }))
        configuration.enablePipelining = false
        configuration.decoderConfiguration.maxHeaderFieldSize = Self.headLength
        configuration.decoderConfiguration.maxHeaderListSize = Self.headLength
        configuration.decoderConfiguration.maxHeaderFieldCount = 100
        let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
        let upgrader = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Negotiated>.self)
        let gate = UpgradeGate { head in
            head.uri == Routes.socketPath && isOwnOrigin(head.headers["origin"], port: port)
        }
        try pipeline.addHandler(gate, position: .before(upgrader))
        return negotiated
    }

    private func serveHTTP(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<Negotiated> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            try pipeline.addHandler(
                AnswerPacer(bounds, room) { [metrics] in metrics.slowReaderClosed() }, position: .before(encoder))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: true))
            try pipeline.addHandler(NoBodiesHandler())
            try pipeline.addHandler(RequestTurn(bounds.httpRequests))
            try pipeline.addHandler(
                HTTPConnectionStateHandler(idleTimeout: .seconds(bounds.silenceSeconds), logger: logger))
            return .http(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    private func webSocketUpgrader() -> NIOTypedWebSocketServerUpgrader<Negotiated> {
        NIOTypedWebSocketServerUpgrader(
            maxFrameSize: Limits.frameLength, enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let decoder = try pipeline.handler(type: ByteToMessageHandler<WebSocketFrameDecoder>.self)
                    try pipeline.addHandler(FrameLengthHandler(), position: .before(decoder))
                    try pipeline.addHandler(makeSession(head.headers["origin"].first ?? ""))
                    return .webSocket
                }
            })
    }

    /// The address, or everybody together, holds as many connections as it may.
    private struct NotAdmitted: Error {}

    /// A page of another site can open a WebSocket to this node in a visitor's browser, but cannot hide where it is from.
    private func isOwnOrigin(_ origins: [String], port: Int) -> Bool {
        guard origins.count == 1, let origin = origins.first else { return false }
        return anchor.isOwn(origin: origin, port: port)
    }
}
