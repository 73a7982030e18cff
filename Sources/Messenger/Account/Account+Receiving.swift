import MLS
import Trust
import WireFormat

/// What became of a message.
enum Reception: Equatable {
    /// Taken or refused; nothing more is to be done about it.
    case finished
    /// It is of an epoch whose commit is not here yet.
    case awaitsCommit(conversation: [UInt8])
}

/// How a message came.
enum Route {
    case mailbox
    /// In an envelope that the node does not store.
    case transient
    case channel
}

// What the peers say.
extension Account {
    /// How many messages are kept while an earlier one is missing.
    private static let heldLimit = 256

    func receive(_ message: [UInt8], by route: Route) -> Reception {
        guard let header = MessageHeader.peek(message),
            let conversation = conversations.first(where: {
                $0.groups.contains { $0.group.groupID == header.groupID }
            }), let index = conversation.groups.firstIndex(where: { $0.group.groupID == header.groupID })
        else {
            effects.warn(.forgedMessage)
            return .finished
        }
        do throws(MLSError) {
            let received = try conversation.groups[index].group.process(
                message, externalCommits: .refuse, proposals: .refuse, accept: acceptance)
            // A commit comes through the slot.
            guard case .application(let application) = received else {
                warn(.forgedMessage, in: conversation)
                return .finished
            }
            touch(conversation)
            if index == 0, application.epoch == conversation.current?.group.epoch { conversation.unreadable = 0 }
            // The user was told when the state came: a message of a removed member needs no further warning.
            guard isHeard(application.credential) else { return .finished }
            take(application, in: conversation, group: index, by: route)
        } catch {
            switch error {
            case .decryptionFailed where index == 0 && header.epoch == conversation.current?.group.epoch:
                warn(.forgedMessage, in: conversation)
                noticeGap(in: conversation)
                noticeDivergence(in: conversation)
            case .epochNotReached where index == 0:
                return .awaitsCommit(conversation: conversation.id)
            case .messageKeyUsed:
                warn(.replayedMessage, in: conversation)
            case .epochNotReached, .epochExpired:
                // Of a former group that went on without us, or too old to be read: its sender still has it.
                noticeGap(in: conversation)
            default:
                warn(.forgedMessage, in: conversation)
            }
        }
        return .finished
    }

    func warn(_ warning: Warning, in conversation: Conversation) {
        conversation.hasWarning = true
        touch(conversation)
        hasChangedList = true
        effects.warn(warning, conversation: conversation.id)
    }

    private func take(_ application: Application, in conversation: Conversation, group index: Int, by route: Route) {
        let groupID = conversation.groups[index].group.groupID
        guard application.leaf != conversation.groups[index].group.ownLeaf else {
            return warn(.forgedMessage, in: conversation)
        }
        let seen = Seen(epoch: application.epoch, generation: application.generation)
        if let last = conversation.groups[index].seen, (last.epoch, last.generation) > (seen.epoch, seen.generation) {
        } else {
            conversation.groups[index].seen = seen
        }
        do throws(WireError) {
            let content = try Content(decoding: application.data)
            // A peer that answers in this group has joined it.
            if index == 0, conversation.introduction != nil { setIntroduction(nil, of: conversation) }
            if content.body.isOrdered {
                takeOrdered(content, in: conversation)
            } else {
                take(content, in: conversation, groupID: groupID, by: route)
            }
        } catch {
            warn(.forgedMessage, in: conversation)
        }
    }

    // Messages with a place in the order.

    private func takeOrdered(_ content: Content, in conversation: Conversation) {
        skip(below: content.base, in: conversation)
        switch conversation.received.verdict(on: content) {
        case .duplicate:
            owe(delivered: content.id, in: conversation)
        case .numberUsed:
            conversation.received.refuse(content)
            oweProgress(in: conversation)
        case .next:
            accept(content, in: conversation)
            acceptHeld(in: conversation)
        case .early:
            owe(delivered: content.id, in: conversation)
            hold(content, in: conversation)
        }
    }

    private func hold(_ content: Content, in conversation: Conversation) {
        // What was asked for on a mere suspicion counts for nothing now.
        if conversation.held.isEmpty { conversation.gapAsked = nil }
        noticeGap(in: conversation)
        guard !conversation.held.contains(where: { $0.content.sequence == content.sequence }) else { return }
        guard conversation.held.count < Self.heldLimit else {
            // Without a receipt its sender keeps it.
            conversation.owed.delivered.removeAll { $0 == content.id }
            return
        }
        let held = HeldMessage(conversation: conversation.id, content: content)
        let index = conversation.held.firstIndex { $0.content.sequence > content.sequence }
        conversation.held.insert(held, at: index ?? conversation.held.count)
        save(held)
    }

    private func acceptHeld(in conversation: Conversation) {
        while let first = conversation.held.first,
            first.content.sequence <= conversation.received.have.sequence + 1
        {
            conversation.held.removeFirst()
            delete(first)
            if first.content.sequence == conversation.received.have.sequence + 1 {
                accept(first.content, in: conversation)
            }
        }
        if conversation.held.isEmpty {
            closeGap(in: conversation)
        } else {
            // The next hole is another one.
            conversation.gapAsked = nil
        }
    }

    /// The sender does not hold what is below `base` any more: what is missing there will not come.
    private func skip(below base: UInt64, in conversation: Conversation) {
        guard base > conversation.received.have.sequence + 1 else { return }
        acceptHeld(in: conversation)
        while conversation.received.have.sequence + 1 < base {
            let next = conversation.held.first.map { $0.content.sequence } ?? base
            conversation.received.skip(through: min(next, base) - 1)
            effects.warn(.messagesMissing, conversation: conversation.id)
            acceptHeld(in: conversation)
        }
        touch(conversation)
    }

    private func accept(_ content: Content, in conversation: Conversation) {
        let isKnown = conversation.received.knows(content.id)
        conversation.received.advance(to: content)
        owe(delivered: content.id, in: conversation)
        touch(conversation)
        if isKnown { return }
        switch content.body {
        case .text(let text): take(text, content, in: conversation)
        case .profile(let name): take(name: name, of: conversation)
        case .countersignature(let bytes): take(countersignature: bytes, in: conversation)
        case .mailbox(let mailbox): update(conversation.peer) { $0.mailbox = mailbox }
        case .file(let announcement): take(announcement, content, in: conversation)
        case .fileStatus(let status): take(status, in: conversation)
        case .missedCall(let missed): take(missed, in: conversation)
        case .receipts, .hello, .signal, .resend, .greeting, .call, .fileRequest: break
        }
    }

    private func take(_ text: Text, _ content: Content, in conversation: Conversation) {
        let head = MessageHead.text(
            id: content.id, isOwn: false, time: believable(content.time), order: conversation.messageCount,
            state: .delivered)
        received(text.utf8, head, in: conversation)
    }

    /// What is shown as a message's time: the peer's word for it, unless that lies in the future. Two clocks may differ by a
    /// day, as certificates allow; what is later still is a broken clock or a lie, and the time of arrival stands in for it.
    func believable(_ time: UInt64) -> UInt64 {
        time <= effects.now + Self.aheadTolerance ? time : effects.now
    }

    private static let aheadTolerance: UInt64 = 86_400_000

    /// Puts what the peer has written into the log.
    func received(_ content: [UInt8], _ head: MessageHead, in conversation: Conversation) {
        conversation.messageCount += 1
        if view?.conversation != conversation.id { conversation.unread += 1 }
        conversation.lastTime = effects.now
        hasChangedList = true
        append(content, head, to: conversation)
    }

    // Messages without.

    private func take(_ content: Content, in conversation: Conversation, groupID: [UInt8], by route: Route) {
        switch content.body {
        case .receipts(let receipts):
            compare(have: receipts.have, seen: receipts.seen, of: groupID, in: conversation)
            take(receipts, in: conversation)
            take(receipts.have, in: conversation)
        case .hello(let hello):
            compare(have: hello.have, seen: hello.seen, of: groupID, in: conversation)
            take(hello.have, in: conversation)
            if conversation.current?.group.groupID != groupID { return rejoin(conversation, by: route) }
            take(hello, in: conversation, by: route)
        case .signal(let session, let kind, let text):
            take(signal: kind, text, session: session, in: conversation)
        case .resend(let first, let last):
            requeue(in: conversation) { $0.sequence >= first && $0.sequence <= last }
        case .greeting(let greeting):
            take(greeting, id: content.id, in: conversation, groupID: groupID)
        case .fileRequest(let request): take(request, in: conversation, by: route)
        case .call(let message): take(message, in: conversation)
        case .text, .profile, .countersignature, .mailbox, .file, .fileStatus, .missedCall: break
        }
    }
}
