import CryptoPrimitives

// Calls: what the user does, and what each state waits for. Signals and keys travel inside the conversation; the media do
// not pass here.
extension Account {
    /// After this a peer that has not been reached counts as away, in milliseconds.
    private static let reachPatience: UInt64 = 15_000
    /// How long it rings, in milliseconds.
    private static let ringPatience: UInt64 = 45_000
    /// The callee stops ringing after this, whatever the caller says.
    private static let longestRing: UInt64 = 60_000
    /// A caller that is not heard any more has vanished.
    private static let callerPatience: UInt64 = 15_000
    /// How long the media have to come, or to come back.
    private static let mediaPatience: UInt64 = 30_000
    /// How long the last words of a call that is over are repeated.
    private static let lingering: UInt64 = 30_000
    private static let alivePause: UInt64 = 5_000
    /// More calls at a time are not heard: all but one of them are over, or refused.
    private static let callsLimit = 16

    /// The one call that is not over.
    var activeCall: Call? { calls.first { !$0.isOver } }

    private func activeCall(_ id: [UInt8]) -> Call? { calls.first { $0.id == id && !$0.isOver } }

    // What the user does.

    func call(_ id: [UInt8], video: Bool) {
        guard let conversation = conversation(id) else { return effects.emit(.problem(.unknownPeer)) }
        guard callSupport == .media || callSupport == .frames else {
            return effects.emit(.problem(.callsUnsupported))
        }
        guard !conversation.isRemoved else { return effects.emit(.problem(.noLongerMember)) }
        guard activeCall == nil else { return effects.emit(.problem(.callInProgress)) }
        let call = Call(
            id: effects.random.bytes(16), conversation: conversation.id, isOwn: true, video: video, state: .calling,
            now: effects.now)
        calls.append(call)
        say(.ring(video: video, callSupport), in: call)
        show(call)
    }

    func answerCall(_ id: [UInt8], video: Bool) {
        guard let call = activeCall(id), call.state == .ringingHere else { return }
        answer(call, video: video)
    }

    private func answer(_ call: Call, video: Bool) {
        call.nonce = effects.random.bytes(16)
        say(.answer(video: video, callSupport, nonce: call.nonce), in: call)
        enter(.connecting, call)
        start(call, video: video)
        show(call)
    }

    func declineCall(_ id: [UInt8]) {
        guard let call = activeCall(id), call.state == .ringingHere else { return }
        say(.decline, in: call)
        end(call, .declined)
    }

    func hangUp(_ id: [UInt8]) {
        guard let call = activeCall(id) else { return }
        if call.state == .ringingHere { return declineCall(id) }
        say(.hangUp, in: call)
        end(call, .hungUp)
    }

    /// The account is about to be locked: a word through the channel, if there is one, is all that can still be said.
    func leaveCalls() {
        guard let call = activeCall else { return }
        say(call.state == .ringingHere ? .decline : .hangUp, in: call)
        end(call, call.state == .ringingHere ? .declined : .hungUp)
    }

    func callSignal(_ id: [UInt8], _ kind: CallSignalKind, _ text: Text) {
        guard let call = activeCall(id), call.isStarted, text.utf8.count <= Self.callSignalLimit else { return }
        sendSignal(kind, text, in: call)
    }

    func callMedia(_ id: [UInt8], _ state: CallMediaState) {
        guard let call = activeCall(id), call.isStarted else { return }
        switch state {
        case .connected:
            guard call.state != .inCall else { return }
            if call.started == 0 { call.started = effects.now }
            enter(.inCall, call)
            show(call)
        case .disconnected, .failed:
            guard call.state == .inCall else { return }
            enter(.reconnecting, call)
            show(call)
        case .fingerprintMismatch:
            if let conversation = conversation(call.conversation) { warn(.fingerprintMismatch, in: conversation) }
            say(.hangUp, in: call)
            end(call, .fingerprintMismatch)
        }
    }

    /// What the host can do is said to everybody who is there.
    func setCallSupport(_ support: CallSupport) {
        guard support != callSupport else { return }
        callSupport = support
        for conversation in conversations { announceCallSupport(to: conversation) }
    }

    // What the other side says.

    /// A ring of a call that we do not know.
    func rings(_ id: [UInt8], video: Bool, _ support: CallSupport, in conversation: Conversation) {
        // A late copy of what is over for us.
        guard !pastCalls.contains(id), calls.count < Self.callsLimit else { return }
        let call = Call(
            id: id, conversation: conversation.id, isOwn: false, video: video, state: .ringingHere, now: effects.now)
        call.peerSupport = support
        // Its first message has come with this.
        _ = call.stream.take(1, .ring(video: video, support))
        guard callSupport == .media || callSupport == .frames else { return refuse(call, .unable) }
        var ownVideo: Bool?
        if let active = activeCall {
            guard active.conversation == conversation.id else { return refuse(call, .busy) }
            // Either this ring is late, or the peer was reloaded and knows no other call: then it says so when asked, and its
            // next ring is heard.
            guard active.isOwn, active.isRinging else { return ask(about: active) }
            // Both call: the lower id is the call, and its callee has already said that it wants to talk.
            guard id.lexicographicallyPrecedes(active.id) else { return }
            ownVideo = active.video
            end(active, .replaced)
            calls.removeAll { $0 === active }
        }
        calls.append(call)
        if let ownVideo { return answer(call, video: ownVideo) }
        say(.ringing(callSupport), in: call)
        show(call)
    }

    /// Answers a ring without showing it. That the call was missed is told by the caller, in the conversation's order.
    private func refuse(_ call: Call, _ word: CallWord) {
        enter(.over, call)
        remember(call)
        calls.append(call)
        say(word, in: call)
    }

    func take(_ word: CallWord, in call: Call) {
        guard !call.isOver else { return }
        switch word {
        case .ringing(let support):
            guard call.state == .calling else { return }
            call.peerSupport = support
            enter(.ringingThere, call)
            show(call)
        case .answer(_, let support, let nonce):
            guard call.isOwn, call.isRinging else { return }
            call.nonce = nonce
            call.peerSupport = support
            enter(.connecting, call)
            start(call, video: call.video)
            show(call)
        case .decline: end(call, call.isRinging ? .declined : .hungUp)
        case .busy: end(call, call.isRinging ? .busy : .hungUp)
        case .unable: end(call, call.isRinging ? .unsupported : .hungUp)
        case .hangUp: end(call, .hungUp)
        case .signal(let kind, let isLast, let piece): takeSignal(kind, piece, isLast: isLast, in: call)
        // Of a ring only the first copy counts; the others say no more than that the sender is there.
        case .ring, .alive, .moved: break
        }
    }

    /// The caller's word about a call that was not answered. It is the one source of the notice, unless the caller vanished.
    func take(_ missed: MissedCall, in conversation: Conversation) {
        if let call = calls.first(where: { $0.id == missed.call && $0.conversation == conversation.id }), !call.isOver {
            guard call.state == .ringingHere else { return }
            end(call, .noAnswer)
        }
        noteMissed(missed.call, video: missed.video, time: believable(missed.time), in: conversation)
    }

    // The end of a call.

    func end(_ call: Call, _ reason: CallReason) {
        guard !call.isOver else { return }
        let former = call.state
        if call.isStarted { effects.output.calls.append(.end(call: call.id)) }
        call.isStarted = false
        call.reason = reason
        enter(.over, call)
        remember(call)
        if let conversation = conversation(call.conversation) { log(call, from: former, in: conversation) }
        // The keys of the call follow from the epoch's: with the next epoch nobody can make them again.
        if call.keys != nil, call.isOwn { renewKeys(after: call) }
        call.keys = nil
        show(call)
    }

    private func log(_ call: Call, from state: CallState, in conversation: Conversation) {
        let wasAnswered = state == .connecting || state == .inCall || state == .reconnecting
        if wasAnswered || (call.isOwn && call.reason != .replaced) || call.reason == .declined {
            append(.call, call.notice(at: effects.now), isOwn: call.isOwn, to: conversation)
        }
        guard !wasAnswered else { return }
        if !call.isOwn {
            // A caller that vanished will not tell.
            if call.reason == .lost || call.reason == .noAnswer {
                noteMissed(call.id, video: call.video, time: effects.now, in: conversation)
            }
        } else if call.reason != .declined, call.reason != .replaced {
            enqueue(
                .missedCall(MissedCall(call: call.id, video: call.video, time: call.begun)), in: conversation)
        }
    }

    private func noteMissed(_ id: [UInt8], video: Bool, time: UInt64, in conversation: Conversation) {
        guard !missedCalls.contains(id) else { return }
        missedCalls.append(id)
        if missedCalls.count > Self.rememberedCalls { missedCalls.removeFirst() }
        if view?.conversation != conversation.id { conversation.unread += 1 }
        conversation.lastTime = effects.now
        hasChangedList = true
        append(.missedCall, video ? "video" : "voice", time: time, to: conversation)
    }

    private static let rememberedCalls = 64

    private func remember(_ call: Call) {
        pastCalls.append(call.id)
        if pastCalls.count > Self.rememberedCalls { pastCalls.removeFirst() }
    }

    // What is due.

    /// Repeats what was not confirmed, and gives up what has waited for too long.
    func pumpCalls() {
        for call in calls {
            expire(call)
            repeatWords(of: call)
            updateKeys(of: call)
        }
        calls.removeAll { $0.isOver && ($0.stream.unconfirmed.isEmpty && $0.confirmAt == nil || isForgotten($0)) }
    }

    private func isForgotten(_ call: Call) -> Bool { call.since + Self.lingering <= effects.now }

    private func expire(_ call: Call) {
        switch call.state {
        case .calling:
            guard !isDue(call.begun + Self.reachPatience) else { return giveUp(call, .away) }
        case .ringingThere:
            guard !isDue(call.begun + Self.ringPatience) else { return giveUp(call, .noAnswer) }
        case .ringingHere:
            guard !isDue(call.begun + Self.longestRing) else { return giveUp(call, .noAnswer) }
            guard !isDue(call.heard + Self.callerPatience) else { return giveUp(call, .lost) }
        case .connecting, .reconnecting:
            guard !isDue(call.since + Self.mediaPatience) else { return giveUp(call, .lost) }
        case .inCall: break
        case .over:
            _ = isDue(call.since + Self.lingering)
            return
        }
        if call.stream.unconfirmed.count > CallStream.sentLimit { giveUp(call, .lost) }
    }

    private func giveUp(_ call: Call, _ reason: CallReason) {
        say(.hangUp, in: call)
        end(call, reason)
    }

    /// Whether the time has come; else a tick is asked for.
    func isDue(_ time: UInt64) -> Bool {
        if time <= effects.now { return true }
        effects.wake(at: time)
        return false
    }

    func enter(_ state: CallState, _ call: Call) {
        call.state = state
        call.since = effects.now
        // Someone who cannot see media has to be told that we are there, and has to tell us.
        let mustSpeak = call.isOwn && call.isRinging || state == .connecting || state == .reconnecting
        call.aliveAt = mustSpeak ? effects.now + Self.alivePause : nil
    }

    /// The next time to say that we are there.
    func postponeAlive(_ call: Call) {
        if call.aliveAt != nil { call.aliveAt = effects.now + Self.alivePause }
    }

    func show(_ call: Call) {
        effects.emit(
            .call(
                CallSummary(
                    call: call.id, conversation: call.conversation, isOwn: call.isOwn, video: call.video,
                    encryption: encryption(of: call), state: call.state, reason: call.reason, startedMs: call.started)))
    }
}
