/// The two ordered streams of a call's messages, one each way: repeated until confirmed, taken in their order and once.
///
/// A call's messages go through the channel or in envelopes that the node does not store; either may be lost, and a change
/// from one to the other may turn their order round.
package struct CallStream {
    package struct Sent {
        package let number: UInt32
        package let word: CallWord
        var sentAt: UInt64
        var attempts: UInt32
    }

    /// The most unconfirmed messages that are kept; more mean that nobody listens.
    package static let sentLimit = 256
    /// How far ahead of a missing message others are kept.
    private static let earlyLimit: UInt32 = 64
    /// How many are repeated at a time.
    private static let repeatWindow = 8
    private static let repeatPause: UInt64 = 2_000
    private static let longestPause: UInt64 = 8_000
    /// After this many attempts nobody seems to listen: from then on there is one attempt each ``silencePause``.
    private static let patience: UInt32 = 6
    private static let silencePause: UInt64 = 60_000

    /// What the other side has not confirmed, in order.
    package private(set) var unconfirmed: [Sent] = []
    private var lastNumber: UInt32 = 0
    /// Up to here the other side's messages have come without a hole.
    package private(set) var received: UInt32 = 0
    private var early: [(number: UInt32, word: CallWord)] = []

    package init() {}

    /// Gives a word its place. It is to be sent at once.
    package mutating func append(_ word: CallWord, now: UInt64) -> UInt32 {
        lastNumber += 1
        unconfirmed.append(Sent(number: lastNumber, word: word, sentAt: now, attempts: 1))
        return lastNumber
    }

    /// The other side has everything up to this number.
    package mutating func confirm(through number: UInt32) {
        unconfirmed.removeAll { $0.number <= number }
    }

    package func isConfirmed(_ number: UInt32) -> Bool {
        unconfirmed.allSatisfy { $0.number != number }
    }

    /// A message that has come: the words that are next now, in order.
    package mutating func take(_ number: UInt32, _ word: CallWord) -> [CallWord] {
        guard number > received, number - received <= Self.earlyLimit, !early.contains(where: { $0.number == number })
        else { return [] }
        early.append((number, word))
        var words: [CallWord] = []
        while let index = early.firstIndex(where: { $0.number == received + 1 }) {
            words.append(early.remove(at: index).word)
            received += 1
        }
        return words
    }

    /// When something is to be repeated next.
    package var repeatAt: UInt64? {
        repeated.map { $0.sentAt + Self.pause(after: $0.attempts) }.min()
    }

    /// What is to be repeated now.
    package mutating func due(now: UInt64) -> [Sent] {
        var due: [Sent] = []
        // Taken before anything changes: an attempt may end the others' turn.
        for sent in repeated where sent.sentAt + Self.pause(after: sent.attempts) <= now { due.append(sent) }
        for index in unconfirmed.indices where due.contains(where: { $0.number == unconfirmed[index].number }) {
            unconfirmed[index].sentAt = now
            unconfirmed[index].attempts += 1
        }
        return due
    }

    /// What comes later in the order waits for the first few to be confirmed. When nobody listens only the very first is
    /// repeated, and seldom: a call goes on while its media do, and each message uses a key that the other side has to derive.
    private var repeated: ArraySlice<Sent> {
        guard let first = unconfirmed.first else { return [] }
        return unconfirmed.prefix(first.attempts > Self.patience ? 1 : Self.repeatWindow)
    }

    private static func pause(after attempts: UInt32) -> UInt64 {
        attempts > patience ? silencePause : min(repeatPause << UInt64(min(attempts - 1, 4)), longestPause)
    }
}
