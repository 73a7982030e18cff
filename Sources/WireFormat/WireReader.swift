/// Reads what ``WireWriter`` writes, from untrusted bytes: every read is bounds-checked, and nothing is allocated beyond
/// the input's own size.
public struct WireReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], position: Int, end: Int) {
        self.bytes = bytes
        self.position = position
        self.end = end
    }

    /// Bytes not read yet.
    public var remaining: Int { end - position }
    public var isAtEnd: Bool { position == end }
    /// Bytes read so far, counted from the start of the input given to `init`.
    public var offset: Int { position }

    /// - Throws: ``WireError/trailingBytes`` unless everything was read.
    public func finish() throws(WireError) {
        guard isAtEnd else { throw .trailingBytes }
    }

    public mutating func readUInt8() throws(WireError) -> UInt8 {
        guard position < end else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    public mutating func readUInt16() throws(WireError) -> UInt16 {
        let high = try readUInt8()
        let low = try readUInt8()
        return UInt16(high) << 8 | UInt16(low)
    }

    public mutating func readUInt32() throws(WireError) -> UInt32 {
        let high = try readUInt16()
        let low = try readUInt16()
        return UInt32(high) << 16 | UInt32(low)
    }

    public mutating func readUInt64() throws(WireError) -> UInt64 {
        let high = try readUInt32()
        let low = try readUInt32()
        return UInt64(high) << 32 | UInt64(low)
    }

    /// - Throws: ``WireError/invalidValue`` for a byte other than 0 and 1.
    public mutating func readBool() throws(WireError) -> Bool {
        switch try readUInt8() {
        case 0: return false
        case 1: return true
        default: throw .invalidValue
        }
    }

    public mutating func readFixed(_ count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return [UInt8](bytes[position..<position + count])
    }

    /// All that is left.
    public mutating func readRest() -> [UInt8] {
        defer { position = end }
        return [UInt8](bytes[position..<end])
    }

    /// `opaque value<V>`.
    ///
    /// - Parameter limit: the longest value this field may hold, in bytes.
    public mutating func readOpaque(limit: Int = .max) throws(WireError) -> [UInt8] {
        let length = try readLength()
        guard length <= limit else { throw .tooLong }
        return try readFixed(length)
    }

    /// UTF-8 text. Ill-formed UTF-8 is refused, not repaired.
    public mutating func readText(limit: Int = .max) throws(WireError) -> String {
        guard let text = String(validating: try readOpaque(limit: limit), as: UTF8.self) else { throw .invalidValue }
        return text
    }

    public mutating func read<Value: WireDecodable>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        try Value(from: &self)
    }

    public mutating func readOptional<Value: WireDecodable>(_ type: Value.Type = Value.self) throws(WireError)
        -> Value?
    {
        try readBool() ? try Value(from: &self) : nil
    }

    /// `T values<V>`. An element that takes no bytes is refused: there would be no end of them.
    ///
    /// - Parameter limit: the most elements this vector may hold.
    public mutating func readVector<Element: WireDecodable>(of type: Element.Type = Element.self, limit: Int = .max)
        throws(WireError) -> [Element]
    {
        var inner = try readSlice()
        var values: [Element] = []
        while !inner.isAtEnd {
            guard values.count < limit else { throw .tooLong }
            let start = inner.offset
            values.append(try Element(from: &inner))
            guard inner.offset > start else { throw .invalidValue }
        }
        return values
    }

    /// The contents of a vector `<V>` as a reader of their own, without copying them.
    public mutating func readSlice() throws(WireError) -> WireReader {
        let length = try readLength()
        guard length <= remaining else { throw .truncated }
        defer { position += length }
        return WireReader(bytes, position: position, end: position + length)
    }

    /// A variable-size integer (RFC 9420 §2.1.2).
    public mutating func readLength() throws(WireError) -> Int {
        let first = try readUInt8()
        switch first >> 6 {
        case 0:
            return Int(first)
        case 1:
            let value = Int(first & 0x3F) << 8 | Int(try readUInt8())
            guard value >= 1 << 6 else { throw .malformedLength }
            return value
        case 2:
            let high = Int(first & 0x3F) << 8 | Int(try readUInt8())
            let value = high << 16 | Int(try readUInt16())
            guard value >= 1 << 14 else { throw .malformedLength }
            return value
        default:
            throw .malformedLength
        }
    }
}
