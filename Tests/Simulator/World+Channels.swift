import Messenger

/// One end of an RTCPeerConnection with its DataChannel. Ordered and reliable while it lives; what is under way when it
/// closes is lost.
struct Endpoint {
    let browser: Int
    /// The device that this browser believes to be at the other end.
    let device: [UInt8]
    let isInitiator: Bool
    let isRelayed: Bool
    /// The other end, once a description of it has arrived.
    var remote: UInt32?
    /// The end that has said where it may be reached.
    var reachable: UInt32?
    var isOpen = false
    var lastArrival: UInt64 = 0
}

extension World {
    func act(on action: ChannelAction, of browser: Browser) {
        switch action {
        case .connect(let device, let isInitiator, let relayOnly):
            closeEndpoint(browser, device)
            lastEndpoint += 1
            endpoints[lastEndpoint] = Endpoint(
                browser: browser.index, device: device, isInitiator: isInitiator, isRelayed: relayOnly)
            browser.endpoints[device] = lastEndpoint
            if isInitiator { giveDescription(.offer, of: lastEndpoint) }
        case .remoteSignal(let device, let kind, let text):
            guard let id = browser.endpoints[device] else { return }
            receive(kind, text, at: id)
        case .send(let device, let bytes):
            if bytes.count > 65_536 { violate("\(browser.index) sends \(bytes.count) bytes in one channel message") }
            expectNew(bytes, from: browser.index, "a channel message")
            browser.channelLengths.append(bytes.count)
            guard let id = browser.endpoints[device], let end = endpoints[id], end.isOpen, let remote = end.remote,
                var other = endpoints[remote], other.isOpen, !isPartitioned(end.browser, other.browser)
            else { return }
            counts.directMessages += 1
            other.lastArrival = max(other.lastArrival, now + chance.delay(1...150))
            endpoints[remote] = other
            schedule.plan(.channelMessage(endpoint: remote, bytes), at: other.lastArrival)
        case .close(let device):
            closeEndpoint(browser, device)
        }
    }

    /// The browser makes its description, then a few candidates.
    private func giveDescription(_ kind: SignalKind, of id: UInt32) {
        plan(.signal(endpoint: id, kind), in: chance.delay(5...100))
        plan(.signal(endpoint: id, .candidate), in: chance.delay(105...200))
        plan(.signal(endpoint: id, .endOfCandidates), in: chance.delay(201...400))
    }

    func giveSignal(_ kind: SignalKind, of id: UInt32) {
        guard let end = endpoints[id], browsers[end.browser].endpoints[end.device] == id else { return }
        let remote = end.remote ?? 0
        give(
            .localSignal(device: end.device, kind: kind, Text("CANARY ufrag \(id) \(remote)")),
            to: browsers[end.browser])
    }

    private func receive(_ kind: SignalKind, _ text: Text, at id: UInt32) {
        guard var end = endpoints[id] else { return }
        let numbers = World.numbers(in: text)
        guard numbers.count == 2 else { return violate("\(end.browser) got a signal that nobody sent") }
        switch kind {
        case .offer where !end.isInitiator:
            end.remote = numbers[0]
            endpoints[id] = end
            giveDescription(.answer, of: id)
        case .answer where end.isInitiator && numbers[1] == id:
            end.remote = numbers[0]
            endpoints[id] = end
        case .candidate:
            end.reachable = numbers[0]
            endpoints[id] = end
        default:
            return
        }
        findPath(from: id)
    }

    /// There is one as soon as both ends know each other, and where the other may be reached.
    private func findPath(from id: UInt32) {
        guard let end = endpoints[id], let remote = end.remote, end.reachable == remote,
            let other = endpoints[remote], other.remote == id, other.reachable == id,
            !isPartitioned(end.browser, other.browser)
        else { return }
        plan(.channelOpens(endpoint: id), in: chance.delay(20...600))
        plan(.channelOpens(endpoint: remote), in: chance.delay(20...600))
    }

    func channelOpens(_ id: UInt32) {
        guard var end = endpoints[id], let remote = end.remote, endpoints[remote] != nil else { return }
        end.isOpen = true
        endpoints[id] = end
        counts.channelsOpened += 1
        give(
            .channelState(device: end.device, state: .open, path: end.isRelayed ? .relayed : .direct),
            to: browsers[end.browser])
    }

    /// The other end is gone, or the path is.
    func channelCloses(_ id: UInt32) {
        guard let end = endpoints.removeValue(forKey: id) else { return }
        let browser = browsers[end.browser]
        guard browser.endpoints[end.device] == id else { return }
        browser.endpoints[end.device] = nil
        browser.desk.endTransfers(with: end.device)
        give(.channelState(device: end.device, state: .closed, path: .direct), to: browser)
    }

    func channelMessage(_ bytes: [UInt8], at id: UInt32) {
        guard let end = endpoints[id], end.isOpen else { return }
        give(.channelMessage(device: end.device, bytes), to: browsers[end.browser])
    }

    /// This browser closes its end, without a word to its engine.
    func closeEndpoint(_ browser: Browser, _ device: [UInt8]) {
        guard let id = browser.endpoints.removeValue(forKey: device), let end = endpoints.removeValue(forKey: id) else {
            return
        }
        browser.desk.endTransfers(with: device)
        if let remote = end.remote { plan(.channelCloses(endpoint: remote), in: chance.delay(20...15_000)) }
    }

    /// No direct path between the two for a while; an open channel breaks.
    func partition(_ first: Int, _ second: Int, for milliseconds: UInt64? = nil) {
        let pair = min(first, second) * 1_000 + max(first, second)
        note("no path between \(first) and \(second)")
        partitioned.insert(pair)
        if milliseconds != .max { plan(.pathReturns(pair: pair), in: milliseconds ?? chance.delay(1_000...300_000)) }
        for id in endpoints.keys.sorted() {
            guard let end = endpoints[id], let remote = end.remote, let other = endpoints[remote] else { continue }
            if min(end.browser, other.browser) * 1_000 + max(end.browser, other.browser) == pair {
                plan(.channelCloses(endpoint: id), in: chance.delay(10...15_000))
            }
        }
    }

    func isPartitioned(_ first: Int, _ second: Int) -> Bool {
        !isHealing && partitioned.contains(min(first, second) * 1_000 + max(first, second))
    }

    /// The decimal numbers in a text of the simulation's own.
    static func numbers(in text: Text) -> [UInt32] {
        var numbers: [UInt32] = []
        var current: UInt32?
        for byte in text.utf8 {
            if byte >= 0x30, byte <= 0x39 {
                current = (current ?? 0) &* 10 &+ UInt32(byte - 0x30)
            } else if let number = current {
                numbers.append(number)
                current = nil
            }
        }
        if let number = current { numbers.append(number) }
        return numbers
    }
}
