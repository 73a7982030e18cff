import CryptoPrimitives
import MLS
import NodeProtocol
import Trust
import WireFormat

// Finding out who is there, and the signals that set a channel up. All of it is sealed inside the conversation, so that the
// fingerprints that the two sides get are each other's (Documentation/ARCHITECTURE.md, "Fingerprints").
extension Account {
    private static let setupPatience: UInt64 = 30_000
    private static let greetingPatience: UInt64 = 10_000
    /// A hello that the node took, but that nobody answered, is repeated after this and ever later.
    private static let helloPause: UInt64 = 5_000
    private static let longestPause: UInt64 = 600_000
    /// A channel under way is not given up for a hello that crossed it.
    private static let crossing: UInt64 = 3_000

    private func isInitiator(_ conversation: Conversation) -> Bool {
        guard let contact = contact(conversation.peer) else { return false }
        return own.device < contact.identity.device
    }

    private func hello(wantsAnswer: Bool, in conversation: Conversation) -> Body {
        .hello(
            Hello(
                wantsAnswer: wantsAnswer, have: conversation.received.have, seen: conversation.current?.seen,
                stateVersion: state.version, stateHash: state.hash, calls: callSupport))
    }

    /// Says hello when it is time to, and gives up a channel that does not come about.
    func pumpPresence(_ conversation: Conversation) {
        if case .connecting(_, let since) = conversation.channel.state {
            if since + Self.setupPatience <= effects.now { dropChannel(of: conversation) }
            effects.wake(at: since + Self.setupPatience)
        }
        // An open channel on which nothing arrives is given up.
        if conversation.channel.isOpen, !conversation.channel.isReady {
            let end = conversation.channel.openedAt + Self.greetingPatience
            if end <= effects.now { dropChannel(of: conversation) } else { effects.wake(at: end) }
        }
        guard conversation.channel.state == .none, let time = conversation.channel.helloAt else { return }
        guard time <= effects.now else { return effects.wake(at: time) }
        guard link.isEstablished, record.phase == .enrolled, intake.isDrained, conversation.introduction == nil,
            mayEncrypt(in: conversation)
        else { return }
        conversation.channel.helloAt = effects.now + pause(after: conversation.channel.failures)
        conversation.channel.failures += 1
        sendTransient(hello(wantsAnswer: true, in: conversation), to: conversation)
        if let next = conversation.channel.helloAt { effects.wake(at: next) }
    }

    private func pause(after failures: UInt32) -> UInt64 {
        min(Self.helloPause << UInt64(min(failures, 10)), Self.longestPause)
    }

    func transientDelivered(_ response: Response, conversation id: [UInt8]) {
        guard let conversation = conversation(id) else { return }
        guard case .refused(.recipientAway) = response else { return }
        // Away: the peer says hello when it comes back.
        conversation.channel.helloAt = nil
        if conversation.channel.state == .none, let device = contact(conversation.peer)?.identity.device.bytes {
            effects.output.channels.append(.close(device: device))
        }
    }

    func take(_ hello: Hello, in conversation: Conversation, by route: Route) {
        compare(stateVersion: hello.stateVersion, hash: hello.stateHash, in: conversation)
        if conversation.peerCalls != hello.calls {
            conversation.peerCalls = hello.calls
            hasChangedList = true
        }
        if route == .channel {
            if !conversation.channel.isReady { repeatReads(in: conversation, unlessSince: .max) }
            conversation.channel.isReady = true
            // Our own may have come before the other end could take it.
            guard hello.wantsAnswer,
                let content = seal(self.hello(wantsAnswer: false, in: conversation), in: conversation)
            else { return }
            return sendThroughChannel(content, to: conversation)
        }
        guard route == .transient else { return }
        // The peer's mailbox is drained, so that what it does not have by now got lost on the way.
        requeue(in: conversation) { $0.sequence > hello.have.sequence && $0.time + 60_000 < effects.now }
        repeatReads(in: conversation, unlessSince: effects.now - min(effects.now, 3_600_000))
        if hello.wantsAnswer {
            abandonStaleChannel(of: conversation)
            sendTransient(self.hello(wantsAnswer: false, in: conversation), to: conversation)
        }
        beginChannel(in: conversation)
    }

    /// A peer that says hello has no channel: what we take for one leads to its former life.
    private func abandonStaleChannel(of conversation: Conversation) {
        switch conversation.channel.state {
        case .none: break
        case .connecting(_, let since):
            if since + Self.crossing <= effects.now { dropChannel(of: conversation) }
        case .open:
            dropChannel(of: conversation)
        }
    }

    /// Whether there is any use in a channel, as far as the two devices have said.
    func canConnect(in conversation: Conversation) -> Bool {
        callSupport != .noConnections && conversation.peerCalls != .noConnections
    }

    private func beginChannel(in conversation: Conversation) {
        guard canConnect(in: conversation) else { return conversation.channel.helloAt = nil }
        guard conversation.channel.state == .none, let contact = contact(conversation.peer) else { return }
        guard isInitiator(conversation) else {
            // The other one begins. Should it not, we say hello again.
            conversation.channel.helloAt = effects.now + pause(after: conversation.channel.failures)
            return
        }
        conversation.channel.state = .connecting(session: effects.random.bytes(16), since: effects.now)
        conversation.channel.helloAt = nil
        effects.output.channels.append(
            .connect(device: contact.identity.device.bytes, initiator: true, relayOnly: record.settings.relayOnly))
    }

    /// A peer that is there learns what our host can do about calls; any other hears it with the next hello.
    func announceCallSupport(to conversation: Conversation) {
        guard conversation.channel.isReady,
            let content = seal(hello(wantsAnswer: false, in: conversation), in: conversation)
        else { return }
        sendThroughChannel(content, to: conversation)
    }

    // Signals.

    func localSignal(device: [UInt8], kind: SignalKind, _ text: Text) {
        guard let conversation = conversation(withDevice: device), let session = conversation.channel.session,
            text.utf8.count <= Body.signalLimit
        else { return }
        sendTransient(.signal(session: session, kind: kind, text), to: conversation)
    }

    func take(signal kind: SignalKind, _ text: Text, session: [UInt8], in conversation: Conversation) {
        guard canConnect(in: conversation), let device = contact(conversation.peer)?.identity.device.bytes
        else { return }
        if kind == .offer, !isInitiator(conversation), conversation.channel.session != session {
            if conversation.channel.state != .none { effects.output.channels.append(.close(device: device)) }
            resetChannel(of: conversation)
            conversation.channel.state = .connecting(session: session, since: effects.now)
            conversation.channel.helloAt = nil
            effects.output.channels.append(
                .connect(device: device, initiator: false, relayOnly: record.settings.relayOnly))
        }
        // Of an attempt that was given up, or an offer where we offer.
        guard conversation.channel.session == session, kind.isCommon || (kind == .offer) != isInitiator(conversation)
        else { return }
        effects.output.channels.append(.remoteSignal(device: device, kind: kind, text))
    }

    // The channel itself.

    func channelState(device: [UInt8], _ newState: ChannelState, _ path: ChannelPath) {
        guard let conversation = conversation(withDevice: device) else { return }
        hasChangedList = true
        switch (newState, conversation.channel.state) {
        case (.open, .connecting(let session, _)):
            conversation.channel.number &+= 1
            conversation.channel.isReady = false
            conversation.channel.hasGreeted = false
            conversation.channel.openedAt = effects.now
            conversation.channel.state = .open(session: session, path: path)
            conversation.channel.failures = 0
            conversation.delivery = nil
        case (.open, .open(let session, _)):
            conversation.channel.state = .open(session: session, path: path)
        case (.open, .none):
            effects.output.channels.append(.close(device: device))
        case (.closed, _):
            channelLost(in: conversation)
        }
    }

    /// The fingerprint that the other end showed is not the one that the conversation authenticated.
    func fingerprintMismatch(device: [UInt8]) {
        guard let conversation = conversation(withDevice: device) else { return }
        warn(.fingerprintMismatch, in: conversation)
        dropChannel(of: conversation)
    }

    func dropChannel(of conversation: Conversation) {
        guard let device = contact(conversation.peer)?.identity.device.bytes, conversation.channel.state != .none else {
            return
        }
        effects.output.channels.append(.close(device: device))
        channelLost(in: conversation)
    }

    /// Every channel is made anew, by the setting that is in force now.
    func remakeChannels() {
        for conversation in conversations where conversation.channel.state != .none {
            dropChannel(of: conversation)
            conversation.channel.helloAt = effects.now
        }
    }

    private func channelLost(in conversation: Conversation) {
        guard conversation.channel.state != .none else { return }
        resetChannel(of: conversation)
        conversation.channel.helloAt = effects.now + pause(after: conversation.channel.failures) / 4
        hasChangedList = true
    }

    /// What went into the channel and was not confirmed goes another way.
    private func resetChannel(of conversation: Conversation) {
        conversation.channel.state = .none
        conversation.channel.isReady = false
        conversation.channel.framing = ChannelFraming()
        conversation.early.removeAll { $0.route == .channel }
        requeue(in: conversation) { $0.sentThrough != nil }
        channelEnded(in: conversation)
    }

    /// The first thing on a channel: what we have, so that the other side sends the rest and nothing twice.
    func greetChannel(_ conversation: Conversation) {
        guard !conversation.channel.hasGreeted,
            let content = seal(hello(wantsAnswer: true, in: conversation), in: conversation)
        else { return }
        conversation.channel.hasGreeted = true
        sendThroughChannel(content, to: conversation)
    }

    func receive(channelMessage piece: [UInt8], device: [UInt8]) {
        guard let conversation = conversation(withDevice: device), conversation.channel.isOpen else { return }
        do throws(WireError) {
            guard let message = try conversation.channel.framing.add(piece) else { return }
            switch try EnvelopeContent(decoding: message) {
            case .message(let message):
                guard
                    MessageHeader.peek(message).map({ header in
                        conversation.groups.contains { $0.group.groupID == header.groupID }
                    }) == true
                else { return warn(.forgedMessage, in: conversation) }
                if case .awaitsCommit = receive(message, by: .channel) {
                    keepEarly(EarlyMessage(message: message, route: .channel), in: conversation)
                }
            case .commit(let group, let sealed):
                guard conversation.current?.group.groupID == group else { return }
                receive(commit: sealed, group: group)
            case .blob, .introduction:
                warn(.forgedMessage, in: conversation)
            }
        } catch {
            warn(.forgedMessage, in: conversation)
        }
    }
}

extension SignalKind {
    /// Whether both sides send it.
    fileprivate var isCommon: Bool { self == .candidate || self == .endOfCandidates }
}
