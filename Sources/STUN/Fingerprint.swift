/// FINGERPRINT (RFC 8489 §14.7): CRC-32 (ITU-T V.42) of the message before it, XORed with "STUN".
public enum Fingerprint {
    private static let table: [UInt32] = (0..<256).map { index in
        var remainder = UInt32(index)
        for _ in 0..<8 { remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ 0xEDB8_8320 }
        return remainder
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes { remainder = remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] }
        return ~remainder ^ 0x5354_554E
    }
}

extension Message {
    /// Whether the message has a FINGERPRINT.
    public var hasFingerprint: Bool { fingerprint > 0 }

    /// Whether its FINGERPRINT is right; true without one.
    public var isFingerprintRight: Bool {
        guard fingerprint > 0 else { return true }
        // It is the last attribute, so that the length in the header is the one it was computed under.
        return bytes.uint32(at: fingerprint + 4) == Fingerprint.of(bytes.slice(0..<fingerprint))
    }
}
