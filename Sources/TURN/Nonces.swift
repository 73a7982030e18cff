import CryptoPrimitives
import STUN

/// Nonces that the server recognises without having kept them (RFC 8489 §9.2, RFC 8656 §5): a code, under a secret that
/// lives as long as the server, over the client's address and the time.
struct Nonces {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    /// The characters of a whole code: 132 bits.
    static let codeLength = 22
    /// The fewest characters that an answer to a very short question carries: 24 bits. A nonce keeps a request that was
    /// listened to from being sent again from elsewhere or later; by itself it opens nothing.
    static let shortestCode = 4

    private let secret: Secret
    /// Seconds of a period. A nonce is good in the one it was made in and in the next.
    private let period: UInt64
    /// What the cookie says of the server.
    let features: SecurityFeatures

    init(secret: Secret, lifetime: UInt64, features: SecurityFeatures) {
        self.secret = secret
        period = max(1, lifetime / 2)
        self.features = features
    }

    /// A nonce with the cookie and a whole code.
    func make(for client: ClientPath, second: UInt64) -> [UInt8] {
        features.noncePrefix + code(client, second / period, hasCookie: true)
    }

    /// A nonce without a cookie, of `length` characters.
    func makeShort(for client: ClientPath, second: UInt64, length: Int) -> [UInt8] {
        Array(code(client, second / period, hasCookie: false).prefix(length))
    }

    /// Whether the server has made that nonce for that client, and not too long ago.
    func isValid(_ nonce: UnsafeRawBufferPointer, from client: ClientPath, second: UInt64) -> Bool {
        let hasCookie = SecurityFeatures(nonce: nonce) == features
        let given = UnsafeRawBufferPointer(rebasing: nonce[(hasCookie ? SecurityFeatures.noncePrefixLength : 0)...])
        guard given.count <= Self.codeLength, given.count >= (hasCookie ? Self.codeLength : Self.shortestCode) else {
            return false
        }
        let now = second / period
        for made in [now, now &- 1] {
            let code = code(client, made, hasCookie: hasCookie)
            if constantTimeEqual(given, Array(code.prefix(given.count))) { return true }
        }
        return false
    }

    private func code(_ client: ClientPath, _ made: UInt64, hasCookie: Bool) -> [UInt8] {
        var input: [UInt8] = [hasCookie ? 1 : 0, client.isStream ? 1 : 0]
        for number in [made, client.address.ip.high, client.address.ip.low] {
            for shift in 0..<8 { input.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * shift))) }
        }
        input.append(client.address.family.rawValue)
        input.append(UInt8(truncatingIfNeeded: client.address.port >> 8))
        input.append(UInt8(truncatingIfNeeded: client.address.port))
        for shift in 0..<4 { input.append(UInt8(truncatingIfNeeded: client.link >> UInt32(8 * shift))) }
        let mac = HashAlgorithm.sha256.hmac(key: secret, input)
        return mac.prefix(Self.codeLength).map { Self.digits[Int($0 & 63)] }
    }
}
