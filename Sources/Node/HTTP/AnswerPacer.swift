import Glibc
import NIOCore

/// Hands a connection's answers over HTTP to TLS as the client takes them, and lets go of a client that does not.
///
/// A file of the web app is in memory once, whoever asks for it. Encrypted it is another one for each connection: so no more of
/// it is encrypted than keeps the line busy, and the system is not asked to keep the rest either. What counts as taken is what
/// the system has taken for the client.
///
/// It stands between TLS and HTTP: what comes from above waits here, shared, and what goes down is bounded.
final class AnswerPacer: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of a connection that are encrypted and not taken yet, usually, and where all together hold too much.
    private static let window = 32_768
    static let leastWindow = 4_096
    /// As much as one record of TLS has room for (RFC 8446 §5.1).
    private static let pieceLength = 16_384
    /// Bytes that the system keeps for a connection, besides those that are on their way.
    private static let unsentBytes = 16_384

    /// How long an answer may take when the node stops.
    private static let stopping = TimeAmount.seconds(1)

    private let patience: TimeAmount
    private let bytesPerSecond: Int
    private let room: AnswerRoom
    private let letGo: @Sendable () -> Void

    private var waiting = CircularBuffer<(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)>()
    /// Handed to TLS, and not taken yet.
    private var underWay = 0
    /// Since when there has been something to take, and how much of it was taken.
    private var begun = NIODeadline.now()
    private var taken = 0
    private var timeout: Scheduled<Void>?
    /// Asked for while something waited: it is done afterwards.
    private var closing: (mode: CloseMode, promise: EventLoopPromise<Void>?)?
    private var isSending = false

    /// - Parameter letGo: is told of each client that is let go.
    init(_ bounds: ServiceBounds, _ room: AnswerRoom, letGo: @escaping @Sendable () -> Void) {
        patience = .seconds(bounds.answerSeconds)
        bytesPerSecond = max(1, bounds.answerBytesPerSecond)
        self.room = room
        self.letGo = letGo
    }

    private var isIdle: Bool { waiting.isEmpty && underWay == 0 }

    func handlerAdded(context: ChannelHandlerContext) {
        // A system that does not know it keeps more, and nothing else is different.
        _ = try? context.channel.syncOptions?.setOption(
            .tcpOption(.init(rawValue: CInt(TCP_NOTSENT_LOWAT))), value: Self.unsentBytes)
    }

    func handlerRemoved(context: ChannelHandlerContext) { giveUp(ChannelError.ioOnClosedChannel) }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    private func giveUp(_ error: any Error) {
        timeout?.cancel()
        timeout = nil
        let given = waiting
        waiting.removeAll()
        for piece in given { piece.promise?.fail(error) }
        closing?.promise?.fail(error)
        closing = nil
    }

    // MARK: - What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard closing == nil else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        if isIdle { begin(context) }
        waiting.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !isSending else { return }
        isSending = true
        var hasWritten = true
        // Whatever the system takes at once makes room for more.
        while hasWritten {
            hasWritten = false
            let window = room.isScarce ? Self.leastWindow : Self.window
            while !waiting.isEmpty, underWay < window {
                handDown(context, atMost: min(window, Self.pieceLength))
                hasWritten = true
            }
            if hasWritten { context.flush() }
        }
        isSending = false
        if isIdle, let closing {
            self.closing = nil
            context.close(mode: closing.mode, promise: closing.promise)
        }
    }

    /// The next piece of what waits.
    private func handDown(_ context: ChannelHandlerContext, atMost length: Int) {
        let piece: ByteBuffer
        var whole: EventLoopPromise<Void>?
        if waiting[waiting.startIndex].bytes.readableBytes > length,
            let slice = waiting[waiting.startIndex].bytes.readSlice(length: length)
        {
            piece = slice
        } else {
            let next = waiting.removeFirst()
            piece = next.bytes
            whole = next.promise
        }
        let count = piece.readableBytes
        underWay += count
        room.add(count)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            underWay -= count
            taken += count
            room.remove(count)
            whole?.completeWith(result)
            send(context)
        }
        context.write(wrapOutboundOut(piece), promise: promise)
    }

    /// What is still to be said is said first. Whoever asks for the end of everything twice is in a hurry.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output where closing != nil:
            promise?.fail(ChannelError.outputClosed)
        case .all where closing?.mode == .all:
            giveUp(ChannelError.ioOnClosedChannel)
            context.close(mode: mode, promise: promise)
        case .output where !isIdle, .all where !isIdle:
            let promise = promise ?? context.eventLoop.makePromise()
            if let former = closing?.promise { promise.futureResult.cascade(to: former) }
            closing = (mode, promise)
        default:
            context.close(mode: mode, promise: promise)
        }
    }

    // MARK: - Who does not take it

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The node stops, within seconds.
        if event is ChannelShouldQuiesceEvent, !isIdle {
            timeout?.cancel()
            timeout = context.eventLoop.assumeIsolated().scheduleTask(in: Self.stopping) { [self] in
                if !isIdle { cut(context) }
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ context: ChannelHandlerContext) {
        begun = .now()
        taken = 0
        if timeout == nil { watch(context, in: patience) }
    }

    private func watch(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            timeout = nil
            guard !isIdle else { return }
            let due = begun + patience + .milliseconds(Int64(taken) * 1_000 / Int64(bytesPerSecond))
            let rest = due - .now()
            if rest > .nanoseconds(0) { watch(context, in: rest) } else { cut(context) }
        }
    }

    private func cut(_ context: ChannelHandlerContext) {
        letGo()
        // Nor is the system to go on offering it.
        _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        giveUp(ChannelError.ioOnClosedChannel)
        closing = (.all, nil)
        context.close(promise: nil)
    }
}
