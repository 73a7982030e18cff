import NIOCore
import NIOWebSocket
import NodeProtocol

/// Puts a binary message together from its fragments (RFC 6455 §5.4), up to what its sender may send. Browsers
/// cut a large message into several.
struct MessageAssembler {
    /// In bytes.
    var limit = FrameLengthHandler.opening
    private var fragments: ByteBuffer?

    /// - Returns: a whole message; nil while more is to come.
    /// - Throws: a ``NodeProtocol/Refusal`` for what no client of this protocol sends.
    mutating func add(_ frame: WebSocketFrame) throws(Refusal) -> [UInt8]? {
        // RFC 6455 §5.1: a client masks; a proxy that is tricked into caching does not.
        guard frame.maskKey != nil else { throw .malformed }
        var data = frame.unmaskedData
        switch frame.opcode {
        case .binary:
            guard fragments == nil else { throw .malformed }
            if frame.fin { return data.readBytes(length: data.readableBytes) ?? [] }
            fragments = data
        case .continuation:
            guard var message = fragments else { throw .malformed }
            guard message.readableBytes + data.readableBytes <= limit else { throw .tooLarge }
            // Fragments without end or content would be counted by nothing else.
            guard frame.fin || data.readableBytes > 0 else { throw .malformed }
            fragments = nil
            message.writeBuffer(&data)
            if frame.fin { return message.readBytes(length: message.readableBytes) ?? [] }
            fragments = message
        default:
            throw .malformed
        }
        return nil
    }
}
