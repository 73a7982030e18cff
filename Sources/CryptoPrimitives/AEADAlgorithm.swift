import CCryptoBoringSSL

/// Authenticated encryption with additional data (RFC 5116), with the whole 16-byte tag at the ciphertext's end.
///
/// Never seal two plaintexts under the same key and nonce: with each of these algorithms that gives both away.
public enum AEADAlgorithm: UInt16, Sendable {
    // The raw values are HPKE's identifiers (RFC 9180 §7.3).
    case aes128GCM = 0x0001
    case aes256GCM = 0x0002
    case chacha20Poly1305 = 0x0003

    /// The key's length in bytes.
    public var keyLength: Int { self == .aes128GCM ? 16 : 32 }
    /// The nonce's length in bytes; no other is taken.
    public var nonceLength: Int { 12 }
    /// How much longer the ciphertext is than the plaintext, in bytes.
    public var tagLength: Int { 16 }

    /// Encrypts `plaintext` and authenticates it together with `aad`.
    ///
    /// - Returns: the ciphertext, then the tag.
    /// - Throws: ``CryptoError/invalidKey`` or ``CryptoError/invalidLength`` for a key or nonce of another length.
    public func seal(key: Secret, nonce: [UInt8], plaintext: [UInt8], aad: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard nonce.count == nonceLength else { throw .invalidLength }
        let context = try makeContext(key)
        defer { CCryptoBoringSSL_EVP_AEAD_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: plaintext.count + tagLength)
        var written = 0
        guard
            CCryptoBoringSSL_EVP_AEAD_CTX_seal(
                context, &output, &written, output.count, nonce, nonce.count, plaintext, plaintext.count, aad, aad.count
            ) == 1, written == output.count
        else { throw .invalidLength }
        return output
    }

    /// Decrypts what ``seal(key:nonce:plaintext:aad:)`` made, if it is untouched.
    ///
    /// - Throws: ``CryptoError/authenticationFailed`` if key, nonce, ciphertext or `aad` is not the one sealed with;
    ///   ``CryptoError/invalidKey`` or ``CryptoError/invalidLength`` for a key or nonce of another length.
    public func open(key: Secret, nonce: [UInt8], ciphertext: [UInt8], aad: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard nonce.count == nonceLength else { throw .invalidLength }
        guard ciphertext.count >= tagLength else { throw .authenticationFailed }
        let context = try makeContext(key)
        defer { CCryptoBoringSSL_EVP_AEAD_CTX_free(context) }
        // BoringSSL wants as much room as the ciphertext takes; the tag's part of it is dropped.
        var output = [UInt8](repeating: 0, count: ciphertext.count)
        var written = 0
        guard
            CCryptoBoringSSL_EVP_AEAD_CTX_open(
                context, &output, &written, output.count, nonce, nonce.count, ciphertext, ciphertext.count, aad,
                aad.count) == 1
        else { throw .authenticationFailed }
        output.removeLast(output.count - written)
        return output
    }

    /// A context that the caller frees, which also overwrites the key in it (`OPENSSL_free` does).
    private func makeContext(_ key: Secret) throws(CryptoError) -> UnsafeMutablePointer<EVP_AEAD_CTX> {
        guard key.count == keyLength else { throw .invalidKey }
        let algorithm =
            switch self {
            case .aes128GCM: CCryptoBoringSSL_EVP_aead_aes_128_gcm()
            case .aes256GCM: CCryptoBoringSSL_EVP_aead_aes_256_gcm()
            case .chacha20Poly1305: CCryptoBoringSSL_EVP_aead_chacha20_poly1305()
            }
        let context = key.withUnsafeBytes { key in
            CCryptoBoringSSL_EVP_AEAD_CTX_new(algorithm, key.bytePointer, key.count, tagLength)
        }
        guard let context else { throw .internalFailure }
        return context
    }
}
