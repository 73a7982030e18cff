import CBoringSSLInternals
import CCryptoBoringSSL

/// ML-DSA-65, the post-quantum signature of FIPS 204, with keys kept as their 32-byte seed.
public enum MLDSA65 {
    public static let seedLength = 32
    public static let publicKeyLength = 1952
    public static let signatureLength = 3309
    /// FIPS 204 §5.2: a context string has at most this many bytes.
    public static let contextLimit = 255

    /// The public key that belongs to `seed`.
    ///
    /// - Throws: ``CryptoError/invalidKey`` unless the seed is 32 bytes.
    public static func publicKey(seed: Secret) throws(CryptoError) -> [UInt8] {
        let privateKey = try expand(seed)
        return try privateKey.withUnsafeBytes { privateKey throws(CryptoError) in
            var publicKey = MLDSA65_public_key()
            let key = privateKey.bindMemory(to: MLDSA65_private_key.self).baseAddress
            guard CCryptoBoringSSL_MLDSA65_public_from_private(&publicKey, key) == 1 else { throw .internalFailure }
            var encoded = [UInt8](repeating: 0, count: publicKeyLength)
            let written = encoded.withUnsafeMutableBytes { output in
                var builder = CBB()
                return CCryptoBoringSSL_CBB_init_fixed(&builder, output.bytePointer, output.count) == 1
                    && CCryptoBoringSSL_MLDSA65_marshal_public_key(&builder, &publicKey) == 1
                    && CCryptoBoringSSL_CBB_len(&builder) == output.count
            }
            guard written else { throw .internalFailure }
            return encoded
        }
    }

    /// Signs `message` under a context string, hedged with 32 bytes from `random` (FIPS 204 §5.2).
    ///
    /// - Throws: ``CryptoError/invalidKey`` for a seed, ``CryptoError/invalidLength`` for a context of a wrong length.
    public static func sign(_ message: [UInt8], context: [UInt8], seed: Secret, random: Randomness)
        throws(CryptoError) -> [UInt8]
    {
        guard context.count <= contextLimit else { throw .invalidLength }
        let privateKey = try expand(seed)
        let randomizer = random.secret(32)
        // FIPS 204, algorithm 2, line 10: 0 for "not pre-hashed", then the context's length.
        let prefix: [UInt8] = [0, UInt8(context.count)]
        var signature = [UInt8](repeating: 0, count: signatureLength)
        let status = privateKey.withUnsafeBytes { privateKey in
            randomizer.withUnsafeBytes { randomizer in
                CCryptoBoringSSL_BCM_mldsa65_sign_internal(
                    &signature, privateKey.baseAddress, message, message.count, prefix, prefix.count, context,
                    context.count, randomizer.bytePointer)
            }
        }
        guard status == 0 || status == 1 else { throw .internalFailure }
        return signature
    }

    /// Whether `signature` is one of `message` under `context` by the owner of `publicKey`. Malformed input is not.
    public static func verify(
        _ signature: [UInt8], over message: [UInt8], context: [UInt8], by publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == signatureLength, publicKey.count == publicKeyLength, context.count <= contextLimit
        else { return false }
        var key = MLDSA65_public_key()
        let parsed = publicKey.withUnsafeBytes { bytes in
            var reader = CBS(data: bytes.bytePointer, len: bytes.count)
            return CCryptoBoringSSL_MLDSA65_parse_public_key(&key, &reader) == 1 && reader.len == 0
        }
        guard parsed else { return false }
        return CCryptoBoringSSL_MLDSA65_verify(
            &key, signature, signature.count, message, message.count, context, context.count) == 1
    }

    /// BoringSSL's expanded private key, which is as secret as the seed.
    private static func expand(_ seed: Secret) throws(CryptoError) -> Secret {
        guard seed.count == seedLength else { throw .invalidKey }
        return try Secret.make(count: MemoryLayout<MLDSA65_private_key>.size) {
            (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let key = output.bindMemory(to: MLDSA65_private_key.self).baseAddress
            let expanded = seed.withUnsafeBytes { seed in
                CCryptoBoringSSL_MLDSA65_private_key_from_seed(key, seed.bytePointer, seed.count)
            }
            guard expanded == 1 else { throw .internalFailure }
        }
    }
}
