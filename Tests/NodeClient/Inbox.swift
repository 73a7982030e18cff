import NIOCore
import NIOWebSocket
import Synchronization

/// Messages that have come in, and whoever waits for the next.
final class Inbox: Sendable {
    private struct State {
        var messages = CircularBuffer<[UInt8]>()
        var isClosed = false
        var waiting: EventLoopPromise<[UInt8]?>?
    }

    private let state = Mutex(State())

    func append(_ message: [UInt8]) {
        let waiting = state.withLock { state in
            guard let waiting = state.waiting else {
                state.messages.append(message)
                return EventLoopPromise<[UInt8]?>?.none
            }
            state.waiting = nil
            return waiting
        }
        waiting?.succeed(message)
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            return state.waiting.take()
        }?.succeed(nil)
    }

    func next(within time: TimeAmount, on eventLoop: any EventLoop) async throws -> [UInt8]? {
        let promise = eventLoop.makePromise(of: [UInt8]?.self)
        let isAnswered = state.withLock { state in
            if let message = state.messages.popFirst() {
                promise.succeed(message)
            } else if state.isClosed {
                promise.succeed(nil)
            } else {
                state.waiting = promise
                return false
            }
            return true
        }
        if isAnswered { return try await promise.futureResult.get() }
        let timeout = eventLoop.scheduleTask(in: time) {
            self.state.withLock { $0.waiting.take() }?.fail(NodeConnection.Failure.silence)
        }
        defer { timeout.cancel() }
        return try await promise.futureResult.get()
    }
}

/// Puts binary messages into an inbox, and answers pings.
final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary:
            inbox.append([UInt8](buffer: frame.unmaskedData))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            context.close(promise: nil)
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
