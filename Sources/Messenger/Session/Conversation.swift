import MLS
import Trust
import WireFormat

/// A conversation with one other member: what is stored of it, and what lives as long as it is unlocked.
///
/// It outlives its MLS groups: sequence numbers and receipts go on when it is begun anew.
final class Conversation {
    let id: [UInt8]
    let peer: MemberID

    // Stored in one record.

    /// The first is written to. Others are read until their last messages have come.
    var groups: [ConversationGroup] = []
    /// The number of our next message with a place in the order.
    var nextSequence: UInt64 = 1
    var received = ReceivedLog()
    /// Messages in the log, ours and the peer's.
    var messageCount: UInt64 = 0
    /// Received since the conversation was last looked at.
    var unread: UInt32 = 0
    /// When the last message was written or received.
    var lastTime: UInt64 = 0
    /// Receipts that the peer has not been sent.
    var owed = OwedReceipts()
    /// The messages that were read last. Their receipts are not acknowledged, so they are sent again now and then.
    var recentReads: [[UInt8]] = []
    /// Our messages that were delivered and not read, newest last.
    var awaitingRead: [AwaitedRead] = []
    /// A commit of ours that the node has taken and the peer may not know of.
    var commitHint: (group: [UInt8], sealed: [UInt8])?
    /// Whether something forged or replayed was refused here.
    var hasWarning = false
    /// Whether the user wants what arrives here legible without revealing it.
    var isUnmasked = false

    // Stored in records of their own.

    /// Ours, until delivered or given up; in the order of their numbers.
    var outbox: [OutboxItem] = []
    /// The peer's, received before an earlier one.
    var held: [HeldMessage] = []
    /// In the order of their messages here.
    var files: [FileRecord] = []
    /// The group's beginning, until the peer is known to have it.
    var introduction: PendingIntroduction?

    // Of this run only.

    /// The stored envelope that the node has not answered for.
    var delivery: Delivery?
    /// When sending may be tried again after a refusal.
    var retryAt: UInt64 = 0
    /// Whether the bubble's state has taken the peer out.
    var isRemoved = false
    /// Whether our state was checked against what others saw of it (``Checkpoint``).
    var isCleared = false
    /// What the node's checkpoint was last known to say of us, in this run.
    var reserved: Checkpoint.Entry?
    /// What the one says that the node has not answered for.
    var asked: Checkpoint.Entry?
    /// What was to be said at once, and had no generation reserved.
    var waiting: [Body] = []
    /// Whether the node may hold a commit that we have not seen.
    var mustCheckSlot = false
    /// When to ask the node about the slot again, after it was too busy.
    var slotAt: UInt64?
    /// How often in a row the node would not make it.
    var slotRefusals: UInt32 = 0
    /// Whether the peer has spoken in an epoch that we have not reached.
    var isBehind = false
    /// What it said there by other ways than the mailbox: kept until the epoch's commit is here.
    var early: [EarlyMessage] = []
    /// Messages of the current epoch in a row that we could not read, and of epochs that nobody seems to have begun.
    var unreadable: UInt32 = 0
    /// Answers about the slot in a row that do not go with our group.
    var slotDoubts: UInt32 = 0
    /// Whether our own state is an old one: nothing may be encrypted in the group that we have.
    var isSetBack = false
    /// Whether a KeyPackage was asked for in order to begin anew.
    var isRestarting = false
    /// The new group's instance is above this one.
    var restartAbove: UInt32 = 0
    /// When to ask for a KeyPackage again. nil: not at all.
    var restartAt: UInt64?
    /// When we last began a group anew, and how often with less than a day between.
    var restarted: UInt64?
    var restarts: UInt32 = 0
    /// When a hole in the peer's numbers was noticed, and when it was last asked to be filled.
    var gapSince: UInt64?
    var gapAsked: UInt64?
    /// Whether the user has been told of the hole.
    var gapShown = false
    var channel = Channel()
    /// What the peer's device said about calls.
    var peerCalls = CallSupport.unknown
    /// When the last reads were told again.
    var readsRepeated: UInt64 = 0

    init(id: [UInt8], peer: MemberID) {
        self.id = id
        self.peer = peer
    }

    var current: ConversationGroup? { groups.first }
}

/// One MLS group of a conversation.
struct ConversationGroup {
    var group: Group
    /// ``Introduction/instance``.
    var instance: UInt32
    /// The commit slot's id, chosen by the one who began the group.
    var slot: [UInt8]
    /// Whether we began the group, and the node has not confirmed the slot.
    var mustCreateSlot: Bool
    /// A commit of ours that the node has not answered for.
    var pending: SealedPendingCommit?
    /// Our generations in this epoch below this one may have been used (``Checkpoint``).
    var ceiling: UInt32
    /// The last message of the peer's that we read.
    var seen: Seen?
    /// Our messages since our last commit, and its time in milliseconds since 1970.
    var sinceCommit: UInt32
    var lastCommit: UInt64

    /// Whether a key of ours was ever used in the conversation, for all that can be told from the group.
    var hasTraffic: Bool { instance > 0 || group.epoch > 1 || ceiling > 0 }
}

/// The commit and how it was sealed: the node takes the very same bytes again after a crash.
struct SealedPendingCommit {
    var commit: PendingCommit
    var sealed: [UInt8]
}

struct AwaitedRead: Equatable {
    var id: [UInt8]
    var order: UInt64
    var time: UInt64
}

/// A message of ours on its way.
struct OutboxItem {
    enum State: UInt8 {
        /// Nobody else has it.
        case queued = 0
        /// The node has it; the peer may have.
        case atNode = 1
    }

    var conversation: [UInt8]
    var id: [UInt8]
    var sequence: UInt64
    /// Milliseconds since 1970.
    var time: UInt64
    /// Its place in the log; nil for what is not shown.
    var order: UInt64?
    var state: State
    var body: Body
    /// The channel that it was sent through, by number. Of this run only.
    var sentThrough: UInt32? = nil
}

/// A message of an epoch that we have not reached.
struct EarlyMessage {
    var message: [UInt8]
    var route: Route
}

struct HeldMessage {
    var conversation: [UInt8]
    var content: Content
}

/// What the peer needs to join the group, to be sent until it has.
struct PendingIntroduction {
    var conversation: [UInt8]
    var redemption: IntroductionRedemption?
    var instance: UInt32
    /// Ours, as the group's leaf names it: there may be a newer one when it is sent.
    var chain: CertificateChain
    var welcome: [UInt8]
    /// When the node last took it, in milliseconds since 1970. 0: never.
    var sent: UInt64
    /// How often it has.
    var attempts: UInt8
}

/// Receipts to be sent with the next batch.
struct OwedReceipts {
    var delivered: [[UInt8]] = []
    var read: [[UInt8]] = []
    /// Whether one is to be sent even with none in it.
    var progress = false
    /// When the batch is to leave. Of this run only; nil after unlocking: at once.
    var due: UInt64?

    var isEmpty: Bool { delivered.isEmpty && read.isEmpty && !progress }
}

/// A stored envelope on its way to the node.
struct Delivery {
    enum Load: Equatable {
        case introduction
        case item(id: [UInt8])
        case receipts(Receipts)
        case resend
        case commitHint
    }

    var number: UInt32
    var load: Load
    /// The envelope's content, to be sent once its blob is stored.
    var afterBlob: EnvelopeContent?
}
