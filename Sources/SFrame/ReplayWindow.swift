/// Which counters of one key have been opened (RFC 9605 §9.3, after RFC 3711 §3.3.2).
///
/// Frames of several streams share a counter and overtake each other: the window is as wide as the slowest stream may lag.
struct ReplayWindow: Sendable {
    static let width: UInt64 = 4096
    private static let wordBits: UInt64 = 64

    /// One bit for each of the last ``width`` counters, at its counter modulo the width.
    private var words = [UInt64](repeating: 0, count: Int(width / wordBits))
    /// The counter after the highest that was taken. 0: none was.
    private var end: UInt64 = 0

    /// Whether a frame with this counter may be new. The very last of all counters never is: nothing could come after it.
    func admits(_ counter: UInt64) -> Bool {
        guard counter < end else { return counter < .max }
        return end - counter <= Self.width && words[Self.word(counter)] & Self.bit(counter) == 0
    }

    /// Notes the counter of a frame that was authenticated, which ``admits(_:)`` lets through.
    mutating func insert(_ counter: UInt64) {
        // What leaves the window makes room for what enters it.
        if counter >= end {
            if counter - end >= Self.width {
                for index in words.indices { words[index] = 0 }
            } else {
                for passed in end..<counter { words[Self.word(passed)] &= ~Self.bit(passed) }
            }
            end = counter + 1
        }
        words[Self.word(counter)] |= Self.bit(counter)
    }

    private static func word(_ counter: UInt64) -> Int { Int(counter % width / wordBits) }
    private static func bit(_ counter: UInt64) -> UInt64 { 1 << (counter % wordBits) }
}
