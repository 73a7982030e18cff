import WireFormat

/// A label of the labelled constructions (RFC 9420 §5 and §8), as bytes.
package struct Label: ExpressibleByStringLiteral, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer { [UInt8]($0) }
    }

    /// `"MLS 1.0 " + Label`
    var prefixed: [UInt8] {
        // "MLS 1.0 "
        [0x4D, 0x4C, 0x53, 0x20, 0x31, 0x2E, 0x30, 0x20] + bytes
    }
}

/// `SignContent` and `EncryptContext` (RFC 9420 §5.1.2, §5.1.3), which have one shape: a prefixed label and the bytes.
func labelled(_ label: Label, _ content: [UInt8]) -> [UInt8] {
    var writer = WireWriter(capacity: label.bytes.count + content.count + 16)
    writer.write(opaque: label.prefixed)
    writer.write(opaque: content)
    return writer.bytes
}
