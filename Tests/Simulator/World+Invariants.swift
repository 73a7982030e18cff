import Messenger

// What must be true of every world once the faults are over.
extension World {
    /// Ends every fault, brings everybody back, and waits until what was sent has arrived.
    func heal() {
        note("healing")
        isHealing = true
        healingSince = now
        liar.isHonest = true
        partitioned = []
        tryWithdrawnInvitations()
        handOutInvitations(browsers[0])
        for browser in browsers {
            // An invitation that is made only now is nobody's.
            browser.keepsInvitations = true
            browser.isOnline = true
            browser.impendingCrash = nil
        }
        waitUntil("everybody is back", for: 1_800_000) { self.everybodyIsBack() }
        hangUpAll()
        waitUntil("every call is over", for: 120_000) { self.callsAreOver() }
        guard violations.isEmpty || !plan.hostility.isEmpty else { return }
        for browser in browsers where browser.isMember {
            for conversation in browser.conversations { send(20, in: conversation, from: browser) }
        }
        waitUntil("every text has arrived", for: 7_200_000) { self.everythingHasArrived() }
        waitUntil("every file has arrived", for: 7_200_000) { self.filesHaveArrived() }
        readEverything()
        run(for: 60_000)
    }

    /// Runs in short pieces until the condition holds; it must within so many milliseconds of the world's time.
    private func waitUntil(_ what: String, for patience: UInt64, _ condition: () -> Bool) {
        // What a liar threw away is sent again after an hour at the latest.
        let end = now + patience + (plan.hostility.isEmpty ? 0 : 7_200_000)
        while !condition() {
            if now >= end || counts.occurrences >= 500_000 { return violate("not in time: \(what)\(whereabouts)") }
            run(for: 5_000)
        }
    }

    /// For each person a letter, and how many contacts.
    private var whereabouts: String {
        var words = ""
        for browser in browsers {
            let phase =
                switch browser.phase {
                case .closed: "closed"
                case .fresh: "fresh"
                case .joining: "joining"
                case .locked: "locked"
                case .unlocked: "in"
                }
            words +=
                ", \(browser.index) \(browser.isIntruder ? "intruder " : "")\(phase) \(browser.conversations.count)"
        }
        return words
    }

    /// Opens closed pages and unlocks; true once all are unlocked and connected, and know their contacts.
    private func everybodyIsBack() -> Bool {
        var isComplete = isNodeUp
        for browser in browsers where !browser.isIntruder {
            switch browser.phase {
            case .unlocked:
                if browser.conversations.isEmpty && browsers.count(where: { $0.isMember }) > 1 { isComplete = false }
            case .closed, .fresh, .joining, .locked: isComplete = false
            }
            if browser.phase == .locked { unlock(browser) }
            if browser.phase == .fresh {
                browser.refusal = nil
                openLink(browser)
            }
        }
        let members = browsers.count { $0.isMember }
        return isComplete && browsers[0].conversations.count == members - 1
    }

    /// Whether every sender knows that all its texts have been delivered.
    private func everythingHasArrived() -> Bool {
        for browser in browsers where browser.isMember {
            for conversation in browser.conversations {
                if conversation.gap { return false }
                load(conversation.conversation, browser)
                for message in browser.messages.values where message.isOwn && message.kind == .text {
                    // A receipt for what both have forgotten may be lost with it.
                    if isForgotten(message, in: conversation, of: browser) { continue }
                    guard message.state == .delivered || message.state == .read else { return false }
                }
            }
        }
        return true
    }

    func isForgotten(_ message: MessageSummary, in conversation: ConversationSummary, of browser: Browser)
        -> Bool
    {
        guard let other = person(conversation.member), browser.hasLostHistory || browsers[other].hasLostHistory else {
            return false
        }
        return message.time < healingSince
    }

    /// Shows all messages of a conversation, page by page.
    func load(_ conversation: [UInt8], _ browser: Browser) {
        open(conversation, browser)
        var pages = 0
        while browser.hasOlder, pages < 200 {
            let before = browser.messages.count
            give(.olderMessages(conversation: conversation), to: browser)
            pages += 1
            if browser.messages.count == before {
                violate("\(browser.index) is promised older messages and gets none")
                break
            }
        }
    }

    /// Everybody reveals all that they have received; what they read is what was sent to them.
    private func readEverything() {
        for browser in browsers where browser.isMember {
            for conversation in browser.conversations {
                load(conversation.conversation, browser)
                guard let sender = person(conversation.member) else { continue }
                var read: [Text] = []
                let received = browser.messages.values.filter { !$0.isOwn && $0.kind == .text }
                for message in received.sorted(by: { $0.order < $1.order }) {
                    if !message.isMasked, !message.text.isEmpty {
                        read.append(message.text)
                        continue
                    }
                    give(.reveal(conversation: conversation.conversation, message: message.id), to: browser)
                    read.append(browser.revealed[message.id] ?? "")
                }
                var sent: [Text] = []
                for text in texts where text.sender == sender && text.recipient == browser.index {
                    sent.append(text.text)
                }
                if browser.hasLostHistory || browsers[sender].hasLostHistory {
                    compareLoosely(read, with: sent, from: sender, to: browser.index)
                } else {
                    compare(read, with: sent, from: sender, to: browser.index)
                }
            }
        }
    }

    private func compare(_ read: [Text], with sent: [Text], from sender: Int, to recipient: Int) {
        guard read != sent else { return }
        note("read \(numbers(read)) of \(numbers(sent))")
        let pair = "\(sender) to \(recipient)"
        var arrivals: [Text: Int] = [:]
        for text in read { arrivals[text, default: 0] += 1 }
        for text in sent where arrivals[text] == nil { violate("lost, \(pair): \(brief(text))") }
        for text in read where arrivals[text].map({ $0 > 1 }) == true { violate("doubled, \(pair): \(brief(text))") }
        var known: Set<Text> = []
        for text in sent { known.insert(text) }
        for text in read where !known.contains(text) { violate("never sent, \(pair): \(brief(text))") }
        if Set(read) == known, read.count == sent.count { violate("out of order, \(pair)") }
    }

    /// One of the two was set back: what was said before may be gone on one side. Nothing is doubled or out of order, and
    /// what was said while the world healed is there.
    private func compareLoosely(_ read: [Text], with sent: [Text], from sender: Int, to recipient: Int) {
        var position = 0
        for text in read {
            guard let found = sent[position...].firstIndex(of: text) else {
                note("read \(numbers(read)) of \(numbers(sent))")
                return violate("doubled or out of order after a rollback, \(sender) to \(recipient): \(brief(text))")
            }
            position = found + 1
        }
        if let last = sent.last, read.last != last { violate("lost after a rollback, \(sender) to \(recipient)") }
    }

    func checkInvariants() {
        checkFiles()
        for browser in browsers {
            if browser.isIntruder {
                if browser.isMember { violate("intruder \(browser.index) was let in") }
                if browser.refusal == nil { violate("intruder \(browser.index) was not told why") }
                continue
            }
            guard browser.isMember else { continue }
            if let refusal = browser.refusal {
                violate("\(browser.index)'s invitation was refused: \(describe(refusal))")
            }
            for conversation in browser.conversations {
                if conversation.gap { violate("\(browser.index) still has a gap") }
                if conversation.warning, plan.hostility.isEmpty, !plan.faults.contains(.rollbacks) {
                    violate("\(browser.index) sees a warning")
                }
                if conversation.removed != removed.contains(conversation.member) {
                    violate("\(browser.index) is wrong about who is a member")
                }
                checkStates(of: conversation, browser)
            }
            let hasLostHistory = browser.hasLostHistory || browsers[0].hasLostHistory
            if let confirmed = browser.profile?.confirmed, !confirmed, !hasLostHistory {
                violate("\(browser.index) was never confirmed")
            }
        }
    }

    /// Every own text is read, or delivered where the reader does not tell.
    private func checkStates(of conversation: ConversationSummary, _ browser: Browser) {
        guard let reader = person(conversation.member) else { return }
        load(conversation.conversation, browser)
        // Of very many reads whose receipts got lost only the last are told again.
        let tells = !browsers[reader].hasKeptReadingToItself && !plan.isTalkative
        if browser.hasLostHistory || browsers[reader].hasLostHistory { return }
        for message in browser.messages.values.sorted(by: { $0.order < $1.order })
        where message.isOwn && message.kind == .text {
            switch message.state {
            case .read: break
            case .delivered where !tells: break
            default:
                violate("\(browser.index) to \(reader): message \(message.order) ends as \(describe(message.state))")
            }
        }
    }

    /// The texts' numbers in the world.
    private func numbers(_ texts: [Text]) -> String {
        var words = ""
        for text in texts { words += " \(World.numbers(in: text).first ?? 0)" }
        return words
    }

    private func brief(_ text: Text) -> String {
        String(decoding: text.utf8.prefix(24), as: UTF8.self)
    }
}
