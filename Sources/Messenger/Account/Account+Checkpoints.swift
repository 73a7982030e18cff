import CryptoPrimitives
import MLS
import NodeProtocol
import Trust
import WireFormat

/// What the node keeps of how far our keys have been used, sealed for us alone: an older copy of our own storage shows.
package struct Checkpoint: WireCodable {
    package struct Entry: WireCodable {
        package var conversation: [UInt8]
        package var instance: UInt32
        package var epoch: UInt64
        /// Generations below this may have been used.
        package var ceiling: UInt32

        package init(conversation: [UInt8], instance: UInt32, epoch: UInt64, ceiling: UInt32) {
            self.conversation = conversation
            self.instance = instance
            self.epoch = epoch
            self.ceiling = ceiling
        }

        init(_ conversation: [UInt8], _ group: ConversationGroup) {
            self.conversation = conversation
            instance = group.instance
            epoch = group.group.epoch
            ceiling = group.ceiling
        }

        package func encode(into writer: inout WireWriter) {
            writer.write(fixed: conversation)
            writer.write(instance)
            writer.write(epoch)
            writer.write(ceiling)
        }

        package init(from reader: inout WireReader) throws(WireError) {
            conversation = try reader.readFixed(16)
            instance = try reader.readUInt32()
            epoch = try reader.readUInt64()
            ceiling = try reader.readUInt32()
        }
    }

    package var counter: UInt64
    package var entries: [Entry]
    /// Whether every conversation has an entry whose keys were ever used. Of one without, the rest says nothing.
    package var isComplete = true

    /// The lengths that it is padded to: how many conversations there are shows no better.
    private static let lengths = [896, 3_968, 16_256, 65_408]
    private static let entryLength = 32
    private static let overhead = 16
    /// No more entries fit into the longest.
    package static let entryLimit = (lengths[3] - overhead) / entryLength

    init(counter: UInt64, entries: [Entry]) {
        self.counter = counter
        self.entries = entries
    }

    /// Names the conversations that were spoken in last. Of the others, the peers know how far our keys were used.
    package init(counter: UInt64, used: [(entry: Entry, time: UInt64)]) {
        self.counter = counter
        isComplete = used.count <= Self.entryLimit
        let named =
            isComplete
            ? used : [(entry: Entry, time: UInt64)](used.sorted { $0.time > $1.time }.prefix(Self.entryLimit))
        entries = named.map { $0.entry }
    }

    package func encode(into writer: inout WireWriter) {
        let start = writer.bytes.count
        writer.write(counter)
        writer.write(vector: entries)
        writer.write(isComplete)
        let length = writer.bytes.count - start
        let padded = Self.lengths.first { $0 >= length } ?? length
        writer.write(fixed: [UInt8](repeating: 0, count: padded - length))
    }

    package init(from reader: inout WireReader) throws(WireError) {
        counter = try reader.readUInt64()
        entries = try reader.readVector()
        // Those from before the padding end here.
        if reader.isAtEnd { return }
        isComplete = try reader.readBool()
        guard reader.readRest().allSatisfy({ $0 == 0 }) else { throw .invalidValue }
    }
}

/// A checkpoint on its way, by its counter and the SHA-256 of its sealed bytes.
struct SentCheckpoint {
    let counter: UInt64
    let hash: [UInt8]
}

// After each unlock nothing is encrypted in a conversation before the node's checkpoint or the peer has said how far our
// keys were used: a storage that was rolled back would use nonces and numbers twice. And no generation is used before the
// node has a checkpoint that reserves it. It takes one only from a session that has seen the one that is replaced, so that
// two copies of a profile never reserve the same.
extension Account {
    /// How many generations are reserved at a time; the rest of a block is skipped after unlocking.
    private static let reservation: UInt32 = 32
    /// The next block is reserved when no more than these are left.
    private static let reserve: UInt32 = 8

    private static let readAgain: UInt64 = 15_000
    /// A node that would not take a checkpoint, or show it, is asked again after this, in milliseconds.
    private static let refusalPause: UInt64 = 2_000
    /// After this a node that goes on refusing counts as away, in milliseconds.
    private static let refusalPatience: UInt64 = 30_000
    /// An answer that got lost concerns one of the last few.
    private static let ownCheckpointLimit = 8

    private static var context: [UInt8] { label("checkpoint") }

    /// Whether our next generation is reserved. While the node is away, the peer is the only witness.
    func hasGeneration(in conversation: Conversation) -> Bool {
        guard link.isEstablished, record.phase == .enrolled, !hasReserved(0, in: conversation) else { return true }
        return reservationsRefused.map { $0 + Self.refusalPatience <= effects.now } ?? false
    }

    /// Whether the next generation and so many after it are reserved.
    private func hasReserved(_ more: UInt32, in conversation: Conversation) -> Bool {
        guard let current = conversation.current, let reserved = conversation.reserved,
            reserved.instance == current.instance, reserved.epoch == current.group.epoch
        else { return false }
        return UInt64(current.group.nextGeneration) + UInt64(more) < UInt64(reserved.ceiling)
    }

    /// Reserves generations wherever few are left, all with one checkpoint.
    func reserveGenerations() {
        guard link.isEstablished, record.phase == .enrolled, hasSeenCheckpoint, !isReserving else { return }
        let short = conversations.filter { conversation in
            conversation.isCleared && !conversation.isRemoved && conversation.current?.group.isActive == true
                && !hasReserved(Self.reserve, in: conversation)
        }
        guard !short.isEmpty else { return }
        guard reserveAt <= effects.now else { return effects.wake(at: reserveAt) }
        for conversation in short {
            guard let current = conversation.current else { continue }
            conversation.groups[0].ceiling = max(current.ceiling, current.group.nextGeneration + Self.reservation)
            touch(conversation)
        }
        putCheckpoint()
    }

    private var isReserving: Bool {
        sentCheckpoint.map { link.isWaiting(for: .putCheckpoint(counter: $0.counter)) } ?? false
    }

    private func putCheckpoint() {
        node.checkpointCounter += 1
        hasChangedNode = true
        var used: [(entry: Checkpoint.Entry, time: UInt64)] = []
        for conversation in conversations {
            guard let current = conversation.current, current.hasTraffic else { continue }
            var entry = Checkpoint.Entry(conversation.id, current)
            // An old state of ours does not undo what the node knows of a newer one.
            if !conversation.isCleared, let known = seenEntries.first(where: { $0.conversation == conversation.id }) {
                entry = known
            }
            conversation.asked = entry
            used.append((entry, conversation.lastTime))
        }
        let checkpoint = Checkpoint(counter: node.checkpointCounter, used: used)
        guard let sealed = vault.seal(checkpoint.encoded, context: Self.context) else { return }
        let sent = SentCheckpoint(counter: checkpoint.counter, hash: HashAlgorithm.sha256.hash(sealed))
        sentCheckpoint = sent
        ownCheckpoints.append(sent.hash)
        if ownCheckpoints.count > Self.ownCheckpointLimit { ownCheckpoints.removeFirst() }
        link.send(.putCheckpoint(sealed), for: .putCheckpoint(counter: sent.counter))
    }

    func checkpointStored(_ response: Response, counter: UInt64) {
        guard let sent = sentCheckpoint, sent.counter == counter else { return }
        if case .done = response { return stored(sent) }
        noteRefusal()
        reserveAt = effects.now + Self.refusalPause
        guard case .refused(.conflict) = response else { return }
        // Not the one that we have seen last: another copy of this profile may be at work.
        hasSeenCheckpoint = false
        checkpointAt = 0
    }

    private func stored(_ sent: SentCheckpoint) {
        sentCheckpoint = nil
        reservationsRefused = nil
        for conversation in conversations {
            if let asked = conversation.asked { conversation.reserved = asked }
            conversation.asked = nil
        }
        guard sent.counter > node.confirmedCheckpoint else { return }
        node.confirmedCheckpoint = sent.counter
        hasChangedNode = true
    }

    private func noteRefusal() {
        if reservationsRefused == nil { reservationsRefused = effects.now }
    }

    /// Asks the node for the checkpoint, once in each session and until it has shown one that can be believed.
    func readCheckpoint() {
        guard !hasReadCheckpoint || !hasSeenCheckpoint, link.isEstablished, record.phase == .enrolled,
            !link.isWaiting(for: .readCheckpoint)
        else { return }
        guard checkpointAt <= effects.now else { return effects.wake(at: checkpointAt) }
        checkpointAt = effects.now + Self.readAgain
        link.send(.checkpoint, for: .readCheckpoint)
    }

    func checkpointRead(_ response: Response) {
        guard case .checkpoint(let sealed) = response else {
            checkpointAt = effects.now + Self.refusalPause
            return noteRefusal()
        }
        hasSeenCheckpoint = true
        reservationsRefused = nil
        if let sealed, isOwn(sealed), hasReadCheckpoint { return }
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
        // A copy of ours may have made a leaf key that is newer than the last one of this run.
        if hasReadCheckpoint { renewed = nil }
        hasReadCheckpoint = true
        seenEntries = checkpoint.entries
        node.checkpointCounter = max(node.checkpointCounter, checkpoint.counter)
        hasChangedNode = true
        for conversation in conversations {
            let entry = checkpoint.entries.first { $0.conversation == conversation.id }
            // One that had no room says nothing: the peer's word is waited for.
            if entry == nil, !checkpoint.isComplete, conversation.current?.hasTraffic == true { continue }
            compare(entry, with: conversation)
        }
    }

    /// Whether this run has sent it: then there is nothing in it that we do not know. Its answer may have got lost.
    private func isOwn(_ sealed: [UInt8]) -> Bool {
        let hash = HashAlgorithm.sha256.hash(sealed)
        if let sent = sentCheckpoint, sent.hash == hash { stored(sent) }
        return ownCheckpoints.contains(hash)
    }

    private func compare(_ entry: Checkpoint.Entry?, with conversation: Conversation) {
        guard let current = conversation.current, !conversation.isSetBack else { return }
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
