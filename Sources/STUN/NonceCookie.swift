/// What a server says of itself in the first 13 characters of its nonces (RFC 8489 §9.2): within the nonce, where nobody on
/// the way can take it out unseen.
public struct SecurityFeatures: OptionSet, Sendable, BitwiseCopyable {
    /// 24 bits, the first being the highest.
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue & 0x00FF_FFFF }

    /// PASSWORD-ALGORITHMS is sent (RFC 8489 §18.1, bit 0).
    public static let passwordAlgorithms = SecurityFeatures(rawValue: 1 << 23)
    /// USERHASH is understood (bit 1).
    public static let usernameAnonymity = SecurityFeatures(rawValue: 1 << 22)

    private static let cookie = Array("obMatJos2".utf8)
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The length of what ``noncePrefix`` gives.
    public static let noncePrefixLength = 13

    /// The cookie and the features in base64.
    public var noncePrefix: [UInt8] {
        Self.cookie + [18, 12, 6, 0].map { shift in Self.alphabet[Int(rawValue >> UInt32(shift) & 0x3F)] }
    }

    /// The features that a nonce speaks of; nil for a nonce without the cookie.
    public init?(nonce: UnsafeRawBufferPointer) {
        guard nonce.count >= Self.noncePrefixLength, nonce.prefix(Self.cookie.count).elementsEqual(Self.cookie) else {
            return nil
        }
        var bits: UInt32 = 0
        for character in nonce[Self.cookie.count..<Self.noncePrefixLength] {
            guard let digit = Self.alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(digit)
        }
        self.init(rawValue: bits)
    }
}
