import CCryptoBoringSSL

/// The extract-and-expand key derivation function of RFC 5869.
public enum HKDF {
    /// The longest output that ``expand(_:prk:info:length:)`` has, in bytes (RFC 5869 §2.3).
    public static func maximumLength(_ hash: HashAlgorithm) -> Int {
        255 * hash.length
    }

    /// HKDF-Extract (RFC 5869 §2.2). An empty salt is the same as one of zeros.
    public static func extract(_ hash: HashAlgorithm, salt: Secret, ikm: Secret) -> Secret {
        Secret.make(count: hash.length) { (output: UnsafeMutableRawBufferPointer) in
            var written = 0
            salt.withUnsafeBytes { salt in
                ikm.withUnsafeBytes { ikm in
                    _ = CCryptoBoringSSL_HKDF_extract(
                        output.bytePointer, &written, hash.digest, ikm.bytePointer, ikm.count, salt.bytePointer,
                        salt.count)
                }
            }
        }
    }

    /// HKDF-Extract (RFC 5869 §2.2) with a salt that is not secret.
    public static func extract(_ hash: HashAlgorithm, salt: [UInt8], ikm: Secret) -> Secret {
        extract(hash, salt: Secret(salt), ikm: ikm)
    }

    /// HKDF-Expand (RFC 5869 §2.3).
    ///
    /// - Parameters:
    ///   - prk: a pseudorandom key, at least as long as the digest.
    ///   - length: at most ``maximumLength(_:)``. More is a mistake in the program, and traps.
    public static func expand(_ hash: HashAlgorithm, prk: Secret, info: [UInt8], length: Int) -> Secret {
        precondition(length >= 0 && length <= maximumLength(hash), "HKDF gives at most 255 blocks")
        return Secret.make(count: length) { (output: UnsafeMutableRawBufferPointer) in
            prk.withUnsafeBytes { prk in
                _ = CCryptoBoringSSL_HKDF_expand(
                    output.bytePointer, length, hash.digest, prk.bytePointer, prk.count, info, info.count)
            }
        }
    }

    /// Extract, then expand.
    public static func derive(
        _ hash: HashAlgorithm, salt: [UInt8], ikm: Secret, info: [UInt8], length: Int
    ) -> Secret {
        expand(hash, prk: extract(hash, salt: salt, ikm: ikm), info: info, length: length)
    }

    /// Extract, then expand.
    public static func derive(
        _ hash: HashAlgorithm, salt: Secret, ikm: Secret, info: [UInt8], length: Int
    ) -> Secret {
        expand(hash, prk: extract(hash, salt: salt, ikm: ikm), info: info, length: length)
    }
}
