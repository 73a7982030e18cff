import Trust

/// What one application message says. It travels inside MLS only.
struct Content: Equatable {
    /// Of the message, not of its copies: a copy that is sent again carries the same.
    var id: [UInt8]
    /// The sender's number for it in this conversation, from 1. 0: it has no place in the order and is never sent again.
    var sequence: UInt64
    /// The lowest number that the sender still holds for sending again. What is below and missing will not come.
    var base: UInt64
    /// The sender's clock when it was written, in milliseconds since 1970.
    var time: UInt64
    var body: Body
}

enum Body: Equatable {
    // With a place in the order.
    case text(Text)
    /// The name that the sender gives itself.
    case profile(name: Text)
    /// The inviter's word for the newcomer (Trust's `Countersignature`, encoded).
    case countersignature([UInt8])
    /// Where to write to the sender from now on.
    case mailbox(MailboxCapability)
    /// The sender's device under a new certificate.
    case device(CertificateChain)

    // Without.
    case receipts(Receipts)
    case hello(Hello)
    case signal(session: [UInt8], kind: SignalKind, Text)
    /// Asks for the messages with these numbers once more.
    case resend(from: UInt64, through: UInt64)
    /// The first message of a group.
    case greeting(Greeting)

    /// The longest text, in bytes of UTF-8.
    static let textLimit = 65_536
    /// The most receipts of either kind in one batch.
    static let receiptsLimit = 256
    /// No message has a higher number: there is always room for one more.
    static let sequenceLimit: UInt64 = 1 << 62
    static let signalLimit = 32_768
    static let nameLimit = 512

    var isOrdered: Bool {
        switch self {
        case .text, .profile, .countersignature, .mailbox, .device: true
        case .receipts, .hello, .signal, .resend, .greeting: false
        }
    }
}

/// The last message that its sender has had from the recipient's leaf: what the recipient checks its own state against.
struct Seen: Equatable {
    var epoch: UInt64
    var generation: UInt32
}

/// How far a device has received, without a hole.
struct Have: Equatable {
    /// The last sequence number. 0: none yet.
    var sequence: UInt64
    /// That message's id; zeros if there is none.
    var id: [UInt8]

    static let nothing = Have(sequence: 0, id: noConversation)
}

struct Receipts: Equatable {
    var have: Have
    var seen: Seen?
    var delivered: [[UInt8]]
    var read: [[UInt8]]
}

struct Hello: Equatable {
    /// Whether the sender does not know yet that the recipient is there.
    var wantsAnswer: Bool
    var have: Have
    var seen: Seen?
    /// The newest bubble state that the sender knows, so that a node cannot hide it from some.
    var stateVersion: UInt64
    var stateHash: [UInt8]
}

struct Greeting: Equatable {
    /// The group's commit slot at the node.
    var slot: [UInt8]
    var name: Text
    var mailbox: MailboxCapability
    /// How far the sender had received in the group before this one.
    var have: Have
}
