/// What can be wrong with bytes that claim to be an encoded structure.
public enum WireError: Error, Equatable, Sendable {
    /// The input ends inside a field.
    case truncated
    /// Bytes are left after the last field.
    case trailingBytes
    /// A variable-size integer is not in its shortest form, or has the reserved prefix (RFC 9420 §2.1.2).
    case malformedLength
    /// A vector is longer than the reader allows for this field.
    case tooLong
    /// A field holds a value that its type does not have.
    case invalidValue
}
