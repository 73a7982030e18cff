import WireFormat

/// The one entrance to every check on an official vector: the native tests and the WebAssembly test build call it with the
/// same bytes.
///
/// A vector file's JSON is decoded by the host (`TestVectors`), which turns each case into a kind and a WireFormat-encoded
/// list of fields. Kinds 1 to 99 check the cryptographic primitives, 100 to 199 MLS, 200 to 209 replay
/// transcripts of the engine, 210 sends a call's frames.
public enum VectorCheck {
    /// - Returns: nothing where the case holds, else what was wrong, as UTF-8.
    public static func run(kind: UInt16, case bytes: [UInt8]) -> [UInt8] {
        let failure: VectorFailure?
        switch kind {
        case 1...99: failure = CryptoVectorChecks.run(kind: kind, case: bytes)
        case 100...199: failure = MLSVectorChecks.run(kind: kind, case: bytes)
        case MediaChecks.kind: failure = MediaChecks.run(case: bytes)
        case TranscriptChecks.kind: failure = TranscriptChecks.run(case: bytes)
        default: failure = VectorFailure("no check of this kind")
        }
        return failure?.text ?? []
    }
}

/// Why a case does not hold.
public struct VectorFailure: Error {
    /// UTF-8.
    public let text: [UInt8]

    public init(_ reason: StaticString) {
        text = [UInt8](UnsafeBufferPointer(start: reason.utf8Start, count: reason.utf8CodeUnitCount))
    }
}
