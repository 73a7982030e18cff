import CryptoPrimitives

/// What tells a server the names it has issued itself from those that others made of the same secret, also after it has
/// forgotten them: sixteen hexadecimal digits at a name's end, of a code over all before them. Nobody without the secret can
/// tell them from random ones.
struct IssuerMark: Sendable {
    /// Hexadecimal digits: 64 bits.
    static let length = 16
    private static let digits = Array("0123456789abcdef".utf8)

    private let key: Secret

    init(issuer: [UInt8], secret: Secret) {
        // A password is made of a name, which begins with a digit: never of this.
        key = Secret(HashAlgorithm.sha256.hmac(key: secret, Array("CryptPeer relay issuer".utf8) + issuer))
    }

    /// The mark of a name.
    func make(for name: [UInt8]) -> [UInt8] {
        HashAlgorithm.sha256.hmac(key: key, name).prefix(Self.length / 2).flatMap {
            [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]]
        }
    }

    func isOn(_ username: [UInt8]) -> Bool {
        let mark = username.suffix(Self.length)
        guard mark.count == Self.length, mark.allSatisfy(Self.digits.contains) else { return false }
        return mark.elementsEqual(make(for: Array(username.dropLast(Self.length))))
    }
}
