import NIOCore
import NIOPosix

/// One HTTPS request and the answer's bytes: what the node sends, not what a client library makes of it.
public struct HTTPSClient: Sendable {
    public struct Answer: Sendable {
        public let status: Int
        /// By name, in lower case.
        public let headers: [String: String]
        public let body: [UInt8]

        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let server: Server

    /// - Parameters:
    ///   - origin: the node's, `https://HOST:PORT`.
    ///   - authority: the node's certificate authority, as PEM.
    public init(_ origin: String, trusting authority: [UInt8]) throws {
        server = try Server(origin, trusting: authority)
    }

    public func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    /// - Returns: the answer; nil when the node hung up without one.
    public func send(_ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = [])
        async throws
        -> Answer
    {
        var request = "\(method) \(path) HTTP/1.1\r\nHost: \(server.host):\(server.port)\r\nConnection: close\r\n"
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        if !body.isEmpty { request += "Content-Length: \(body.count)\r\n" }
        return try Self.parse(try await exchange(Array((request + "\r\n").utf8) + body))
    }

    /// Sends bytes over TLS and collects what comes until the node closes.
    public func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        let server = server
        return try await RawConnection.open(host: server.host, port: server.port) { channel in
            try channel.pipeline.syncOperations.addHandler(try server.makeTLSHandler())
        }.exchange(bytes)
    }

    static func parse(_ bytes: [UInt8]) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard
            let split = (0..<max(0, bytes.count - 3)).first(where: {
                bytes[$0] == end[0] && bytes[$0..<$0 + 4].elementsEqual(end)
            })
        else { throw ChannelError.eof }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ChannelError.eof
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].drop { $0 == " " }.description
        }
        return Answer(status: status, headers: headers, body: Array(bytes[(split + 4)...]))
    }
}

/// A TCP connection that says what it is told to.
public final class RawConnection: Sendable {
    private let channel: any Channel
    private let collector: EventLoopFuture<[UInt8]>

    /// Connects without TLS.
    public static func open(host: String, port: Int) async throws -> RawConnection {
        try await open(host: host, port: port) { _ in }
    }

    static func open(host: String, port: Int, _ configure: @escaping @Sendable (any Channel) throws -> Void)
        async throws
        -> RawConnection
    {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: host, port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try configure(channel)
                let collected = channel.eventLoop.makePromise(of: [UInt8].self)
                try channel.pipeline.syncOperations.addHandler(Collector(collected))
                return RawConnection(channel, collected.futureResult)
            }
        }
    }

    private init(_ channel: any Channel, _ collector: EventLoopFuture<[UInt8]>) {
        self.channel = channel
        self.collector = collector
    }

    public func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends bytes and collects what comes until the other side closes.
    public func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        try? await send(bytes)
        return try await collector.get()
    }

    /// Whether the other side has closed within the time given.
    public func isClosed(within time: TimeAmount) async -> Bool {
        let closed = channel.eventLoop.makePromise(of: Bool.self)
        channel.closeFuture.whenComplete { _ in closed.succeed(true) }
        let timeout = channel.eventLoop.scheduleTask(in: time) { closed.succeed(false) }
        defer { timeout.cancel() }
        return (try? await closed.futureResult.get()) ?? true
    }

    public func close() async {
        try? await channel.close().get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<[UInt8]>
        private var bytes: [UInt8] = []

        init(_ promise: EventLoopPromise<[UInt8]>) {
            self.promise = promise
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        }

        func channelInactive(context: ChannelHandlerContext) {
            promise.succeed(bytes)
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
