import CryptoPrimitives
import NodeProtocol
import WireFormat

// Our messages, from writing until delivered or given up.
extension Account {
    /// After this a message that nobody has confirmed has failed, in milliseconds.
    static let expiry = Limits.envelopeLifetime * 1000

    func send(_ text: Text, to id: [UInt8]) {
        guard let conversation = conversation(id) else { return effects.emit(.problem(.unknownPeer)) }
        guard !text.isEmpty, text.utf8.count <= Body.textLimit else { return effects.emit(.problem(.textTooLong)) }
        let head = MessageHead.text(
            id: effects.random.bytes(16), isOwn: true, time: effects.now, order: conversation.messageCount,
            state: .sending)
        conversation.messageCount += 1
        conversation.lastTime = effects.now
        hasChangedList = true
        append(text.utf8, head, to: conversation)
        enqueue(.text(text), id: head.id, order: head.order, in: conversation)
    }

    /// Sends a failed message once more: with a new number, under its old id.
    func send(_ text: Text, again head: MessageHead, in conversation: Conversation) {
        guard !conversation.outbox.contains(where: { $0.id == head.id }) else { return }
        var head = head
        head.state = .sending
        head.failure = .none
        store(head, in: conversation)
        enqueue(.text(text), id: head.id, order: head.order, in: conversation)
    }

    /// Puts a message that has a place in the order into the outbox.
    func enqueue(_ body: Body, id: [UInt8]? = nil, order: UInt64? = nil, in conversation: Conversation) {
        let item = OutboxItem(
            conversation: conversation.id, id: id ?? effects.random.bytes(16), sequence: conversation.nextSequence,
            time: effects.now, order: order, state: .queued, body: body)
        conversation.nextSequence += 1
        conversation.outbox.append(item)
        save(item)
        touch(conversation)
    }

    /// The node has the message.
    func markSent(_ id: [UInt8], in conversation: Conversation) {
        guard let index = conversation.outbox.firstIndex(where: { $0.id == id }) else { return }
        conversation.outbox[index].state = .atNode
        save(conversation.outbox[index])
        show(conversation.outbox[index], as: .sent, in: conversation)
    }

    /// The peer's device has the message.
    func markDelivered(_ id: [UInt8], in conversation: Conversation) {
        guard let index = conversation.outbox.firstIndex(where: { $0.id == id }) else { return }
        let item = conversation.outbox.remove(at: index)
        vault.delete(.outboxItem, item.id)
        touch(conversation)
        guard let order = item.order else { return }
        conversation.awaitingRead.append(AwaitedRead(id: item.id, order: order, time: item.time))
        if conversation.awaitingRead.count > Self.awaitedReads { conversation.awaitingRead.removeFirst() }
        show(item, as: .delivered, in: conversation)
    }

    func markRead(_ id: [UInt8], in conversation: Conversation) {
        markDelivered(id, in: conversation)
        guard let index = conversation.awaitingRead.firstIndex(where: { $0.id == id }) else { return }
        let message = conversation.awaitingRead.remove(at: index)
        touch(conversation)
        var head = MessageHead.text(
            id: message.id, isOwn: true, time: message.time, order: message.order, state: .read)
        if conversation.files.contains(where: { $0.id == message.id }) { head.kind = .file }
        store(head, in: conversation)
    }

    /// Everything up to a number has been received by the peer, but for what it names.
    func take(_ have: Have, in conversation: Conversation) {
        for id in have.refused { renumber(id, in: conversation) }
        let ids = conversation.outbox.filter { $0.sequence <= have.sequence }.map { $0.id }
        for id in ids { markDelivered(id, in: conversation) }
    }

    /// Sends a message under a number of its own, after all others.
    private func renumber(_ id: [UInt8], in conversation: Conversation) {
        guard let index = conversation.outbox.firstIndex(where: { $0.id == id }) else { return }
        var item = conversation.outbox.remove(at: index)
        item.sequence = conversation.nextSequence
        item.state = .queued
        item.sentThrough = nil
        conversation.nextSequence += 1
        conversation.outbox.append(item)
        save(item)
        touch(conversation)
    }

    /// Gives a message up. The user may send it again.
    func fail(_ item: OutboxItem, _ problem: Problem, in conversation: Conversation) {
        conversation.outbox.removeAll { $0.id == item.id }
        vault.delete(.outboxItem, item.id)
        show(item, as: .failed, problem, in: conversation)
        if case .file = item.body { unannounced(item.id, problem, in: conversation) }
    }

    func failExpired(in conversation: Conversation) {
        let oldest = effects.now >= Self.expiry ? effects.now - Self.expiry : 0
        if conversation.isRemoved {
            for item in conversation.outbox { fail(item, .noLongerMember, in: conversation) }
        }
        let expired = conversation.outbox.filter { $0.time < oldest }
        for item in expired { fail(item, .expired, in: conversation) }
        if let first = conversation.outbox.first { effects.wake(at: first.time + Self.expiry + 1) }
    }

    /// Has messages sent again that the peer asks for or that a lost channel may have swallowed.
    func requeue(in conversation: Conversation, where isWanted: (OutboxItem) -> Bool) {
        for index in conversation.outbox.indices where isWanted(conversation.outbox[index]) {
            guard conversation.outbox[index].state != .queued || conversation.outbox[index].sentThrough != nil else {
                continue
            }
            conversation.outbox[index].state = .queued
            conversation.outbox[index].sentThrough = nil
            save(conversation.outbox[index])
        }
    }

    private static let awaitedReads = 1000

    private func show(
        _ item: OutboxItem, as state: MessageState, _ failure: Problem = .none, in conversation: Conversation
    ) {
        guard let order = item.order else { return }
        var head = MessageHead.text(id: item.id, isOwn: true, time: item.time, order: order, state: state)
        head.failure = failure
        if case .file = item.body { head.kind = .file }
        store(head, in: conversation)
    }
}
