/// Base64 with the URL-safe alphabet and without padding (RFC 4648 §5, §3.2), on bytes of ASCII: what an invitation link
/// carries.
public enum Base64URL {
    /// The ASCII text for `bytes`.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(symbol(UInt8(truncatingIfNeeded: buffer >> bits) & 0x3F))
            }
        }
        if bits > 0 {
            text.append(symbol(UInt8(truncatingIfNeeded: buffer << (6 - bits)) & 0x3F))
        }
        return text
    }

    /// The bytes that `text` stands for. Every value has exactly one text: padding, line breaks, the other alphabet's
    /// `+` and `/`, and set bits behind the last byte are refused.
    ///
    /// - Throws: ``WireError/invalidValue``.
    public static func decode(_ text: [UInt8]) throws(WireError) -> [UInt8] {
        // One symbol too many holds no whole byte.
        guard text.count % 4 != 1 else { throw .invalidValue }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            guard let value = value(of: character) else { throw .invalidValue }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard buffer & ((1 << bits) - 1) == 0 else { throw .invalidValue }
        return bytes
    }

    private static func symbol(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
