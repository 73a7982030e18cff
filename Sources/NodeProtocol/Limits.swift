/// What a node accepts from anybody. Client and node both enforce them; the node refuses, the client does not try.
public enum Limits {
    /// The longest WebSocket frame, in bytes: a blob of ``blobLength`` and its request around it.
    public static let frameLength = blobLength + 4_096
    /// An envelope's three sizes, in bytes. An envelope of any other size is refused.
    public static let envelopeLengths = [1_024, 4_096, 16_384]
    /// The longest sealed blob, in bytes.
    public static let blobLength = 1 << 20
    /// The longest sealed invitation bundle, in bytes.
    public static let bundleLength = 131_072
    /// The longest redemption or claim, in bytes.
    public static let enrolmentLength = 65_536
    /// The longest KeyPackage with its owner's certificate chain, in bytes, and how many a device keeps at the node.
    public static let keyPackageLength = 32_768
    public static let keyPackagesPerDevice = 32
    /// The longest sealed checkpoint, in bytes. A device has one.
    public static let checkpointLength = 65_536
    /// The most envelopes that one mailbox holds, and the most bytes.
    public static let mailboxEnvelopes = 10_000
    public static let mailboxBytes = 64 << 20
    /// The most envelopes in one answer to ``Request/fetchEnvelopes(mailbox:after:limit:)``.
    public static let envelopesPerFetch = 32
    /// The bytes of blobs and commits that one device's uploads may occupy, and its open invitations, mailboxes and commit
    /// slots; of these, the ones made within ``slotPeriod``.
    public static let blobBytesPerDevice = 256 << 20
    public static let invitationsPerDevice = 256
    public static let mailboxesPerDevice = 16
    public static let slotsPerDevice = 4_096
    /// What a blob or commit counts for at least, in bytes: an empty one takes room, too.
    public static let leastCharge = 4_096
    /// For each invitation that a device may have open, the node remembers so many in any state.
    public static let invitationsRemembered = 16
    /// The longest life of an envelope, a blob and an invitation, in seconds.
    public static let envelopeLifetime: UInt64 = 30 * 86_400
    public static let blobLifetime: UInt64 = 30 * 86_400
    public static let invitationLifetime: UInt64 = 90 * 86_400
    /// The longest user name and password for the relay, in bytes (RFC 8489 §14.3).
    public static let relayCredentialLength = 508
    /// How long a credential for the relay is good, in seconds.
    public static let relayCredentialLifetime: UInt64 = 3_600
    /// How long a commit stays fetchable after its slot has moved on, in seconds.
    public static let commitLifetime: UInt64 = 90 * 86_400
    /// How long a commit slot counts against its maker's quota, in seconds. The slot itself stays.
    public static let slotPeriod: UInt64 = 90 * 86_400
}
