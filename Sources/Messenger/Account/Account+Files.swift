import CryptoPrimitives
import WireFormat

// Files as the user sees them: picked, announced, paused, cancelled, opened. How their bytes travel is in
// Account+FileTransfers.swift and Account+FileBlobs.swift.
extension Account {
    // Sending.

    func prepareFile(_ description: FileDescription, ticket: UInt32, to id: [UInt8]) {
        guard let conversation = conversation(id) else { return effects.emit(.problem(.unknownPeer)) }
        guard let geometry = FileGeometry(size: description.size) else {
            return effects.emit(.problem(.fileTooLarge))
        }
        let isVoice = description.kind == .voice
        let announcement = FileAnnouncement(
            name: FileName.sanitised(description.name), type: MediaType.sanitised(description.type),
            geometry: geometry, key: effects.random.secret(FileAnnouncement.keyLength), hash: Self.noHash,
            kind: description.kind, durationMs: isVoice ? description.durationMs : 0,
            waveform: isVoice ? [UInt8](description.waveform.prefix(FileAnnouncement.waveformLimit)) : [])
        let record = FileRecord(
            conversation: id, id: effects.random.bytes(16), isOwn: true, time: effects.now,
            order: conversation.messageCount, name: isVoice ? .empty : announcement.name,
            type: isVoice ? .empty : announcement.type, geometry: geometry, kind: announcement.kind, phase: .sealing,
            storage: effects.random.bytes(16), seal: nil, announcement: announcement)
        conversation.messageCount += 1
        conversation.lastTime = effects.now
        touch(conversation)
        hasChangedList = true
        conversation.files.append(record)
        save(record)
        let head = record.head(.sending)
        // Without its key, which is of use to nobody before all is sealed.
        append(keyless(announcement).encoded, head, to: conversation)
        effects.output.files.append(
            .seal(
                file: record.id, ticket: ticket, storage: record.storage, key: announcement.key.exposed,
                size: geometry.size))
    }

    func fileSealed(_ id: [UInt8], hash: [UInt8]) {
        guard let (conversation, index) = findFile(id), conversation.files[index].phase == .sealing,
            var announcement = conversation.files[index].announcement
        else { return }
        announcement.hash = hash
        conversation.files[index].announcement = nil
        conversation.files[index].phase = .offered
        conversation.files[index].seal = FileSeal(key: announcement.key, hash: hash)
        changed(index, in: conversation)
        write(announcement.encoded, at: conversation.files[index].order, in: conversation)
        enqueue(.file(announcement), id: id, order: conversation.files[index].order, in: conversation)
    }

    // Receiving.

    func take(_ announcement: FileAnnouncement, _ content: Content, in conversation: Conversation) {
        // The host knows files by their ids alone: no peer may take another's.
        guard findFile(content.id) == nil else { return warn(.forgedMessage, in: conversation) }
        var announcement = announcement
        announcement.name = FileName.sanitised(announcement.name)
        announcement.type = MediaType.sanitised(announcement.type)
        let isVoice = announcement.kind == .voice
        let record = FileRecord(
            conversation: conversation.id, id: content.id, isOwn: false, time: believable(content.time),
            order: conversation.messageCount, name: isVoice ? .empty : announcement.name,
            type: isVoice ? .empty : announcement.type, geometry: announcement.geometry, kind: announcement.kind,
            phase: .offered, storage: effects.random.bytes(16),
            seal: FileSeal(key: announcement.key, hash: announcement.hash))
        conversation.files.append(record)
        save(record)
        received(announcement.encoded, record.head(.delivered), in: conversation)
    }

    func take(_ status: FileStatus, in conversation: Conversation) {
        guard let index = conversation.files.firstIndex(where: { $0.id == status.message }) else { return }
        let file = conversation.files[index]
        switch status.news {
        case .received:
            guard file.isOwn, file.phase == .offered || file.phase == .failed else { return }
            stopTransfer(index, in: conversation)
            conversation.files[index].phase = .complete
            conversation.files[index].fault = .none
            conversation.files[index].seal = nil
            // The recipient deletes those that it was told of.
            if file.isAtNode { conversation.files[index].blobs = [] }
            changed(index, in: conversation)
        case .cancelled:
            if file.phase == .offered || file.phase == .failed { discard(index, in: conversation) }
        case .atNode(let blobs):
            guard !file.isOwn, UInt32(blobs.count) == file.geometry.blobs else { return }
            conversation.files[index].blobs = blobs
            changed(index, in: conversation)
        }
    }

    /// All of it is here, and is what its sender announced.
    func fileReceived(_ id: [UInt8]) {
        guard let (conversation, index) = findFile(id), !conversation.files[index].isOwn,
            conversation.files[index].phase == .offered
        else { return }
        conversation.files[index].phase = .complete
        conversation.files[index].seal = nil
        conversation.files[index].activity = .none
        conversation.files[index].isPaused = false
        changed(index, in: conversation)
        enqueue(.fileStatus(FileStatus(message: id, news: .received)), in: conversation)
    }

    // What the user does with them.

    func pauseFile(_ id: [UInt8], _ isPaused: Bool) {
        guard let (conversation, index) = findFile(id), conversation.files[index].phase == .offered,
            conversation.files[index].isPaused != isPaused
        else { return }
        conversation.files[index].isPaused = isPaused
        if isPaused { stopTransfer(index, in: conversation) }
        changed(index, in: conversation)
        // A receiver that resumes asks for chunks by itself.
        if isPaused || conversation.files[index].isOwn {
            ask(isPaused ? .pause : .resume, file: id, in: conversation)
        }
    }

    /// Ends it for both, unless the recipient has it: then this device's own copy is deleted.
    func cancelFile(_ id: [UInt8]) {
        guard let (conversation, index) = findFile(id) else { return }
        let file = conversation.files[index]
        switch file.phase {
        case .cancelled: return
        case .complete: break
        case .sealing: store(file.head(.failed), in: conversation)
        case .offered, .failed:
            // Of what was never announced the other knows nothing.
            if file.seal != nil || !file.isOwn {
                enqueue(.fileStatus(FileStatus(message: id, news: .cancelled)), in: conversation)
            }
        }
        discard(index, in: conversation)
    }

    /// Forgets everything of a file but that it was there.
    private func discard(_ index: Int, in conversation: Conversation) {
        let file = conversation.files[index]
        deleteStored(index, in: conversation)
        conversation.files[index].phase = .cancelled
        conversation.files[index].name = .empty
        conversation.files[index].type = .empty
        conversation.files[index].announcement = nil
        conversation.files[index].seal = nil
        conversation.files[index].fault = .none
        erase(at: file.order, in: conversation)
        revealed.removeAll { $0.conversation == conversation.id && $0.id == file.id }
        changed(index, in: conversation)
    }

    func setReadableCopy(_ id: [UInt8], isKept: Bool) {
        guard let (conversation, index) = findFile(id) else { return }
        conversation.files[index].hasReadableCopy = isKept
        changed(index, in: conversation)
    }

    /// Whether the bytes are here, and are good.
    func isLegible(_ file: FileRecord) -> Bool {
        !file.storage.isEmpty && (file.isOwn ? file.phase != .sealing : file.phase == .complete)
    }

    func open(_ announcement: FileAnnouncement, for purpose: FilePurpose, id: [UInt8]) {
        guard let (conversation, index) = findFile(id), isLegible(conversation.files[index]) else { return }
        effects.output.files.append(
            .open(
                file: id, storage: conversation.files[index].storage, key: announcement.key.exposed,
                size: announcement.geometry.size, name: announcement.name, type: announcement.type, purpose: purpose))
    }

    /// What has failed is begun once more: an announcement that expired, or a file that could not be stored.
    func retry(_ announcement: FileAnnouncement, _ head: MessageHead, in conversation: Conversation) {
        guard let (_, index) = findFile(head.id), conversation.files[index].phase == .failed else { return }
        let isOwn = conversation.files[index].isOwn
        // What was picked is gone, where it was never sealed or is not stored any more.
        if isOwn, conversation.files[index].storage.isEmpty { return }
        if conversation.files[index].storage.isEmpty {
            conversation.files[index].storage = effects.random.bytes(16)
            conversation.files[index].chunks = 0
        }
        // Ours begin anew; of the sender's perhaps not all are there any more.
        if isOwn || UInt32(conversation.files[index].blobs.count) != conversation.files[index].geometry.blobs {
            conversation.files[index].blobs = []
            conversation.files[index].blobsStored = 0
        }
        conversation.files[index].phase = .offered
        conversation.files[index].fault = .none
        conversation.files[index].seal = FileSeal(key: announcement.key, hash: announcement.hash)
        if isOwn { conversation.files[index].time = effects.now }
        changed(index, in: conversation)
        guard isOwn, head.state == .failed, !conversation.outbox.contains(where: { $0.id == head.id }) else { return }
        store(conversation.files[index].head(.sending), in: conversation)
        enqueue(.file(announcement), id: head.id, order: head.order, in: conversation)
    }

    // What goes wrong.

    func fileFailed(_ id: [UInt8], _ fault: FileFault) {
        guard let (conversation, index) = findFile(id) else { return }
        let file = conversation.files[index]
        conversation.files[index].activity = .none
        switch (file.phase, file.isOwn) {
        case (.sealing, _):
            sealingFailed(index, fault == .full || fault == .storage ? .noRoom : .fileUnreadable, in: conversation)
        case (.offered, true):
            // What was sealed is gone: nobody will ever have it.
            deleteStored(index, in: conversation)
            fail(file: index, .fileDamaged, in: conversation)
            enqueue(.fileStatus(FileStatus(message: id, news: .cancelled)), in: conversation)
        case (.offered, false):
            receivingFailed(index, fault, wasAtNode: file.activity == .storing, in: conversation)
        case (.complete, false), (.failed, false):
            deleteStored(index, in: conversation)
            fail(file: index, .fileDamaged, in: conversation)
        case (.complete, true), (.failed, true):
            deleteStored(index, in: conversation)
            changed(index, in: conversation)
        case (.cancelled, _): break
        }
    }

    private func sealingFailed(_ index: Int, _ problem: Problem, in conversation: Conversation) {
        deleteStored(index, in: conversation)
        conversation.files[index].announcement = nil
        fail(file: index, problem, in: conversation)
        var head = conversation.files[index].head(.failed)
        head.failure = problem
        store(head, in: conversation)
    }

    private func receivingFailed(_ index: Int, _ fault: FileFault, wasAtNode: Bool, in conversation: Conversation) {
        if fault == .damaged, wasAtNode {
            // The node changed a blob. Its sender still has the chunks.
            warn(.forgedMessage, in: conversation)
            conversation.files[index].blobs = []
            return changed(index, in: conversation)
        }
        // The sender shall not go on sending.
        ask(.pause, file: conversation.files[index].id, in: conversation)
        if fault == .full { return fail(file: index, .noRoom, in: conversation) }
        deleteStored(index, in: conversation)
        fail(file: index, .fileDamaged, in: conversation)
    }

    /// The recipient never heard of it.
    func unannounced(_ id: [UInt8], _ problem: Problem, in conversation: Conversation) {
        guard let index = conversation.files.firstIndex(where: { $0.id == id && $0.phase == .offered }) else { return }
        stopTransfer(index, in: conversation)
        conversation.files[index].phase = .failed
        conversation.files[index].fault = problem
        changed(index, in: conversation)
    }

    func fail(file index: Int, _ problem: Problem, in conversation: Conversation) {
        conversation.files[index].phase = .failed
        conversation.files[index].fault = problem
        effects.emit(.problem(problem))
        changed(index, in: conversation)
    }

    private func deleteStored(_ index: Int, in conversation: Conversation) {
        conversation.files[index].activity = .none
        conversation.files[index].chunks = 0
        guard !conversation.files[index].storage.isEmpty else { return }
        effects.output.files.append(
            .delete(file: conversation.files[index].id, storage: conversation.files[index].storage))
        conversation.files[index].storage = []
    }

    /// After unlocking: what was being sealed is lost with the page that it came from. The host is told what to keep.
    func takeInventory() {
        var stored: [StoredFile] = []
        for conversation in conversations {
            for index in conversation.files.indices {
                if conversation.files[index].phase == .sealing {
                    sealingFailed(index, .fileUnreadable, in: conversation)
                }
                let file = conversation.files[index]
                guard !file.storage.isEmpty else { continue }
                let isWhole = isLegible(file)
                stored.append(
                    StoredFile(
                        file: file.id, storage: file.storage, length: isWhole ? file.geometry.sealedLength : 0))
            }
        }
        effects.output.files.append(.inventory(stored))
    }

    // Finding and showing.

    func findFile(_ id: [UInt8]) -> (conversation: Conversation, index: Int)? {
        for conversation in conversations {
            if let index = conversation.files.firstIndex(where: { $0.id == id }) { return (conversation, index) }
        }
        return nil
    }

    /// The record is written with this output, and shown if the user looks at its conversation.
    func changed(_ index: Int, in conversation: Conversation) {
        save(conversation.files[index])
        showMessage(conversation.files[index].id, in: conversation)
    }

    /// A file whose record is damaged has failed.
    func summary(of file: FileRecord?, _ legible: FileAnnouncement?) -> FileSummary {
        FileSummary(
            name: legible?.name ?? file?.name ?? .empty, type: legible?.type ?? file?.type ?? .empty,
            size: file?.geometry.size ?? 0,
            kind: file?.kind ?? .file, durationMs: legible?.durationMs ?? 0, waveform: legible?.waveform ?? [],
            state: file?.state ?? .failed, chunks: file?.chunksDone ?? 0,
            hasReadableCopy: file?.hasReadableCopy ?? false)
    }

    private func keyless(_ announcement: FileAnnouncement) -> FileAnnouncement {
        var announcement = announcement
        announcement.key = Secret([UInt8](repeating: 0, count: FileAnnouncement.keyLength))
        return announcement
    }

    private static var noHash: [UInt8] { [UInt8](repeating: 0, count: 32) }
}

extension FileRecord {
    /// Its message's.
    func head(_ state: MessageState) -> MessageHead {
        MessageHead(
            id: id, isOwn: isOwn, time: time, order: order, state: state, kind: .file, notice: .none, failure: .none,
            argument: .empty)
    }
}
