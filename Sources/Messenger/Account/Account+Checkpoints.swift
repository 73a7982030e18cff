import CryptoPrimitives
import MLS
import NodeProtocol
import Trust
import WireFormat

/// What the node keeps of how far our keys have been used, sealed for us alone: an older copy of our own storage shows.
struct Checkpoint: WireCodable {
    struct Entry: WireCodable {
        var conversation: [UInt8]
        var instance: UInt32
        var epoch: UInt64
        /// Generations below this may have been used.
        var ceiling: UInt32

        init(_ conversation: [UInt8], _ group: ConversationGroup) {
            self.conversation = conversation
            instance = group.instance
            epoch = group.group.epoch
            ceiling = group.ceiling
        }

        func encode(into writer: inout WireWriter) {
            writer.write(fixed: conversation)
            writer.write(instance)
            writer.write(epoch)
            writer.write(ceiling)
        }

        init(from reader: inout WireReader) throws(WireError) {
            conversation = try reader.readFixed(16)
            instance = try reader.readUInt32()
            epoch = try reader.readUInt64()
            ceiling = try reader.readUInt32()
        }
    }

    var counter: UInt64
    var entries: [Entry]

    init(counter: UInt64, entries: [Entry]) {
        self.counter = counter
        self.entries = entries
    }

    func encode(into writer: inout WireWriter) {
        writer.write(counter)
        writer.write(vector: entries)
    }

    init(from reader: inout WireReader) throws(WireError) {
        counter = try reader.readUInt64()
        entries = try reader.readVector()
    }
}

// After each unlock nothing is encrypted in a conversation before the node's checkpoint or the peer has said how far our
// keys were used: a storage that was rolled back would use nonces and numbers twice.
extension Account {
    /// So many generations are reserved at a time; the rest of a block is skipped after unlocking.
    private static let reservation: UInt32 = 32

    private static let readAgain: UInt64 = 15_000

    private static var context: [UInt8] { label("checkpoint") }

    /// Makes sure that the node knows the next generation as used before a message of it can reach the node: requests of
    /// one connection take effect in their order. While the node is away, the peer is the only witness.
    func reserveGeneration(of conversation: Conversation) {
        guard let current = conversation.current else { return }
        let next = current.group.nextGeneration
        guard next >= current.ceiling, link.isEstablished else { return }
        conversation.groups[0].ceiling = next + Self.reservation
        touch(conversation)
        putCheckpoint()
    }

    private func putCheckpoint() {
        node.checkpointCounter += 1
        hasChangedNode = true
        var entries: [Checkpoint.Entry] = []
        for conversation in conversations {
            if let current = conversation.current { entries.append(Checkpoint.Entry(conversation.id, current)) }
        }
        let checkpoint = Checkpoint(counter: node.checkpointCounter, entries: entries)
        guard let sealed = vault.seal(checkpoint.encoded, context: Self.context),
            sealed.count <= Limits.checkpointLength
        else { return }
        link.send(.putCheckpoint(sealed), for: .putCheckpoint(counter: checkpoint.counter))
    }

    func checkpointStored(_ response: Response, counter: UInt64) {
        guard case .done = response, counter > node.confirmedCheckpoint else { return }
        node.confirmedCheckpoint = counter
        hasChangedNode = true
    }

    /// Asks the node for the checkpoint, until it has shown one that can be believed.
    func readCheckpoint() {
        guard !hasReadCheckpoint, link.isEstablished, record.phase == .enrolled,
            !link.isWaiting(for: .readCheckpoint)
        else { return }
        guard checkpointAt <= effects.now else { return effects.wake(at: checkpointAt) }
        checkpointAt = effects.now + Self.readAgain
        link.send(.checkpoint, for: .readCheckpoint)
    }

    func checkpointRead(_ response: Response) {
        guard case .checkpoint(let sealed) = response else { return }
        var checkpoint = Checkpoint(counter: 0, entries: [])
        if let sealed {
            guard let bytes = vault.open(sealed, context: Self.context) else { return effects.warn(.forgedMessage) }
            do throws(WireError) {
                checkpoint = try Checkpoint(decoding: bytes)
            } catch {
                return effects.warn(.forgedMessage)
            }
        }
        // The node shows an older one than it has confirmed: it proves nothing. A peer's word will have to do.
        guard checkpoint.counter >= node.confirmedCheckpoint else { return effects.warn(.rolledBack) }
        hasReadCheckpoint = true
        node.checkpointCounter = max(node.checkpointCounter, checkpoint.counter)
        hasChangedNode = true
        for conversation in conversations {
            compare(checkpoint.entries.first { $0.conversation == conversation.id }, with: conversation)
        }
    }

    private func compare(_ entry: Checkpoint.Entry?, with conversation: Conversation) {
        guard let current = conversation.current, !conversation.isCleared, !conversation.isSetBack else { return }
        guard let entry, entry.instance >= current.instance else {
            conversation.isCleared = true
            return
        }
        guard entry.instance == current.instance else { return restart(conversation, above: entry.instance) }
        guard entry.epoch >= current.group.epoch else {
            conversation.isCleared = true
            return
        }
        guard entry.epoch == current.group.epoch, entry.ceiling <= max(current.ceiling, current.group.nextGeneration)
        else { return restart(conversation, above: entry.instance) }
        skip(to: entry.ceiling, in: conversation)
        conversation.isCleared = true
    }

    /// What is left of the reserved block may have been used by a later state than the one that we have.
    private func skip(to ceiling: UInt32, in conversation: Conversation) {
        while let current = conversation.current, current.group.nextGeneration < ceiling {
            guard encrypt([], in: conversation) != nil else { return }
        }
    }

    /// What the peer has seen of us. It clears the state as well as the node's checkpoint does.
    func compare(have: Have, seen: Seen?, of groupID: [UInt8], in conversation: Conversation) {
        guard let current = conversation.current, current.group.groupID == groupID else { return }
        if let seen {
            let isAhead =
                seen.epoch > current.group.epoch
                || (seen.epoch == current.group.epoch && seen.generation >= current.group.nextGeneration)
            if isAhead { return restart(conversation, above: current.instance) }
            // An earlier word of the peer's does not undo what the checkpoint has shown.
            if !conversation.isSetBack { conversation.isCleared = true }
        }
        let isOther =
            have.id != noConversation
            && conversation.outbox.contains { $0.sequence == have.sequence && $0.id != have.id }
        if have.sequence >= conversation.nextSequence || isOther { renumber(conversation, above: have.sequence) }
    }

    /// Gives our waiting messages numbers that the peer has not seen used.
    private func renumber(_ conversation: Conversation, above sequence: UInt64) {
        if !conversation.hasWarning { warn(.rolledBack, in: conversation) }
        conversation.nextSequence = max(conversation.nextSequence, sequence + 1)
        for index in conversation.outbox.indices {
            conversation.outbox[index].sequence = conversation.nextSequence
            conversation.outbox[index].state = .queued
            conversation.outbox[index].sentThrough = nil
            conversation.nextSequence += 1
            save(conversation.outbox[index])
        }
        touch(conversation)
    }
}
