import CCryptoBoringSSL

/// ML-KEM-768 (FIPS 203), the half of ``KEM/xwing`` that has official vectors of its own. Protocols use X-Wing; this is
/// within the package only, for its tests to reach.
package enum MLKEM768 {
    /// The encapsulation key that belongs to `seed`.
    ///
    /// - Parameter seed: d, then z: 64 bytes.
    /// - Throws: ``CryptoError/invalidKey`` for another length.
    package static func publicKey(seed: Secret) throws(CryptoError) -> [UInt8] {
        let privateKey = try expand(seed)
        var publicKey = [UInt8](repeating: 0, count: Int(MLKEM768_PUBLIC_KEY_BYTES))
        let written = privateKey.withUnsafeBytes { key in
            var parsed = MLKEM768_public_key()
            CCryptoBoringSSL_MLKEM768_public_from_private(
                &parsed, key.bindMemory(to: MLKEM768_private_key.self).baseAddress)
            return publicKey.withUnsafeMutableBytes { output in
                var builder = CBB()
                return CCryptoBoringSSL_CBB_init_fixed(&builder, output.bytePointer, output.count) == 1
                    && CCryptoBoringSSL_MLKEM768_marshal_public_key(&builder, &parsed) == 1
                    && CCryptoBoringSSL_CBB_len(&builder) == output.count
            }
        }
        guard written else { throw .internalFailure }
        return publicKey
    }

    /// The shared secret in `ciphertext`, or one that nobody knows if it was tampered with (implicit rejection).
    ///
    /// - Throws: ``CryptoError/invalidKey`` for a seed, ``CryptoError/invalidLength`` for a ciphertext of a wrong length.
    package static func decapsulate(_ ciphertext: [UInt8], seed: Secret) throws(CryptoError) -> Secret {
        let privateKey = try expand(seed)
        return try Secret.make(count: Int(MLKEM_SHARED_SECRET_BYTES)) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let opened = privateKey.withUnsafeBytes { key in
                CCryptoBoringSSL_MLKEM768_decap(
                    output.bytePointer, ciphertext, ciphertext.count,
                    key.bindMemory(to: MLKEM768_private_key.self).baseAddress)
            }
            guard opened == 1 else { throw .invalidLength }
        }
    }

    private static func expand(_ seed: Secret) throws(CryptoError) -> Secret {
        guard seed.count == Int(MLKEM_SEED_BYTES) else { throw .invalidKey }
        return try Secret.make(count: MemoryLayout<MLKEM768_private_key>.size) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let key = output.bindMemory(to: MLKEM768_private_key.self).baseAddress
            let expanded = seed.withUnsafeBytes { seed in
                CCryptoBoringSSL_MLKEM768_private_key_from_seed(key, seed.bytePointer, seed.count)
            }
            guard expanded == 1 else { throw .invalidKey }
        }
    }
}
