import WireFormat

/// Why something is not trusted.
public enum TrustError: Error, Equatable, Sendable {
    /// The bytes are not what they claim to encode.
    case malformed(WireError)
    /// It belongs to another bubble.
    case wrongBubble
    /// The authority is not the one that the invitation pinned.
    case wrongAuthority
    /// A certificate was not issued by the one above it in the chain.
    case wrongIssuer
    /// One of the two signatures, or both, does not hold.
    case invalidSignature
    /// A certificate grants what its issuer may not grant.
    case rightsWidened
    /// The chain hangs on more certificates than Documentation/ARCHITECTURE.md allows: an inviter that was itself invited.
    case tooDeep
    /// Its validity has ended.
    case expired
    /// Its validity begins later than any clock error explains.
    case notYetValid
    /// It was issued at a time when its issuer could not: a member certificate outside the invitation's window, an invitation
    /// outside the inviter's.
    case outsideIssuerValidity
    /// The device, its member, its invitation or its inviter is on the revocation list.
    case revoked
    /// A leaf, an id or a receipt does not belong to the key or certificate beside it.
    case identityMismatch
    /// The chain behind a leaf was never shown to us.
    case unknownChain
    /// A second member key claims an invitation that another one redeemed.
    case invitationReused
    /// A bubble state is older than the one we have.
    case stateRolledBack
    /// Two bubble states carry the same version and say different things.
    case stateForked
    /// Sealed bytes do not open, or a proof does not fit.
    case notAuthentic
    /// The signer refused: the HSM is locked, or does not hold the key.
    case signingFailed
}
