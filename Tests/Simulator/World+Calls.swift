import Messenger

/// The RTCPeerConnection that a browser has for a call, as far as the engine can tell it from a real one.
struct CallEnd {
    let isPolite: Bool
    /// How many signals this end has given.
    var given: UInt32 = 0
    /// How many of the other end's have come. They are numbered, so that a lost or doubled one shows.
    var taken: UInt32 = 0
    var hasDescription = false
    var isConnected = false
    /// Keys by KID; nil: frames are not encrypted.
    var sendKey: CallKey?
    var receiveKeys: [UInt8: [UInt8]]?
}

extension World {
    /// What the host does with the engine's wishes about calls.
    func act(on action: CallAction, of browser: Browser) {
        switch action {
        case .start(let call, _, let isPolite, _, _, let keys):
            if browser.callEnds[call] != nil { violate("\(browser.index) starts a call twice") }
            var end = CallEnd(isPolite: isPolite)
            end.sendKey = keys.map { $0.send }
            end.receiveKeys = keys.map { [$0.receive.id: $0.receive.key] }
            if let keys { use(keys.send, of: browser) }
            browser.callEnds[call] = end
            counts.callsAnswered += 1
            if !isPolite { giveCallSignals(1 + chance.below(4), of: call, browser) }
        case .signal(let call, _, let text):
            guard var end = browser.callEnds[call] else { return violate("\(browser.index) gets a signal of no call") }
            end.taken += 1
            if World.numbers(in: text).first != end.taken {
                violate("\(browser.index) gets a call's signals in disorder")
            }
            let isFirst = !end.hasDescription
            end.hasDescription = true
            browser.callEnds[call] = end
            guard isFirst else { return }
            if end.isPolite { giveCallSignals(1 + chance.below(4), of: call, browser) }
            plan(.callConnects(browser: browser.index, call), in: chance.delay(50...1_000))
        case .end(let call):
            if browser.callEnds.removeValue(forKey: call) == nil {
                violate("\(browser.index) ends a call that it has not")
            }
        case .receiveKey(let call, let key):
            if browser.callEnds[call]?.receiveKeys == nil { violate("\(browser.index) gets a key for a plain call") }
            browser.callEnds[call]?.receiveKeys?[key.id] = key.key
        case .sendKey(let call, let key):
            use(key, of: browser)
            browser.callEnds[call]?.sendKey = key
            counts.callKeyChanges += 1
            // The very next frame may be under it.
            if let other = otherEnd(of: call, browser), other.receiveKeys?[key.id] != key.key {
                violate("\(browser.index) encrypts frames that the other side cannot open")
            }
        case .forgetKey(let call, let id):
            browser.callEnds[call]?.receiveKeys?[id] = nil
            if let other = otherEnd(of: call, browser), other.sendKey?.id == id {
                violate("\(browser.index) forgets a key that is in use")
            }
        }
    }

    /// A key that sealed once must never begin again with its first nonce.
    private func use(_ key: CallKey, of browser: Browser) {
        if !callKeys.insert(key.key).inserted { violate("\(browser.index) seals with a key that was used before") }
    }

    private func otherEnd(of call: [UInt8], _ browser: Browser) -> CallEnd? {
        for other in browsers where other.index != browser.index {
            if let end = other.callEnds[call] { return end }
        }
        return nil
    }

    private func giveCallSignals(_ number: Int, of call: [UInt8], _ browser: Browser) {
        for place in 0..<number {
            plan(.callSignal(browser: browser.index, call), in: UInt64(place) * 30 + chance.delay(1...25))
        }
    }

    func giveCallSignal(of call: [UInt8], _ browser: Browser) {
        guard var end = browser.callEnds[call] else { return }
        end.given += 1
        let number = end.given
        browser.callEnds[call] = end
        // Now and then one that takes several messages.
        var text = Text("CANARY sdp \(number) ").utf8
        if number % 3 == 1 { text += [UInt8](repeating: 0x61, count: 30_000) }
        guard let signal = Text(validating: text) else { return }
        give(.callSignal(call, kind: number == 1 ? .description : .candidate, signal), to: browser)
    }

    /// The media flow, if the other end is there too.
    func callConnects(_ call: [UInt8], _ browser: Browser) {
        guard let end = browser.callEnds[call], !end.isConnected else { return }
        guard let other = otherEnd(of: call, browser), other.hasDescription else {
            return plan(.callConnects(browser: browser.index, call), in: 1_000)
        }
        browser.callEnds[call]?.isConnected = true
        counts.callsConnected += 1
        give(.callMedia(call, .connected), to: browser)
    }

    /// The path of the media breaks; ICE finds another by and by, after the two have spoken.
    func breakCalls(of browser: Browser) {
        for call in browser.callEnds.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            breakCall(call, of: browser)
        }
    }

    func breakCall(_ call: [UInt8], of browser: Browser) {
        guard let end = browser.callEnds[call], end.isConnected else { return }
        browser.callEnds[call]?.isConnected = false
        give(.callMedia(call, .disconnected), to: browser)
        giveCallSignals(2, of: call, browser)
        plan(.callConnects(browser: browser.index, call), in: chance.delay(500...40_000))
    }

    /// The page is gone: the other sides see no more media, after a while.
    func leaveCalls(_ browser: Browser) {
        for call in browser.callEnds.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            for other in browsers where other.index != browser.index && other.callEnds[call] != nil {
                plan(.callBreaks(browser: other.index, call), in: chance.delay(3_000...15_000))
            }
        }
        browser.callEnds = [:]
    }

    // What people do.

    /// What the screen shows of calls; a person who is rung does something about it, or not.
    func show(_ call: CallSummary, to browser: Browser) {
        let former = browser.calls[call.call]
        if let former, former.state == .over {
            violate("\(browser.index) sees a call that was over: \(describe(former))")
        }
        browser.calls[call.call] = call
        guard call.state == .ringingHere, former == nil else { return }
        counts.rings += 1
        if !browser.ignoresCalls {
            plan(.respondsToCall(browser: browser.index, call.call), in: chance.delay(500...20_000))
        }
    }

    func respond(to call: [UInt8], _ browser: Browser) {
        guard browser.calls[call]?.state == .ringingHere else { return }
        switch chance.below(8) {
        case 0: give(.declineCall(call), to: browser)
        case 1: break
        default: give(.answerCall(call, video: chance.oneIn(2)), to: browser)
        }
    }

    /// Calls somebody. Who is in a call hangs up, or now and then writes so much that the conversation's keys are renewed.
    func telephone(_ browser: Browser) {
        if let call = browser.activeCall {
            if chance.oneIn(4) { return _ = give(.hangUp(call), to: browser) }
            guard plan.isTalkative, chance.oneIn(3), let id = browser.calls[call]?.conversation else { return }
            for _ in 0..<100 {
                guard let peer = browser.conversations.first(where: { $0.conversation == id }) else { return }
                send(0, in: peer, from: browser)
            }
            return
        }
        guard let other = chance.pick(browser.conversations) else { return }
        give(.call(conversation: other.conversation, video: chance.oneIn(2)), to: browser)
    }

    func hangUpAll() {
        for browser in browsers {
            browser.ignoresCalls = true
            if let call = browser.activeCall { give(.hangUp(call), to: browser) }
        }
    }

    /// Whether nobody is in a call, or rings, or is rung.
    func callsAreOver() -> Bool {
        browsers.allSatisfy { $0.activeCall == nil && $0.callEnds.isEmpty }
    }
}
