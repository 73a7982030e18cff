import CCryptoBoringSSL

/// The NIST prime curves (SP 800-186 §3.2.1), as ECDSA and DHKEM use them.
enum EllipticCurve: Sendable {
    case p256
    case p384
    case p521

    /// Bytes of a field element, and of a scalar.
    var scalarLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// Bytes of an uncompressed point (SEC 1 §2.3.3): 0x04, x, y.
    var pointLength: Int { 1 + 2 * scalarLength }

    fileprivate var name: Int32 {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        case .p521: NID_secp521r1
        }
    }
}

/// A key on a NIST curve inside BoringSSL, freed (and overwritten) with the value.
struct EllipticCurveKey: ~Copyable {
    /// BoringSSL's `EC_KEY`.
    let pointer: OpaquePointer
    private let curve: EllipticCurve

    /// - Parameter point: uncompressed (RFC 9420 §5.1.1, RFC 9180 §7.1.1); compressed ones are refused, and so is what is
    ///   not on the curve.
    init(_ curve: EllipticCurve, publicKey point: [UInt8]) throws(CryptoError) {
        guard point.count == curve.pointLength, point.first == 0x04 else { throw .invalidKey }
        let pointer = try Self.make(curve) { pointer in
            CCryptoBoringSSL_EC_KEY_oct2key(pointer, point, point.count, nil) == 1
        }
        self.pointer = pointer
        self.curve = curve
    }

    /// - Parameter scalar: big-endian, of the curve's full length, above 0 and below the group's order.
    init(_ curve: EllipticCurve, privateKey scalar: Secret) throws(CryptoError) {
        let pointer = try Self.make(curve) { pointer in
            scalar.withUnsafeBytes { bytes in
                CCryptoBoringSSL_EC_KEY_oct2priv(pointer, bytes.bytePointer, bytes.count) == 1
            }
        }
        self.pointer = pointer
        self.curve = curve
    }

    private static func make(_ curve: EllipticCurve, _ fill: (OpaquePointer) -> Bool) throws(CryptoError)
        -> OpaquePointer
    {
        guard let pointer = CCryptoBoringSSL_EC_KEY_new_by_curve_name(curve.name) else { throw .internalFailure }
        guard fill(pointer) else {
            CCryptoBoringSSL_EC_KEY_free(pointer)
            throw .invalidKey
        }
        return pointer
    }

    deinit {
        CCryptoBoringSSL_EC_KEY_free(pointer)
    }

    /// The private scalar times the generator, uncompressed.
    borrowing func publicPoint() throws(CryptoError) -> [UInt8] {
        let group = CCryptoBoringSSL_EC_KEY_get0_group(pointer)
        guard let scalar = CCryptoBoringSSL_EC_KEY_get0_private_key(pointer),
            let point = CCryptoBoringSSL_EC_POINT_new(group)
        else { throw .invalidKey }
        defer { CCryptoBoringSSL_EC_POINT_free(point) }
        var bytes = [UInt8](repeating: 0, count: curve.pointLength)
        guard CCryptoBoringSSL_EC_POINT_mul(group, point, scalar, nil, nil, nil) == 1,
            CCryptoBoringSSL_EC_POINT_point2oct(
                group, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, bytes.count, nil) == bytes.count
        else { throw .invalidKey }
        return bytes
    }

    /// The x coordinate of this private scalar times the other's point.
    borrowing func sharedSecret(with other: borrowing EllipticCurveKey) throws(CryptoError) -> Secret {
        let length = curve.scalarLength
        guard let point = CCryptoBoringSSL_EC_KEY_get0_public_key(other.pointer) else { throw .invalidKey }
        let own = pointer
        return try Secret.make(count: length) { (output: UnsafeMutableRawBufferPointer) throws(CryptoError) in
            guard CCryptoBoringSSL_ECDH_compute_key(output.baseAddress, length, point, own, nil) == Int32(length)
            else { throw .invalidKey }
        }
    }
}
