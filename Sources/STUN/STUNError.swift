/// Why bytes are no STUN message, or an attribute's value is not what its type says.
public enum STUNError: Error, Equatable, Sendable {
    /// The first bytes are not a STUN header: the two top bits, the magic cookie, or a length that is no multiple of four.
    case notSTUN
    /// The bytes end before, or go on after, what the header says.
    case wrongLength
    /// An attribute reaches beyond the message.
    case truncatedAttribute
    /// An attribute's value has a length or content that its type does not allow.
    case malformedAttribute
}
