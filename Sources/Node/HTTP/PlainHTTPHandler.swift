import NIOCore

/// Somebody typed `http://` in front of a port that speaks TLS: tells the browser where to go instead of hanging up on it.
///
/// A TLS connection opens with a handshake record, whose first byte is 22 (RFC 8446 §5.1); no HTTP method does.
final class PlainHTTPHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Where to go, by the host that the request named; nil: it named none.
    private let origin: (String?) -> String
    private var head = ByteBuffer()
    /// Of the line that has not ended yet.
    private var lineLength = 0
    private var isAnswered = false

    /// What a request's head may hold until it is answered as it stands.
    private static let headLength = 8_192

    init(origin: @escaping (_ host: String?) -> String) {
        self.origin = origin
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if isAnswered { return }
        if head.readableBytes == 0 {
            guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return }
            if first == 22 {
                context.fireChannelRead(data)
                context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
                return
            }
            guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return context.close(promise: nil) }
        }
        let isWhole = endsHead(bytes.readableBytesView)
        head.writeBuffer(&bytes)
        guard isWhole || head.readableBytes > Self.headLength else { return }
        let lines = head.readableBytesView.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self) }
        answer(context, host: Self.host(in: Array(lines.dropFirst())))
    }

    /// Whether an empty line is among these bytes. Each byte is looked at once, in however many pieces a head comes.
    private func endsHead(_ bytes: ByteBufferView) -> Bool {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"):
                if lineLength == 0 { return true }
                lineLength = 0
            case UInt8(ascii: "\r"): break
            default: lineLength += 1
            }
        }
        return false
    }

    /// The value of `Host`, if there is one, and only one (RFC 9112 §3.2).
    private static func host(in lines: [String]) -> String? {
        let values = lines.prefix { !$0.isEmpty }.compactMap { line -> String? in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "host" else { return nil }
            return line[line.index(after: colon)...].filter { $0 != " " && $0 != "\t" }
        }
        return values.count == 1 ? values[0] : nil
    }

    private func answer(_ context: ChannelHandlerContext, host: String?) {
        isAnswered = true
        let origin = origin(host)
        let body = "This node speaks HTTPS: \(origin)/\n"
        let answer =
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: \(origin)/\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
