import CryptoPrimitives
import NodeProtocol
import Trust

// Two honest sides whose groups have come apart begin anew.
//
// The node orders commits and cannot read them. One false answer of its about a commit, or a commit that was gone before it
// was fetched, leaves the sides in different epochs, or in different groups of one number. Nothing within the group mends that.
extension Account {
    /// The signs in a row that are enough: one alone may be a forgery, or an answer that crossed another.
    private static let signsNeeded: UInt32 = 3
    /// Groups are begun anew at once, then after this and ever later, in milliseconds: otherwise a node or peer that causes
    /// the signs could have us begin groups without end.
    private static let healingPause: UInt64 = 60_000
    private static let longestHealingPause: UInt64 = 6 * 3_600_000
    /// The node is asked about a slot again after this, and then later, in milliseconds.
    private static let doubtPause: UInt64 = 2_000

    /// The peer has spoken, and we could not read it in the epoch that both should be in.
    func noticeDivergence(in conversation: Conversation) {
        conversation.unreadable += 1
        guard conversation.unreadable >= Self.signsNeeded else { return }
        conversation.unreadable = 0
        // The peer names the group, so it has joined it, and may have gone on in it before we could read a word of it there.
        if conversation.introduction != nil { setIntroduction(nil, of: conversation) }
        heal(conversation)
    }

    /// The node says of the slot what does not go with our group, or contradicts itself.
    func doubtSlot(of conversation: Conversation) {
        conversation.slotDoubts += 1
        guard conversation.slotDoubts < Self.signsNeeded else {
            conversation.slotDoubts = 0
            return heal(conversation)
        }
        conversation.slotAt = effects.now + Self.doubtPause << UInt64(5 * (conversation.slotDoubts - 1))
    }

    /// Begins a group anew that has come apart. Our own state is as it should be, so that the former group is spoken in until
    /// the new one stands.
    func heal(_ conversation: Conversation) {
        // A group that the peer has not joined yet is new enough.
        guard conversation.introduction == nil, !conversation.isRestarting, conversation.restartAt == nil else {
            return
        }
        conversation.restartAbove = conversation.current?.instance ?? 0
        beginRestart(of: conversation)
    }

    /// Takes the peer's KeyPackage, now or when the last beginning is long enough ago.
    func beginRestart(of conversation: Conversation) {
        guard let mailbox = contact(conversation.peer)?.mailbox, !conversation.isRestarting else { return }
        if let time = conversation.restartAt, time > effects.now { return }
        if let last = conversation.restarted {
            let next = last + Self.pause(after: conversation.restarts)
            guard next <= effects.now else {
                conversation.restartAt = next
                return
            }
            // A day without any: the next counts as the first.
            if last + 86_400_000 <= effects.now { conversation.restarts = 0 }
        }
        guard link.isEstablished else {
            conversation.restartAt = effects.now
            return
        }
        conversation.isRestarting = true
        link.send(
            .takeKeyPackage(mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed),
            for: .takeKeyPackage(conversation: conversation.id))
    }

    private static func pause(after restarts: UInt32) -> UInt64 {
        restarts == 0 ? 0 : min(healingPause << UInt64(min(restarts - 1, 10)), longestHealingPause)
    }

    /// A group stands that both can read: what pointed to the former one counts no more.
    func groupBegan(in conversation: Conversation) {
        conversation.isSetBack = false
        conversation.isRestarting = false
        conversation.restartAt = nil
        conversation.isBehind = false
        conversation.unreadable = 0
        conversation.slotDoubts = 0
        conversation.slotAt = nil
    }

    func restartIfDue(_ conversation: Conversation) {
        guard let time = conversation.restartAt else { return }
        guard time <= effects.now else { return effects.wake(at: time) }
        guard link.isEstablished else { return }
        conversation.restartAt = nil
        beginRestart(of: conversation)
    }
}
