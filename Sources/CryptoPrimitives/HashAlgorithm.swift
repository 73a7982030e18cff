import CCryptoBoringSSL

/// SHA-2 (FIPS 180-4) and HMAC over it (RFC 2104).
public enum HashAlgorithm: Sendable {
    case sha256
    case sha384
    case sha512

    /// The digest's length in bytes.
    public var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of `bytes`.
    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        var state = HashState(self)
        state.update(bytes)
        return state.finish()
    }

    /// HMAC of `bytes` under `key`, which may be of any length.
    public func hmac(key: Secret, _ bytes: [UInt8]) -> [UInt8] {
        var mac = [UInt8](repeating: 0, count: length)
        var written: UInt32 = 0
        key.withUnsafeBytes { key in
            _ = CCryptoBoringSSL_HMAC(digest, key.baseAddress, key.count, bytes, bytes.count, &mac, &written)
        }
        return mac
    }

    var digest: OpaquePointer? {
        switch self {
        case .sha256: CCryptoBoringSSL_EVP_sha256()
        case .sha384: CCryptoBoringSSL_EVP_sha384()
        case .sha512: CCryptoBoringSSL_EVP_sha512()
        }
    }
}
