import CryptoPrimitives
import WireFormat

// How a call's words and signals reach the other side: through the channel where there is one, else in envelopes that the node
// hands on or refuses. A repetition takes the other way, should one of them have died unnoticed.
extension Account {
    /// The longest signal, in bytes of UTF-8.
    static let callSignalLimit = 65_536
    /// How long a confirmation waits for something that it can go along with.
    private static let confirmationDelay: UInt64 = 200

    /// Says something that has to be heard.
    ///
    /// - Returns: its number.
    @discardableResult
    func say(_ word: CallWord, in call: Call) -> UInt32 {
        let number = call.stream.append(word, now: effects.now)
        send(word, number: number, attempt: 0, of: call)
        postponeAlive(call)
        return number
    }

    /// Says that we are there. A peer that does not know the call answers so.
    func ask(about call: Call) {
        send(.alive, number: 0, attempt: 0, of: call)
    }

    func sendSignal(_ kind: CallSignalKind, _ text: Text, in call: Call) {
        var rest = text.utf8[...]
        repeat {
            let piece = rest.prefix(CallMessage.pieceLimit)
            rest = rest.dropFirst(piece.count)
            say(.signal(kind: kind, isLast: rest.isEmpty, piece: [UInt8](piece)), in: call)
        } while !rest.isEmpty
    }

    private func send(_ word: CallWord, number: UInt32, attempt: UInt32, of call: Call) {
        guard let conversation = conversation(call.conversation) else { return }
        call.confirmAt = nil
        send(
            CallMessage(call: call.id, number: number, received: call.stream.received, word: word), attempt: attempt,
            to: conversation)
    }

    private func send(_ message: CallMessage, attempt: UInt32, to conversation: Conversation) {
        // The peer cannot read a group that it has not joined.
        guard record.phase == .enrolled, conversation.introduction == nil else { return }
        let hasChannel = conversation.channel.isOpen && conversation.channel.isReady
        if hasChannel, attempt % 2 == 0 || !link.isEstablished {
            if let content = seal(.call(message), in: conversation) { sendThroughChannel(content, to: conversation) }
        } else {
            sendTransient(.call(message), to: conversation)
        }
    }

    /// Repeats what was not confirmed, confirms what has come, and says that we are there.
    func repeatWords(of call: Call) {
        for sent in call.stream.due(now: effects.now) {
            send(sent.word, number: sent.number, attempt: sent.attempts, of: call)
        }
        if let time = call.stream.repeatAt { effects.wake(at: time) }
        if let time = call.aliveAt, isDue(time) {
            // A device that was reloaded meanwhile hears the ring as a new one.
            if call.isOwn, call.isRinging {
                send(.ring(video: call.video, callSupport), number: 1, attempt: 0, of: call)
            } else {
                ask(about: call)
            }
            postponeAlive(call)
            if let next = call.aliveAt { effects.wake(at: next) }
        }
        if let time = call.confirmAt, isDue(time) { ask(about: call) }
    }

    // Receiving.

    func take(_ message: CallMessage, in conversation: Conversation) {
        guard let call = calls.first(where: { $0.id == message.call && $0.conversation == conversation.id }) else {
            return takeUnknown(message, in: conversation)
        }
        call.heard = effects.now
        call.stream.confirm(through: message.received)
        guard message.number > 0 else {
            // The other side does not know the call: it was reloaded. A ring that it hears again rings again.
            if message.word == .hangUp, !(call.isOwn && call.isRinging) { end(call, .lost) }
            return
        }
        if call.confirmAt == nil { call.confirmAt = effects.now + Self.confirmationDelay }
        for word in call.stream.take(message.number, message.word) { take(word, in: call) }
    }

    /// A message of a call that we do not know, or that is forgotten.
    private func takeUnknown(_ message: CallMessage, in conversation: Conversation) {
        if case .ring(let video, let support) = message.word, message.number == 1 {
            return rings(message.call, video: video, support, in: conversation)
        }
        // What needs no answer, and what would be answered for ever.
        if message.number == 0, message.word == .hangUp { return }
        let word: CallWord = message.word.isFinal ? .alive : .hangUp
        send(
            CallMessage(call: message.call, number: 0, received: message.number, word: word), attempt: 0,
            to: conversation)
    }

    func takeSignal(_ kind: CallSignalKind, _ piece: [UInt8], isLast: Bool, in call: Call) {
        if let signal = call.signal {
            let isTooLong = signal.count + piece.count > Self.callSignalLimit
            call.signal = isTooLong ? nil : signal + piece
        }
        guard isLast else { return }
        defer { call.signal = [] }
        guard call.isStarted, let signal = call.signal, let text = Text(validating: signal) else { return }
        effects.output.calls.append(.signal(call: call.id, kind: kind, text))
    }
}
