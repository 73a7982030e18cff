import CCryptoBoringSSL

/// Plain Diffie-Hellman, below ``KEM``. A sharp tool: its output is not a key but the input of a key derivation, and
/// nothing says whose the other public key is.
public enum KeyAgreement: Sendable {
    /// RFC 7748.
    case x25519
    /// ECDH (SEC 1 §3.3.1); public keys are uncompressed points, the secret is the x coordinate.
    case p256
    case p384
    case p521

    /// Bytes of a private key, and of the shared secret.
    public var privateKeyLength: Int { curve?.scalarLength ?? 32 }
    /// Bytes of a public key.
    public var publicKeyLength: Int { curve?.pointLength ?? 32 }

    /// The public key that belongs to a private one.
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func publicKey(of privateKey: Secret) throws(CryptoError) -> [UInt8] {
        guard privateKey.count == privateKeyLength else { throw .invalidKey }
        if let curve { return try EllipticCurveKey(curve, privateKey: privateKey).publicPoint() }
        var publicKey = [UInt8](repeating: 0, count: publicKeyLength)
        privateKey.withUnsafeBytes { bytes in
            CCryptoBoringSSL_X25519_public_from_private(&publicKey, bytes.bytePointer)
        }
        return publicKey
    }

    /// What both sides compute.
    ///
    /// - Throws: ``CryptoError/invalidKey`` also where X25519 gives zero, because the public key is of small order
    ///   (RFC 7748 §6.1, RFC 9180 §7.1.4).
    public func sharedSecret(_ privateKey: Secret, _ publicKey: [UInt8]) throws(CryptoError) -> Secret {
        guard privateKey.count == privateKeyLength, publicKey.count == publicKeyLength else { throw .invalidKey }
        if let curve {
            let own = try EllipticCurveKey(curve, privateKey: privateKey)
            return try own.sharedSecret(with: EllipticCurveKey(curve, publicKey: publicKey))
        }
        return try Secret.make(count: 32) { (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            let agreed = privateKey.withUnsafeBytes { bytes in
                CCryptoBoringSSL_X25519(output.bytePointer, bytes.bytePointer, publicKey)
            }
            guard agreed == 1 else { throw .invalidKey }
        }
    }

    private var curve: EllipticCurve? {
        #if OWN_SUITE_ALONE
            // No suite of that build has a NIST curve, so that BoringSSL's need not be linked.
            return nil
        #else
            return switch self {
            case .x25519: nil
            case .p256: .p256
            case .p384: .p384
            case .p521: .p521
            }
        #endif
    }
}
