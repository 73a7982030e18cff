import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

// What leaves for the peer, through its channel or its mailbox.
extension Account {
    private static let busyPause: UInt64 = 2_000
    private static let fullPause: UInt64 = 60_000
    /// So much waits for a generation, which is reserved within one answer of the node's.
    private static let waitingLimit = 64
    /// An introduction that brought no answer is sent again after this and ever later, in milliseconds: the other member may
    /// be away for weeks, or the node may have lost it.
    private static let introductionPause: UInt64 = 120_000
    private static let longestIntroductionPause: UInt64 = 6 * 3_600_000

    /// Sends what is due in a conversation, by the way that is open.
    func pump(_ conversation: Conversation) {
        if conversation.channel.isOpen {
            pumpChannel(conversation)
        } else {
            pumpMailbox(conversation)
        }
    }

    // Through the channel.

    private func pumpChannel(_ conversation: Conversation) {
        if let hint = conversation.commitHint {
            conversation.commitHint = nil
            touch(conversation)
            sendThroughChannel(.commit(group: hint.group, sealed: hint.sealed), to: conversation)
        }
        // The peer cannot read a group that it has not joined.
        guard mayEncrypt(in: conversation), conversation.introduction == nil else {
            return pumpMailbox(conversation)
        }
        greetChannel(conversation)
        guard conversation.channel.isReady else { return }
        let number = conversation.channel.number
        for index in conversation.outbox.indices where conversation.outbox[index].sentThrough != number {
            let item = conversation.outbox[index]
            guard let content = seal(item, in: conversation) else { return }
            conversation.outbox[index].sentThrough = number
            sendThroughChannel(content, to: conversation)
        }
        if let receipts = dueReceipts(of: conversation), let content = seal(.receipts(receipts), in: conversation) {
            sendThroughChannel(content, to: conversation)
            settle(receipts, in: conversation)
        }
        if let body = dueResendRequest(of: conversation), let content = seal(body, in: conversation) {
            resendAsked(in: conversation)
            sendThroughChannel(content, to: conversation)
        }
    }

    func sendThroughChannel(_ content: EnvelopeContent, to conversation: Conversation) {
        guard let contact = contact(conversation.peer) else { return }
        for piece in ChannelFraming.pieces(of: content.encoded) {
            effects.output.channels.append(.send(device: contact.identity.device.bytes, piece))
        }
    }

    // Through the mailbox: one envelope at a time, so that order is kept.

    private func pumpMailbox(_ conversation: Conversation) {
        guard link.isEstablished, record.phase == .enrolled, conversation.delivery == nil, intake.isDrained else {
            return
        }
        guard conversation.retryAt <= effects.now else { return effects.wake(at: conversation.retryAt) }
        if let hint = conversation.commitHint {
            return deliver(.commit(group: hint.group, sealed: hint.sealed), as: .commitHint, in: conversation)
        }
        guard mayEncrypt(in: conversation) else { return }
        if let introduction = conversation.introduction {
            let due = introduction.sent + Self.pause(after: introduction.attempts)
            if introduction.sent == 0 || due <= effects.now {
                return deliverIntroduction(introduction, in: conversation)
            }
            effects.wake(at: due)
            // In a conversation that is begun anew the peer says first how far it has received: our own numbers are not to
            // be trusted.
            if introduction.instance > 0 { return }
        }
        if let item = conversation.outbox.first(where: { $0.state == .queued }) {
            guard let content = seal(item, in: conversation) else { return }
            return deliver(content, as: .item(id: item.id), in: conversation)
        }
        if let receipts = dueReceipts(of: conversation) {
            guard let content = seal(.receipts(receipts), in: conversation) else { return }
            return deliver(content, as: .receipts(receipts), in: conversation)
        }
        if let body = dueResendRequest(of: conversation), let content = seal(body, in: conversation) {
            resendAsked(in: conversation)
            deliver(content, as: .resend, in: conversation)
        }
    }

    private static func pause(after attempts: UInt8) -> UInt64 {
        min(introductionPause << UInt64(min(attempts, 10)) / 2, longestIntroductionPause)
    }

    private func seal(_ item: OutboxItem, in conversation: Conversation) -> EnvelopeContent? {
        seal(item.body, id: item.id, sequence: item.sequence, time: item.time, in: conversation)
    }

    private func deliverIntroduction(_ pending: PendingIntroduction, in conversation: Conversation) {
        guard let current = conversation.current else { return }
        let greeting = Greeting(
            slot: current.slot, name: record.name, mailbox: record.mailbox, have: conversation.received.have)
        guard case .message(let message)? = seal(.greeting(greeting), in: conversation) else { return }
        let introduction = Introduction(
            redemption: pending.redemption, instance: pending.instance, chain: pending.chain, welcome: pending.welcome,
            greeting: message)
        deliver(.introduction(introduction.encoded), as: .introduction, in: conversation)
    }

    private func deliver(_ content: EnvelopeContent, as load: Delivery.Load, in conversation: Conversation) {
        nextDelivery &+= 1
        var delivery = Delivery(number: nextDelivery, load: load, afterBlob: nil)
        if Envelope.holds(content) {
            put(content, number: delivery.number, in: conversation)
        } else {
            guard let (reference, sealed) = Envelope.sealBlob(content, random: effects.random) else { return }
            delivery.afterBlob = .blob(reference)
            link.send(
                .putBlob(blob: reference.id, expires: effects.seconds + Limits.blobLifetime, bytes: sealed),
                for: .putBlob(conversation: conversation.id, number: delivery.number))
        }
        conversation.delivery = delivery
    }

    private func put(_ content: EnvelopeContent, number: UInt32, in conversation: Conversation) {
        guard let mailbox = contact(conversation.peer)?.mailbox,
            let envelope = Envelope.seal(content, to: mailbox, random: effects.random)
        else { return }
        link.send(
            .deliver(
                mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed, transient: false,
                expires: effects.seconds + Limits.envelopeLifetime, envelope: envelope),
            for: .deliver(conversation: conversation.id, number: number))
    }

    /// An envelope that is worth something only now: the node hands it to the peer's open session or refuses.
    func sendTransient(_ body: Body, to conversation: Conversation) {
        if conversation.isCleared, !hasGeneration(in: conversation) {
            if conversation.waiting.count < Self.waitingLimit { conversation.waiting.append(body) }
            return
        }
        guard link.isEstablished, let mailbox = contact(conversation.peer)?.mailbox,
            let content = seal(body, in: conversation),
            let envelope = Envelope.seal(content, to: mailbox, random: effects.random)
        else { return }
        link.send(
            .deliver(
                mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed, transient: true,
                expires: effects.seconds + Limits.envelopeLifetime, envelope: envelope),
            for: .deliverTransient(conversation: conversation.id))
    }

    /// Sends what had no generation reserved. Signals come once: without one of them there may be no channel.
    func sendWaiting(of conversation: Conversation) {
        guard !conversation.waiting.isEmpty, hasGeneration(in: conversation) else { return }
        let waiting = conversation.waiting
        conversation.waiting = []
        for body in waiting { sendTransient(body, to: conversation) }
    }

    // The node's answers.

    func blobStored(_ response: Response, conversation id: [UInt8], number: UInt32) {
        guard let conversation = conversation(id), let delivery = conversation.delivery, delivery.number == number,
            let content = delivery.afterBlob
        else { return }
        guard case .done = response else { return undelivered(response, delivery, conversation) }
        conversation.delivery?.afterBlob = nil
        put(content, number: number, in: conversation)
    }

    func delivered(_ response: Response, conversation id: [UInt8], number: UInt32) {
        guard let conversation = conversation(id), let delivery = conversation.delivery, delivery.number == number
        else {
            return
        }
        guard case .done = response else { return undelivered(response, delivery, conversation) }
        conversation.delivery = nil
        switch delivery.load {
        case .introduction:
            guard var introduction = conversation.introduction else { return }
            introduction.sent = effects.now
            introduction.attempts = min(introduction.attempts + 1, 100)
            setIntroduction(introduction, of: conversation)
        case .item(let item): markSent(item, in: conversation)
        case .receipts(let receipts): settle(receipts, in: conversation)
        case .resend: break
        case .commitHint:
            conversation.commitHint = nil
            touch(conversation)
        }
    }

    private func undelivered(_ response: Response, _ delivery: Delivery, _ conversation: Conversation) {
        conversation.delivery = nil
        switch response {
        case .refused(.wrongDeliveryKey), .refused(.unknownMailbox):
            // The peer does not take our messages any more, or its node has forgotten it.
            conversation.retryAt = effects.now + Self.fullPause
            if case .item(let id) = delivery.load, let item = conversation.outbox.first(where: { $0.id == id }) {
                fail(item, .recipientRefuses, in: conversation)
            }
        case .refused(.mailboxFull), .refused(.quotaExceeded):
            conversation.retryAt = effects.now + Self.fullPause
            effects.emit(.problem(.mailboxFull))
        default:
            conversation.retryAt = effects.now + Self.busyPause
        }
    }
}
