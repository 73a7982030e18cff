/// A value with one encoding.
public protocol WireEncodable {
    func encode(into writer: inout WireWriter)
}

/// A value that can be read back, from bytes that anyone may have written.
public protocol WireDecodable {
    init(from reader: inout WireReader) throws(WireError)
}

public typealias WireCodable = WireEncodable & WireDecodable

extension WireEncodable {
    /// The value's encoding.
    public var encoded: [UInt8] {
        var writer = WireWriter()
        encode(into: &writer)
        return writer.bytes
    }
}

extension WireDecodable {
    /// Decodes a value that fills `bytes` exactly.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        self = try Self(from: &reader)
        try reader.finish()
    }
}

extension RawRepresentable where RawValue == UInt8 {
    /// Decodes a choice of one byte: its raw value.
    ///
    /// - Throws: ``WireError/invalidValue`` where there is no such choice.
    public init(from reader: inout WireReader) throws(WireError) {
        guard let value = Self(rawValue: try reader.readUInt8()) else { throw .invalidValue }
        self = value
    }
}
