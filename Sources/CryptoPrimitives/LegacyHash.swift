import CCryptoBoringSSL

/// MD5 (RFC 1321) and SHA-1 (FIPS 180-4).
///
/// Here for STUN only, whose MESSAGE-INTEGRITY is HMAC-SHA1 under an MD5 of user name, realm and password (RFC 8489 §14.5
/// and §9.2.2), and browsers speak nothing newer. Neither resists collisions any more: nothing else may use them, which is
/// why they are no cases of ``HashAlgorithm``.
public enum LegacyHash: Sendable {
    case md5
    case sha1

    /// The digest's length in bytes.
    public var length: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        }
    }

    /// The digest of `bytes`.
    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        switch self {
        case .md5: _ = CCryptoBoringSSL_MD5(bytes, bytes.count, &digest)
        case .sha1: _ = CCryptoBoringSSL_SHA1(bytes, bytes.count, &digest)
        }
        return digest
    }

    /// HMAC (RFC 2104), under `key`, of two pieces one after the other.
    public func hmac(key: Secret, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .md5: hmacOfPieces(CCryptoBoringSSL_EVP_md5(), length, key, first, second)
        case .sha1: hmacOfPieces(CCryptoBoringSSL_EVP_sha1(), length, key, first, second)
        }
    }
}

extension HashAlgorithm {
    /// HMAC (RFC 2104), under `key`, of two pieces one after the other: for a message of which a few bytes count as
    /// something else than they are, without copying the rest.
    public func hmac(key: Secret, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> [UInt8] {
        hmacOfPieces(digest, length, key, first, second)
    }
}

private func hmacOfPieces(
    _ digest: OpaquePointer?, _ length: Int, _ key: Secret, _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: length)
    var written: UInt32 = 0
    var context = HMAC_CTX()
    CCryptoBoringSSL_HMAC_CTX_init(&context)
    key.withUnsafeBytes { key in
        _ = CCryptoBoringSSL_HMAC_Init_ex(&context, key.baseAddress, key.count, digest, nil)
    }
    _ = CCryptoBoringSSL_HMAC_Update(&context, first.bytePointer, first.count)
    _ = CCryptoBoringSSL_HMAC_Update(&context, second.bytePointer, second.count)
    _ = CCryptoBoringSSL_HMAC_Final(&context, &code, &written)
    CCryptoBoringSSL_HMAC_CTX_cleanse(&context)
    return code
}

/// Compares in a time that depends on the lengths only.
public func constantTimeEqual(_ first: UnsafeRawBufferPointer, _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    return CCryptoBoringSSL_CRYPTO_memcmp(first.baseAddress, second, second.count) == 0
}
