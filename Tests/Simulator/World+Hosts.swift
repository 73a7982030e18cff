import CryptoPrimitives
import Messenger
import NodeProtocol
import WireFormat

// What a browser's page does around the engine.
extension World {
    /// Opens the page: a new engine on what the profile has stored.
    func openPage(_ browser: Browser) {
        closePage(browser)
        browser.incarnation += 1
        let seed =
            World.bytes(of: plan.seed) + [1, UInt8(browser.index)] + World.bytes(of: UInt64(browser.incarnation))
        browser.engine = Engine(random: Randomness(seed: seed))
        browser.phase = .locked
        note("\(browser.index) opens the page, engine \(browser.incarnation)")
        give(
            .start(
                origin: Text(World.origin), header: browser.stored(.meta, [UInt8]("header".utf8)) ?? [],
                throttle: browser.stored(.meta, [UInt8]("throttle".utf8)) ?? [],
                deviceSegment: browser.deviceSegment), to: browser)
        // Every fifth browser cannot encrypt frames.
        give(.callsSupported(browser.index % 5 == 3 ? .media : .frames), to: browser)
    }

    /// The page is gone, with the engine and every connection.
    func closePage(_ browser: Browser) {
        browser.engine = nil
        browser.phase = .closed
        browser.clearScreen()
        browser.desk.endPage()
        leaveCalls(browser)
        browser.impendingCrash = nil
        browser.timer += 1
        browser.wantsLink = false
        browser.relay = nil
        dropLink(of: browser)
        for device in browser.endpoints.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            closeEndpoint(browser, device)
        }
    }

    /// Gives an input to the engine and does all that it asks for, in the host's order.
    ///
    /// - Returns: false if the tab died before what the input led to was stored.
    @discardableResult
    func give(_ input: Input, to browser: Browser) -> Bool {
        var waiting = [input]
        while !waiting.isEmpty {
            guard let engine = browser.engine else { return true }
            let next = waiting.removeFirst()
            counts.inputs += 1
            let output = engine.handle(next, now: clock(of: browser))
            digest.update([UInt8(browser.index)] + output.encoded)
            note("\(browser.index) \(describe(next)) -> \(describe(output))")
            if let crash = browser.impendingCrash, !output.writes.isEmpty {
                if crash == .afterWrite { browser.commit(output.writes) }
                counts.deaths += 1
                note("\(browser.index) dies \(crash == .afterWrite ? "after" : "before") its write")
                reload(browser)
                return crash == .afterWrite
            }
            browser.commit(output.writes)
            act(on: output, of: browser)
            guard browser.engine === engine else { return true }
            if !output.reads.isEmpty {
                var found: [ReadRecord] = []
                for read in output.reads {
                    found.append(
                        ReadRecord(store: read.store, key: read.key, value: browser.stored(read.store, read.key)))
                }
                waiting.append(.records(found))
            }
        }
        return true
    }

    private func act(on output: Output, of browser: Browser) {
        switch output.connection {
        case .unchanged: break
        case .open:
            browser.wantsLink = true
            if browser.link == nil { connect(browser, in: 0) }
        case .close:
            browser.wantsLink = false
            dropLink(of: browser)
        case .reopen:
            browser.wantsLink = true
            dropLink(of: browser)
            connect(browser, in: 0)
        }
        for frame in output.toNode { sendToNode(frame, from: browser) }
        if let relay = output.relay {
            browser.relay = relay
            // By this browser's clock, whatever it shows: the node gives an hour, give or take what its words were on their way.
            if case .granted(let grant) = relay,
                !(3_560_000...3_640_000).contains(grant.until - min(grant.until, clock(of: browser)))
            {
                violate("\(browser.index) takes its credential for the relay to last another time than the node gave")
            }
        }
        for action in output.channels { act(on: action, of: browser) }
        for action in output.files { act(on: action, of: browser) }
        for action in output.calls { act(on: action, of: browser) }
        for event in output.events { show(event, to: browser) }
        browser.timer += 1
        if let time = output.nextTimeout {
            if time > World.lastMoment { violate("\(browser.index) wants a tick when no browser can give one") }
            let wait = time > clock(of: browser) ? time - clock(of: browser) : 1
            schedule.plan(.tick(browser: browser.index, timer: browser.timer), at: now + min(wait, 1 << 40))
        }
    }

    /// What the browser takes the time to be. The host goes no further than the engine does: the end of the year 9999.
    func clock(of browser: Browser) -> UInt64 {
        min(now &+ UInt64(bitPattern: browser.clockError), 253_402_300_799_999)
    }

    /// The last moment that JavaScript can name (ECMA-262 §21.4.1.1), in milliseconds since 1970.
    static let lastMoment: UInt64 = 8_640_000_000_000_000

    /// The tab dies, or the person reloads: after a while the page is there again, locked.
    func reload(_ browser: Browser) {
        counts.reloads += 1
        closePage(browser)
        plan(.opensPage(browser: browser.index), in: chance.delay(100...20_000))
    }

    private func show(_ event: Event, to browser: Browser) {
        switch event {
        case .noVault:
            browser.phase = .fresh
            if browser.refusal == nil { plan(.opensLink(browser: browser.index), in: chance.delay(100...10_000)) }
        case .vault(let waitMs, let scrypt):
            browser.phase = .locked
            browser.scrypt = scrypt
            browser.mayTryAt = now + waitMs
            plan(.unlocks(browser: browser.index), in: waitMs + chance.delay(500...60_000))
        case .newVaultParameters(let scrypt, _, _, _):
            browser.scrypt = scrypt
            plan(.enrols(browser: browser.index), in: chance.delay(100...20_000))
        case .linkRefused(let problem):
            if problem == .nodeUnreachable {
                plan(.opensLink(browser: browser.index), in: chance.delay(1_000...20_000))
            } else {
                browser.refusal = problem
            }
            browser.phase = .fresh
        case .enrolled:
            break
        case .unlocked(let profile):
            browser.phase = .unlocked
            browser.profile = profile
            browser.member = profile.ownMember
        case .unlockRefused(let waitMs):
            browser.mayTryAt = now + waitMs
            plan(.unlocks(browser: browser.index), in: waitMs + chance.delay(500...10_000))
        case .conversations(let list):
            browser.conversations = list
            for summary in list where summary.gap { browser.hadGap = true }
        case .messages(let conversation, let replaceAll, let hasOlder, let list):
            guard conversation == browser.openConversation else { break }
            if replaceAll { browser.messages = [:] }
            browser.hasOlder = hasOlder
            for message in list {
                if message.time > World.lastMoment { violate("\(browser.index) is shown a time that no browser has") }
                browser.messages[message.id] = message
            }
        case .revealed(_, let message, let text, _):
            browser.revealed[message] = text
        case .invitation(let id, let link, _):
            browser.madeInvitations.append((id, link))
            if !browser.keepsInvitations, !chance.oneIn(8) { handOutInvitations(browser) }
        case .warning(let warning, _):
            browser.warnings.append(warning)
            counts.warnings += 1
            // A hole that heals is shown as what it is, whoever made it. After a rollback honest messages look strange.
            let isExpected = warning == .messagesMissing || plan.faults.contains(.rollbacks) || !plan.hostility.isEmpty
            if !isExpected { violate("\(browser.index) was warned: \(describe(warning))") }
        case .problem(let problem):
            browser.problems.append(problem)
            if problem == .internalError { violate("\(browser.index) had an internal error") }
        case .recoveryFile(let file, let code):
            browser.recovery = (file, code)
        case .invitations, .safetyNumber, .nodeStatus, .locked:
            break
        case .resumed(let conversation, let drafts):
            browser.resumedConversation = conversation
            browser.drafts = drafts
        case .call(let call): show(call, to: browser)
        }
    }

    /// Lets something planned happen.
    func happen(_ occurrence: Occurrence) {
        switch occurrence {
        case .connect(let browser, let link): attempt(link, of: browsers[browser])
        case .linked(let link): linked(link)
        case .frameAtNode(let link, let frame): arriveAtNode(frame, on: link)
        case .frameAtClient(let link, let frame): arriveAtClient(frame, on: link)
        case .lossAtNode(let link): lossAtNode(link)
        case .lossAtClient(let link): lossAtClient(link)
        case .nodeStarts:
            note("the node starts")
            isNodeUp = true
        case .comesOnline(let browser):
            browsers[browser].isOnline = true
        case .tick(let index, let timer):
            if browsers[index].timer == timer { give(.tick, to: browsers[index]) }
        case .opensPage(let index):
            if browsers[index].engine == nil { openPage(browsers[index]) }
        case .opensLink(let index): openLink(browsers[index])
        case .enrols(let index): enrol(browsers[index])
        case .unlocks(let index): unlock(browsers[index])
        case .signal(let endpoint, let kind): giveSignal(kind, of: endpoint)
        case .channelOpens(let endpoint): channelOpens(endpoint)
        case .channelCloses(let endpoint): channelCloses(endpoint)
        case .channelMessage(let endpoint, let bytes): channelMessage(bytes, at: endpoint)
        case .pathReturns(let pair): partitioned.remove(pair)
        case .fileAnswer(let index, let page, let input): giveFileAnswer(input, to: browsers[index], page: page)
        case .fileChunk(let endpoint, let file, let index, let attempt, let chunk):
            chunkArrives(chunk, of: file, index: index, attempt: attempt, at: endpoint)
        case .fileAcknowledgement(let endpoint, let file, let chunks, let attempt):
            acknowledged(chunks, of: file, attempt: attempt, at: endpoint)
        case .callSignal(let index, let call): giveCallSignal(of: call, browsers[index])
        case .callConnects(let index, let call): callConnects(call, browsers[index])
        case .callBreaks(let index, let call): breakCall(call, of: browsers[index])
        case .respondsToCall(let index, let call): respond(to: call, browsers[index])
        }
    }
}
