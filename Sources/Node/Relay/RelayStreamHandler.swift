import NIOCore
import STUN
import TURN

/// A client's stream of STUN and TURN: finds where messages end, hands them to the relay, writes what comes back, and lets
/// clients go that say nothing, or nothing sensible. What the messages mean is the relay's concern.
final class RelayStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a client with nothing allocated may be silent. An allocation ends by itself.
    private static let silence = TimeAmount.seconds(30)

    private let streams: RelayStreams
    private let transport: RelayStreams.Transport
    private let openingSeconds: Int64
    private var context: ChannelHandlerContext?
    private var stream: RelayStream?
    private var place: ConnectionLedger.Place?
    /// The beginning of a message.
    private var rest = ByteBuffer()
    private var hasSpoken = false
    private var lastHeard = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var isReadPending = false

    /// - Parameter openingSeconds: how long a client has for its first message.
    init(_ streams: RelayStreams, over transport: RelayStreams.Transport, openingSeconds: Int64) {
        self.streams = streams
        self.transport = transport
        self.openingSeconds = openingSeconds
    }

    // MARK: The stream's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let address = context.remoteAddress.flatMap({ TransportAddress($0) }),
            let place = streams.admit(context.remoteAddress)
        else { return context.close(promise: nil) }
        self.place = place
        stream = streams.open(address, over: transport, for: self, on: context.eventLoop)
        schedule(in: .seconds(openingSeconds))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        timer?.cancel()
        timer = nil
        if let stream { streams.close(stream, over: transport) }
        stream = nil
        place = nil
        rest = ByteBuffer()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent, ChannelEvent.inputClosed:
            // The node stops; or nobody is left to say anything (RFC 8656 §7: what was allocated ends with it).
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func end(_ reason: RelayStream.End) {
        guard let context, stream != nil else { return }
        streams.counts.ended(reason)
        leave()
        context.close(promise: nil)
    }

    private func schedule(in time: TimeAmount) {
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.watch() }
    }

    private func watch() {
        guard let stream else { return }
        if !stream.holdsAllocation, !hasSpoken || .now() - lastHeard >= Self.silence { return end(.silent) }
        // What it says is known the next time.
        stream.inspect()
        schedule(in: Self.silence)
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let stream else { return }
        var bytes = unwrapInboundIn(data)
        let isContinued = rest.readableBytes > 0
        if isContinued {
            rest.writeBuffer(&bytes)
            swap(&rest, &bytes)
        }
        rest = ByteBuffer()
        let mostBytes = stream.holdsAllocation ? StreamFraming.maximumLength : Server.longestOfStrangers
        var whole = 0
        scan: while whole < bytes.readableBytes {
            let next = bytes.withUnsafeReadableBytes { bytes in
                let bytes = UnsafeRawBufferPointer(rebasing: bytes[whole...])
                // What speaks TURN begins with STUN, and says so in its first eight bytes.
                if !hasSpoken, Message.isBeginning(bytes) == false { return StreamFraming.Message.invalid }
                return StreamFraming.next(bytes, acceptingOldNumbers: streams.acceptsOldChannelNumbers)
            }
            switch next {
            case .incomplete:
                break scan
            case .length(let length):
                guard length <= mostBytes else { return end(.malformed) }
                guard whole + length <= bytes.readableBytes else { break scan }
                hasSpoken = true
                whole += length
            case .invalid:
                return end(.malformed)
            }
        }
        if whole > 0, let messages = bytes.readBytes(length: whole) {
            lastHeard = .now()
            stream.handOver(messages)
        }
        if isContinued, whole == 0 {
            // It is still the same message: its beginning stays where it is, or a long one that comes a byte at a time would
            // be copied as often as it has bytes.
            rest = bytes
        } else if bytes.readableBytes > 0 {
            rest.writeBuffer(&bytes)
        }
    }

    /// Nothing more is read while the relay has enough to do with what was.
    func read(context: ChannelHandlerContext) {
        if stream?.mayRead() != false { context.read() } else { isReadPending = true }
    }

    func resume() {
        guard isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    // MARK: What goes out

    /// Writes what the relay has for the client.
    func write() {
        guard let context, let stream else { return }
        var bytes = stream.takePending()
        let count = bytes.readableBytes
        guard count > 0 else { return }
        // Each message in a TLS record of its own: there are clients (coturn's is one) that take a record for a message.
        while transport == .tls,
            case .length(let length) = bytes.withUnsafeReadableBytes({
                StreamFraming.next($0, acceptingOldNumbers: true)
            }),
            length < bytes.readableBytes, let message = bytes.readSlice(length: length)
        {
            context.write(wrapOutboundOut(message), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in stream.written(count) }
    }
}
