import CryptoPrimitives
import WireFormat

/// The checks of kinds 1 to 99. The fields of a case stand beside the kind that reads them.
enum CryptoVectorChecks {
    static func run(kind: UInt16, case bytes: [UInt8]) -> VectorFailure? {
        VectorFailure("no check of this kind")
    }
}
