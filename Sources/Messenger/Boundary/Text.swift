import WireFormat

/// UTF-8 text as its bytes: comparing and hashing it needs no Unicode tables, which the browser would have to load.
public struct Text: Hashable, Sendable, ExpressibleByStringLiteral {
    /// Well-formed UTF-8.
    public let utf8: [UInt8]

    public init(_ string: String) {
        utf8 = [UInt8](string.utf8)
    }

    public init(stringLiteral value: StaticString) {
        utf8 = value.withUTF8Buffer { buffer in [UInt8](buffer) }
    }

    /// nil for ill-formed UTF-8, which is refused and not repaired.
    public init?(validating bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        utf8 = bytes
    }

    public static let empty = Text("")

    public var isEmpty: Bool { utf8.isEmpty }
    public var string: String { String(decoding: utf8, as: UTF8.self) }
}

extension Text: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(opaque: utf8)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard let text = Text(validating: try reader.readOpaque()) else { throw .invalidValue }
        self = text
    }
}
