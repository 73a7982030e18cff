import NIOCore
import NIOPosix
import NIOSSL
import STUN
import TURN
import X509

/// A connection to a node by which one thing after the other is asked.
final class Probe: Sendable {
    enum Transport: String, CaseIterable, Sendable {
        case udp = "UDP"
        case tcp = "TCP"
        case tls = "TLS"
    }

    /// Nothing came in time, or the other side hung up.
    struct Silence: Error {}

    let transport: Transport
    private let channel: any Channel
    private let reader: NIOLoopBound<Reader>

    /// - Parameter seeChain: is given the certificates that a TLS server shows. They are looked at elsewhere: all pass here.
    static func open(
        _ transport: Transport, host: String, port: Int,
        seeChain: @escaping @Sendable ([Certificate]) -> Void = { _ in }
    ) async throws -> Probe {
        let group = MultiThreadedEventLoopGroup.singleton
        let configure: @Sendable (any Channel) -> EventLoopFuture<Probe> = { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                switch transport {
                case .udp: try pipeline.addHandler(Datagrams())
                case .tcp: break
                case .tls:
                    let isName = (try? SocketAddress(ipAddress: host, port: port)) == nil
                    var configuration = TLSConfiguration.makeClientConfiguration()
                    // Names are looked at elsewhere, too.
                    configuration.certificateVerification = .noHostnameVerification
                    let context = try NIOSSLContext(configuration: configuration)
                    try pipeline.addHandler(
                        try NIOSSLClientHandler(
                            context: context, serverHostname: isName ? host : nil,
                            customVerificationCallback: { chain, promise in
                                seeChain(chain.compactMap { try? Certificate(derEncoded: $0.toDERBytes()) })
                                promise.succeed(.certificateVerified)
                            }))
                }
                let reader = Reader()
                try pipeline.addHandler(reader)
                return Probe(transport, channel, reader)
            }
        }
        switch transport {
        case .udp:
            let address = try await group.next().submit { try SocketAddress.makeAddressResolvingHost(host, port: port) }
                .get()
            return try await DatagramBootstrap(group: group).connect(to: address) { configure($0) }
        case .tcp, .tls:
            return try await ClientBootstrap(group: group).connectTimeout(.seconds(Doctor.patience))
                .connect(host: host, port: port) { configure($0) }
        }
    }

    private init(_ transport: Transport, _ channel: any Channel, _ reader: Reader) {
        self.transport = transport
        self.channel = channel
        self.reader = NIOLoopBound(reader, eventLoop: channel.eventLoop)
    }

    deinit { channel.close(promise: nil) }

    /// The address of the other end.
    var remote: TransportAddress? { channel.remoteAddress.flatMap { TransportAddress($0) } }
    var local: TransportAddress? { channel.localAddress.flatMap { TransportAddress($0) } }

    /// Asks with a STUN message. A datagram that is not answered is sent again (RFC 8489 §6.2.1).
    func ask(_ message: [UInt8]) async throws -> [UInt8] {
        let waits: [Int64] = transport == .udp ? [500, 1_000, 2_000] : [Doctor.patience * 1_000]
        for wait in waits {
            if let answer = try await exchange(message, .message, milliseconds: wait) { return answer }
        }
        throw Silence()
    }

    /// Sends bytes, and gathers what comes until the other side hangs up.
    func collect(after bytes: [UInt8]) async throws -> [UInt8] {
        guard let answer = try await exchange(bytes, .everything, milliseconds: Doctor.patience * 1_000) else {
            throw Silence()
        }
        return answer
    }

    private func exchange(_ bytes: [UInt8], _ wanted: Reader.Wanted, milliseconds: Int64) async throws -> [UInt8]? {
        try await channel.eventLoop.flatSubmit { [channel, reader] in
            let promise = channel.eventLoop.makePromise(of: [UInt8]?.self)
            reader.value.wait(for: wanted, promise)
            channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenFailure { reader.value.fail($0) }
            let timeout = channel.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { reader.value.giveUp() }
            promise.futureResult.whenComplete { _ in timeout.cancel() }
            return promise.futureResult
        }.get()
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        enum Wanted {
            case message
            case everything
        }

        /// More than any answer has.
        private static let mostBytes = 65_536
        private var bytes: [UInt8] = []
        private var waiting: (wanted: Wanted, promise: EventLoopPromise<[UInt8]?>)?
        private var end: (any Error)?

        func wait(for wanted: Wanted, _ promise: EventLoopPromise<[UInt8]?>) {
            bytes = []
            waiting = (wanted, promise)
            if let end { fail(end) }
        }

        func giveUp() {
            waiting?.promise.succeed(nil)
            waiting = nil
        }

        func fail(_ error: any Error) {
            waiting?.promise.fail(error)
            waiting = nil
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
            if bytes.count > Self.mostBytes { return context.close(promise: nil) }
            guard let (wanted, promise) = waiting, case .message = wanted else { return }
            switch bytes.withUnsafeBytes({ StreamFraming.next($0) }) {
            case .length(let length) where length <= bytes.count:
                waiting = nil
                promise.succeed(Array(bytes[..<length]))
            case .length, .incomplete: break
            case .invalid: fail(Silence())
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            // A node that closes without TLS's goodbye has closed all the same.
            if case NIOSSLError.uncleanShutdown = error { return context.close(promise: nil) }
            end = error
            fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            end = end ?? Silence()
            guard let (wanted, promise) = waiting else { return }
            waiting = nil
            if case .everything = wanted, !bytes.isEmpty {
                promise.succeed(bytes)
            } else {
                promise.fail(end ?? Silence())
            }
        }
    }

    /// Datagrams as what is in them: the socket is connected to the only one they come from.
    private final class Datagrams: ChannelDuplexHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias InboundOut = ByteBuffer
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
        }
    }
}
