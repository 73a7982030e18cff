/// ChannelData messages (RFC 8656 §12.4): two bytes of channel number, two of length, the data.
public enum ChannelData {
    public static let headerLength = 4
    /// The channel numbers there are (RFC 8656 §12).
    public static let numbers: ClosedRange<UInt16> = 0x4000...0x4FFF
    /// The channel numbers there were before (RFC 5766 §11), which older clients still take.
    public static let oldNumbers: ClosedRange<UInt16> = 0x4000...0x7FFF

    /// Whether the first byte of what came is a channel number's and not a STUN message's (RFC 8656 §12, RFC 7983).
    public static func isChannelData(firstByte: UInt8, acceptingOldNumbers: Bool = false) -> Bool {
        firstByte >= 0x40 && firstByte < (acceptingOldNumbers ? 0x80 : 0x50)
    }

    /// The channel number and the length of the data; nil if the data is not all there. What follows it is padding.
    @inline(__always)
    static func read(_ bytes: UnsafeRawBufferPointer) -> (number: UInt16, length: Int)? {
        guard bytes.count >= headerLength else { return nil }
        let number = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        guard headerLength + length <= bytes.count else { return nil }
        return (number, length)
    }
}

/// Where one message ends and the next begins in a stream (RFC 8656 §3.6.1 and §12.5): TCP, or TLS over it.
public enum StreamFraming {
    /// What the first bytes of a stream, or of what is left of it, are.
    public enum Message: Equatable, Sendable {
        /// Not enough bytes to tell yet.
        case incomplete
        /// A message of this length in bytes, with its padding. They need not all be there yet.
        case length(Int)
        /// Neither STUN nor ChannelData: there is no finding back into this stream.
        case invalid
    }

    /// The most bytes that a message of a stream can have.
    public static let maximumLength = 65_535 + 20

    public static func next(_ bytes: UnsafeRawBufferPointer, acceptingOldNumbers: Bool = false) -> Message {
        guard let first = bytes.first else { return .incomplete }
        if first < 0x40 {
            guard bytes.count >= 4 else { return .incomplete }
            let length = Int(bytes[2]) << 8 | Int(bytes[3])
            return length & 3 == 0 ? .length(20 + length) : .invalid
        }
        guard ChannelData.isChannelData(firstByte: first, acceptingOldNumbers: acceptingOldNumbers) else {
            return .invalid
        }
        guard bytes.count >= 4 else { return .incomplete }
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        return .length((ChannelData.headerLength + length + 3) & ~3)
    }
}
