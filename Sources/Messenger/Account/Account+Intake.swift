import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// Envelopes of our mailbox, in their order, on their way through.
struct Intake {
    enum Obstacle: Equatable {
        case blob(BlobReference)
        case commit(conversation: [UInt8])
    }

    /// Fetched or pushed, not processed yet.
    var queue: [StoredEnvelope] = []
    /// What the first of the queue waits for.
    var obstacle: Obstacle?
    /// Blobs of envelopes further down, fetched beside the line. nil: the node has no such blob, or another than was named.
    var blobs: [(id: [UInt8], content: EnvelopeContent?)] = []
    /// The content of the first, where its blob was opened already.
    var opened: EnvelopeContent?
    /// That blob's id: the node deletes it once its content is written here.
    var openedBlob: [UInt8]?
    /// When the node may be asked again after it was too busy.
    var pausedUntil: UInt64 = 0
    /// The last sequence number that came in this session.
    var last: UInt64 = 0
    var isFetching = false
    /// Whether there may be more at the node than we have.
    var hasMore = true
    /// Whether something was announced while a fetch was under way, whose answer may be from before it.
    var isOutdated = false
    /// Two envelopes came under the number after this one, so that one of them is not what the node stores: fetching goes
    /// back to it.
    var doubted: UInt64?
    /// Whether all that waited at the node when the session began has been processed: messages of an epoch come before
    /// anything of ours that could end it. What comes later does not count: a contact could hold all that we send up with it.
    private(set) var isDrained = false
    /// When the session began.
    var began: UInt64 = 0
    /// The last that waited when the session began, as the first that was pushed shows.
    var waterline: UInt64?
    /// The number of the last that is processed, and how many are that were not acknowledged.
    var processed: UInt64 = 0
    var unacknowledged = 0

    /// However much waits, ours waits no longer than this, in milliseconds: a message that an epoch of ours overtakes by more
    /// than MLS keeps is asked for again.
    private static let patience: UInt64 = 30_000

    /// - Returns: when to look again. nil: what waited has been processed.
    mutating func judge(now: UInt64) -> UInt64? {
        if isDrained { return nil }
        let isEmpty = !hasMore && !isFetching && queue.isEmpty
        let isPast =
            waterline.map { line in processed >= line || queue.first.map { $0.sequence > line } ?? false } ?? false
        isDrained = isEmpty || isPast || began + Self.patience <= now
        return isDrained ? nil : began + Self.patience
    }
}

extension Account {
    private static let fetchLimit = UInt16(Limits.envelopesPerFetch)
    /// How many blobs are fetched at a time, the one that the line waits for among them.
    private static let blobsAhead = 8
    /// How many envelopes may be processed and not acknowledged. The last ones are remembered, should they come again.
    private static let unacknowledgedLimit = 32

    /// Looks whether what we send may go out.
    func judgeIntake() {
        guard link.isEstablished, let time = intake.judge(now: effects.now) else { return }
        effects.wake(at: time)
    }

    func fetchMore() {
        guard link.isEstablished, record.phase == .enrolled, !intake.isFetching, intake.hasMore, intake.queue.isEmpty,
            intake.pausedUntil <= effects.now
        else { return }
        intake.isFetching = true
        intake.isOutdated = false
        if let doubted = intake.doubted { intake.last = min(intake.last, doubted) }
        intake.doubted = nil
        link.send(
            .fetchEnvelopes(mailbox: record.mailbox.mailbox, after: intake.last, limit: Self.fetchLimit),
            for: .fetchEnvelopes)
    }

    func fetched(_ envelopes: [StoredEnvelope], more: Bool) {
        intake.isFetching = false
        intake.hasMore = intake.isOutdated || (more && !envelopes.isEmpty)
        for envelope in envelopes where envelope.sequence > intake.last {
            intake.last = envelope.sequence
            intake.queue.append(envelope)
        }
        work()
    }

    func pushed(mailbox: [UInt8], sequence: UInt64, envelope: [UInt8]) {
        guard mailbox == record.mailbox.mailbox else { return }
        if sequence == 0 { return takeTransient(envelope) }
        intake.waterline = min(intake.waterline ?? .max, sequence - 1)
        // Anything but the very next may mean that others wait: fetching brings them in their order.
        if sequence - 1 == intake.last, !intake.hasMore, !intake.isFetching {
            intake.last = sequence
            intake.queue.append(StoredEnvelope(sequence: sequence, envelope: envelope))
            return work()
        }
        if sequence > intake.last { return fetchAnnounced() }
        if isProcessed(sequence, envelope) { return effects.warn(.replayedMessage) }
        let waits = intake.queue.contains { $0.sequence == sequence && $0.envelope == envelope }
        guard !waits else { return }
        intake.doubted = min(intake.doubted ?? .max, sequence - 1)
        fetchAnnounced()
    }

    private func fetchAnnounced() {
        intake.hasMore = true
        intake.isOutdated = intake.isFetching
        fetchMore()
    }

    /// An idle session is asked whether anything has come: the shortest question there is, and one worth an answer.
    func probeIfQuiet() {
        guard record.phase == .enrolled, let time = link.probeAt else { return }
        guard time <= effects.now else { return effects.wake(at: time) }
        link.send(
            .fetchEnvelopes(mailbox: record.mailbox.mailbox, after: intake.last, limit: 1), for: .probe)
    }

    func probeAnswered(_ response: Response) {
        guard case .envelopes(let envelopes, _) = response, let last = envelopes.last, last.sequence > intake.last
        else { return }
        fetchAnnounced()
    }

    private func takeTransient(_ envelope: [UInt8]) {
        guard case .message(let message)? = Envelope.open(envelope, of: record.mailbox) else {
            return effects.warn(.forgedMessage)
        }
        guard case .awaitsCommit(let id) = receive(message, by: .transient), let conversation = conversation(id)
        else { return }
        // A signal comes once: without it there may be no channel.
        keepEarly(EarlyMessage(message: message, route: .transient), in: conversation)
    }

    /// Processes what has come until something has to be waited for, and acknowledges it with the same output that writes
    /// what it led to.
    func work() {
        guard intake.pausedUntil <= effects.now else { return effects.wake(at: intake.pausedUntil) }
        while intake.obstacle == nil, let envelope = intake.queue.first {
            guard isFinished(envelope) else { break }
            removeFirst()
            remember(envelope)
        }
        acknowledge()
        fetchMore()
    }

    /// One acknowledgement at a time: many envelopes cost no more requests than the node has time to answer.
    func acknowledge() {
        guard intake.unacknowledged > 0 else { return }
        let isMany = intake.unacknowledged >= Self.unacknowledgedLimit
        guard isMany || !link.isWaiting(for: .acknowledge) else { return }
        intake.unacknowledged = 0
        link.send(.acknowledge(mailbox: record.mailbox.mailbox, through: intake.processed), for: .acknowledge)
    }

    private func isFinished(_ envelope: StoredEnvelope) -> Bool {
        // Its acknowledgement got lost.
        if isProcessed(envelope.sequence, envelope.envelope) { return true }
        guard let content = intake.opened ?? Envelope.open(envelope.envelope, of: record.mailbox) else {
            effects.warn(.forgedMessage)
            noticeLoss()
            return true
        }
        switch content {
        case .blob(let reference):
            guard let index = intake.blobs.firstIndex(where: { $0.id == reference.id }) else {
                intake.obstacle = .blob(reference)
                fetchBlobs()
                return false
            }
            guard let content = intake.blobs.remove(at: index).content else {
                // Gone: its sender is asked for the message again.
                noticeLoss()
                return true
            }
            intake.opened = content
            intake.openedBlob = reference.id
            return isFinished(envelope)
        case .message(let message):
            if isReplay(envelope) {
                effects.warn(.replayedMessage)
                return true
            }
            guard case .awaitsCommit(let id) = receive(message, by: .mailbox) else { return true }
            intake.opened = content
            intake.obstacle = .commit(conversation: id)
            awaitCommit(of: id, isNews: true)
            return false
        case .introduction(let bytes):
            receive(introduction: bytes)
        case .commit(let group, let sealed):
            receive(commit: sealed, group: group)
        }
        return true
    }

    /// Fetches the blobs that the first envelopes name, side by side: one that the node does not have holds up the others no
    /// longer than itself.
    private func fetchBlobs() {
        for reference in blobsAhead where !intake.blobs.contains(where: { $0.id == reference.id }) {
            let purpose = Purpose.fetchBlob(id: reference.id)
            if !link.isWaiting(for: purpose) { link.send(.fetchBlob(blob: reference.id), for: purpose) }
        }
    }

    /// The blobs of the first envelopes of the line.
    private var blobsAhead: [BlobReference] {
        var references: [BlobReference] = []
        for envelope in intake.queue.prefix(Self.blobsAhead) {
            if case .blob(let reference)? = Envelope.open(envelope.envelope, of: record.mailbox) {
                references.append(reference)
            }
        }
        return references
    }

    func fetchedBlob(_ response: Response, id: [UInt8]) {
        guard let reference = blobsAhead.first(where: { $0.id == id }) else { return }
        switch response {
        case .blob(let bytes):
            let content = Envelope.openBlob(bytes, reference)
            if content == nil { effects.warn(.forgedMessage) }
            intake.blobs.append((id, content))
        case .refused(.rateLimited), .refused(.unavailable):
            intake.pausedUntil = effects.now + 2_000
        default:
            intake.blobs.append((id, nil))
        }
        guard intake.obstacle == .blob(reference) else { return }
        intake.obstacle = nil
        work()
    }

    /// Goes on after a commit came, or could not be fetched.
    func commitArrived(of conversation: [UInt8], isHere: Bool) {
        guard intake.obstacle == .commit(conversation: conversation) else { return }
        intake.obstacle = nil
        if isHere { return work() }
        effects.warn(.forgedMessage, conversation: conversation)
        giveUpFirst()
    }

    private func giveUpFirst() {
        guard let first = intake.queue.first else { return }
        removeFirst()
        noticeLoss()
        remember(first)
        work()
    }

    /// Something of the mailbox could not be read. Whose it was does not show, so everyone is asked for what is missing.
    private func noticeLoss() {
        for conversation in conversations { noticeGap(in: conversation) }
    }

    private func removeFirst() {
        intake.processed = intake.queue.removeFirst().sequence
        intake.unacknowledged += 1
        intake.opened = nil
        if let blob = intake.openedBlob { link.send(.deleteBlob(blob: blob), for: .deleteBlob) }
        intake.openedBlob = nil
    }

    // What was processed before.

    private func remember(_ envelope: StoredEnvelope) {
        guard !isProcessed(envelope.sequence, envelope.envelope) else { return }
        node.processed.append((envelope.sequence, HashAlgorithm.sha256.hash(envelope.envelope)))
        if node.processed.count > NodeRecord.processedLimit { node.processed.removeFirst() }
        hasChangedNode = true
    }

    private func isProcessed(_ sequence: UInt64, _ envelope: [UInt8]) -> Bool {
        guard node.processed.contains(where: { $0.sequence == sequence }) else { return false }
        let hash = HashAlgorithm.sha256.hash(envelope)
        return node.processed.contains { $0.sequence == sequence && $0.hash == hash }
    }

    /// The same bytes under another number: no honest node or sender does that.
    private func isReplay(_ envelope: StoredEnvelope) -> Bool {
        let hash = HashAlgorithm.sha256.hash(envelope.envelope)
        return node.processed.contains { $0.hash == hash && $0.sequence != envelope.sequence }
    }
}
