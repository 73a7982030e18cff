import Foundation

/// What RFC 9605 has in its appendix C, and headers that it forbids.
public enum SFrameVectors {
    public static func load() throws -> [VectorCase] {
        let file = try loadObject(KnownAnswers.folder.appendingPathComponent("rfc9605.json"))
        return try headers(file) + malformedHeaders() + frames(file)
    }

    private static func headers(_ file: JSONFields) throws -> [VectorCase] {
        try file.objects("headers").map { object in
            var writer = FieldWriter()
            writer.uint16(0)
            try writer.hex(object, ["kid", "ctr", "encoded"])
            return VectorCase(name: "rfc9605 header \(try object.string("encoded"))", kind: 17, bytes: writer.bytes)
        }
    }

    /// Numbers that could have been shorter, and headers that end too early.
    private static func malformedHeaders() throws -> [VectorCase] {
        let texts = [
            "", "08", "80", "88", "0800", "0807", "0900ff", "090001", "0f00ffffffffffffff", "8000", "8007", "9000ff",
            "f00000000000000001", "880a", "0b010000", "f8ffffffffffffff", "9807ff",
        ]
        return try texts.map { text in
            var writer = FieldWriter()
            writer.uint16(1)
            writer.opaque([UInt8](repeating: 0, count: 8))
            writer.opaque([UInt8](repeating: 0, count: 8))
            writer.opaque(try bytes(hex: text, text))
            return VectorCase(name: "malformed header \(text)", kind: 17, bytes: writer.bytes)
        }
    }

    private static func frames(_ file: JSONFields) throws -> [VectorCase] {
        try file.objects("frames").map { object in
            var writer = FieldWriter()
            writer.uint16(try object.number("suite"))
            try writer.hex(object, ["kid", "ctr", "base_key", "metadata", "pt", "ct"])
            return VectorCase(name: "rfc9605 suite \(try object.number("suite"))", kind: 18, bytes: writer.bytes)
        }
    }
}
