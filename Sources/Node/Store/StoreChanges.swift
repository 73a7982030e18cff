/// What can be asked of the node's memory. Identifiers, hashes, public keys and sealed bytes only: the store knows nothing
/// else, and applies no rule of the protocol. Those are `NodeService`'s.
protocol StoreReads {
    /// The origin that the last start announced, for links made by the command line.
    func origin() throws -> String?
    /// Whose node this is; nil: nobody has claimed it yet.
    func ownership() throws -> Ownership?
    /// The authority's word about its bubble, as it was published.
    func bubbleState() throws -> [UInt8]?
    func isOffered(claim tokenHash: [UInt8]) throws -> Bool

    func device(_ device: [UInt8]) throws -> DeviceRecord?
    func checkpoint(of device: [UInt8]) throws -> [UInt8]?

    func invitation(_ invitation: [UInt8]) throws -> InvitationRecord?
    func openInvitations(of device: [UInt8], now: UInt64) throws -> Int
    /// A device's invitations in any state, those that have expired included.
    func invitations(of device: [UInt8]) throws -> Int

    func mailbox(_ mailbox: [UInt8]) throws -> MailboxRecord?
    func mailboxes(of device: [UInt8]) throws -> Int
    /// The oldest envelopes above a sequence number that have not expired, at most `limit`.
    func envelopes(in mailbox: MailboxRecord, after sequence: UInt64, limit: Int, now: UInt64) throws
        -> [EnvelopeRecord]

    func blob(_ blob: [UInt8], now: UInt64) throws -> [UInt8]?
    /// What a device's quotas are charged with, as far as it has not expired.
    func usage(of device: [UInt8], now: UInt64) throws -> Usage

    func slot(_ slot: [UInt8]) throws -> SlotRecord?
    func commit(in slot: SlotRecord, at position: UInt64, now: UInt64) throws -> CommitRecord?
}

/// What can be changed in the node's memory.
protocol StoreChanges: StoreReads {
    func set(origin: String) throws
    /// Lets whoever shows the token with this hash claim the node, besides the few latest others.
    func offerClaim(tokenHash: [UInt8]) throws
    /// Makes the node an authority's for good; no other claim is open from then on.
    func set(ownership: Ownership) throws
    func set(bubbleState: [UInt8]) throws

    func put(_ device: DeviceRecord) throws
    func put(checkpoint: [UInt8], of device: [UInt8]) throws

    func put(_ invitation: InvitationRecord) throws
    /// Lets go of the bundles that a device's expired invitations hold.
    func dropExpiredBundles(of device: [UInt8], now: UInt64) throws

    /// A mailbox whose first envelope will be number 1.
    func makeMailbox(_ mailbox: [UInt8], of device: [UInt8], deliveryKeyHash: [UInt8]) throws
    func set(deliveryKeyHash: [UInt8], of mailbox: MailboxRecord) throws
    /// Stores an envelope under the mailbox's next number, which is never used again.
    func append(_ envelope: [UInt8], expires: UInt64, to mailbox: MailboxRecord) throws
    func deleteEnvelopes(in mailbox: MailboxRecord, through sequence: UInt64) throws
    /// Replaces all of the device's key packages.
    func replaceKeyPackages(of device: [UInt8], in mailbox: MailboxRecord, by keyPackages: [[UInt8]]) throws
    /// The oldest key package of a mailbox, which is then gone unless it is the last.
    func takeKeyPackage(from mailbox: MailboxRecord) throws -> [UInt8]?

    /// Charges a device until the end of a day.
    func charge(_ usage: Usage, to device: [UInt8], until day: UInt64) throws
    /// Takes back bytes that a device was charged until that day, if that is remembered.
    func refund(bytes: Int, to device: [UInt8], until day: UInt64) throws

    func put(blob: [UInt8], bytes: [UInt8], expires: UInt64, tag: [UInt8]) throws
    /// - Returns: what there was; nil: nothing.
    func delete(blob: [UInt8]) throws -> DeletedBlob?

    func makeSlot(_ slot: [UInt8], tokenHash: [UInt8]) throws
    /// Records the commit of the slot's position and moves the slot to the next.
    func advance(_ slot: SlotRecord, with commit: CommitRecord, expires: UInt64) throws

    /// Deletes some of what has expired, a bounded amount.
    ///
    /// - Returns: whether there is more.
    func sweep(now: UInt64) throws -> Bool
}

/// The authority that has claimed the node.
struct Ownership: Sendable {
    /// The authority's public keys and bubble id, as Trust encodes them.
    let authority: [UInt8]
    /// The hash of the token that was shown.
    let tokenHash: [UInt8]
}

/// A device that may open sessions.
struct DeviceRecord: Sendable {
    let device: [UInt8]
    /// Ed25519.
    let sessionKey: [UInt8]
    /// Whose it is, and the links of its chain that can be revoked.
    let member: [UInt8]
    let invitation: [UInt8]?
    let inviter: [UInt8]?
    /// `Rights`, as its certificate says.
    let rights: UInt8
    /// The end of its certificates.
    let expires: UInt64
}

struct InvitationRecord: Sendable {
    enum State: Int, Sendable {
        case open = 0
        case used = 1
        case withdrawn = 2
    }

    let invitation: [UInt8]
    /// The inviter's.
    let device: [UInt8]
    /// SHA-256 of the proof that a redemption shows.
    let verifier: [UInt8]
    let expires: UInt64
    let bundleHash: [UInt8]
    /// Empty once it is of no more use.
    var bundle: [UInt8]
    var state: State
    /// Of a used one: SHA-256 of the newcomer's member key, and the receipt it was given.
    var memberKeyHash: [UInt8]?
    var receipt: [UInt8]?
}

struct MailboxRecord: Sendable {
    /// The store's own number.
    let row: Int64
    let device: [UInt8]
    let deliveryKeyHash: [UInt8]
    /// The number of the next envelope.
    let nextSequence: UInt64
    /// What it holds, expired ones included until they are swept.
    let count: Int
    let bytes: Int
}

struct EnvelopeRecord: Sendable {
    let sequence: UInt64
    let envelope: [UInt8]
}

/// What a device has put that counts against its quotas.
struct Usage: Sendable {
    /// Of blobs and commits, each at least `Limits.leastCharge`.
    var bytes = 0
    var slots = 0
}

struct DeletedBlob: Sendable {
    let tag: [UInt8]
    let length: Int
}

struct SlotRecord: Sendable {
    let row: Int64
    let position: UInt64
    let tokenHash: [UInt8]
}

/// The one commit of a slot's position.
struct CommitRecord: Sendable {
    let tokenHash: [UInt8]
    let nextTokenHash: [UInt8]
    let sealed: [UInt8]
}
