import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A TLS WebSocket to a node: whole binary messages both ways, as a browser has them.
public final class NodeConnection: Sendable {
    /// Why there is no connection.
    public enum Failure: Error, Equatable {
        /// The origin is not `https://HOST:PORT`.
        case badOrigin
        /// The node answered with this HTTP status instead of opening a WebSocket.
        case refused(status: Int)
        /// Nothing came within the time given.
        case silence
    }

    /// How to connect, where it is not as a browser does.
    public struct Options: Sendable {
        /// The `Origin` header; nil: none.
        public var origin: String?
        public var path = "/ws"

        /// As a page of this origin does.
        public init(origin: String?) {
            self.origin = origin
        }
    }

    private let channel: any Channel
    private let inbox: Inbox

    /// Opens a WebSocket.
    ///
    /// - Parameters:
    ///   - origin: the node's, `https://HOST:PORT`.
    ///   - authority: the node's certificate authority, as PEM.
    public static func open(
        to origin: String, trusting authority: [UInt8], options: Options? = nil,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> NodeConnection {
        let options = options ?? Options(origin: origin)
        let server = try Server(origin, trusting: authority)
        let (host, port) = (server.host, server.port)
        let inbox = Inbox()

        let upgrade = try await ClientBootstrap(group: group).connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(try server.makeTLSHandler())
                let upgrader = NIOTypedWebSocketClientUpgrader<EventLoopFuture<Int>>(
                    maxFrameSize: 1 << 24,
                    upgradePipelineHandler: { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                            return channel.eventLoop.makeSucceededFuture(101)
                        }
                    })
                var headers = HTTPHeaders([("Host", "\(host):\(port)"), ("Content-Length", "0")])
                if let origin = options.origin { headers.add(name: "Origin", value: origin) }
                let upgrade = NIOTypedHTTPClientUpgradeConfiguration<EventLoopFuture<Int>>(
                    upgradeRequestHead: HTTPRequestHead(
                        version: .http1_1, method: .GET, uri: options.path, headers: headers),
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        let status = channel.eventLoop.makePromise(of: Int.self)
                        return channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(StatusHandler(status))
                            return status.futureResult
                        }
                    })
                var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
                // A node's first words may come with its consent.
                pipeline.leftOverBytesStrategy = .forwardBytes
                return (
                    channel,
                    try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: pipeline)
                )
            }
        }
        let (channel, result) = upgrade
        let status = try await result.get().get()
        guard status == 101 else {
            try? await channel.close().get()
            throw Failure.refused(status: status)
        }
        return NodeConnection(channel, inbox)
    }

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// Sends one message.
    ///
    /// - Throws: once the connection is closed.
    public func send(_ message: [UInt8]) async throws {
        try await send(opcode: .binary, message)
    }

    /// Sends one frame of any kind, masked or not, whole or not.
    public func send(opcode: WebSocketOpcode, _ data: [UInt8], isFinal: Bool = true, isMasked: Bool = true) async throws
    {
        let frame = WebSocketFrame(
            fin: isFinal, opcode: opcode, maskKey: isMasked ? .random() : nil, data: ByteBuffer(bytes: data))
        try await channel.writeAndFlush(frame)
    }

    /// The next message, or nil once the node has closed the connection.
    ///
    /// - Throws: ``Failure/silence``.
    public func receive(within time: TimeAmount = .seconds(10)) async throws -> [UInt8]? {
        try await inbox.next(within: time, on: channel.eventLoop)
    }

    /// Leaves what comes from now on in the socket.
    public func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Ends what this side says, and goes on listening.
    public func finishSending() async throws {
        try await channel.close(mode: .output).get()
    }

    /// Whether the node has closed the connection within the time given.
    public func isClosed(within time: TimeAmount) async -> Bool {
        let closed = channel.eventLoop.makePromise(of: Bool.self)
        channel.closeFuture.whenComplete { _ in closed.succeed(true) }
        let timeout = channel.eventLoop.scheduleTask(in: time) { closed.succeed(false) }
        defer { timeout.cancel() }
        return (try? await closed.futureResult.get()) ?? true
    }

    /// Closes without a word, as a browser that is killed does.
    public func close() async {
        try? await channel.close().get()
    }
}

/// The HTTP status of an answer that is no upgrade.
private final class StatusHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let status: EventLoopPromise<Int>

    init(_ status: EventLoopPromise<Int>) {
        self.status = status
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { status.succeed(Int(head.status.code)) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        status.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
