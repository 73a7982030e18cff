/// What a message is in an exchange (RFC 8489 §5).
public enum MessageClass: UInt8, Sendable, BitwiseCopyable {
    case request = 0b00
    case indication = 0b01
    case success = 0b10
    case failure = 0b11
}

/// What a message is about (RFC 8489 §18.2): 12 bits.
public struct Method: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue & 0x0FFF }

    public static let binding = Method(rawValue: 0x001)
}

/// The first two bytes of a message: its method and class, woven into each other (RFC 8489 §5, figure 3).
public struct MessageType: Hashable, Sendable, BitwiseCopyable {
    public let method: Method
    public let messageClass: MessageClass

    public init(_ method: Method, _ messageClass: MessageClass) {
        self.method = method
        self.messageClass = messageClass
    }

    /// The type that `rawValue` stands for. The two top bits, zero in every message, are not looked at.
    public init(rawValue: UInt16) {
        method = Method(rawValue: rawValue & 0x000F | rawValue >> 1 & 0x0070 | rawValue >> 2 & 0x0F80)
        switch (rawValue & 0x0100 != 0, rawValue & 0x0010 != 0) {
        case (false, false): messageClass = .request
        case (false, true): messageClass = .indication
        case (true, false): messageClass = .success
        case (true, true): messageClass = .failure
        }
    }

    public var rawValue: UInt16 {
        let method = method.rawValue
        let bits = UInt16(messageClass.rawValue)
        return method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2 | (bits & 1) << 4 | (bits & 2) << 7
    }
}

/// The 96 bits that tie an answer to its question (RFC 8489 §5).
public struct TransactionID: Hashable, Sendable, BitwiseCopyable {
    /// The first 32 bits, and the 64 after them, as numbers in network order.
    public let high: UInt32
    public let low: UInt64

    public init(high: UInt32, low: UInt64) {
        self.high = high
        self.low = low
    }
}
