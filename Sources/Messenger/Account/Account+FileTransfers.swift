import CryptoPrimitives
import Trust

// Files through channels. The recipient asks for chunks, one file at a time; the hosts move them without passing here.
extension Account {
    /// After this a transfer that has not come forward is begun anew, in milliseconds; then after ever longer, since a slow
    /// device may be busy for minutes with the hash of what it has stored.
    private static let transferPatience: UInt64 = 60_000
    private static let longestPatience: UInt64 = 1_800_000

    /// Begins what can begin, in a conversation's order of announcements.
    func pumpFiles(_ conversation: Conversation) {
        deleteBlobs(in: conversation)
        for index in conversation.files.indices where conversation.files[index].activity != .none {
            watch(index, in: conversation)
        }
        // To a device that was revoked nothing is sent, and nothing is told.
        guard mayEncrypt(in: conversation) else { return }
        if isReady(conversation) {
            pull(in: conversation)
        } else {
            fetch(in: conversation)
            upload(in: conversation)
        }
    }

    /// Whether both sides have said on the channel what they have.
    private func isReady(_ conversation: Conversation) -> Bool {
        conversation.channel.isReady && conversation.channel.hasGreeted
    }

    private func watch(_ index: Int, in conversation: Conversation) {
        let file = conversation.files[index]
        switch file.activity {
        case .none, .fetching, .putting: return
        // The receiver knows whether the transfer comes forward.
        case .moving where file.isOwn: return
        case .opening, .moving, .reading, .storing: break
        }
        let end = file.activeSince + min(Self.transferPatience << min(file.stalls, 8), Self.longestPatience)
        guard end <= effects.now else { return effects.wake(at: end) }
        conversation.files[index].stalls += 1
        stopTransfer(index, in: conversation)
    }

    func begin(_ activity: FileActivity, _ index: Int, in conversation: Conversation) {
        conversation.files[index].activity = activity
        conversation.files[index].activeSince = effects.now
        effects.wake(at: effects.now + Self.transferPatience)
        showMessage(conversation.files[index].id, in: conversation)
    }

    /// The host and the node may still answer for it: that is not waited for.
    func stopTransfer(_ index: Int, in conversation: Conversation) {
        let file = conversation.files[index]
        if file.activity == .opening || file.activity == .moving { effects.output.files.append(.stop(file: file.id)) }
        conversation.files[index].activity = .none
        showMessage(file.id, in: conversation)
    }

    // Receiving.

    private func pull(in conversation: Conversation) {
        guard let device = contact(conversation.peer)?.identity.device.bytes,
            !conversation.files.contains(where: { !$0.isOwn && $0.activity != .none }),
            let index = conversation.files.firstIndex(where: {
                !$0.isOwn && $0.phase == .offered && !$0.isPaused && !$0.isPausedThere
            }), let seal = conversation.files[index].seal
        else { return }
        let file = conversation.files[index]
        effects.output.files.append(
            .receive(
                device: device, file: file.id, storage: file.storage, key: seal.key.exposed, size: file.geometry.size,
                hash: seal.hash))
        begin(.opening, index, in: conversation)
    }

    func fileProgress(_ id: [UInt8], _ chunks: UInt32) {
        guard let (conversation, index) = findFile(id), conversation.files[index].phase == .offered else { return }
        let file = conversation.files[index]
        let chunks = min(chunks, file.geometry.chunks)
        conversation.files[index].chunks = chunks
        switch file.activity {
        case .opening:
            begin(.moving, index, in: conversation)
            // With all of it stored, the host has only its hash to check.
            if chunks < file.geometry.chunks { ask(.chunks(from: chunks), file: id, in: conversation) }
        case .moving, .storing:
            if chunks > file.chunks {
                conversation.files[index].activeSince = effects.now
                conversation.files[index].stalls = 0
            }
            if file.activity == .storing, chunks < file.geometry.chunks { conversation.files[index].activity = .none }
        case .none, .reading, .putting, .fetching: break
        }
        showMessage(id, in: conversation)
    }

    // Sending.

    func take(_ request: FileRequest, in conversation: Conversation, by route: Route) {
        guard route == .channel, conversation.channel.isReady,
            let index = conversation.files.firstIndex(where: { $0.id == request.message })
        else { return }
        switch request.wish {
        case .chunks(let from):
            if conversation.files[index].isOwn { serve(index, from: from, in: conversation) }
        case .pause:
            stopTransfer(index, in: conversation)
            conversation.files[index].isPausedThere = true
        case .resume:
            conversation.files[index].isPausedThere = false
        }
        showMessage(request.message, in: conversation)
    }

    private func serve(_ index: Int, from: UInt32, in conversation: Conversation) {
        let file = conversation.files[index]
        guard let device = contact(conversation.peer)?.identity.device.bytes, isLegible(file),
            from < file.geometry.chunks, mayEncrypt(in: conversation)
        else { return }
        if file.isPaused { return ask(.pause, file: file.id, in: conversation) }
        abandonUpload(index, in: conversation)
        // The recipient takes one at a time: it does not wait for any other.
        for other in conversation.files.indices
        where other != index && conversation.files[other].isOwn && conversation.files[other].activity == .moving {
            stopTransfer(other, in: conversation)
        }
        // That its announcement expired was said too early.
        if file.phase == .failed {
            conversation.files[index].phase = .offered
            conversation.files[index].fault = .none
            save(conversation.files[index])
        }
        conversation.files[index].isPausedThere = false
        conversation.files[index].chunks = from
        effects.output.files.append(
            .send(device: device, file: file.id, storage: file.storage, chunks: file.geometry.chunks))
        begin(.moving, index, in: conversation)
    }

    /// Tells the other side through the channel; without one there is nothing to tell.
    func ask(_ wish: FileRequest.Wish, file id: [UInt8], in conversation: Conversation) {
        guard isReady(conversation),
            let content = seal(.fileRequest(FileRequest(message: id, wish: wish)), in: conversation)
        else { return }
        sendThroughChannel(content, to: conversation)
    }

    /// The channel is gone, and the files' own channels with it.
    func channelEnded(in conversation: Conversation) {
        for index in conversation.files.indices {
            let file = conversation.files[index]
            conversation.files[index].waitingSince = effects.now
            guard file.activity == .opening || file.activity == .moving || file.isPausedThere else { continue }
            conversation.files[index].isPausedThere = false
            if file.activity == .opening || file.activity == .moving { conversation.files[index].activity = .none }
            showMessage(file.id, in: conversation)
        }
    }
}
