/// What stands before each ciphertext (RFC 9605 §4.3): which key, and which of its nonces.
public struct SFrameHeader: Equatable, Sendable {
    /// KID.
    public var keyID: UInt64
    /// CTR.
    public var counter: UInt64

    /// The config byte, and eight bytes of each number.
    public static let maximumLength = 17

    public init(keyID: UInt64, counter: UInt64) {
        self.keyID = keyID
        self.counter = counter
    }

    public var encoded: [UInt8] {
        let (keyBits, keyBytes) = Self.field(keyID)
        let (counterBits, counterBytes) = Self.field(counter)
        return [keyBits << 4 | counterBits] + keyBytes + counterBytes
    }

    /// A number below 8 stands in its three bits; of another they hold the length, less one, and the flag above them is set.
    private static func field(_ value: UInt64) -> (bits: UInt8, bytes: [UInt8]) {
        if value < 8 { return (UInt8(value), []) }
        let length = (64 - value.leadingZeroBitCount + 7) / 8
        var bytes: [UInt8] = []
        for index in (0..<length).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        return (0x8 | UInt8(length - 1), bytes)
    }

    /// Reads the header at the beginning of `bytes`.
    ///
    /// - Returns: the header and its length, or nil if there is none. A number that could have been shorter is refused: each
    ///   header has one encoding (§4.3: "MUST be encoded with the minimum number of bytes required").
    public static func parse(_ bytes: some RandomAccessCollection<UInt8>) -> (header: SFrameHeader, length: Int)? {
        guard let config = bytes.first else { return nil }
        var rest = bytes.dropFirst()
        guard let keyID = read(config >> 4, &rest), let counter = read(config & 0xF, &rest) else { return nil }
        return (SFrameHeader(keyID: keyID, counter: counter), bytes.count - rest.count)
    }

    private static func read<Bytes: RandomAccessCollection<UInt8>>(_ bits: UInt8, _ rest: inout Bytes) -> UInt64?
    where Bytes.SubSequence == Bytes {
        guard bits & 0x8 != 0 else { return UInt64(bits) }
        let length = Int(bits & 0x7) + 1
        guard rest.count >= length else { return nil }
        var value: UInt64 = 0
        for byte in rest.prefix(length) { value = value << 8 | UInt64(byte) }
        rest = rest.dropFirst(length)
        guard value >= 8, field(value).bytes.count == length else { return nil }
        return value
    }
}
