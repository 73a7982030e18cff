import MLS
import NodeProtocol
import WireFormat

// Moving a group to its next epoch, in the order that the node keeps (Documentation/ARCHITECTURE.md, "Commit order").
extension Account {
    private static let commitAfterMessages: UInt32 = 100
    private static let commitAfter: UInt64 = 7 * 86_400_000
    /// An epoch that has ended is read for as long as an envelope lives, in milliseconds.
    private static let pastAfter: UInt64 = Limits.envelopeLifetime * 1_000
    private static let earlyLimit = 64
    /// A node that is too busy is asked again after so long, in milliseconds.
    private static let slotPause: UInt64 = 2_000
    /// One that refuses to make a slot is asked ever later, up to this.
    private static let longestSlotPause: UInt64 = 600_000

    func createSlot(of conversation: Conversation) {
        guard let current = conversation.current, current.mustCreateSlot,
            CommitSlot.position(ofEpoch: current.group.epoch) == 0
        else { return }
        link.send(
            .createSlot(slot: current.slot, tokenHash: CommitSlot.tokenHash(current.group)),
            for: .createSlot(conversation: conversation.id))
    }

    func slotCreated(_ response: Response, conversation id: [UInt8]) {
        guard let conversation = conversation(id), conversation.current != nil else { return }
        guard case .done = response else {
            // A full quota frees itself in days.
            conversation.slotAt =
                effects.now + min(Self.slotPause << UInt64(min(conversation.slotRefusals, 16)), Self.longestSlotPause)
            conversation.slotRefusals += 1
            return
        }
        conversation.slotRefusals = 0
        conversation.groups[0].mustCreateSlot = false
        touch(conversation)
    }

    /// Renews our keys now and then, and soon after joining.
    func commitIfDue(in conversation: Conversation) {
        guard link.isEstablished, let current = conversation.current, current.pending == nil, !current.slot.isEmpty,
            !current.mustCreateSlot, conversation.introduction == nil, intake.isDrained,
            !link.isWaiting(for: .fetchCommit(conversation: conversation.id, epoch: current.group.epoch)),
            conversation.commitHint == nil, conversation.retryAt <= effects.now, mayEncrypt(in: conversation)
        else { return }
        guard
            current.sinceCommit >= Self.commitAfterMessages
                || (current.sinceCommit > 0 && current.lastCommit + Self.commitAfter <= effects.now)
        else { return }
        commit(in: conversation)
    }

    /// Forgets the epochs before the current one when nothing of them can come any more.
    func forgetPastEpochs(of conversation: Conversation) {
        for index in conversation.groups.indices where conversation.groups[index].group.hasPastEpochs {
            let end = conversation.groups[index].lastCommit + Self.pastAfter
            guard end <= effects.now else {
                effects.wake(at: end)
                continue
            }
            conversation.groups[index].group.forgetPastEpochs()
            touch(conversation)
        }
    }

    private func commit(in conversation: Conversation) {
        guard let current = conversation.current, let signer = signer(of: current.group) else { return }
        do throws(MLSError) {
            let pending = try conversation.groups[0].group.commit(
                signer: signer, random: effects.random, accept: acceptance)
            guard let sealed = CommitSlot.seal(pending.message, in: current.group, random: effects.random) else {
                return
            }
            conversation.groups[0].pending = SealedPendingCommit(commit: pending, sealed: sealed)
            touch(conversation)
            sendCommit(of: conversation)
        } catch {
            conversation.groups[0].lastCommit = effects.now
        }
    }

    private func sendCommit(of conversation: Conversation) {
        guard let current = conversation.current, let pending = current.pending,
            let position = CommitSlot.position(ofEpoch: current.group.epoch),
            let next = CommitSlot.nextTokenHash(pending.commit)
        else { return }
        link.send(
            .commit(
                slot: current.slot, position: position, token: CommitSlot.token(current.group), nextTokenHash: next,
                sealedCommit: pending.sealed),
            for: .commit(conversation: conversation.id, group: current.group.groupID, epoch: current.group.epoch))
    }

    private func isCommitting(_ conversation: Conversation) -> Bool {
        guard let group = conversation.current?.group else { return false }
        return link.isWaiting(
            for: .commit(conversation: conversation.id, group: group.groupID, epoch: group.epoch))
    }

    /// After connecting: a commit of ours is sent once more, or the other's is looked for.
    func resumeCommit(of conversation: Conversation) {
        guard let current = conversation.current, !current.mustCreateSlot else { return }
        if current.pending != nil { sendCommit(of: conversation) } else { conversation.mustCheckSlot = true }
    }

    /// Looks for the other's commit once our mailbox is drained: what waits there may be of earlier epochs.
    func checkSlot(of conversation: Conversation) {
        guard link.isEstablished, intake.isDrained, conversation.mustCheckSlot || conversation.slotAt != nil else {
            return
        }
        if let time = conversation.slotAt {
            guard time <= effects.now else { return effects.wake(at: time) }
            conversation.slotAt = nil
            // Of a slot that is not there, there is nothing to ask.
            if conversation.current?.mustCreateSlot == true { return createSlot(of: conversation) }
            if conversation.current?.pending != nil { return sendCommit(of: conversation) }
        }
        conversation.mustCheckSlot = false
        fetchCommit(of: conversation.id)
    }

    func committed(_ response: Response, conversation id: [UInt8], group: [UInt8], epoch: UInt64) {
        guard let conversation = conversation(id), let current = conversation.current,
            current.group.groupID == group, current.group.epoch == epoch, let pending = current.pending
        else { return }
        switch response {
        case .done:
            if !merge(pending, in: conversation) {
                conversation.groups[0].pending = nil
                touch(conversation)
            }
            // The peer may have found it before the node's answer came, and have spoken in the new epoch.
            receiveEarly(of: conversation)
        case .refused(.slotTaken):
            fetchCommit(of: id)
        case .refused(.unknownSlot), .refused(.wrongSlotToken):
            // The slot may hold it all the same, and the peer have gone on: without it we could not follow.
            doubtSlot(of: conversation)
        default:
            conversation.slotAt = effects.now + Self.slotPause
        }
    }

    /// - Parameter isNews: something has happened since an earlier request that may still wait for its answer.
    func fetchCommit(of id: [UInt8], isNews: Bool = false) {
        guard let conversation = conversation(id), let current = conversation.current, !current.slot.isEmpty,
            let position = CommitSlot.position(ofEpoch: current.group.epoch)
        else { return commitArrived(of: id, isHere: false) }
        let purpose = Purpose.fetchCommit(conversation: id, epoch: current.group.epoch)
        guard isNews || !link.isWaiting(for: purpose) else { return }
        link.send(
            .fetchCommit(slot: current.slot, position: position, token: CommitSlot.token(current.group)), for: purpose)
    }

    func commitFetched(_ response: Response, conversation id: [UInt8], epoch: UInt64) {
        guard let conversation = conversation(id), let current = conversation.current else { return }
        guard current.group.epoch == epoch else {
            commitArrived(of: id, isHere: true)
            return receiveEarly(of: conversation)
        }
        if case .refused(let refusal) = response, refusal == .rateLimited || refusal == .unavailable {
            // Not an answer: the message that waits is not forged for that.
            conversation.slotAt = effects.now + Self.slotPause
            intake.pausedUntil = effects.now + Self.slotPause
            if intake.obstacle == .commit(conversation: id) { intake.obstacle = nil }
            return
        }
        guard case .commit(let sealed?) = response else {
            guard !link.isWaiting(for: .fetchCommit(conversation: id, epoch: epoch)) else { return }
            // What came through the channel cannot be read: the peer still has it, and is asked for it again. If its epoch
            // never came to be, each answer is a further sign of that.
            if conversation.early.contains(where: { $0.route == .channel }) { noticeGap(in: conversation) }
            conversation.early = []
            judge(response, in: conversation)
            return commitArrived(of: id, isHere: false)
        }
        apply(sealed, to: conversation)
        guard let now = conversation.current, now.group.epoch > epoch else {
            warn(.forgedMessage, in: conversation)
            doubtSlot(of: conversation)
            return commitArrived(of: id, isHere: false)
        }
        conversation.slotDoubts = 0
        // There may be another.
        fetchCommit(of: id)
        commitArrived(of: id, isHere: true)
        receiveEarly(of: conversation)
    }

    /// What the node says of the slot's position instead of handing a commit out.
    private func judge(_ response: Response, in conversation: Conversation) {
        switch response {
        case .commit:
            if conversation.current?.pending != nil, !isCommitting(conversation) {
                // It has said that the position was taken.
                doubtSlot(of: conversation)
            } else {
                conversation.slotDoubts = 0
            }
            // The peer speaks in an epoch that nobody seems to have begun.
            guard conversation.isBehind else { return }
            conversation.isBehind = false
            noticeDivergence(in: conversation)
        case .refused(.slotTaken):
            // There was a commit, and its time has passed: the peer has gone where we cannot follow.
            heal(conversation)
        default:
            doubtSlot(of: conversation)
        }
    }

    /// Asks for the commit that a message of a later epoch tells of.
    func awaitCommit(of id: [UInt8], isNews: Bool = false) {
        conversation(id)?.isBehind = true
        fetchCommit(of: id, isNews: isNews)
    }

    /// The peer sends its commit along, so that the node need not be asked.
    func receive(commit sealed: [UInt8], group: [UInt8]) {
        guard let conversation = conversations.first(where: { $0.current?.group.groupID == group }) else { return }
        apply(sealed, to: conversation)
        commitArrived(of: conversation.id, isHere: true)
        receiveEarly(of: conversation)
    }

    /// Applies the commit that ends the current epoch. Anything else, an earlier commit above all, changes nothing.
    private func apply(_ sealed: [UInt8], to conversation: Conversation) {
        guard let current = conversation.current, let message = CommitSlot.open(sealed, in: current.group) else {
            return
        }
        do throws(MLSError) {
            var group = current.group
            guard
                case .commit(let staged) = try group.process(
                    message, externalCommits: .refuse, proposals: .refuse, accept: acceptance),
                isRenewal(staged, of: group)
            else { return warn(.forgedMessage, in: conversation) }
            try group.merge(staged)
            conversation.groups[0].group = group
            epochBegan(in: conversation)
        } catch {
            guard error == .ownMessage else { return warn(.forgedMessage, in: conversation) }
            // Our own commit comes back when the node's answer to it got lost. One that we do not know of is of a later state
            // of ours than the one that we have.
            if let pending = current.pending, pending.sealed == sealed {
                if !merge(pending, in: conversation) { warn(.forgedMessage, in: conversation) }
            } else {
                restart(conversation, above: current.instance)
            }
        }
    }

    /// Goes on to the epoch that our own commit begins.
    ///
    /// - Returns: false if the commit does not start from the current epoch.
    private func merge(_ pending: SealedPendingCommit, in conversation: Conversation) -> Bool {
        do throws(MLSError) {
            try conversation.groups[0].group.merge(pending.commit)
            conversation.commitHint = (conversation.groups[0].group.groupID, pending.sealed)
            epochBegan(in: conversation)
            return true
        } catch {
            return false
        }
    }

    private func epochBegan(in conversation: Conversation) {
        conversation.groups[0].group.forgetResumptionSecrets()
        conversation.groups[0].pending = nil
        conversation.groups[0].ceiling = 0
        conversation.groups[0].sinceCommit = 0
        conversation.groups[0].lastCommit = effects.now
        conversation.isBehind = false
        conversation.unreadable = 0
        conversation.slotDoubts = 0
        touch(conversation)
    }

    // Messages that came before their epoch, and not through the mailbox, which waits for it.

    func keepEarly(_ early: EarlyMessage, in conversation: Conversation) {
        guard conversation.early.count < Self.earlyLimit else {
            // What is not kept is lost. Its sender sends again what went through a channel, by the next one; anything else was
            // worth something only now.
            if early.route == .channel { dropChannel(of: conversation) }
            return
        }
        conversation.early.append(early)
        // The node has had the commit before the first of them was sent.
        awaitCommit(of: conversation.id, isNews: conversation.early.count == 1)
    }

    private func receiveEarly(of conversation: Conversation) {
        let messages = conversation.early
        conversation.early = []
        for early in messages {
            if case .awaitsCommit = receive(early.message, by: early.route) { conversation.early.append(early) }
        }
    }
}
