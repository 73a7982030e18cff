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
    /// Whether every conversation has an entry whose keys were ever used. Of one without, the rest says nothing.
    var isComplete = true

    /// The lengths that it is padded to: how many conversations there are shows no better.
    private static let lengths = [896, 3_968, 16_256, 65_408]
    private static let entryLength = 32
    private static let overhead = 16
    /// No more entries fit into the longest.
    static let entryLimit = (lengths[3] - overhead) / entryLength

    init(counter: UInt64, entries: [Entry]) {
        self.counter = counter
        self.entries = entries
    }

    func encode(into writer: inout WireWriter) {
        let start = writer.bytes.count
        writer.write(counter)
        writer.write(vector: entries)
        writer.write(isComplete)
        let length = writer.bytes.count - start
        let padded = Self.lengths.first { $0 >= length } ?? length
        writer.write(fixed: [UInt8](repeating: 0, count: padded - length))
    }

    init(from reader: inout WireReader) throws(WireError) {
        counter = try reader.readUInt64()
        entries = try reader.readVector()
        // Those from before the padding end here.
        if reader.isAtEnd { return }
        isComplete = try reader.readBool()
        guard reader.readRest().allSatisfy({ $0 == 0 }) else { throw .invalidValue }
    }
}

// After each unlock nothing is encrypted in a conversation before the node's checkpoint or the peer has said how far our
// keys were used: a storage that was rolled back would use nonces and numbers twice.
extension Account {
    /// How many generations are reserved at a time; the rest of a block is skipped after unlocking.
    private static let reservation: UInt32 = 32

    private static let readAgain: UInt64 = 15_000
    /// A node that would not take a checkpoint is given another after this, in milliseconds.
    private static let refusalPause: UInt64 = 2_000
    /// After this a node that goes on refusing counts as away, in milliseconds.
    private static let refusalPatience: UInt64 = 30_000

    private static var context: [UInt8] { label("checkpoint") }

    /// Makes sure that the node knows the next generation as used before a message of it can reach the node: requests of
    /// one connection take effect in their order. While the node is away, the peer is the only witness.
    ///
    /// - Returns: false if nothing may be encrypted now: the node would not take a checkpoint, and is given another first.
    func reserveGeneration(of conversation: Conversation) -> Bool {
        guard let current = conversation.current else { return false }
        guard link.isEstablished else { return true }
        let next = current.group.nextGeneration
        if let since = reservationsRefused, since + Self.refusalPatience > effects.now {
            guard !link.isWaiting(for: .putCheckpoint(counter: node.checkpointCounter)) else { return false }
            guard reserveAt <= effects.now else {
                effects.wake(at: reserveAt)
                return false
            }
            reserve(next, in: conversation)
            return false
        }
        if next >= current.ceiling { reserve(next, in: conversation) }
        return true
    }

    private func reserve(_ next: UInt32, in conversation: Conversation) {
        conversation.groups[0].ceiling = next + Self.reservation
        touch(conversation)
        putCheckpoint()
        conversation.reservedBy = node.checkpointCounter
    }

    private func putCheckpoint() {
        node.checkpointCounter += 1
        hasChangedNode = true
        var used: [(entry: Checkpoint.Entry, time: UInt64)] = []
        for conversation in conversations {
            guard let current = conversation.current, current.hasTraffic else { continue }
            used.append((Checkpoint.Entry(conversation.id, current), conversation.lastTime))
        }
        // Those that were spoken in last. Of the others, the peers know how far our keys were used.
        if used.count > Checkpoint.entryLimit { used.sort { $0.time > $1.time } }
        var checkpoint = Checkpoint(
            counter: node.checkpointCounter, entries: used.prefix(Checkpoint.entryLimit).map { $0.entry })
        checkpoint.isComplete = used.count <= Checkpoint.entryLimit
        guard let sealed = vault.seal(checkpoint.encoded, context: Self.context) else { return }
        link.send(.putCheckpoint(sealed), for: .putCheckpoint(counter: checkpoint.counter))
    }

    func checkpointStored(_ response: Response, counter: UInt64) {
        guard case .done = response else { return undoReservations(of: counter) }
        reservationsRefused = nil
        guard counter > node.confirmedCheckpoint else { return }
        node.confirmedCheckpoint = counter
        hasChangedNode = true
    }

    /// The node does not know of these generations: the next message is reserved anew. One that left meanwhile is known to
    /// the peer only.
    private func undoReservations(of counter: UInt64) {
        reserveAt = effects.now + Self.refusalPause
        if reservationsRefused == nil { reservationsRefused = effects.now }
        for conversation in conversations where conversation.reservedBy == counter {
            guard let current = conversation.current else { continue }
            conversation.groups[0].ceiling = min(current.ceiling, current.group.nextGeneration)
            conversation.reservedBy = 0
            touch(conversation)
        }
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
            let entry = checkpoint.entries.first { $0.conversation == conversation.id }
            // One that had no room says nothing: the peer's word is waited for.
            if entry == nil, !checkpoint.isComplete, conversation.current?.hasTraffic == true { continue }
            compare(entry, with: conversation)
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
