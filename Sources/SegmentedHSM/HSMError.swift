import WireFormat

/// Why the HSM refused.
public enum HSMError: Error, Equatable, Sendable {
    /// The HSM was locked: its keys are gone.
    case locked
    /// The segments do not open the vault. Which of them is wrong is not said, nor whether the header was damaged.
    case wrongSegments
    /// A sealed record, key or capsule is damaged, belongs to another vault, or stands under another context.
    case notAuthentic
    /// The handle's key is not loaded in this HSM.
    case unknownKey
    /// Not one passphrase segment followed by one device segment, of 32 bytes each.
    case invalidSegments
    /// scrypt parameters beyond what is ever derived with.
    case invalidParameters
    /// A context of more than 255 bytes where it is stored in clear.
    case contextTooLong
    /// Sealed bytes are not of a form that this version writes.
    case malformed(WireError)
    /// The cryptography itself failed; no input explains it.
    case internalFailure
}
