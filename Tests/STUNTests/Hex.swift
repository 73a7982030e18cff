import STUN

/// The bytes that hexadecimal digits write; whatever else is in the text is left out.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Lends the message that the bytes are, for the time of `body`.
func withMessage<Result>(_ bytes: [UInt8], _ body: (Message) throws -> Result) throws -> Result {
    try bytes.withUnsafeBytes { bytes in try body(try Message(bytes)) }
}

/// SplitMix64: the same numbers every time.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: range, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}
