import Foundation

/// The files in `Tests/KnownAnswers`: values from RFCs, and values recomputed by `recompute.py` there.
enum KnownAnswers {
    static let names = ["rfc7914", "rfc4648", "recomputed hash", "recomputed randomness", "recomputed mldsa"]

    static var folder: URL { OfficialVectors.packageRoot.appendingPathComponent("Tests/KnownAnswers") }

    static func load(_ name: String) throws -> [VectorCase] {
        switch name {
        case "rfc7914": return try scrypt()
        case "rfc4648": return base64URL()
        default: break
        }
        let section = String(name.split(separator: " ")[1])
        let objects = try loadObject(folder.appendingPathComponent("recomputed.json")).objects(section)
        return try objects.flatMap { object in
            switch section {
            case "hash": return try hashes(object)
            case "randomness": return [try randomness(object)]
            default: return try signatures(object)
            }
        }
    }

    /// The most N that the limit on memory leaves for r = 8.
    private static let largestN = 1 << 17

    private static func scrypt() throws -> [VectorCase] {
        try loadObjects(folder.appendingPathComponent("rfc7914.json")).map { object in
            var writer = FieldWriter()
            try writer.hex(object, ["password", "salt"])
            for key in ["N", "r", "p"] { writer.uint64(try object.number(key)) }
            // The last one takes a gigabyte: it is there to be refused.
            writer.uint16(try object.number("N") > largestN ? 1 : 0)
            try writer.hex(object, ["output"])
            return VectorCase(name: "rfc7914 \(try object.string("name"))", kind: 10, bytes: writer.bytes)
        }
    }

    /// RFC 4648 §10 without its padding, the alphabet of §5, and texts that are not of the one form.
    private static func base64URL() -> [VectorCase] {
        let valid: [([UInt8], String)] = [
            ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
            (Array("foob".utf8), "Zm9vYg"), (Array("fooba".utf8), "Zm9vYmE"), (Array("foobar".utf8), "Zm9vYmFy"),
            ([0xFB, 0xEF, 0xBE], "----"), ([0xFF, 0xFF, 0xFF], "____"), ([0x00], "AA"),
        ]
        let invalid = [
            "Z", "Zm9vY", "Zg==", "Zm8=", "Zh", "Zm9", "+/+/", "Zm 9v", "Zm9v\n", "Zm9v.", "Zé", "\u{0}AAA",
        ]
        let cases = valid.map { (0, $0.0, $0.1) } + invalid.map { (1, [], $0) }
        return cases.map { expectation, bytes, text in
            var writer = FieldWriter()
            writer.uint16(expectation)
            writer.opaque(bytes)
            writer.opaque(Array(text.utf8))
            return VectorCase(name: "rfc4648 \(text)", kind: 16, bytes: writer.bytes)
        }
    }

    private static func hashes(_ object: JSONFields) throws -> [VectorCase] {
        var cases: [VectorCase] = []
        for (length, name) in [(32, "sha256"), (48, "sha384"), (64, "sha512")] {
            var writer = FieldWriter()
            writer.uint16(length)
            try writer.hex(object, ["message", name])
            cases.append(VectorCase(name: "\(object.path) \(name)", kind: 11, bytes: writer.bytes))
        }
        var writer = FieldWriter()
        try writer.hex(object, ["message", "shake256"])
        cases.append(VectorCase(name: "\(object.path) shake256", kind: 12, bytes: writer.bytes))
        return cases
    }

    private static func randomness(_ object: JSONFields) throws -> VectorCase {
        guard let draws = try object.list("draws") as? [String] else {
            throw VectorFileError.unexpectedShape(object.path)
        }
        var writer = FieldWriter()
        try writer.hex(object, ["seed"])
        try writer.vector { writer in
            for draw in draws { writer.opaque(try bytes(hex: draw, object.path)) }
        }
        return VectorCase(name: object.path, kind: 13, bytes: writer.bytes)
    }

    private static func signatures(_ object: JSONFields) throws -> [VectorCase] {
        var single = FieldWriter()
        try single.hex(object, ["seed", "message", "context", "random", "public_sha256", "signature_sha256"])
        var hybrid = FieldWriter()
        hybrid.opaque(try object.hex("ed25519_seed") + object.hex("seed"))
        try hybrid.hex(
            object, ["message", "context", "random", "hybrid_public_sha256", "hybrid_signature_sha256"])
        return [
            VectorCase(name: object.path, kind: 14, bytes: single.bytes),
            VectorCase(name: "\(object.path) hybrid", kind: 15, bytes: hybrid.bytes),
        ]
    }
}
