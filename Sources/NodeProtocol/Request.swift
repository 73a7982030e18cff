/// What a client asks of a node. Identifiers are 16 bytes, keys, hashes, tokens and blob ids 32, times seconds since 1970.
public enum Request: Equatable, Sendable {
    // A guest's.

    /// Makes a fresh node this authority's: the operator invitation's token, the authority's public keys, the first bubble
    /// state and the operator's device chain, all as Trust encodes them. Idempotent for the same authority.
    case claim(token: [UInt8], authority: [UInt8], bubbleState: [UInt8], chain: [UInt8])
    /// The sealed bundle of an open invitation.
    case invitationBundle(invitation: [UInt8])
    /// Uses the invitation up: the newcomer's chain and proof (Trust's `Redemption`). The node verifies the chain, registers
    /// the device and answers with a signed receipt. Idempotent for the same member key.
    case redeem(invitation: [UInt8], redemption: [UInt8])

    // A device's.

    case bubbleState
    case publishBubbleState([UInt8])
    /// Opens an invitation. `verifier` is the SHA-256 of the proof that a redemption of it will show. Idempotent for the
    /// same content.
    case putInvitation(invitation: [UInt8], verifier: [UInt8], expires: UInt64, bundle: [UInt8])
    case withdrawInvitation(invitation: [UInt8])
    /// Creates a mailbox of this device, or confirms it. The node keeps the delivery key's SHA-256 only.
    case createMailbox(mailbox: [UInt8], deliveryKeyHash: [UInt8])
    /// From now on the old delivery key is refused.
    case rotateDeliveryKey(mailbox: [UInt8], deliveryKeyHash: [UInt8])
    /// The envelopes of an own mailbox above a sequence number, oldest first, at most `limit`.
    case fetchEnvelopes(mailbox: [UInt8], after: UInt64, limit: UInt16)
    /// Deletes own envelopes up to and including `through`: they are persisted at the client.
    case acknowledge(mailbox: [UInt8], through: UInt64)
    /// Puts an envelope into a mailbox. A transient one is handed to the recipient's open session or refused; it is never
    /// stored. The answer to any other means: durable.
    case deliver(mailbox: [UInt8], deliveryKey: [UInt8], transient: Bool, expires: UInt64, envelope: [UInt8])
    /// Stores a sealed blob under a random id. Idempotent for the same bytes.
    case putBlob(blob: [UInt8], expires: UInt64, bytes: [UInt8])
    case fetchBlob(blob: [UInt8])
    /// Whoever knows the id may delete it: the recipient, once it has it.
    case deleteBlob(blob: [UInt8])
    /// Replaces the device's published KeyPackages, each for one use, reachable through this mailbox of its own.
    case publishKeyPackages(mailbox: [UInt8], keyPackages: [[UInt8]])
    /// Takes one KeyPackage of the mailbox's owner. The delivery key shows that the taker may.
    case takeKeyPackage(mailbox: [UInt8], deliveryKey: [UInt8])
    /// Creates a commit slot at position 0, which the holder of the token may advance. Idempotent for the same hash.
    case createSlot(slot: [UInt8], tokenHash: [UInt8])
    /// Advances the slot from `position` if it stands there: the one commit of that epoch, sealed. Idempotent for the same
    /// bytes. The token opens this position; `nextTokenHash` guards the next.
    case commit(slot: [UInt8], position: UInt64, token: [UInt8], nextTokenHash: [UInt8], sealedCommit: [UInt8])
    /// The commit that advanced the slot from `position`, or none yet. The token is that position's.
    case fetchCommit(slot: [UInt8], position: UInt64, token: [UInt8])
    /// Replaces the device's sealed checkpoint.
    case putCheckpoint([UInt8])
    case checkpoint
    /// A credential for the node's relay. Asked for twice within a minute, the node may give the same one.
    case relayCredential
}

/// What a node answers. Every request can also be answered `refused`.
public enum Response: Equatable, Sendable {
    case done
    case bubbleState([UInt8])
    case invitationBundle([UInt8])
    /// The node's signed receipt of a redemption (Trust's `RedemptionReceipt`).
    case redeemed(receipt: [UInt8])
    /// `more` says that the mailbox holds others above the last one.
    case envelopes([StoredEnvelope], more: Bool)
    case blob([UInt8])
    /// nil: the owner has none left at the node.
    case keyPackage([UInt8]?)
    /// nil: the slot still stands at that position.
    case commit([UInt8]?)
    case checkpoint([UInt8]?)
    case refused(Refusal)
    /// A node whose relay is switched off refuses with ``Refusal/unavailable``.
    case relayCredential(RelayCredential)
}

/// An envelope in a mailbox with its sequence number there, which only grows.
public struct StoredEnvelope: Equatable, Sendable {
    public let sequence: UInt64
    public let envelope: [UInt8]

    public init(sequence: UInt64, envelope: [UInt8]) {
        self.sequence = sequence
        self.envelope = envelope
    }
}
