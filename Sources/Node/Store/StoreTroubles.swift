import GRDB
import Logging
import Metrics
import Synchronization

/// Says in the log what the database could not do, and counts it: one line for each kind and minute, with SQLite's own
/// code. Never what was to be stored.
final class StoreTroubles: Sendable {
    private struct Said {
        var unsaid = 0
        var next: ContinuousClock.Instant?
    }

    private struct State {
        var said: [Int32: Said] = [:]
        var counters: [Int32: Counter] = [:]
        var roomIsShort: Gauge?
        var freeBytes: Gauge?
    }

    private static let interval = Duration.seconds(60)
    /// What is no error of SQLite's.
    private static let other: Int32 = 1

    private let logger: Logger
    private let factory: any MetricsFactory
    private let state: Mutex<State>

    init(_ logger: Logger, _ factory: any MetricsFactory) {
        self.logger = logger
        self.factory = factory
        var state = State()
        state.roomIsShort = Gauge(label: "cryptpeer_disk_room_short", dimensions: [], factory: factory)
        state.freeBytes = Gauge(label: "cryptpeer_disk_free_bytes", dimensions: [], factory: factory)
        state.roomIsShort?.record(0)
        self.state = Mutex(state)
    }

    func note(_ error: any Error) {
        // A node that stops gives up what it was about to do.
        if error is CancellationError { return }
        let code = (error as? DatabaseError)?.extendedResultCode
        let number = code?.rawValue ?? Self.other
        let count = state.withLock { state in
            let counter =
                state.counters[number]
                ?? Counter(label: "cryptpeer_store_errors", dimensions: [("code", "\(number)")], factory: factory)
            state.counters[number] = counter
            counter.increment()
            var said = state.said[number] ?? Said()
            defer { state.said[number] = said }
            said.unsaid += 1
            let now = ContinuousClock.now
            if let next = said.next, now < next { return 0 }
            said.next = now + Self.interval
            defer { said.unsaid = 0 }
            return said.unsaid
        }
        guard count > 0 else { return }
        let reason = code.map { "SQLite error \($0.description)" } ?? "what it holds is damaged"
        logger.error("The database refused to work: \(reason), \(count) \(count == 1 ? "time" : "times").")
    }

    func note(roomIsShort: Bool, free: UInt64?) {
        state.withLock { state in
            state.roomIsShort?.record(roomIsShort ? 1 : 0)
            if let free { state.freeBytes?.record(Int64(clamping: free)) }
        }
    }

    func say(roomIsShort: Bool, free: UInt64?) {
        note(roomIsShort: roomIsShort, free: free)
        let left = (free ?? 0) >> 20
        if roomIsShort {
            logger.error(
                "The disk of the data folder is full (\(left) MiB left): nothing more is stored, and messages wait with their senders. Make room there."
            )
        } else {
            logger.notice("There is room in the data folder again (\(left) MiB): messages are stored as before.")
        }
    }
}
