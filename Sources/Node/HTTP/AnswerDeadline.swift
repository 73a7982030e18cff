import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Lets a client go that does not take its answer: each has some seconds, and more for a longer one.
final class AnswerDeadline: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let patience: TimeAmount
    private var timeout: Scheduled<Void>?
    private var answers = 0

    /// Slower than any line that could open the app at all.
    private static let bytesPerMillisecond = 50

    /// - Parameter patience: for an answer of any length.
    init(patience: TimeAmount) {
        self.patience = patience
    }

    func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            let channel = context.channel
            answers += 1
            timeout?.cancel()
            timeout = context.eventLoop.scheduleTask(
                in: patience + .milliseconds(Int64(length / Self.bytesPerMillisecond))
            ) { channel.close(promise: nil) }
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            // Kept when the last byte has gone to the client's machine.
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            let answer = answers
            taken.futureResult.assumeIsolated().whenComplete { [weak self] _ in
                if let self, answer == answers { timeout?.cancel() }
            }
            context.write(data, promise: taken)
        }
    }
}
