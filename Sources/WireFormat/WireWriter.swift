/// Builds the TLS presentation language (RFC 8446 §3) with the variable-size vector headers of RFC 9420 §2.1.2.
///
/// The one encoding of the product: on the wire between client and node, inside MLS, and at rest before sealing.
public struct WireWriter {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// - Parameter capacity: bytes to reserve, where the size is known.
    public init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    public mutating func write(_ value: UInt8) {
        bytes.append(value)
    }

    /// Big-endian, as all integers here.
    public mutating func write(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    public mutating func write(_ value: UInt32) {
        write(UInt16(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
    }

    public mutating func write(_ value: UInt64) {
        write(UInt32(truncatingIfNeeded: value >> 32))
        write(UInt32(truncatingIfNeeded: value))
    }

    /// One byte, 0 or 1.
    public mutating func write(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// Bytes of a length that the structure fixes: no header.
    public mutating func write(fixed value: [UInt8]) {
        bytes.append(contentsOf: value)
    }

    public mutating func write(fixed value: ArraySlice<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// `opaque value<V>`: a variable-size length, then the bytes. A length of 2^30 or more cannot be written and traps.
    public mutating func write(opaque value: [UInt8]) {
        write(length: value.count)
        bytes.append(contentsOf: value)
    }

    /// UTF-8, as `opaque<V>`.
    public mutating func write(text value: String) {
        write(opaque: [UInt8](value.utf8))
    }

    public mutating func write<Value: WireEncodable>(_ value: Value) {
        value.encode(into: &self)
    }

    /// `optional<T>` (RFC 9420 §2.1.1): a presence byte, then the value.
    public mutating func write<Value: WireEncodable>(optional value: Value?) {
        guard let value else { return write(UInt8(0)) }
        write(UInt8(1))
        value.encode(into: &self)
    }

    /// `T values<V>`: the elements' total size in bytes, then the elements.
    public mutating func write<Element: WireEncodable>(vector values: [Element]) {
        writeVector { writer in
            for value in values { value.encode(into: &writer) }
        }
    }

    /// A vector of whatever `body` writes, behind its length in bytes.
    public mutating func writeVector(_ body: (inout WireWriter) -> Void) {
        var inner = WireWriter()
        body(&inner)
        write(opaque: inner.bytes)
    }

    /// A variable-size integer in its shortest form (RFC 9420 §2.1.2).
    public mutating func write(length: Int) {
        precondition(length >= 0 && length < 1 << 30, "a vector's length is below 2^30")
        if length < 1 << 6 {
            write(UInt8(length))
        } else if length < 1 << 14 {
            write(UInt16(length) | 0x4000)
        } else {
            write(UInt32(length) | 0x8000_0000)
        }
    }
}
