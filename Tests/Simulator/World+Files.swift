import CryptoPrimitives
import Messenger

// What a browser's page and its files worker do: everything with bytes.
extension World {
    /// So many chunks may be on their way.
    private static let window: UInt32 = 8

    /// How long a chunk takes after the one before it.
    private var pace: ClosedRange<UInt64> { plan.faults.contains(.delays) && !isHealing ? 20...1_500 : 2...60 }

    func act(on action: FileAction, of browser: Browser) {
        switch action {
        case .seal(let file, let ticket, let storage, let key, let size):
            seal(file, ticket: ticket, storage: storage, key: key, size: size, browser)
        case .send(let device, let file, let storage, let chunks):
            attempts += 1
            let from = chunksStored(of: file, at: device, browser)
            browser.desk.sending[file] = FileDesk.Sending(
                device: device, storage: storage, attempt: attempts, chunks: chunks, next: from, acknowledged: from)
            stream(file, of: browser)
        case .receive(let device, let file, let storage, let key, let size, let hash):
            receive(
                file, from: device, FileDesk.Incoming(storage: storage, key: key, size: size, hash: hash), browser)
        case .stop(let file):
            browser.desk.sending[file] = nil
            browser.desk.receiving[file] = nil
        case .read(let file, let storage, let from, let count):
            browser.desk.reads += 1
            if browser.desk.reads > 1 { violate("\(browser.index)'s engine reads two blobs at once") }
            let stored = browser.desk.disk[storage] ?? []
            let start = min(Int(from) * FileGeometry.sealedChunkLength, stored.count)
            let end = min(start + Int(count) * FileGeometry.sealedChunkLength, stored.count)
            answer(.fileBytes(file: file, from: from, [UInt8](stored[start..<end])), to: browser)
        case .store(let file, let storage, let key, let size, let hash, let from, let chunks):
            browser.desk.stores += 1
            if browser.desk.stores > 1 { violate("\(browser.index)'s engine stores two blobs at once") }
            store(
                chunks, from: from, of: file, FileDesk.Incoming(storage: storage, key: key, size: size, hash: hash),
                browser)
        case .delete(let file, let storage):
            browser.desk.sealing[file] = nil
            browser.desk.sending[file] = nil
            browser.desk.receiving[file] = nil
            browser.desk.disk[storage] = nil
        case .open(let file, let storage, let key, let size, let name, _, _):
            let stored = browser.desk.disk[storage] ?? []
            let bytes = try? FileStream.open(stored, size: size, key: Secret(key))
            browser.desk.opened[file] = (name, bytes)
        case .inventory(let files):
            takeInventory(files, browser)
        }
    }

    /// The worker answers a little later, unless the page is gone by then.
    private func answer(_ input: Input, to browser: Browser) {
        plan(.fileAnswer(browser: browser.index, page: browser.incarnation, input), in: chance.delay(1...40))
    }

    func giveFileAnswer(_ input: Input, to browser: Browser, page: UInt32) {
        guard browser.engine != nil, browser.incarnation == page else { return }
        switch input {
        case .fileBytes: browser.desk.reads -= 1
        case .fileSealed(let file, _):
            guard browser.desk.sealing.removeValue(forKey: file) != nil else { return }
            let isStored = give(input, to: browser)
            if isStored, let index = files.firstIndex(where: { $0.id == file }) { files[index].isAnnounced = true }
            return
        case .fileFailed(let file, _): browser.desk.sealing[file] = nil
        default: break
        }
        give(input, to: browser)
    }

    // Sealing.

    private func seal(
        _ file: [UInt8], ticket: UInt32, storage: [UInt8], key: [UInt8], size: UInt64, _ browser: Browser
    ) {
        guard let index = files.firstIndex(where: { $0.number == ticket }), files[index].sender == browser.index,
            files[index].size == Int(size)
        else { return violate("\(browser.index) seals what nobody picked") }
        files[index].id = file
        guard let sealed = try? FileStream.seal(files[index].bytes, key: Secret(key)) else {
            return violate("a file cannot be sealed")
        }
        browser.desk.sealing[file] = ticket
        if plan.faults.contains(.fullDisks), !isHealing, chance.oneIn(12) {
            browser.desk.disk[storage] = [UInt8](sealed.prefix(sealed.count / 2))
            return answer(.fileFailed(file: file, chance.oneIn(2) ? .full : .unreadable), to: browser)
        }
        browser.desk.disk[storage] = sealed
        let hash = FileStream.hash(sealed, size: size)
        plan(
            .fileAnswer(browser: browser.index, page: browser.incarnation, .fileSealed(file: file, hash: hash)),
            in: chance.delay(10...4_000))
    }

    // Through a channel.

    /// What the other end says first on a file's channel.
    private func chunksStored(of file: [UInt8], at device: [UInt8], _ browser: Browser) -> UInt32 {
        guard let id = browser.endpoints[device], let remote = endpoints[id]?.remote, let other = endpoints[remote],
            let incoming = browsers[other.browser].desk.receiving[file]?.incoming
        else { return 0 }
        return browsers[other.browser].desk.chunks(in: incoming.storage, of: incoming.size)
    }

    /// Puts as many chunks on their way as may be.
    private func stream(_ file: [UInt8], of browser: Browser) {
        guard var sending = browser.desk.sending[file] else { return }
        while sending.next < sending.chunks, sending.next < sending.acknowledged + Self.window {
            guard let id = browser.endpoints[sending.device], let end = endpoints[id], end.isOpen,
                let remote = end.remote, let other = endpoints[remote], other.isOpen,
                !isPartitioned(end.browser, other.browser)
            else { break }
            let stored = browser.desk.disk[sending.storage] ?? []
            let start = Int(sending.next) * FileGeometry.sealedChunkLength
            guard start < stored.count else {
                browser.desk.sending[file] = nil
                return answer(.fileFailed(file: file, .storage), to: browser)
            }
            let chunk = [UInt8](stored[start..<min(start + FileGeometry.sealedChunkLength, stored.count)])
            sending.lastArrival = max(sending.lastArrival, now) + chance.delay(pace)
            schedule.plan(
                .fileChunk(endpoint: remote, file: file, index: sending.next, attempt: sending.attempt, chunk),
                at: sending.lastArrival)
            counts.fileChunks += 1
            sending.next += 1
        }
        browser.desk.sending[file] = sending
    }

    private func receive(_ file: [UInt8], from device: [UInt8], _ incoming: FileDesk.Incoming, _ browser: Browser) {
        let chunks = browser.desk.chunks(in: incoming.storage, of: incoming.size)
        if browser.desk.disk[incoming.storage] != nil { counts.fileResumptions += 1 }
        if let stored = browser.desk.disk[incoming.storage], let geometry = FileGeometry(size: incoming.size),
            chunks < geometry.chunks
        {
            browser.desk.disk[incoming.storage] = [UInt8](
                stored.prefix(Int(chunks) * FileGeometry.sealedChunkLength))
        }
        browser.desk.receiving[file] = FileDesk.Receiving(device: device, incoming: incoming)
        answer(.fileProgress(file: file, chunks: chunks), to: browser)
        finishIfWhole(file, incoming, browser)
    }

    func chunkArrives(_ chunk: [UInt8], of file: [UInt8], index: UInt32, attempt: UInt32, at id: UInt32) {
        guard let end = endpoints[id], end.isOpen else { return }
        let browser = browsers[end.browser]
        guard let receiving = browser.desk.receiving[file], receiving.device == end.device else { return }
        let incoming = receiving.incoming
        // The file's own channel can break by itself: nobody tells the engines.
        if plan.faults.contains(.partitions), !isHealing, chance.oneIn(80) {
            browser.desk.receiving[file] = nil
            return
        }
        if plan.faults.contains(.fullDisks), !isHealing, chance.oneIn(60) {
            browser.desk.receiving[file] = nil
            return answer(.fileFailed(file: file, .full), to: browser)
        }
        guard browser.desk.chunks(in: incoming.storage, of: incoming.size) == index else { return }
        guard append(chunk, index: index, incoming, browser) else {
            browser.desk.receiving[file] = nil
            return answer(.fileFailed(file: file, .damaged), to: browser)
        }
        if index % 3 == 0 { answer(.fileProgress(file: file, chunks: index + 1), to: browser) }
        if let remote = end.remote {
            plan(
                .fileAcknowledgement(endpoint: remote, file: file, chunks: index + 1, attempt: attempt),
                in: chance.delay(1...150))
        }
        finishIfWhole(file, incoming, browser)
    }

    func acknowledged(_ chunks: UInt32, of file: [UInt8], attempt: UInt32, at id: UInt32) {
        guard let end = endpoints[id], end.isOpen else { return }
        let browser = browsers[end.browser]
        guard let sending = browser.desk.sending[file], sending.attempt == attempt else { return }
        browser.desk.sending[file]?.acknowledged = max(sending.acknowledged, chunks)
        if chunks % 5 == 0 { answer(.fileProgress(file: file, chunks: chunks), to: browser) }
        stream(file, of: browser)
        if chunks == sending.chunks { browser.desk.sending[file] = nil }
    }

    // What has come.

    private func append(_ chunk: [UInt8], index: UInt32, _ incoming: FileDesk.Incoming, _ browser: Browser) -> Bool {
        guard let geometry = FileGeometry(size: incoming.size), index < geometry.chunks,
            chunk.count == geometry.sealedLength(ofChunk: index),
            (try? FileStream.open(
                chunk, index: index, isLast: geometry.isLast(index), key: Secret(incoming.key))) != nil
        else { return false }
        browser.desk.disk[incoming.storage, default: []] += chunk
        return true
    }

    private func finishIfWhole(_ file: [UInt8], _ incoming: FileDesk.Incoming, _ browser: Browser) {
        guard let geometry = FileGeometry(size: incoming.size),
            browser.desk.chunks(in: incoming.storage, of: incoming.size) == geometry.chunks
        else { return }
        browser.desk.receiving[file] = nil
        let hash = FileStream.hash(browser.desk.disk[incoming.storage] ?? [], size: incoming.size)
        let outcome: Input = hash == incoming.hash ? .fileReceived(file: file) : .fileFailed(file: file, .damaged)
        // After the answer to the action itself.
        plan(.fileAnswer(browser: browser.index, page: browser.incarnation, outcome), in: 41 + chance.delay(1...60))
    }

    private func store(
        _ chunks: [UInt8], from: UInt32, of file: [UInt8], _ incoming: FileDesk.Incoming, _ browser: Browser
    ) {
        browser.desk.stores -= 1
        if chunks.count > Int(FileGeometry.chunksPerBlob) * FileGeometry.sealedChunkLength {
            violate("\(browser.index)'s engine stores \(chunks.count) bytes at once")
        }
        counts.fileBlobs += 1
        guard let geometry = FileGeometry(size: incoming.size) else { return }
        var index = from
        var start = 0
        while start < chunks.count, index < geometry.chunks {
            let length = geometry.sealedLength(ofChunk: index)
            let chunk = [UInt8](chunks[start..<min(start + length, chunks.count)])
            let stored = browser.desk.chunks(in: incoming.storage, of: incoming.size)
            if stored == index, !append(chunk, index: index, incoming, browser) {
                return answer(.fileFailed(file: file, .damaged), to: browser)
            }
            index += 1
            start += length
        }
        let stored = browser.desk.chunks(in: incoming.storage, of: incoming.size)
        if stored == geometry.chunks {
            finishIfWhole(file, incoming, browser)
        } else {
            answer(.fileProgress(file: file, chunks: stored), to: browser)
        }
    }

    private func takeInventory(_ files: [StoredFile], _ browser: Browser) {
        let kept = Set(files.map { $0.storage })
        for storage in browser.desk.disk.keys where !kept.contains(storage) { browser.desk.disk[storage] = nil }
        for file in files {
            let length = UInt64(browser.desk.disk[file.storage]?.count ?? 0)
            if length < file.length {
                answer(.fileFailed(file: file.file, .storage), to: browser)
            } else if file.length == 0, length > 0 {
                answer(
                    .fileProgress(
                        file: file.file, chunks: UInt32(length / UInt64(FileGeometry.sealedChunkLength))), to: browser)
            }
        }
    }
}
