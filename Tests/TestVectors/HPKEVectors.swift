import Foundation

/// HPKE: the vectors of draft-ietf-hpke-pq, those of RFC 9180's appendix A, and recomputed ones for the algorithms that
/// neither combines.
enum HPKEVectors {
    static let names = ["hpke-pq", "rfc9180", "recomputed hpke"]

    static func load(_ name: String) throws -> [VectorCase] {
        let objects =
            switch name {
            case "hpke-pq": try loadObjects(OfficialVectors.folder.appendingPathComponent("hpke/hpke-pq.json"))
            case "rfc9180": try loadObjects(KnownAnswers.folder.appendingPathComponent("rfc9180.json"))
            default:
                try loadObject(KnownAnswers.folder.appendingPathComponent("recomputed.json")).objects("hpke")
            }
        var cases: [VectorCase] = []
        for object in objects where kems.contains(try object.number("kem_id")) {
            let label = object.has("name") ? try object.string("name") : object.path
            cases.append(VectorCase(name: "\(name) \(label), KEM", kind: 8, bytes: try kem(object)))
            // The draft's other KDFs are SHAKE and TurboSHAKE, which HPKE here does not have.
            guard digestLengths[try object.number("kdf_id")] != nil else { continue }
            cases.append(VectorCase(name: "\(name) \(label)", kind: 9, bytes: try schedule(object)))
        }
        return cases
    }

    private static let kems = [0x0010, 0x0011, 0x0012, 0x0020, 0x647a]
    private static let digestLengths = [1: 32, 2: 48, 3: 64]

    private static func kem(_ object: JSONFields) throws -> [UInt8] {
        var writer = FieldWriter()
        writer.uint16(try object.number("kem_id"))
        try writer.hex(object, ["ikmR", "skRm", "pkRm", "ikmE", "enc", "shared_secret"])
        return writer.bytes
    }

    private static func schedule(_ object: JSONFields) throws -> [UInt8] {
        var writer = FieldWriter()
        writer.uint16(try object.number("kem_id"))
        writer.uint16(digestLengths[try object.number("kdf_id")] ?? 0)
        writer.uint16(try object.number("aead_id"))
        try writer.hex(object, ["info"])
        for key in ["psk", "psk_id"] { writer.opaque(object.has(key) ? try object.hex(key) : []) }
        try writer.hex(object, ["skRm", "pkRm", "ikmE", "enc"])
        let encryptions = try object.objects("encryptions")
        try writer.vector { writer in
            for (index, encryption) in encryptions.enumerated() {
                writer.uint32(encryption.has("seq") ? try encryption.number("seq") : index)
                try writer.hex(encryption, ["aad", "pt", "ct"])
            }
        }
        let exports = try object.objects("exports")
        try writer.vector { writer in
            for export in exports { try writer.hex(export, ["exporter_context", "exported_value"]) }
        }
        return writer.bytes
    }
}
