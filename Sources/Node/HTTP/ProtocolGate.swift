import NIOCore
import STUN

/// Decides by a connection's first bytes what it speaks: STUN or TURN, or else HTTP. The handlers for it are added then, so
/// that a relayed stream carries nothing of HTTP's.
///
/// A STUN message begins with two zero bits and has the magic cookie in its second four bytes (RFC 8489 §5); an HTTP method
/// is letters. What is neither is cut off.
final class ProtocolGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Choice {
        case http
        case relay
    }

    /// The connection ended before it had said what it speaks.
    private struct NothingSaid: Error {}

    private let promise: EventLoopPromise<NodeChannel.Negotiated>
    private let serve: (Choice) throws -> EventLoopFuture<NodeChannel.Negotiated>
    private var bytes = ByteBuffer()
    private var isDecided = false

    /// - Parameter serve: adds the handlers for what was chosen.
    init(_ eventLoop: any EventLoop, serve: @escaping (Choice) throws -> EventLoopFuture<NodeChannel.Negotiated>) {
        promise = eventLoop.makePromise()
        self.serve = serve
    }

    /// What the connection became; fails if it became nothing.
    var negotiated: EventLoopFuture<NodeChannel.Negotiated> { promise.futureResult }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isDecided { promise.fail(NothingSaid()) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var new = unwrapInboundIn(data)
        bytes.writeBuffer(&new)
        guard !isDecided, let isSTUN = bytes.withUnsafeReadableBytes({ Message.isBeginning($0) }) else { return }
        guard isSTUN || bytes.readableBytesView.first.map(Self.isLetter) == true else {
            return context.close(promise: nil)
        }
        isDecided = true
        do {
            try serve(isSTUN ? .relay : .http).cascade(to: promise)
        } catch {
            promise.fail(error)
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Whoever closes their half without a word wants no answer.
        if case ChannelEvent.inputClosed = event, !isDecided { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDecided { context.fireErrorCaught(error) } else { context.close(promise: nil) }
    }
}
