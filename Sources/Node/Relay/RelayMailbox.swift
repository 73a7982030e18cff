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
        case follow(RelayAddresses, PeerPolicy)
        /// Whole messages of a stream.
        case received(RelayStream, [UInt8])
        /// Whether a stream still has an allocation is to be looked at.
        case inspect(RelayStream)
        case ended(RelayStream)
        /// All that this device has allocated is to end.
        case remove(device: [UInt8])
    }

    /// What a thread has done so far.
    struct Report: Sendable {
        var allocations = 0
        /// UDP sockets that clients come to, and those that there should be besides.
        var listeners = 0
        var missing = 0
        var counters = Counters()

        mutating func add(_ other: Report) {
            allocations += other.allocations
            listeners += other.listeners
            missing += other.missing
            counters.add(other.counters)
        }
    }

    /// Readable when there is something to take.
    let descriptor: Int32
    /// Why there is no descriptor (`errno`); 0 if there is one.
    let failure: Int32
    private let messages = Mutex<[Message]>([])
    private let latest = Mutex(Report())
    private let reported = Atomic<UInt64>(0)

    init() {
        descriptor = datagram_wake_create()
        failure = descriptor < 0 ? errno : 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func put(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        // One that waits already has woken the thread.
        guard isFirst else { return }
        var one: UInt64 = 1
        write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func take() -> [Message] {
        var count: UInt64 = 0
        read(descriptor, &count, MemoryLayout<UInt64>.size)
        return messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }

    var report: Report { latest.withLock { $0 } }

    /// Once a second is often enough.
    func report(_ server: borrowing Server, listeners: Int, missing: Int) {
        let second = UInt64(clamping: time(nil))
        guard reported.load(ordering: .relaxed) != second else { return }
        reported.store(second, ordering: .relaxed)
        let report = Report(
            allocations: server.allocationCount, listeners: listeners, missing: missing, counters: server.counters)
        latest.withLock { $0 = report }
    }
}
