import Foundation

/// The Wycheproof project's edge cases and attacks (schema testvectors_v1), for the primitives there are.
enum WycheproofVectors {
    static let names = [
        "aes_gcm_test", "chacha20_poly1305_test", "ecdh_secp256r1_ecpoint_test", "ecdh_secp384r1_ecpoint_test",
        "ecdh_secp521r1_ecpoint_test", "ecdsa_secp256r1_sha256_test", "ecdsa_secp384r1_sha384_test",
        "ecdsa_secp521r1_sha512_test", "ed25519_test", "hkdf_sha256_test", "hkdf_sha384_test", "hkdf_sha512_test",
        "hmac_sha256_test", "hmac_sha384_test", "hmac_sha512_test", "mldsa_65_verify_test", "mlkem_768_test",
        "x25519_test",
    ]

    static func load(_ name: String) throws -> [VectorCase] {
        let file = try loadObject(OfficialVectors.folder.appendingPathComponent("wycheproof/\(name).json"))
        var cases: [VectorCase] = []
        for group in try file.objects("testGroups") {
            for test in try group.objects("tests") {
                let (kind, writer) = try encode(name, group, test)
                cases.append(VectorCase(name: "\(name) \(try test.number("tcId"))", kind: kind, bytes: writer.bytes))
            }
        }
        guard cases.count == (try file.number("numberOfTests")) else {
            throw VectorFileError.unexpectedShape("\(name): another number of tests than it says")
        }
        return cases
    }

    private static func encode(_ name: String, _ group: JSONFields, _ test: JSONFields) throws -> (
        UInt16, FieldWriter
    ) {
        var writer = FieldWriter()
        let parts = name.split(separator: "_")
        switch parts[0] {
        case "aes", "chacha20":
            try aead(name, test, &writer)
            return (1, writer)
        case "x25519", "ecdh":
            try agreement(String(parts[parts[0] == "ecdh" ? 1 : 0]), test, &writer)
            return (2, writer)
        case "ecdsa", "ed25519":
            try signature(name, group, test, &writer)
            return (3, writer)
        case "hkdf":
            writer.uint16(try digestLength(String(parts[1])))
            writer.uint16(try expectation(test))
            try writer.hex(test, ["ikm", "salt", "info"])
            writer.uint32(try test.number("size"))
            try writer.hex(test, ["okm"])
            return (4, writer)
        case "hmac":
            writer.uint16(try digestLength(String(parts[1])))
            writer.uint16(try expectation(test))
            try writer.hex(test, ["key", "msg", "tag"])
            return (5, writer)
        case "mldsa":
            writer.uint16(try expectation(test))
            try writer.hex(group, ["publicKey"])
            try writer.hex(test, ["msg"])
            writer.opaque(test.has("ctx") ? try test.hex("ctx") : [])
            try writer.hex(test, ["sig"])
            return (6, writer)
        case "mlkem":
            writer.uint16(try expectation(test))
            try writer.hex(test, ["seed"])
            for key in ["ek", "c", "K"] { writer.opaque(test.has(key) ? try test.hex(key) : []) }
            return (7, writer)
        default:
            throw VectorFileError.unexpectedShape(name)
        }
    }

    /// 0 valid, 1 invalid. What Wycheproof calls acceptable each primitive decides for itself.
    private static func expectation(_ test: JSONFields) throws -> Int {
        switch try test.string("result") {
        case "valid": return 0
        case "invalid": return 1
        default: throw VectorFileError.unexpectedShape("\(test.path).result")
        }
    }

    private static func digestLength(_ name: String) throws -> Int {
        switch name {
        case "sha256": return 32
        case "sha384": return 48
        case "sha512": return 64
        default: throw VectorFileError.unexpectedShape(name)
        }
    }

    private static func aead(_ name: String, _ test: JSONFields, _ writer: inout FieldWriter) throws {
        let keyLength = try test.hex("key").count
        let algorithm = name.hasPrefix("chacha20") ? 3 : keyLength == 16 ? 1 : 2
        // AES-192 and nonces of other lengths than 12 bytes are not taken.
        let taken = try keyLength == (algorithm == 1 ? 16 : 32) && test.hex("iv").count == 12
        writer.uint16(algorithm)
        writer.uint16(taken ? try expectation(test) : 2)
        try writer.hex(test, ["key", "iv", "aad", "msg"])
        writer.opaque(try test.hex("ct") + test.hex("tag"))
    }

    private static func agreement(_ curve: String, _ test: JSONFields, _ writer: inout FieldWriter) throws {
        let flags = try test.list("flags").compactMap { $0 as? String }
        guard let identifier = ["x25519", "secp256r1", "secp384r1", "secp521r1"].firstIndex(of: curve) else {
            throw VectorFileError.unexpectedShape(curve)
        }
        // Acceptable are compressed points and X25519's small-order ones, which are refused, and X25519 keys on the twist
        // or not in their canonical form, which RFC 7748 takes.
        let refused =
            try test.string("result") == "invalid" || flags.contains("ZeroSharedSecret")
            || flags.contains("CompressedPoint")
        // Wycheproof writes scalars as ASN.1 integers: with a zero byte in front, or without those there should be.
        let length = [32, 32, 48, 66][identifier]
        let scalar = try test.hex("private")
        let fitted = [UInt8](repeating: 0, count: max(0, length - scalar.count)) + scalar.suffix(length)
        guard scalar.dropLast(length).allSatisfy({ $0 == 0 }) else {
            throw VectorFileError.unexpectedShape("\(test.path).private")
        }
        writer.uint16(identifier)
        writer.uint16(refused ? 1 : 0)
        writer.opaque(fitted)
        try writer.hex(test, ["public", "shared"])
    }

    private static func signature(
        _ name: String, _ group: JSONFields, _ test: JSONFields, _ writer: inout FieldWriter
    ) throws {
        let key = try group.object("publicKey")
        let scheme =
            switch name {
            case "ed25519_test": 0x0807
            case "ecdsa_secp256r1_sha256_test": 0x0403
            case "ecdsa_secp384r1_sha384_test": 0x0503
            default: 0x0603
            }
        writer.uint16(scheme)
        writer.uint16(try expectation(test))
        try writer.hex(key, [name == "ed25519_test" ? "pk" : "uncompressed"])
        try writer.hex(test, ["msg", "sig"])
    }
}
