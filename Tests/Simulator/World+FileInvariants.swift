import Messenger

// What must be true of files once the faults are over.
extension World {
    /// Ends pauses, tries again what has failed, and says whether every file has come to its end.
    func filesHaveArrived() -> Bool {
        guard !files.isEmpty else { return true }
        var isComplete = true
        for browser in browsers where browser.isMember {
            for conversation in browser.conversations {
                load(conversation.conversation, browser)
                for message in browser.messages.values.sorted(by: { $0.order < $1.order }) where message.kind == .file {
                    guard let file = message.file, !isForgotten(message, in: conversation, of: browser) else {
                        continue
                    }
                    let id = conversation.conversation
                    switch file.state {
                    case .pausedHere:
                        give(.pauseFile(message: message.id, false), to: browser)
                        isComplete = false
                    case .failed where isOwed(message.id):
                        give(.retry(conversation: id, message: message.id), to: browser)
                        isComplete = false
                    case .sealing, .waiting, .moving, .pausedThere, .atNode: isComplete = false
                    case .complete, .failed, .cancelled: break
                    }
                    if message.isOwn, isOwed(message.id), message.state != .delivered, message.state != .read {
                        isComplete = false
                    }
                }
            }
        }
        return isComplete
    }

    private func isOwed(_ id: [UInt8]) -> Bool {
        files.contains { $0.id == id && $0.isAnnounced && !$0.isCancelled }
    }

    /// Every file that was announced and not cancelled is there once, with its bytes; of the others nothing is kept.
    func checkFiles() {
        for sent in files where sent.isAnnounced && !sent.isCancelled {
            let (sender, recipient) = (browsers[sent.sender], browsers[sent.recipient])
            guard sender.isMember, recipient.isMember, !sender.hasLostHistory, !recipient.hasLostHistory else {
                continue
            }
            guard let conversation = recipient.conversations.first(where: { $0.member == sender.member }) else {
                violate("file \(sent.number) has no conversation")
                continue
            }
            load(conversation.conversation, recipient)
            let copies = recipient.messages.values.filter { $0.id == sent.id }
            guard copies.count == 1, let message = copies.first else {
                violate("file \(sent.number) is there \(copies.count) times")
                continue
            }
            if message.file?.state != .complete {
                violate("file \(sent.number) ends as \(message.file?.state.rawValue ?? 255)")
            } else if !open(file: message, in: conversation.conversation, recipient) {
                violate("file \(sent.number) cannot be opened")
            }
        }
        for browser in browsers where browser.isMember && !browser.hasLostHistory { checkDisk(of: browser) }
    }

    private func checkDisk(of browser: Browser) {
        var kept = 0
        for conversation in browser.conversations {
            load(conversation.conversation, browser)
            for message in browser.messages.values where message.kind == .file {
                guard let file = message.file else {
                    violate("\(browser.index) has a file without a word about it")
                    continue
                }
                if file.state == .cancelled {
                    if message.isMasked || !file.name.isEmpty {
                        violate("\(browser.index) keeps a cancelled file's name")
                    }
                } else if file.state == .complete || (file.state == .failed && message.isOwn) {
                    kept += 1
                }
            }
        }
        if browser.desk.disk.count > kept {
            violate("\(browser.index) keeps \(browser.desk.disk.count) files on its disk, of \(kept)")
        }
    }
}
