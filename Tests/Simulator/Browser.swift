import CryptoPrimitives
import Messenger

/// One person's browser profile: what survives in it, the engine that runs in it, and what its screen shows.
final class Browser {
    /// Its place in ``World/browsers``, and the person's number.
    let index: Int
    /// IndexedDB: what a committed write has left, by store and key.
    var stores: [UInt8: [[UInt8]: [UInt8]]] = [:]
    /// What the first write left: a profile that is about to enrol.
    var firstStores: [UInt8: [[UInt8]: [UInt8]]]?
    /// A copy of an earlier state of the storage.
    var backup: [UInt8: [[UInt8]: [UInt8]]]?
    /// How many invitations and contacts there were then.
    var backupAcquaintance = 0
    /// Whether the storage was ever set back.
    var hasLostHistory = false
    /// The device's half of the vault key, which the host keeps.
    let deviceSegment: [UInt8]
    let passphrase: [UInt8]
    /// How far the computer's clock is ahead, in milliseconds.
    var clockError: Int64 = 0
    /// nil while no page is open.
    var engine: Engine?
    /// How many engines have run on this profile. Each has randomness of its own.
    var incarnation: UInt32 = 0
    var phase = Phase.closed
    /// What the next output with writes meets.
    var impendingCrash: Crash?

    var desk = FileDesk()

    // The network, as the host has it.

    /// Whether the engine has asked for a connection.
    var wantsLink = false
    /// Whether there is any network at all.
    var isOnline = true
    /// The connection being used or made.
    var link: UInt32?
    var failedAttempts: UInt64 = 0
    /// The RTCPeerConnection to each device.
    var endpoints: [[UInt8]: UInt32] = [:]
    /// What the engine has said of the node's relay.
    var relay: RelayAccess?
    /// The device's id, as its hello says; empty before.
    var device: [UInt8] = []
    /// The engine's wish for a tick; counts up so that an older one is void.
    var timer: UInt64 = 0

    // The person.

    /// The invitation that the person holds.
    var invitation: Text?
    /// The person's invitation is not to work: it was used by another, or withdrawn.
    var isIntruder = false
    /// Whether read receipts were ever off.
    var hasKeptReadingToItself = false
    /// The passphrase's parameters, and from when on a try is allowed.
    var scrypt: ScryptParameters?
    var mayTryAt: UInt64 = 0

    /// The person's id in the bubble, once a member.
    var member: [UInt8]?
    var isMember: Bool { member != nil }

    /// The RTCPeerConnection of each call.
    var callEnds: [[UInt8]: CallEnd] = [:]
    /// Whether the person lets it ring.
    var ignoresCalls = false

    // The screen.

    var profile: Profile?
    var conversations: [ConversationSummary] = []
    var openConversation: [UInt8]?
    var hasOlder = false
    /// The open conversation's messages, by id.
    var messages: [[UInt8]: MessageSummary] = [:]
    /// What the page was given back at the last unlocking.
    var resumedConversation: [UInt8]?
    var drafts: [Draft] = []
    /// What was last revealed of each message.
    var revealed: [[UInt8]: Text] = [:]
    var refusal: Problem?
    var warnings: [Warning] = []
    var problems: [Problem] = []
    /// The authority's, as it was last made.
    var recovery: (file: [UInt8], code: Text)?
    var hadGap = false
    /// The lengths of what was sent through channels and in envelopes, in order.
    var channelLengths: [Int] = []
    var envelopeLengths: [Int] = []
    /// The last one that it gave to the node.
    var lastEnvelope: [UInt8] = []
    /// Calls of this page's life, by id.
    var calls: [[UInt8]: CallSummary] = [:]
    /// The invitations that this person has made and that are open, oldest first.
    var madeInvitations: [(id: [UInt8], link: Text)] = []
    /// Whether the person does not unlock by and by.
    var staysLocked = false
    /// Whether new invitations are kept rather than handed out.
    var keepsInvitations = false

    enum Phase {
        /// No page is open.
        case closed
        /// The page waits for an invitation.
        case fresh
        /// An invitation was opened or is being redeemed.
        case joining
        case locked
        case unlocked
    }

    /// When a tab dies.
    enum Crash {
        /// The writes are not committed.
        case beforeWrite
        /// The writes are committed; nothing of what should follow happens.
        case afterWrite
    }

    init(index: Int, deviceSegment: [UInt8], passphrase: [UInt8]) {
        self.index = index
        self.deviceSegment = deviceSegment
        self.passphrase = passphrase
    }

    /// The call that rings or goes on.
    var activeCall: [UInt8]? {
        calls.values.filter { $0.state != .over }.map { $0.call }.min { $0.lexicographicallyPrecedes($1) }
    }

    /// Invitations made and contacts had, counted.
    var acquaintance: Int { invitationsMade + conversations.count }
    var invitationsMade = 0

    /// What scrypt would make of a passphrase; a cheap hash stands in for it.
    func segment(of passphrase: [UInt8]) -> [UInt8] {
        HashAlgorithm.sha256.hash(passphrase + (scrypt?.salt ?? []))
    }

    /// One transaction: all or nothing, so that a crash is before or after it.
    func commit(_ writes: [Write]) {
        for write in writes { stores[write.store.rawValue, default: [:]][write.key] = write.value }
        if firstStores == nil, !writes.isEmpty { firstStores = stores }
    }

    func stored(_ store: Store, _ key: [UInt8]) -> [UInt8]? {
        stores[store.rawValue]?[key]
    }

    /// Every record of the store `state`, in the order of the keys, as IndexedDB gives them.
    var stateRecords: [StoredRecord] {
        let records = stores[Store.state.rawValue] ?? [:]
        let keys = records.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var sorted: [StoredRecord] = []
        for key in keys {
            if let value = records[key] { sorted.append(StoredRecord(key: key, value: value)) }
        }
        return sorted
    }

    /// The screen is empty.
    func clearScreen() {
        profile = nil
        conversations = []
        openConversation = nil
        messages = [:]
        revealed = [:]
        calls = [:]
    }
}
