import Glibc
import Logging
import NIOCore

/// Lets a server outlive an `accept` that fails for want of something: it waits a moment, and goes on.
///
/// The server's channel reports such an error and stays open, but its reader takes any error for the end.
final class AcceptErrorHandler: ChannelDuplexHandler {
    typealias InboundIn = Channel
    typealias InboundOut = Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let logger: Logger
    private var isPausing = false
    /// A read that was asked for meanwhile.
    private var isReadPending = false
    private var nextWord = NIODeadline.uptimeNanoseconds(0)

    private static let passing = [EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED]
    private static let pause = TimeAmount.milliseconds(100)

    init(logger: Logger) {
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.passing.contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        // Only the client's side of it: nothing is wanting here.
        guard error.errnoCode != ECONNABORTED else { return }
        if nextWord <= .now() {
            nextWord = .now() + .minutes(1)
            logger.error(
                "The system lets the node accept no connection (\(String(cString: strerror(error.errnoCode)))): those that stand go on."
            )
        }
        guard !isPausing else { return }
        isPausing = true
        isReadPending = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            isPausing = false
            if isReadPending {
                isReadPending = false
                context.read()
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        if isPausing { isReadPending = true } else { context.read() }
    }
}
