import CryptoPrimitives
import NodeProtocol
import Trust

// Files through the node, for a recipient who is away: sealed chunks as blobs, one at a time in either direction, so that
// never more than one is in memory.
extension Account {
    /// A channel may come about within so long, in milliseconds, where one can.
    private static let channelPatience: UInt64 = 10_000
    private static let busyPause: UInt64 = 2_000
    private static let fullPause: UInt64 = 600_000
    private static let deletions = 32

    private var mayUseNode: Bool { link.isEstablished && record.phase == .enrolled }

    // To the node.

    /// Puts the next blob of the first file that is small enough and has waited for long enough.
    func upload(in conversation: Conversation) {
        let limit = FilePolicy.blobFileLimit(state.policy)
        for index in conversation.files.indices
        where conversation.files[index].isOwn && conversation.files[index].phase == .offered {
            let file = conversation.files[index]
            if isExpired(file) {
                if file.isAtNode { forgetBlobs(index, in: conversation) }
                continue
            }
            guard !file.isPaused, !file.isAtNode, file.geometry.size <= limit else { continue }
            let since = file.waitingSince ?? effects.now
            conversation.files[index].waitingSince = since
            let patience = canConnect(in: conversation) ? Self.channelPatience : 0
            guard since + patience <= effects.now else {
                effects.wake(at: since + patience)
                continue
            }
            guard mayUseNode, !isFileActive(.reading, .putting) else { return }
            guard uploadsAt <= effects.now else { return effects.wake(at: uploadsAt) }
            return readBlob(index, in: conversation)
        }
    }

    /// The node has forgotten what was put there, and the recipient is not coming.
    private func isExpired(_ file: FileRecord) -> Bool { file.time + Self.expiry <= effects.now }

    private func readBlob(_ index: Int, in conversation: Conversation) {
        if conversation.files[index].blobs.isEmpty {
            for _ in 0..<conversation.files[index].geometry.blobs {
                conversation.files[index].blobs.append(effects.random.bytes(32))
            }
            save(conversation.files[index])
        }
        let file = conversation.files[index]
        let chunks = file.geometry.chunks(ofBlob: file.blobsStored)
        effects.output.files.append(
            .read(file: file.id, storage: file.storage, from: chunks.lowerBound, count: UInt32(chunks.count)))
        begin(.reading, index, in: conversation)
    }

    func fileBytes(_ id: [UInt8], from: UInt32, _ bytes: [UInt8]) {
        guard let (conversation, index) = findFile(id), conversation.files[index].activity == .reading,
            conversation.files[index].blobsStored < UInt32(conversation.files[index].blobs.count)
        else { return }
        let file = conversation.files[index]
        let chunks = file.geometry.chunks(ofBlob: file.blobsStored)
        guard from == chunks.lowerBound, bytes.count == file.geometry.sealedLength(of: chunks) else {
            return fileFailed(id, .storage)
        }
        let blob = file.blobs[Int(file.blobsStored)]
        guard mayUseNode, let key = file.seal?.key, let padded = FileBlob.padded(bytes, id: blob, key: key) else {
            return stopTransfer(index, in: conversation)
        }
        link.send(
            .putBlob(blob: blob, expires: effects.seconds + Limits.blobLifetime, bytes: padded),
            for: .putFileBlob(file: id, blob: blob))
        begin(.putting, index, in: conversation)
    }

    func fileBlobStored(_ response: Response, file id: [UInt8], blob: [UInt8]) {
        guard let (conversation, index) = findFile(id), conversation.files[index].activity == .putting else { return }
        let file = conversation.files[index]
        guard file.blobsStored < UInt32(file.blobs.count), file.blobs[Int(file.blobsStored)] == blob else { return }
        conversation.files[index].activity = .none
        switch response {
        case .done:
            conversation.files[index].blobsStored += 1
            if conversation.files[index].isAtNode {
                enqueue(.fileStatus(FileStatus(message: id, news: .atNode(blobs: file.blobs))), in: conversation)
            }
        case .refused(.conflict): forgetBlobs(index, in: conversation)
        case .refused(.quotaExceeded), .refused(.tooLarge), .refused(.notPermitted):
            uploadsAt = effects.now + Self.fullPause
        default:
            uploadsAt = effects.now + Self.busyPause
        }
        changed(index, in: conversation)
    }

    /// The recipient has come: what the node has is of no use, unless the recipient knows of it.
    func abandonUpload(_ index: Int, in conversation: Conversation) {
        let file = conversation.files[index]
        guard !file.blobs.isEmpty, !file.isAtNode, mayUseNode else { return }
        for blob in file.blobs { link.send(.deleteBlob(blob: blob), for: .deleteBlob) }
        conversation.files[index].activity = .none
        forgetBlobs(index, in: conversation)
    }

    private func forgetBlobs(_ index: Int, in conversation: Conversation) {
        conversation.files[index].blobs = []
        conversation.files[index].blobsStored = 0
        changed(index, in: conversation)
    }

    // From the node.

    func fetch(in conversation: Conversation) {
        guard mayUseNode, !isFileActive(.fetching, .storing),
            let index = conversation.files.firstIndex(where: {
                !$0.isOwn && $0.phase == .offered && !$0.isPaused && $0.activity == .none && !$0.blobs.isEmpty
            })
        else { return }
        guard fetchesAt <= effects.now else { return effects.wake(at: fetchesAt) }
        let file = conversation.files[index]
        // Of a blob that is there in part the host leaves out what it has.
        let next = min(Int(file.chunks / FileGeometry.chunksPerBlob), file.blobs.count - 1)
        link.send(.fetchBlob(blob: file.blobs[next]), for: .fetchFileBlob(file: file.id, index: UInt32(next)))
        begin(.fetching, index, in: conversation)
    }

    func fileBlobFetched(_ response: Response, file id: [UInt8], index blob: UInt32) {
        guard let (conversation, index) = findFile(id), conversation.files[index].activity == .fetching else { return }
        let file = conversation.files[index]
        conversation.files[index].activity = .none
        switch response {
        case .blob(let bytes):
            let range = file.geometry.chunks(ofBlob: blob)
            guard let chunks = FileBlob.chunks(bytes, length: file.geometry.sealedLength(of: range)),
                let seal = file.seal
            else {
                warn(.forgedMessage, in: conversation)
                conversation.files[index].blobs = []
                return changed(index, in: conversation)
            }
            effects.output.files.append(
                .store(
                    file: id, storage: file.storage, key: seal.key.exposed, size: file.geometry.size, hash: seal.hash,
                    from: range.lowerBound, chunks: chunks))
            begin(.storing, index, in: conversation)
        case .refused(.rateLimited), .refused(.unavailable):
            fetchesAt = effects.now + Self.busyPause
            showMessage(id, in: conversation)
        default:
            // Gone: it comes through a channel, some day.
            conversation.files[index].blobs = []
            changed(index, in: conversation)
        }
    }

    /// What nobody will fetch any more.
    func deleteBlobs(in conversation: Conversation) {
        guard mayUseNode else { return }
        for index in conversation.files.indices where !conversation.files[index].blobs.isEmpty {
            switch conversation.files[index].phase {
            case .complete, .cancelled: break
            case .failed where conversation.files[index].isOwn: break
            case .sealing, .offered, .failed: continue
            }
            // A few at a time: the node refuses whoever asks for much at once.
            let blobs = conversation.files[index].blobs.prefix(Self.deletions)
            for blob in blobs { link.send(.deleteBlob(blob: blob), for: .deleteBlob) }
            conversation.files[index].blobs.removeFirst(blobs.count)
            conversation.files[index].blobsStored = 0
            save(conversation.files[index])
            if !conversation.files[index].blobs.isEmpty { effects.wake(at: effects.now + Self.busyPause) }
        }
    }

    // One at a time.

    private func isFileActive(_ first: FileActivity, _ second: FileActivity) -> Bool {
        conversations.contains { $0.files.contains { $0.activity == first || $0.activity == second } }
    }

    /// The node will not answer for what it was asked.
    func nodeLost() {
        for conversation in conversations {
            for index in conversation.files.indices {
                let activity = conversation.files[index].activity
                if activity == .putting || activity == .fetching { stopTransfer(index, in: conversation) }
            }
        }
    }
}
