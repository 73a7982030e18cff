/// A STUN message (RFC 8489 §5) as a view of the bytes it arrived in: nothing is copied and nothing allocated.
///
/// Whoever lends the bytes keeps them in place for as long as the view and its attributes are used. The header and the
/// bounds of every attribute are checked once, here; an attribute's own content when it is asked for.
public struct Message: BitwiseCopyable {
    /// Tells STUN from what else comes to the port (RFC 8489 §5).
    public static let magicCookie: UInt32 = 0x2112_A442
    public static let headerLength = 20

    /// The whole message.
    public let bytes: UnsafeRawBufferPointer
    public let type: MessageType
    public let transactionID: TransactionID

    /// Where the attributes end that count: what follows MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 is to be ignored
    /// (RFC 8489 §14.5 and §14.6).
    let end: Int
    /// Where these attributes begin, 0 without them.
    let integrity: Int
    let integritySHA256: Int
    let fingerprint: Int

    /// Whether the bytes can be a STUN message: for telling it from other protocols on one port, before any parsing
    /// (RFC 8489 §6.3, RFC 7983).
    public static func isMessage(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= headerLength && bytes[0] < 0x40 && bytes.uint32(at: 4) == magicCookie
    }

    /// Whether a stream that begins with these bytes begins with STUN; nil if they are too few to tell.
    public static func isBeginning(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        guard let first = bytes.first else { return nil }
        guard first < 0x40 else { return false }
        return bytes.count < 8 ? nil : bytes.uint32(at: 4) == magicCookie
    }

    /// The message that `bytes`, all of them, are.
    ///
    /// - Throws: a ``STUNError`` that says why they are none.
    public init(_ bytes: UnsafeRawBufferPointer) throws(STUNError) {
        guard Self.isMessage(bytes) else { throw .notSTUN }
        let length = Int(bytes.uint16(at: 2))
        guard length & 3 == 0 else { throw .notSTUN }
        guard bytes.count == Self.headerLength + length else { throw .wrongLength }
        self.bytes = bytes
        type = MessageType(rawValue: bytes.uint16(at: 0))
        transactionID = TransactionID(high: bytes.uint32(at: 8), low: bytes.uint64(at: 12))

        var integrity = 0
        var integritySHA256 = 0
        var fingerprint = 0
        var end = bytes.count
        var offset = Self.headerLength
        while offset < bytes.count {
            // The length is a multiple of four, so that an attribute's header is always whole.
            let value = Int(bytes.uint16(at: offset + 2))
            let next = offset + 4 + (value + 3) & ~3
            guard next <= bytes.count else { throw .truncatedAttribute }
            switch AttributeType(rawValue: bytes.uint16(at: offset)) {
            case .messageIntegrity where integrity == 0 && integritySHA256 == 0:
                guard value == 20 else { throw .malformedAttribute }
                integrity = offset
                end = min(end, next)
            case .messageIntegritySHA256 where integritySHA256 == 0:
                // RFC 8489 §14.6: the code may be shortened to no less than 16 bytes.
                guard value >= 16, value <= 32, value & 3 == 0 else { throw .malformedAttribute }
                integritySHA256 = offset
                end = min(end, next)
            case .fingerprint:
                // RFC 8489 §14.7: it is the last attribute.
                guard value == 4, next == bytes.count else { throw .malformedAttribute }
                fingerprint = offset
                end = min(end, offset)
            default:
                break
            }
            offset = next
        }
        self.end = end
        self.integrity = integrity
        self.integritySHA256 = integritySHA256
        self.fingerprint = fingerprint
    }
}

/// One attribute of a message, its value without the padding.
public struct Attribute: BitwiseCopyable {
    public let type: AttributeType
    public let value: UnsafeRawBufferPointer

    /// The value, copied.
    public var bytes: [UInt8] { [UInt8](value) }
}

extension Message {
    /// The attributes in their order, up to the first one that protects the message, which is not among them.
    public var attributes: Attributes { Attributes(message: self) }

    public struct Attributes: Sequence, IteratorProtocol {
        private let bytes: UnsafeRawBufferPointer
        private let end: Int
        private var offset = Message.headerLength

        init(message: Message) {
            bytes = message.bytes
            let protections = [message.integrity, message.integritySHA256].lazy.filter { $0 > 0 }
            end = protections.min() ?? message.end
        }

        public mutating func next() -> Attribute? {
            guard offset < end else { return nil }
            let type = AttributeType(rawValue: bytes.uint16(at: offset))
            let start = offset + 4
            let length = Int(bytes.uint16(at: offset + 2))
            offset = start + (length + 3) & ~3
            return Attribute(type: type, value: bytes.slice(start..<start + length))
        }
    }

    /// The value of the first attribute of that type; only the first one counts (RFC 8489 §14).
    public func first(_ type: AttributeType) -> UnsafeRawBufferPointer? {
        for attribute in attributes where attribute.type == type { return attribute.value }
        return nil
    }

    /// An attribute that holds a number of 32 bits, such as TURN's LIFETIME.
    ///
    /// - Throws: ``STUNError/malformedAttribute`` for any other length.
    public func number(_ type: AttributeType) throws(STUNError) -> UInt32? {
        guard let value = first(type) else { return nil }
        guard value.count == 4 else { throw .malformedAttribute }
        return value.uint32(at: 0)
    }

    /// An attribute that holds an address as it is (RFC 8489 §14.1), such as ALTERNATE-SERVER.
    public func address(_ type: AttributeType) throws(STUNError) -> TransportAddress? {
        guard let value = first(type) else { return nil }
        return try TransportAddress(mapped: value)
    }

    /// An attribute that holds an address XORed (RFC 8489 §14.2), such as XOR-MAPPED-ADDRESS.
    public func xorAddress(_ type: AttributeType) throws(STUNError) -> TransportAddress? {
        guard let value = first(type) else { return nil }
        return try TransportAddress(xored: value, transactionID)
    }

    /// ERROR-CODE (RFC 8489 §14.8).
    ///
    /// - Throws: ``STUNError/malformedAttribute`` if the class is not 3 to 6 or the number not 0 to 99.
    public func errorCode() throws(STUNError) -> ErrorCode? {
        guard let value = first(.errorCode) else { return nil }
        guard value.count >= 4 else { throw .malformedAttribute }
        let hundreds = value[2] & 0x07
        guard (3...6).contains(hundreds), value[3] < 100 else { throw .malformedAttribute }
        return ErrorCode(rawValue: UInt16(hundreds) * 100 + UInt16(value[3]))
    }

    /// UNKNOWN-ATTRIBUTES (RFC 8489 §14.9).
    ///
    /// - Throws: ``STUNError/malformedAttribute`` for an odd number of bytes.
    public func unknownAttributes() throws(STUNError) -> [AttributeType]? {
        guard let value = first(.unknownAttributes) else { return nil }
        guard value.count & 1 == 0 else { throw .malformedAttribute }
        return stride(from: 0, to: value.count, by: 2).map { AttributeType(rawValue: value.uint16(at: $0)) }
    }
}
