import CCryptoBoringSSL

/// The memory-hard password hash of RFC 7914.
public enum Scrypt {
    /// The most memory a derivation may take, in bytes: twice what N = 2^17, r = 8 needs. Parameters come from stored
    /// headers that an attacker may have written; asking for more is refused rather than tried.
    public static let memoryLimit = 256 << 20

    /// - Parameters:
    ///   - n: the cost, a power of two above 1 and below 2^(16 r).
    ///   - r: the block size.
    ///   - p: the parallelism; time grows with it.
    ///   - length: bytes wanted.
    /// - Throws: ``CryptoError/invalidParameter`` for parameters outside RFC 7914 §6 or beyond ``memoryLimit``.
    public static func derive(password: [UInt8], salt: [UInt8], n: UInt64, r: UInt64, p: UInt64, length: Int)
        throws(CryptoError) -> Secret
    {
        // As BoringSSL, whose length is unsigned and whose checks take r and p to be above 0.
        guard length > 0, r > 0, p > 0, n > 1, n & (n - 1) == 0 else { throw .invalidParameter }
        return try Secret.make(count: length) { (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let derived = password.withUnsafeBytes { password in
                CCryptoBoringSSL_EVP_PBE_scrypt(
                    password.bindMemory(to: CChar.self).baseAddress, password.count, salt, salt.count, n, r, p,
                    memoryLimit, output.bytePointer, length)
            }
            guard derived == 1 else { throw .invalidParameter }
        }
    }
}
