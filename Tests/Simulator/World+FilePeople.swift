import Messenger
import ModelNode

// What people do with files.
extension World {
    /// One thing that somebody does with a file.
    func handleFile(_ browser: Browser) {
        guard chance.oneIn(2), let conversation = browser.openConversation else {
            guard let conversation = chance.pick(browser.conversations) else { return }
            let size: Int
            switch chance.below(24) {
            case 0: size = 0
            case 1: size = FileGeometry.chunkLength
            case 2: size = FileGeometry.chunkLength + 1
            case 3: size = 1 << 20
            case 4..<8: size = (1 << 20) + 1 + chance.below(1_500_000)
            case 8..<13: size = 60_000 + chance.below(300_000)
            default: size = 1 + chance.below(40_000)
            }
            sendFile(size, as: chance.oneIn(4) ? .voice : .file, in: conversation, from: browser)
            // Misfortunes are to meet files on their way.
            guard size > 200_000, let other = person(conversation.member) else { return }
            run(for: chance.delay(1_000...20_000))
            return misfortune(chance.oneIn(2) ? browser : browsers[other])
        }
        let shown = browser.messages.values.filter { $0.kind == .file }.sorted { $0.order < $1.order }
        guard let message = chance.pick(shown), let file = message.file else { return }
        switch chance.below(10) {
        case 0..<4: give(.pauseFile(message: message.id, file.state != .pausedHere), to: browser)
        case 4: cancelFile(message, browser)
        case 5: give(.retry(conversation: conversation, message: message.id), to: browser)
        case 6: give(.readableCopy(message: message.id, isKept: chance.oneIn(2)), to: browser)
        default: open(file: message, in: conversation, browser)
        }
    }

    /// Sends a file that exists once in this world.
    func sendFile(_ size: Int, as kind: FileKind = .file, in conversation: ConversationSummary, from browser: Browser) {
        guard browser.phase == .unlocked else { return }
        guard let recipient = person(conversation.member) else {
            return violate("\(browser.index) has a conversation with nobody")
        }
        let number = UInt32(files.count + 1)
        let name = Text("CANARY file \(number).bin")
        files.append(
            SentFile(number: number, sender: browser.index, recipient: recipient, size: size, name: name))
        counts.files += 1
        give(
            .prepareFile(
                conversation: conversation.conversation, ticket: number,
                FileDescription(
                    name: name, type: "application/octet-stream", size: UInt64(size), kind: kind, durationMs: 4_000,
                    waveform: [1, 2, 3])), to: browser)
    }

    func cancelFile(_ message: MessageSummary, _ browser: Browser) {
        if let index = files.firstIndex(where: { $0.id == message.id }) { files[index].isCancelled = true }
        give(.cancelFile(message: message.id), to: browser)
    }

    /// What is opened is what was sent.
    @discardableResult
    func open(file message: MessageSummary, in conversation: [UInt8], _ browser: Browser) -> Bool {
        browser.desk.opened[message.id] = nil
        give(.openFile(conversation: conversation, message: message.id, .view), to: browser)
        guard let opened = browser.desk.opened[message.id] else { return false }
        guard let sent = files.first(where: { $0.id == message.id }) else {
            violate("\(browser.index) has a file that nobody sent")
            return false
        }
        if opened.name != sent.name { violate("\(browser.index) has file \(sent.number) under another name") }
        if opened.bytes != sent.bytes { violate("\(browser.index) has other bytes in file \(sent.number)") }
        return true
    }

    // For tests that tell a story of their own.

    /// Sends a file, which exists once in the world.
    public func sendFile(of size: Int, as kind: FileKind = .file, from person: Int, to other: Int) {
        guard let conversation = conversation(of: person, with: other) else { return violate("nobody to write to") }
        sendFile(size, as: kind, in: conversation, from: browsers[person])
    }

    /// Messages that are files, oldest first, as the person sees them.
    public func files(of person: Int, with other: Int) -> [MessageSummary] {
        guard let conversation = conversation(of: person, with: other) else { return [] }
        load(conversation.conversation, browsers[person])
        return browsers[person].messages.values.filter { $0.kind == .file }.sorted { $0.order < $1.order }
    }

    /// Lets time pass until so many chunks have been sent, or a minute is over.
    public func pass(untilChunks number: Int) {
        let end = now + 60_000
        while counts.fileChunks < number, now < end { run(for: 20) }
    }

    public func fileStates(of person: Int, with other: Int) -> [FileState] {
        files(of: person, with: other).compactMap { $0.file?.state }
    }

    /// Opens every file that can be opened; says how many had the bytes that were sent.
    public func openFiles(_ person: Int, from other: Int) -> Int {
        guard let conversation = conversation(of: person, with: other) else { return 0 }
        return files(of: person, with: other).count {
            open(file: $0, in: conversation.conversation, browsers[person])
        }
    }

    public func pause(_ isPaused: Bool, _ person: Int, with other: Int) {
        for message in files(of: person, with: other) { act(person, .pauseFile(message: message.id, isPaused)) }
    }

    public func cancelFiles(_ person: Int, with other: Int) {
        for message in files(of: person, with: other) { cancelFile(message, browsers[person]) }
    }

    public func retryFiles(_ person: Int, with other: Int) {
        guard let conversation = conversation(of: person, with: other) else { return }
        for message in files(of: person, with: other) {
            act(person, .retry(conversation: conversation.conversation, message: message.id))
        }
    }

    /// A message of the conversation that the person looks at, as it stands on the screen.
    public func shown(_ message: [UInt8], to person: Int) -> MessageSummary? { browsers[person].messages[message] }

    /// Direct paths exist again.
    public func mendDirectPaths() { partitioned = [] }

    /// The files' own channels break, and nobody tells the engines.
    public func breakFileChannels() {
        for browser in browsers {
            browser.desk.sending = [:]
            browser.desk.receiving = [:]
        }
    }

    /// Sealed files in the private file system, and their bytes in all.
    public func disk(of person: Int) -> (files: Int, bytes: Int) {
        let disk = browsers[person].desk.disk
        return (disk.count, disk.values.reduce(0) { $0 + $1.count })
    }

    /// The browser throws the private file system away.
    public func loseDisk(of person: Int) {
        browsers[person].desk.disk = [:]
    }

    /// One bit of everything that is stored changes.
    public func spoilDisk(of person: Int) {
        for storage in browsers[person].desk.disk.keys where browsers[person].desk.disk[storage]?.isEmpty == false {
            browsers[person].desk.disk[storage]?[0] ^= 1
        }
    }

    public var fileChunks: Int { counts.fileChunks }
    public var fileBlobs: Int { counts.fileBlobs }
    public var storedBlobs: Int { node.blobCount }
}
