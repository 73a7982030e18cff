import Messenger
import ModelNode
import NodeProtocol
import WireFormat

/// A WebSocket between a browser and the node. It keeps order; what is under way when it breaks is lost, and either side
/// may take a while to notice.
struct Link {
    let browser: Int
    /// The handshake is through; the engine learns of it a little later.
    var isMade = false
    var isAnnounced = false
    var isBroken = false
    var isClosedByClient = false
    var isClosedByNode = false
    /// When the last frame so far arrives, each way: none overtakes another.
    var lastAtNode: UInt64 = 0
    var lastAtClient: UInt64 = 0
}

extension World {
    private var latency: ClosedRange<UInt64> { plan.faults.contains(.delays) && !isHealing ? 5...4_000 : 5...120 }

    func connect(_ browser: Browser, in milliseconds: UInt64) {
        lastLink += 1
        links[lastLink] = Link(browser: browser.index)
        browser.link = lastLink
        plan(.connect(browser: browser.index, link: lastLink), in: milliseconds + chance.delay(10...200))
    }

    func attempt(_ id: UInt32, of browser: Browser) {
        guard browser.link == id, browser.wantsLink, browser.engine != nil else { return }
        guard isNodeUp, browser.isOnline else {
            links[id] = nil
            browser.failedAttempts += 1
            let backoff = min(1_000 << min(browser.failedAttempts, 5), 30_000) as UInt64
            return connect(browser, in: chance.delay(backoff / 2...backoff))
        }
        browser.failedAttempts = 0
        links[id]?.isMade = true
        plan(.linked(id), in: chance.delay(latency))
    }

    func linked(_ id: UInt32) {
        guard let link = links[id], browsers[link.browser].link == id, !link.isBroken else { return }
        links[id]?.isAnnounced = true
        give(.nodeConnected, to: browsers[link.browser])
    }

    func sendToNode(_ frame: [UInt8], from browser: Browser) {
        counts.nodeFrames += 1
        if contains(World.canary, in: frame) { violate("\(browser.index) shows the node a canary") }
        guard let id = browser.link, var link = links[id], link.isAnnounced else {
            return violate("\(browser.index) sends without a connection")
        }
        switch try? ClientFrame(decoding: frame) {
        case .hello(_, .device, _, let device, _)?: browser.device = device
        case .request(_, .deliver(_, _, let isTransient, _, let envelope))?:
            if !isTransient { counts.envelopes += 1 }
            expectNew(envelope, from: browser.index, "an envelope")
            browser.envelopeLengths.append(envelope.count)
            browser.lastEnvelope = envelope
        case .request(_, .commit)?: counts.commits += 1
        case nil: violate("\(browser.index) sends the node what is no frame")
        default: break
        }
        note("\(browser.index) => \(describe(client: frame))")
        link.lastAtNode = max(link.lastAtNode, now + chance.delay(latency))
        links[id] = link
        if !link.isBroken { schedule.plan(.frameAtNode(link: id, frame), at: link.lastAtNode) }
    }

    func arriveAtNode(_ frame: [UInt8], on id: UInt32) {
        guard isNodeUp, let link = links[id], !link.isBroken, !link.isClosedByNode else { return }
        counts.lies = liar.lies
        let outputs: [ModelNode.Output]
        switch liar.receive(frame, on: id) {
        case .passes(let bytes): outputs = node.receive(bytes, on: id, now: now / 1_000)
        case .isAnswered(let answer): outputs = [.send(answer, to: id)]
        }
        send(outputs)
    }

    /// What the node says goes out, as the liar lets it.
    func send(_ outputs: [ModelNode.Output]) {
        for output in outputs {
            switch output {
            case .send(let frame, let target):
                for twisted in liar.twist(frame, on: target) { sendToClient(twisted, on: target) }
            case .close(let target):
                links[target]?.isClosedByNode = true
                guard let last = links[target]?.lastAtClient else { continue }
                schedule.plan(.lossAtClient(target), at: max(last, now) + 10)
            }
        }
    }

    private func sendToClient(_ frame: NodeFrame, on id: UInt32) {
        guard var link = links[id], !link.isBroken else { return }
        link.lastAtClient = max(link.lastAtClient, now + chance.delay(latency))
        links[id] = link
        schedule.plan(.frameAtClient(link: id, frame.encoded), at: link.lastAtClient)
    }

    func arriveAtClient(_ frame: [UInt8], on id: UInt32) {
        guard let link = links[id], !link.isBroken, !link.isClosedByClient else { return }
        note("\(link.browser) <= \(describe(node: frame))")
        give(.nodeFrame(frame), to: browsers[link.browser])
    }

    /// The browser lets go of its connection, without a word to the engine.
    func dropLink(of browser: Browser) {
        guard let id = browser.link else { return }
        browser.link = nil
        links[id]?.isClosedByClient = true
        // Sometimes the node notices at once; a machine that sleeps is noticed late.
        plan(.lossAtNode(id), in: chance.oneIn(3) ? chance.delay(1_000...40_000) : chance.delay(10...500))
    }

    /// The connection breaks; nobody has noticed yet.
    func breakLink(of browser: Browser) {
        guard let id = browser.link, links[id]?.isMade == true else { return }
        note("\(browser.index) loses its connection")
        counts.lostLinks += 1
        links[id]?.isBroken = true
        plan(.lossAtClient(id), in: chance.delay(10...20_000))
        plan(.lossAtNode(id), in: chance.delay(10...40_000))
    }

    /// The connection dies, and neither side is ever told.
    func silenceLink(of browser: Browser) {
        guard let id = browser.link, links[id]?.isMade == true else { return }
        note("\(browser.index)'s connection falls silent")
        counts.lostLinks += 1
        links[id]?.isBroken = true
    }

    func lossAtNode(_ id: UInt32) {
        if isNodeUp { node.disconnect(id) }
        links[id]?.isClosedByNode = true
    }

    func lossAtClient(_ id: UInt32) {
        guard let link = links[id], !link.isClosedByClient else { return }
        links[id]?.isClosedByClient = true
        let browser = browsers[link.browser]
        guard browser.link == id else { return }
        browser.link = nil
        give(.nodeDisconnected, to: browser)
        if browser.wantsLink, browser.link == nil, browser.engine != nil {
            connect(browser, in: chance.delay(200...2_000))
        }
    }

    /// The node is killed; what it had acknowledged stays.
    func crashNode() {
        note("the node is killed")
        counts.nodeCrashes += 1
        node.crash()
        isNodeUp = false
        for browser in browsers { breakLink(of: browser) }
        plan(.nodeStarts, in: chance.delay(200...60_000))
    }

    private func contains(_ needle: [UInt8], in hay: [UInt8]) -> Bool {
        guard hay.count >= needle.count else { return false }
        for start in 0...(hay.count - needle.count) where hay[start] == needle[0] {
            var length = 1
            while length < needle.count, hay[start + length] == needle[length] { length += 1 }
            if length == needle.count { return true }
        }
        return false
    }
}
