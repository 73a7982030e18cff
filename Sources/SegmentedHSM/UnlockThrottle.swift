import WireFormat

/// How long to wait before the next attempt at a passphrase.
///
/// It holds back whoever sits at the screen; whoever takes the disk guesses at scrypt's price instead. The host stores it in
/// clear beside the header, so that a reload does not reset it.
public struct UnlockThrottle: Equatable, Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1
    /// The longest delay, in seconds.
    private static let longest: UInt64 = 15 * 60

    /// Attempts since the last success.
    public private(set) var failures: UInt32
    /// When the current delay began, in seconds since 1970.
    private var since: UInt64

    /// No attempt yet.
    public init() {
        failures = 0
        since = 0
    }

    /// Seconds to wait after so many failures: 0, 0, 1, 2, 4 and on, doubling up to a quarter of an hour.
    public static func delay(afterFailures failures: UInt32) -> UInt64 {
        guard failures >= 2 else { return 0 }
        let exponent = UInt64(failures - 2)
        return exponent < 10 ? min(1 << exponent, longest) : longest
    }

    /// Seconds still to wait; 0 when an attempt may begin.
    ///
    /// A clock that was set back begins the delay again, rather than ending it or prolonging it by as much as the clock was
    /// wrong; that is why this changes the value.
    ///
    /// - Parameter now: seconds since 1970.
    public mutating func waitingTime(now: UInt64) -> UInt64 {
        if now < since { since = now }
        let delay = Self.delay(afterFailures: failures)
        let waited = now - since
        return waited < delay ? delay - waited : 0
    }

    /// Counts an attempt as failed before it is made. Store the value before deriving anything: ending the program in the
    /// middle is then no free guess.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: whether the attempt may be made. If not, it was not counted.
    public mutating func beginAttempt(now: UInt64) -> Bool {
        guard waitingTime(now: now) == 0 else { return false }
        failures = failures == .max ? .max : failures + 1
        since = now
        return true
    }

    /// The passphrase was right.
    public mutating func succeed() {
        self = UnlockThrottle()
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(failures)
        writer.write(since)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt8() == Self.formatVersion else { throw .invalidValue }
        failures = try reader.readUInt32()
        since = try reader.readUInt64()
    }
}
