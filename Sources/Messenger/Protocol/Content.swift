import Trust

/// What one application message says. It travels inside MLS only.
package struct Content: Equatable {
    /// Of the message, not of its copies: a copy that is sent again carries the same.
    package var id: [UInt8]
    /// The sender's number for it in this conversation, from 1. 0: it has no place in the order and is never sent again.
    package var sequence: UInt64
    /// The lowest number that the sender still holds for sending again. What is below and missing will not come.
    package var base: UInt64
    /// The sender's clock when it was written, in milliseconds since 1970.
    package var time: UInt64
    package var body: Body
}

package enum Body: Equatable {
    // With a place in the order.
    case text(Text)
    /// The name that the sender gives itself.
    case profile(name: Text)
    /// The inviter's word for the newcomer (Trust's `Countersignature`, encoded).
    case countersignature([UInt8])
    /// Where to write to the sender from now on.
    case mailbox(MailboxCapability)
    case missedCall(MissedCall)

    // Without.
    case receipts(Receipts)
    case hello(Hello)
    case signal(session: [UInt8], kind: SignalKind, Text)
    /// Asks for the messages with these numbers once more.
    case resend(from: UInt64, through: UInt64)
    /// The first message of a group.
    case greeting(Greeting)
    case call(CallMessage)

    // Files; the first two have a place in the order.
    case file(FileAnnouncement)
    case fileStatus(FileStatus)
    case fileRequest(FileRequest)

    /// The longest text, in bytes of UTF-8.
    package static let textLimit = 65_536
    /// The most receipts of either kind in one batch.
    package static let receiptsLimit = 256
    /// No message has a higher number: there is always room for one more.
    package static let sequenceLimit: UInt64 = 1 << 62
    package static let signalLimit = 32_768
    /// The last millisecond of the year 9999: no time that the engine works with is later. JavaScript's dates end in the year
    /// 275760, and its integers at 2^53; what a peer says may be anything up to 2^64.
    package static let timeLimit: UInt64 = 253_402_300_799_999
    package static let nameLimit = 512

    package var isOrdered: Bool {
        switch self {
        case .text, .profile, .countersignature, .mailbox, .missedCall, .file, .fileStatus: true
        case .receipts, .hello, .signal, .resend, .greeting, .call, .fileRequest: false
        }
    }
}

/// The last message that its sender has had from the recipient's leaf: what the recipient checks its own state against.
package struct Seen: Equatable {
    package var epoch: UInt64
    package var generation: UInt32
}

/// How far a device has received, without a hole.
package struct Have: Equatable {
    /// The last sequence number. 0: none yet.
    package var sequence: UInt64
    /// That message's id; zeros if there is none.
    package var id: [UInt8]
    /// Messages that came under a number that another had, from a sender whose storage was set back. They count as not
    /// received, whatever their number.
    package var refused: [[UInt8]] = []

    /// The most refused messages that are remembered.
    package static let refusedLimit = 64
}

package struct Receipts: Equatable {
    package var have: Have
    package var seen: Seen?
    package var delivered: [[UInt8]]
    package var read: [[UInt8]]
}

package struct Hello: Equatable {
    /// Whether the sender does not know yet that the recipient is there.
    package var wantsAnswer: Bool
    package var have: Have
    package var seen: Seen?
    /// The newest bubble state that the sender knows, so that a node cannot hide it from some.
    package var stateVersion: UInt64
    package var stateHash: [UInt8]
    /// Whether the sender takes calls.
    package var calls: CallSupport
}

package struct Greeting: Equatable {
    /// The group's commit slot at the node.
    package var slot: [UInt8]
    package var name: Text
    package var mailbox: MailboxCapability
    /// How far the sender had received in the group before this one.
    package var have: Have
}
