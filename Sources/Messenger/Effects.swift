import CryptoPrimitives

/// What one input leads to, collected while the engine works on it.
final class Effects {
    let random: Randomness
    /// Milliseconds since 1970, as the host said with the current input.
    private(set) var now: UInt64 = 0
    var output = Output()
    /// Set when something that had to be written could not be sealed: then nothing may be sent either.
    var isBroken = false

    init(random: Randomness) {
        self.random = random
    }

    /// Seconds since 1970, as certificates and the node count.
    var seconds: UInt64 { now / 1000 }

    func begin(now: UInt64) {
        // A clock beyond all reason stands still there: sums with it cannot overflow, and every host can read them.
        self.now = min(now, Body.timeLimit)
        output = Output()
        isBroken = false
    }

    func finish() -> Output {
        if isBroken {
            var failed = Output()
            failed.events = [.problem(.internalError)]
            output = failed
        }
        defer { output = Output() }
        return output
    }

    func emit(_ event: Event) {
        output.events.append(event)
    }

    func warn(_ warning: Warning, conversation: [UInt8] = noConversation) {
        output.events.append(.warning(warning, conversation: conversation))
    }

    /// Asks for a tick at the earliest of all times given.
    func wake(at time: UInt64) {
        output.nextTimeout = min(output.nextTimeout ?? .max, time)
    }

    /// The last value written under a key within one output is the one that counts.
    func write(_ store: Store, _ key: [UInt8], _ value: [UInt8]?) {
        output.writes.removeAll { $0.store == store && $0.key == key }
        output.writes.append(Write(store: store, key: key, value: value))
    }

    func read(_ store: Store, _ key: [UInt8]) {
        output.reads.append(Read(store: store, key: key))
    }
}

/// What a warning names that concerns no conversation.
let noConversation = [UInt8](repeating: 0, count: 16)

/// The bytes of an ASCII literal.
func label(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { buffer in [UInt8](buffer) }
}
