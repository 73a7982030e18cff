import CryptoPrimitives
import WireFormat

/// The checks of kinds 1 to 99. The fields of a case stand in the check that reads them; the host writes them in the same
/// order.
enum CryptoVectorChecks {
    static func run(kind: UInt16, case bytes: [UInt8]) -> VectorFailure? {
        var reader = CaseReader(bytes)
        do throws(VectorFailure) {
            switch kind {
            case 1: try aead(&reader)
            case 2: try keyAgreement(&reader)
            case 3: try signature(&reader)
            case 4: try hkdf(&reader)
            case 5: try hmac(&reader)
            case 6: try mldsaVerification(&reader)
            case 7: try mlkem(&reader)
            case 8: try kem(&reader)
            case 9: try hpke(&reader)
            case 10: try scrypt(&reader)
            case 11: try hash(&reader)
            case 12: try shake256(&reader)
            case 13: try randomness(&reader)
            case 14: try mldsaSigning(&reader)
            case 15: try hybridSigning(&reader)
            case 16: try base64URL(&reader)
            case 17: try sframeHeader(&reader)
            case 18: try sframe(&reader)
            default: throw VectorFailure("no check of this kind")
            }
            try reader.finish()
            return nil
        } catch {
            return error
        }
    }
}

/// What a case says about its outcome.
enum Expectation: UInt8 {
    /// It must come out as the case says.
    case valid = 0
    /// It must be refused.
    case invalid = 1
    /// A length of key or nonce that we do not take: both directions must be refused.
    case unsupported = 2
}

extension CaseReader {
    mutating func uint8() throws(VectorFailure) -> UInt8 {
        let value = try uint16()
        guard value <= 0xFF else { throw VectorFailure("the case is not encoded as the check reads it") }
        return UInt8(value)
    }

    mutating func expectation() throws(VectorFailure) -> Expectation {
        guard let value = Expectation(rawValue: try uint8()) else { throw VectorFailure("an unknown expectation") }
        return value
    }

    /// By the digest's length in bytes.
    mutating func hashAlgorithm() throws(VectorFailure) -> HashAlgorithm {
        switch try uint16() {
        case 32: return .sha256
        case 48: return .sha384
        case 64: return .sha512
        default: throw VectorFailure("an unknown hash")
        }
    }

    mutating func aead() throws(VectorFailure) -> AEADAlgorithm {
        guard let value = AEADAlgorithm(rawValue: try uint16()) else { throw VectorFailure("an unknown AEAD") }
        return value
    }

    mutating func kem() throws(VectorFailure) -> KEM {
        guard let value = KEM(rawValue: try uint16()) else { throw VectorFailure("an unknown KEM") }
        return value
    }
}

/// The value, or the failure that a refusal is.
func accepted<Value>(_ otherwise: StaticString, _ body: () throws(CryptoError) -> Value) throws(VectorFailure) -> Value
{
    do {
        return try body()
    } catch {
        throw VectorFailure(otherwise)
    }
}

/// Fails unless `body` is refused.
func refused<Value>(_ otherwise: StaticString, _ body: () throws(CryptoError) -> Value) throws(VectorFailure) {
    do {
        _ = try body()
    } catch {
        return
    }
    throw VectorFailure(otherwise)
}
