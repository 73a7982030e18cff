import NIOCore
import NIOWebSocket

/// Bounds how long a WebSocket's frames may be, by the length that a frame's header announces (RFC 6455 §5.2): before any of its
/// payload is kept. It stands before NIO's decoder, whose own bound is for the longest frame that anybody may send.
final class FrameLengthHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What a hello or a proof needs, twice over.
    static let opening = 256
    /// The longest claim, three fields of 64 KiB.
    static let guest = 200_000

    /// In bytes of payload.
    var limit = opening

    /// What has come of the current header.
    private var header: [UInt8] = []
    /// What is missing of the current payload.
    private var payload = 0
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        let buffer = unwrapInboundIn(data)
        guard admits(buffer) else {
            isRefused = true
            return context.fireErrorCaught(NIOWebSocketError.invalidFrameLength)
        }
        context.fireChannelRead(wrapInboundOut(buffer))
    }

    private func admits(_ buffer: ByteBuffer) -> Bool {
        var bytes = buffer.readableBytesView[...]
        while !bytes.isEmpty {
            if payload > 0 {
                let taken = min(payload, bytes.count)
                payload -= taken
                bytes = bytes.dropFirst(taken)
                continue
            }
            header.append(bytes.removeFirst())
            guard header.count >= 2 else { continue }
            let short = header[1] & 0x7F
            let extended = short == 127 ? 8 : short == 126 ? 2 : 0
            guard header.count == 2 + extended + (header[1] & 0x80 == 0 ? 0 : 4) else { continue }
            let length = header[2..<2 + extended].reduce(extended == 0 ? UInt64(short) : 0) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(limit) else { return false }
            payload = Int(length)
            header = []
        }
        return true
    }
}
