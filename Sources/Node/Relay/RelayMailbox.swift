import CDatagrams
import Glibc
import STUN
import Synchronization
import TURN

/// The way to a relay's thread from all others, and what it reports to them.
final class RelayMailbox: Sendable {
    enum Message: Sendable {
        case stop
        case command(RelayLoop.Command)
        case listen([IPAddress])
    }

    /// What a thread has done so far.
    struct Report: Sendable {
        var allocations = 0
        var counters = Counters()
    }

    /// Readable when there is something to take.
    let descriptor: Int32
    private let messages = Mutex<[Message]>([])
    private let latest = Mutex(Report())
    private let reported = Atomic<UInt64>(0)

    init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    }

    deinit { close(descriptor) }

    func put(_ message: Message) {
        messages.withLock { $0.append(message) }
        eventfd_write(descriptor, 1)
    }

    func take() -> [Message] {
        var count: UInt64 = 0
        eventfd_read(descriptor, &count)
        return messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }

    var report: Report { latest.withLock { $0 } }

    /// Once a second is often enough.
    func report(_ server: borrowing Server) {
        let second = UInt64(clamping: time(nil))
        guard reported.exchange(second, ordering: .relaxed) != second else { return }
        let report = Report(allocations: server.allocationCount, counters: server.counters)
        latest.withLock { $0 = report }
    }
}
