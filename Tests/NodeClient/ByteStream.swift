import NIOCore
import NIOPosix

/// A TCP connection, or TLS over one, from which bytes are read as they are asked for.
public final class ByteStream: Sendable {
    public enum Failure: Error {
        /// Less came than was asked for, and then nothing, or the end.
        case timedOut
        case closed
    }

    /// The client's address on this machine, as its text, and its port.
    public var localAddress: (ip: String, port: Int) {
        (channel.localAddress?.ipAddress ?? "", channel.localAddress?.port ?? 0)
    }
    private let channel: any Channel
    private let reader: NIOLoopBound<Reader>

    /// Over plain TCP.
    ///
    /// - Parameter address: this end's, if it matters.
    public static func open(host: String, port: Int, from address: String? = nil) async throws -> ByteStream {
        try await open(host, port, from: address) { _ in }
    }

    /// Over TLS, to who shows a certificate of that authority.
    ///
    /// - Parameter address: this end's, if it matters.
    public static func open(_ origin: String, trusting authority: [UInt8], from address: String? = nil) async throws
        -> ByteStream
    {
        let server = try Server(origin, trusting: authority)
        return try await open(server.host, server.port, from: address) { channel in
            try channel.pipeline.syncOperations.addHandler(try server.makeTLSHandler())
        }
    }

    private static func open(
        _ host: String, _ port: Int, from address: String?,
        _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> ByteStream {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if let address { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: address, port: 0)) }
        return try await bootstrap.connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try configure(channel)
                let reader = Reader()
                try channel.pipeline.syncOperations.addHandler(reader)
                return ByteStream(channel, reader)
            }
        }
    }

    private init(_ channel: any Channel, _ reader: Reader) {
        self.channel = channel
        self.reader = NIOLoopBound(reader, eventLoop: channel.eventLoop)
    }

    public func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Closes this half: nothing more is said.
    public func finishSending() async throws { try await channel.close(mode: .output).get() }

    /// Reads that many bytes, not one more.
    public func receive(_ count: Int) async throws -> [UInt8] {
        try await channel.eventLoop.flatSubmit { [reader, channel] in
            let promise = channel.eventLoop.makePromise(of: [UInt8].self)
            reader.value.read(count, promise)
            let timeout = channel.eventLoop.scheduleTask(in: .seconds(5)) { reader.value.fail(.timedOut) }
            promise.futureResult.whenComplete { _ in timeout.cancel() }
            return promise.futureResult
        }.get()
    }

    /// Reads nothing any more, so that what is sent here stays where it is.
    public func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    public func resumeReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Whether the other side has closed within the time given.
    public func isClosed(within time: TimeAmount) async -> Bool {
        let closed = channel.eventLoop.makePromise(of: Bool.self)
        channel.closeFuture.whenComplete { _ in closed.succeed(true) }
        let timeout = channel.eventLoop.scheduleTask(in: time) { closed.succeed(false) }
        defer { timeout.cancel() }
        return (try? await closed.futureResult.get()) ?? true
    }

    public func close() async { try? await channel.close().get() }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var bytes = ByteBuffer()
        private var waiting: (count: Int, promise: EventLoopPromise<[UInt8]>)?
        private var isClosed = false

        func read(_ count: Int, _ promise: EventLoopPromise<[UInt8]>) {
            waiting = (count, promise)
            serve()
        }

        func fail(_ failure: Failure) {
            waiting?.promise.fail(failure)
            waiting = nil
        }

        private func serve() {
            guard let (count, promise) = waiting else { return }
            if let found = bytes.readBytes(length: count) {
                waiting = nil
                promise.succeed(found)
            } else if isClosed {
                fail(.closed)
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var new = unwrapInboundIn(data)
            bytes.writeBuffer(&new)
            serve()
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed = true
            serve()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
