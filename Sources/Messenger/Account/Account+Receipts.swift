import WireFormat

// Receipts and holes: what the peer is told about what we have of it.
extension Account {
    /// How long receipts wait for others to go along, in milliseconds.
    private static let batchingDelay: UInt64 = 250
    /// A hole in the numbers may close by itself for so long: two ways to the peer can overtake each other.
    private static let gapPatience: UInt64 = 3_000
    private static let askAgain: UInt64 = 60_000
    private static let repeatedReads = 64
    /// How many messages are asked for at once.
    private static let resendLimit: UInt64 = 64

    func owe(delivered id: [UInt8], in conversation: Conversation) {
        guard !conversation.owed.delivered.contains(id) else { return }
        if conversation.owed.isEmpty { conversation.owed.due = effects.now + Self.batchingDelay }
        conversation.owed.delivered.append(id)
        touch(conversation)
    }

    /// The peer has to hear how far we are, even if there is nothing new to confirm.
    func oweProgress(in conversation: Conversation) {
        if conversation.owed.isEmpty { conversation.owed.due = effects.now + Self.batchingDelay }
        conversation.owed.progress = true
        touch(conversation)
    }

    func owe(read id: [UInt8], in conversation: Conversation) {
        guard !conversation.owed.read.contains(id) else { return }
        if conversation.owed.isEmpty { conversation.owed.due = effects.now + Self.batchingDelay }
        conversation.owed.read.append(id)
        defer { touch(conversation) }
        guard !conversation.recentReads.contains(id) else { return }
        conversation.recentReads.append(id)
        if conversation.recentReads.count > Self.repeatedReads { conversation.recentReads.removeFirst() }
    }

    /// The next batch, if it is due.
    func dueReceipts(of conversation: Conversation) -> Receipts? {
        guard !conversation.owed.isEmpty else { return nil }
        if let due = conversation.owed.due, due > effects.now {
            effects.wake(at: due)
            return nil
        }
        return Receipts(
            have: conversation.received.have, seen: conversation.current?.seen,
            delivered: [[UInt8]](conversation.owed.delivered.prefix(Body.receiptsLimit)),
            read: [[UInt8]](conversation.owed.read.prefix(Body.receiptsLimit)))
    }

    /// The batch has left.
    func settle(_ receipts: Receipts, in conversation: Conversation) {
        conversation.owed.delivered.removeAll { receipts.delivered.contains($0) }
        conversation.owed.read.removeAll { receipts.read.contains($0) }
        conversation.owed.progress = false
        touch(conversation)
    }

    /// Tells the last reads once more: a channel may have died with their receipts, or a node dropped them.
    func repeatReads(in conversation: Conversation, unlessSince earliest: UInt64) {
        guard conversation.readsRepeated <= earliest else { return }
        conversation.readsRepeated = effects.now
        if record.settings.readReceipts { for id in conversation.recentReads { owe(read: id, in: conversation) } }
    }

    func take(_ receipts: Receipts, in conversation: Conversation) {
        for id in receipts.delivered { markDelivered(id, in: conversation) }
        for id in receipts.read { markRead(id, in: conversation) }
    }

    // Holes.

    /// Asks for what is missing, once it has been missing for a while.
    func dueResendRequest(of conversation: Conversation) -> Body? {
        guard let since = conversation.gapSince else { return nil }
        guard since + Self.gapPatience <= effects.now else {
            effects.wake(at: since + Self.gapPatience)
            return nil
        }
        if let asked = conversation.gapAsked, asked + Self.askAgain > effects.now {
            effects.wake(at: asked + Self.askAgain)
            return nil
        }
        let first = conversation.received.have.sequence + 1
        let through = conversation.held.first.map { $0.content.sequence - 1 } ?? first + Self.resendLimit
        return .resend(from: first, through: min(through, first + Self.resendLimit))
    }

    /// The request has left.
    func resendAsked(in conversation: Conversation) {
        conversation.gapAsked = effects.now
        // Nothing shows that there is a hole: once is enough.
        if conversation.held.isEmpty { conversation.gapSince = nil }
    }

    /// Shows a hole that has not closed by itself.
    func showGap(_ conversation: Conversation) {
        guard let since = conversation.gapSince, !conversation.gapShown else { return }
        guard since + Self.gapPatience <= effects.now else { return effects.wake(at: since + Self.gapPatience) }
        guard !conversation.held.isEmpty else { return }
        conversation.gapShown = true
        hasChangedList = true
        effects.warn(.messagesMissing, conversation: conversation.id)
    }

    func noticeGap(in conversation: Conversation) {
        if conversation.gapSince == nil { conversation.gapSince = effects.now }
    }

    func closeGap(in conversation: Conversation) {
        conversation.gapSince = nil
        conversation.gapAsked = nil
        guard conversation.gapShown else { return }
        conversation.gapShown = false
        hasChangedList = true
    }
}
