import CryptoPrimitives
import MLS
import WireFormat

/// The checks of kinds 100 to 199, after test-vectors.md of github.com/mlswg/mls-implementations. The fields of a case stand
/// in the check that reads them; the host writes them in the same order.
enum MLSVectorChecks {
    static func run(kind: UInt16, case bytes: [UInt8]) -> VectorFailure? {
        var reader = CaseReader(bytes)
        do throws(VectorFailure) {
            switch kind {
            case 100: try treeMath(&reader)
            case 101: try deserialization(&reader)
            case 102: try cryptoBasics(&reader)
            case 103: try keySchedule(&reader)
            case 104: try preSharedKeySecret(&reader)
            case 105: try secretTree(&reader)
            case 106: try transcriptHashes(&reader)
            case 107: try messageProtection(&reader)
            case 108: try messages(&reader)
            case 109: try treeOperations(&reader)
            case 110: try treeValidation(&reader)
            case 111: try treeKEM(&reader)
            case 112: try welcome(&reader)
            case 113: try passiveClient(&reader)
            default: throw VectorFailure("no check of this kind")
            }
            try reader.finish()
            return nil
        } catch {
            return error
        }
    }
}

/// Reads a case's fields. The host wrote them, so what does not fit is a fault of the test.
struct CaseReader {
    private var reader: WireReader

    init(_ bytes: [UInt8]) {
        reader = WireReader(bytes)
    }

    private init(_ reader: WireReader) {
        self.reader = reader
    }

    private mutating func field<Value>(
        _ body: (inout WireReader) throws(WireError) -> Value
    ) throws(VectorFailure) -> Value {
        do {
            return try body(&reader)
        } catch {
            throw VectorFailure("the case is not encoded as the check reads it")
        }
    }

    var isAtEnd: Bool { reader.isAtEnd }

    mutating func bytes() throws(VectorFailure) -> [UInt8] {
        try field { reader throws(WireError) in try reader.readOpaque() }
    }

    mutating func secret() throws(VectorFailure) -> Secret {
        Secret(try bytes())
    }

    /// A private key. The generators leave out the leading zeros of P-521's scalars.
    mutating func privateKey(_ length: Int) throws(VectorFailure) -> Secret {
        let bytes = try bytes()
        return Secret([UInt8](repeating: 0, count: max(0, length - bytes.count)) + bytes)
    }

    mutating func signatureKey(_ algorithms: Algorithms) throws(VectorFailure) -> Secret {
        try privateKey(algorithms.signature.privateKeyLength)
    }

    mutating func hpkeKey(_ algorithms: Algorithms) throws(VectorFailure) -> Secret {
        try privateKey(algorithms.hpke.kem.privateKeyLength)
    }

    mutating func optionalBytes() throws(VectorFailure) -> [UInt8]? {
        try field { reader throws(WireError) in try reader.readBool() ? try reader.readOpaque() : nil }
    }

    mutating func uint16() throws(VectorFailure) -> UInt16 {
        try field { reader throws(WireError) in try reader.readUInt16() }
    }

    mutating func uint32() throws(VectorFailure) -> UInt32 {
        try field { reader throws(WireError) in try reader.readUInt32() }
    }

    mutating func uint64() throws(VectorFailure) -> UInt64 {
        try field { reader throws(WireError) in try reader.readUInt64() }
    }

    mutating func optionalUInt32() throws(VectorFailure) -> UInt32? {
        try field { reader throws(WireError) in try reader.readBool() ? try reader.readUInt32() : nil }
    }

    mutating func algorithms() throws(VectorFailure) -> Algorithms {
        let suite = CipherSuite(rawValue: try uint16())
        return try attempt("the suite is not supported") { () throws(MLSError) in try Algorithms(suite) }
    }

    /// The elements of a vector, one after the other.
    mutating func list<Element>(
        _ body: (inout CaseReader) throws(VectorFailure) -> Element
    ) throws(VectorFailure) -> [Element] {
        var inner = CaseReader(try field { reader throws(WireError) in try reader.readSlice() })
        var elements: [Element] = []
        while !inner.isAtEnd { elements.append(try body(&inner)) }
        return elements
    }

    func finish() throws(VectorFailure) {
        try expect(reader.isAtEnd, "the case has more fields than the check reads")
    }
}

func expect(_ condition: Bool, _ otherwise: StaticString) throws(VectorFailure) {
    if !condition { throw VectorFailure(otherwise) }
}

func expectEqual(_ actual: [UInt8], _ expected: [UInt8], _ otherwise: StaticString) throws(VectorFailure) {
    if actual != expected { throw VectorFailure(otherwise) }
}

func expectEqual(_ actual: Secret, _ expected: [UInt8], _ otherwise: StaticString) throws(VectorFailure) {
    if actual.exposed != expected { throw VectorFailure(otherwise) }
}

func attempt<Value>(
    _ otherwise: StaticString, _ body: () throws(MLSError) -> Value
) throws(VectorFailure) -> Value {
    do {
        return try body()
    } catch {
        throw VectorFailure(otherwise)
    }
}

/// Decodes, and checks that encoding gives the same bytes.
func decode<Value: WireCodable>(
    _ type: Value.Type = Value.self, _ bytes: [UInt8], _ otherwise: StaticString
) throws(VectorFailure) -> Value {
    let value: Value
    do {
        value = try Value(decoding: bytes)
    } catch {
        throw VectorFailure(otherwise)
    }
    if value.encoded != bytes { throw VectorFailure(otherwise) }
    return value
}

/// Signs with a private key from a vector.
struct VectorSigner: LeafSigner {
    let scheme: SignatureScheme
    let privateKey: Secret

    func sign(_ message: [UInt8]) throws(MLSError) -> [UInt8] {
        do {
            return try scheme.sign(message, with: privateKey)
        } catch {
            throw .invalidKey
        }
    }
}
