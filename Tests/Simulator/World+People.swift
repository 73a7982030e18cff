import Messenger
import ModelNode

// What people do, and what happens to them.
extension World {
    /// One thing that somebody does, or that befalls somebody.
    func step() {
        tryWithdrawnInvitations()
        if chance.oneIn(4), let browser = chance.pick(browsers) { return misfortune(browser) }
        if let browser = chance.pick(browsers.filter { $0.phase == .unlocked }) { return act(browser) }
        // Nobody is at a keyboard: time passes.
        run(for: chance.delay(5_000...60_000))
    }

    private func act(_ browser: Browser) {
        if plan.isTalkative, browser.conversations.count > 0, chance.oneIn(2) { return telephone(browser) }
        let places = plan.people - browsers.count - browser.madeInvitations.count
        if browser.profile?.mayInvite == true, places > 0, chance.oneIn(3) { return invite(browser) }
        if chance.oneIn(5) { return handleFile(browser) }
        switch chance.below(23) {
        case 20...: telephone(browser)
        case 0..<11: sendSomething(browser)
        case 11..<14: look(browser)
        case 14, 15: revealSomething(browser)
        case 16: lock(browser)
        case 17: fuss(browser)
        case 18:
            browser.openConversation = nil
            give(.closeConversation, to: browser)
        default: trick(browser)
        }
    }

    /// Invites somebody, who opens the link some time after it was made, whether the inviter is there or not.
    private func invite(_ browser: Browser) {
        browser.invitationsMade += 1
        give(.invite(validForSeconds: 0), to: browser)
    }

    /// Each invitation made so far goes to a new person.
    func handOutInvitations(_ browser: Browser) {
        while let (_, link) = browser.madeInvitations.first, browsers.count < plan.people {
            browser.madeInvitations.removeFirst()
            let newcomer = addPerson(invitation: link)
            plan(.opensPage(browser: newcomer.index), in: chance.delay(100...30_000))
        }
    }

    func openLink(_ browser: Browser) {
        guard browser.engine != nil, browser.phase == .fresh, let link = browser.invitation else { return }
        browser.phase = .joining
        give(.openLink(link), to: browser)
    }

    func enrol(_ browser: Browser) {
        guard browser.engine != nil, browser.phase == .joining, browser.scrypt != nil else { return }
        give(
            .enrol(
                displayName: Text("CANARY name \(browser.index)"),
                passphraseSegment: browser.segment(of: browser.passphrase)),
            to: browser)
    }

    func unlock(_ browser: Browser, passphrase: [UInt8]? = nil) {
        guard browser.engine != nil, browser.phase == .locked, !browser.staysLocked, browser.scrypt != nil,
            now >= browser.mayTryAt
        else {
            return
        }
        give(
            .unlock(
                passphraseSegment: browser.segment(of: passphrase ?? browser.passphrase), records: browser.stateRecords),
            to: browser)
    }

    private func lock(_ browser: Browser) {
        give(.lock, to: browser)
        reload(browser)
    }

    private func sendSomething(_ browser: Browser) {
        guard let conversation = chance.pick(browser.conversations) else { return look(browser) }
        let length: Int
        switch chance.below(30) {
        case 0: length = 65_536 - 64
        case 1: length = 20_000
        case 2, 3: length = 6_000
        case 4..<8: length = 900
        default: length = chance.below(200)
        }
        for _ in 0...(chance.oneIn(6) ? chance.below(8) : 0) { send(length, in: conversation, from: browser) }
    }

    /// Sends a text that exists once in this world.
    func send(_ padding: Int, in conversation: ConversationSummary, from browser: Browser) {
        guard browser.phase == .unlocked else { return }
        guard let recipient = person(conversation.member) else {
            return violate("\(browser.index) has a conversation with nobody")
        }
        counts.texts += 1
        var bytes = Text("CANARY text \(counts.texts) ").utf8
        for _ in 0..<padding / 2 { bytes += [0xC3, 0xA9] }
        guard let text = Text(validating: bytes) else { return }
        let problems = browser.problems.count
        let isStored = give(.send(conversation: conversation.conversation, text), to: browser)
        if browser.problems.count > problems { return violate("\(browser.index) could not send") }
        if isStored { texts.append(SentText(sender: browser.index, recipient: recipient, text: text)) }
    }

    /// Whoever holds a link that the node knows to be withdrawn tries it.
    func tryWithdrawnInvitations() {
        while let (id, link) = withdrawn.first, !node.offers(invitation: id) {
            withdrawn.removeFirst()
            let intruder = addPerson(invitation: link)
            intruder.isIntruder = true
            plan(.opensPage(browser: intruder.index), in: chance.delay(1_000...20_000))
        }
    }

    func person(_ member: [UInt8]) -> Int? {
        browsers.first { $0.member == member }?.index
    }

    private func look(_ browser: Browser) {
        guard let conversation = chance.pick(browser.conversations) else { return }
        open(conversation.conversation, browser)
        if browser.hasOlder { give(.olderMessages(conversation: conversation.conversation), to: browser) }
    }

    func open(_ conversation: [UInt8], _ browser: Browser) {
        browser.openConversation = conversation
        browser.messages = [:]
        browser.hasOlder = false
        give(.openConversation(conversation), to: browser)
    }

    private func revealSomething(_ browser: Browser) {
        guard let conversation = browser.openConversation else { return look(browser) }
        let masked = browser.messages.values.filter { $0.isMasked && !$0.isOwn }
            .sorted { $0.order < $1.order }
        guard let message = chance.pick(masked) else { return }
        give(.reveal(conversation: conversation, message: message.id), to: browser)
    }

    /// A change of name or settings, or a wrong passphrase.
    private func fuss(_ browser: Browser) {
        switch chance.below(4) {
        case 0: give(.rename(Text("CANARY name \(browser.index) \(chance.below(100))")), to: browser)
        case 1:
            guard let other = chance.pick(browser.conversations) else { return }
            give(.petname(member: other.member, Text("CANARY petname \(chance.below(100))")), to: browser)
        case 2:
            let settings = Settings(revealSeconds: UInt16(5 + chance.below(60)), readReceipts: !chance.oneIn(4))
            if !settings.readReceipts { browser.hasKeptReadingToItself = true }
            give(.settings(settings), to: browser)
        default:
            guard let other = chance.pick(browser.conversations) else { return }
            give(.verified(member: other.member, chance.oneIn(2)), to: browser)
        }
    }

    /// Somebody tries what must not work: a withdrawn invitation, or one that is used already.
    private func trick(_ browser: Browser) {
        guard browsers.count < plan.people, browsers.count(where: { $0.isIntruder }) < 2 else {
            return sendSomething(browser)
        }
        if browser.profile?.mayInvite == true, let (id, link) = browser.madeInvitations.first {
            browser.madeInvitations.removeFirst()
            give(.withdrawInvitation(id), to: browser)
            withdrawn.append((id, link))
        } else if let used = browsers.last, used.index > 0, used.phase == .unlocked, let link = used.invitation {
            let intruder = addPerson(invitation: link)
            intruder.isIntruder = true
            plan(.opensPage(browser: intruder.index), in: chance.delay(100...10_000))
        }
    }

    func misfortune(_ browser: Browser) {
        if plan.faults.contains(.rollbacks), browser.phase == .unlocked, chance.oneIn(2) { return timeTravel(browser) }
        guard let fault = chance.pick(Faults.each), plan.faults.contains(fault) else { return }
        switch fault {
        case .lostLinks: breakLink(of: browser)
        case .reloads:
            switch chance.below(3) {
            case 0: reload(browser)
            case 1: browser.impendingCrash = .beforeWrite
            default: browser.impendingCrash = .afterWrite
            }
        case .nodeCrashes: if isNodeUp { crashNode() }
        case .partitions:
            if let other = chance.pick(browsers), other.index != browser.index { partition(browser.index, other.index) }
            breakCalls(of: browser)
        case .absences:
            browser.isOnline = false
            breakLink(of: browser)
            if chance.oneIn(2) { breakCalls(of: browser) }
            for other in browsers where other.index != browser.index { partition(browser.index, other.index) }
            plan(.comesOnline(browser: browser.index), in: chance.delay(10_000...14_400_000))
            if chance.oneIn(3) { run(for: chance.delay(60_000...21_600_000)) }
        default: break
        }
    }

    /// Takes a copy of the profile, or sets it back to the one taken before. Who has come or was invited since then would be a
    /// stranger afterwards: then a new copy is taken.
    private func timeTravel(_ browser: Browser) {
        guard let backup = browser.backup, browser.backupAcquaintance == browser.acquaintance, chance.oneIn(2) else {
            browser.backup = browser.stores
            browser.backupAcquaintance = browser.acquaintance
            return
        }
        note("\(browser.index) is set back")
        browser.backup = nil
        browser.hasLostHistory = true
        closePage(browser)
        browser.stores = backup
        plan(.opensPage(browser: browser.index), in: chance.delay(100...20_000))
    }
}
