import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// The time by which what is stored ends.
///
/// It is the time of day, unless that has been set ahead: what was stored before then has a life that was reckoned by the old
/// time, and would be swept unread, all of it at once. So this clock goes on as if nothing had happened, until all that was
/// stored before has ended.
final class RetentionClock: Service {
    private struct State {
        /// Readings of both clocks, in seconds, at the same moment.
        var wall: UInt64
        var elapsed: UInt64
        /// How far this clock is behind the time of day, and until when by that.
        var behind: UInt64 = 0
        var until: UInt64 = 0
    }

    private let wall: @Sendable () -> UInt64
    private let elapsed: (@Sendable () -> UInt64)?
    /// Where it is kept how far this clock is behind: text, two numbers.
    private let path: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Clocks that part by less than this have been adjusted, not set.
    private static let tolerance: Int64 = 300
    private static let interval = Duration.seconds(5)
    /// The longest life of anything stored.
    private static let lifetime: UInt64 = 90 * 86_400

    /// - Parameters:
    ///   - wall: the time of day, in seconds since 1970.
    ///   - elapsed: seconds that pass whatever the time of day does; nil: the time of day is never set.
    init(
        wall: @escaping @Sendable () -> UInt64, elapsed: (@Sendable () -> UInt64)?, folder: DataFolder, logger: Logger
    ) {
        self.wall = wall
        self.elapsed = elapsed
        self.logger = logger
        path = folder.clock
        var state = State(wall: wall(), elapsed: elapsed?() ?? 0)
        let text = (try? readFile(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        if numbers.count == 2 { (state.behind, state.until) = (numbers[0], numbers[1]) }
        self.state = Mutex(state)
    }

    /// Seconds since 1970, as far as they have passed.
    func now() -> UInt64 {
        let (now, jump) = state.withLock { state in
            let current = wall()
            guard let elapsed else { return (current, Int64(0)) }
            let passed = elapsed()
            let jump =
                Int64(clamping: current) - Int64(clamping: state.wall)
                - (Int64(clamping: passed) - Int64(clamping: state.elapsed))
            (state.wall, state.elapsed) = (current, passed)
            let isSet = jump.magnitude > Self.tolerance.magnitude
            if isSet {
                state.behind = UInt64(
                    clamping: Int64(clamping: state.behind).addingReportingOverflow(jump).partialValue)
                state.until = current + Self.lifetime
                keep(state)
            } else if state.behind > 0, current >= state.until {
                state.behind = 0
                keep(state)
            }
            return (current - min(current, state.behind), isSet ? jump : 0)
        }
        if jump != 0 {
            logger.warning(
                "The clock was set \(jump > 0 ? "ahead" : "back") by \(jump.magnitude) s: what is stored keeps the time that it had left."
            )
        }
        return now
    }

    private func keep(_ state: State) {
        try? writeFile(path, Array("\(state.behind) \(state.until)\n".utf8))
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while true {
                try await Task.sleep(for: Self.interval)
                _ = now()
            }
        }
    }

    /// Seconds since this machine was started, those in which it slept included.
    static func secondsSinceBoot() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(clamping: time.tv_sec)
    }
}
