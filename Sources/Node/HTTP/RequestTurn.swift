import NIOCore
import NIOHTTPTypes

/// Lets the requests of a connection through one after the other, each when the client has taken the answer to the one before,
/// and no more of them in a second than anybody needs. Meanwhile no more is read.
final class RequestTurn: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that may wait: browsers wait for each answer themselves.
    private static let mostWaiting = 16

    private let pause: TimeAmount
    private var bucket: TokenBucket
    /// What came after the request that is being answered, in order; the first of it is a head.
    private var waiting = CircularBuffer<HTTPRequestPart>()
    private var requests = 0
    private var isAnswering = false
    private var isClosed = false
    private var isInputClosed = false
    /// A read that was asked for meanwhile.
    private var isReadPending = false
    private var timer: Scheduled<Void>?

    init(_ rate: ServiceBounds.RequestRate) {
        bucket = TokenBucket(rate, now: .now())
        pause = .milliseconds(max(1, Int64(1_000 / max(1, rate.perSecond))))
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        isClosed = true
        timer?.cancel()
        timer = nil
        waiting.removeAll()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed else { return }
        let part = unwrapInboundIn(data)
        if waiting.isEmpty, isTurn(of: part) { return context.fireChannelRead(data) }
        waiting.append(part)
        guard case .head = part else { return }
        requests += 1
        if requests > Self.mostWaiting {
            end()
            context.close(promise: nil)
        } else {
            wait(context)
        }
    }

    /// Takes the turn, if it is this request's.
    private func isTurn(of part: HTTPRequestPart) -> Bool {
        guard case .head = part else { return true }
        guard !isAnswering, bucket.take(1, now: .now()) else { return false }
        isAnswering = true
        return true
    }

    /// Looks again in a moment, where nothing but time is wanting.
    private func wait(_ context: ChannelHandlerContext) {
        guard !isAnswering, timer == nil else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            timer = nil
            goOn(context)
        }
    }

    private func goOn(_ context: ChannelHandlerContext) {
        guard !waiting.isEmpty else { return }
        var hasRead = false
        while let part = waiting.first, isTurn(of: part) {
            waiting.removeFirst()
            if case .head = part { requests -= 1 }
            context.fireChannelRead(wrapInboundOut(part))
            hasRead = true
        }
        if hasRead { context.fireChannelReadComplete() }
        guard waiting.isEmpty else { return wait(context) }
        if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        if isReadPending {
            isReadPending = false
            context.read()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing comes after this: it waits for its turn, too.
        if case ChannelEvent.inputClosed = event, !waiting.isEmpty {
            isInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func read(context: ChannelHandlerContext) {
        if waiting.isEmpty { context.read() } else { isReadPending = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { [self] _ in
            isAnswering = false
            goOn(context)
        }
        context.write(data, promise: taken)
    }
}
