import CryptoPrimitives

/// How a message is protected.
public enum IntegrityAlgorithm: Sendable, BitwiseCopyable {
    /// MESSAGE-INTEGRITY: HMAC-SHA1 (RFC 8489 §14.5).
    case sha1
    /// MESSAGE-INTEGRITY-SHA256: HMAC-SHA256 (RFC 8489 §14.6).
    case sha256

    var attribute: AttributeType {
        switch self {
        case .sha1: .messageIntegrity
        case .sha256: .messageIntegritySHA256
        }
    }

    /// The code's length in bytes, whole.
    public var length: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        }
    }

    func code(key: Secret, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .sha1: LegacyHash.sha1.hmac(key: key, first, second)
        case .sha256: HashAlgorithm.sha256.hmac(key: key, first, second)
        }
    }
}

extension Message {
    /// The protection that counts; nil without any. Where both are there it is the stronger one (RFC 8489 §9.1.3, §9.2.4).
    public var integrityAlgorithm: IntegrityAlgorithm? {
        if integritySHA256 > 0 { return .sha256 }
        return integrity > 0 ? .sha1 : nil
    }

    /// Whether the message carries the code, of that algorithm, that whoever knows `key` computes.
    public func isProtected(by algorithm: IntegrityAlgorithm, key: Secret) -> Bool {
        let offset =
            switch algorithm {
            case .sha1: integrity
            case .sha256: integritySHA256
            }
        guard offset > 0 else { return false }
        let length = Int(bytes.uint16(at: offset + 2))
        // RFC 8489 §14.6: a shortened code is for usages that say so, and none here does.
        guard length == algorithm.length else { return false }
        // RFC 8489 §14.5: as if the message ended with this attribute.
        let counted = offset + 4 + length - Message.headerLength
        let header: (UInt8, UInt8, UInt8, UInt8) = (
            bytes[0], bytes[1], UInt8(truncatingIfNeeded: counted >> 8), UInt8(truncatingIfNeeded: counted)
        )
        let code = withUnsafeBytes(of: header) { header in
            algorithm.code(key: key, header, bytes.slice(4..<offset))
        }
        return constantTimeEqual(bytes.slice(offset + 4..<offset + 4 + length), code)
    }
}

/// How a long-term credential becomes a key (RFC 8489 §14.11, §18.5).
public enum PasswordAlgorithm: UInt16, Sendable, BitwiseCopyable {
    case md5 = 0x0001
    case sha256 = 0x0002

    /// The long-term key (RFC 8489 §9.2.2): a hash of `username:realm:password`. The texts are prepared already: by
    /// OpaqueString (RFC 8265), which leaves ASCII as it is.
    public func key(username: [UInt8], realm: [UInt8], password: Secret) -> Secret {
        var input = username + [0x3A] + realm + [0x3A]
        password.withUnsafeBytes { password in input.append(contentsOf: password) }
        defer { wipe(&input) }
        var key =
            switch self {
            case .md5: LegacyHash.md5.hash(input)
            case .sha256: HashAlgorithm.sha256.hash(input)
            }
        return Secret(wiping: &key)
    }
}

extension PasswordAlgorithm {
    /// The value of PASSWORD-ALGORITHM (RFC 8489 §14.12), or one element of PASSWORD-ALGORITHMS: neither has parameters.
    public var bytes: [UInt8] { [0, UInt8(rawValue), 0, 0] }

    /// Reads PASSWORD-ALGORITHM.
    ///
    /// - Throws: ``STUNError/malformedAttribute`` if it is none of the two or has parameters.
    public init(_ value: UnsafeRawBufferPointer) throws(STUNError) {
        guard value.count == 4, value.uint16(at: 2) == 0, let known = PasswordAlgorithm(rawValue: value.uint16(at: 0))
        else { throw .malformedAttribute }
        self = known
    }
}

/// A name that does not say whose it is.
public enum Userhash {
    public static let length = 32

    /// USERHASH (RFC 8489 §14.4): SHA-256 of `username:realm`, which keeps the name from who listens.
    public static func of(username: [UInt8], realm: [UInt8]) -> [UInt8] {
        HashAlgorithm.sha256.hash(username + [0x3A] + realm)
    }
}
