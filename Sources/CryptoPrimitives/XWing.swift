import CCryptoBoringSSL

/// X-Wing over BoringSSL's, with private keys as seeds (draft-connolly-cfrg-xwing-kem §5).
enum XWing {
    static func publicKey(of seed: Secret) throws(CryptoError) -> [UInt8] {
        let privateKey = try expand(seed)
        var publicKey = [UInt8](repeating: 0, count: Int(XWING_PUBLIC_KEY_BYTES))
        let made = privateKey.withUnsafeBytes { key in
            CCryptoBoringSSL_XWING_public_from_private(
                &publicKey, key.bindMemory(to: XWING_private_key.self).baseAddress)
        }
        guard made == 1 else { throw .internalFailure }
        return publicKey
    }

    /// - Parameter entropy: 64 bytes: ML-KEM's randomness, then the ephemeral X25519 key.
    static func encapsulate(to publicKey: [UInt8], entropy: Secret) throws(CryptoError)
        -> (sharedSecret: Secret, encapsulation: [UInt8])
    {
        var encapsulation = [UInt8](repeating: 0, count: Int(XWING_CIPHERTEXT_BYTES))
        let shared = try Secret.make(count: Int(XWING_SHARED_SECRET_BYTES)) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let made = entropy.withUnsafeBytes { entropy in
                CCryptoBoringSSL_XWING_encap_external_entropy(
                    &encapsulation, output.bytePointer, publicKey, entropy.bytePointer)
            }
            guard made == 1 else { throw .invalidKey }
        }
        return (shared, encapsulation)
    }

    static func decapsulate(_ encapsulation: [UInt8], privateKey seed: Secret) throws(CryptoError) -> Secret {
        let privateKey = try expand(seed)
        return try Secret.make(count: Int(XWING_SHARED_SECRET_BYTES)) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let opened = privateKey.withUnsafeBytes { key in
                CCryptoBoringSSL_XWING_decap(
                    output.bytePointer, encapsulation, key.bindMemory(to: XWING_private_key.self).baseAddress)
            }
            guard opened == 1 else { throw .invalidKey }
        }
    }

    /// BoringSSL's expanded private key, which is as secret as the seed.
    private static func expand(_ seed: Secret) throws(CryptoError) -> Secret {
        guard seed.count == Int(XWING_PRIVATE_KEY_BYTES) else { throw .invalidKey }
        return try Secret.make(count: MemoryLayout<XWING_private_key>.size) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let key = output.bindMemory(to: XWING_private_key.self).baseAddress
            let parsed = seed.withUnsafeBytes { seed in
                var reader = CBS(data: seed.bytePointer, len: seed.count)
                return CCryptoBoringSSL_XWING_parse_private_key(key, &reader)
            }
            guard parsed == 1 else { throw .invalidKey }
        }
    }
}
