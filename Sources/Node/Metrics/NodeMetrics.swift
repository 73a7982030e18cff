import Metrics
import NodeProtocol
import Synchronization

/// What the node counts: how much of what, and never whose.
final class NodeMetrics: Sendable {
    private let factory: any MetricsFactory
    private let stored: Counter
    private let handedOver: Counter
    private let bytesReceived: Counter
    private let bytesSent: Counter
    private let slowReaders: Counter
    private let sessions: Gauge
    private let open = Mutex(0)
    private let requests = Mutex<[String: Counter]>([:])
    private let refusals = Mutex<[Refusal: Counter]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        stored = Counter(label: "cryptpeer_envelopes_stored", dimensions: [], factory: factory)
        handedOver = Counter(label: "cryptpeer_envelopes_transient", dimensions: [], factory: factory)
        bytesReceived = Counter(label: "cryptpeer_bytes_received", dimensions: [], factory: factory)
        bytesSent = Counter(label: "cryptpeer_bytes_sent", dimensions: [], factory: factory)
        slowReaders = Counter(label: "cryptpeer_slow_readers_closed", dimensions: [], factory: factory)
        sessions = Gauge(label: "cryptpeer_sessions", dimensions: [], factory: factory)
        sessions.record(0)
        for counter in [stored, handedOver, bytesReceived, bytesSent, slowReaders] { counter.increment(by: 0) }
    }

    func envelopeStored() { stored.increment() }
    func envelopeHandedOver() { handedOver.increment() }
    func received(_ bytes: Int) { bytesReceived.increment(by: bytes) }
    func sent(_ bytes: Int) { bytesSent.increment(by: bytes) }
    func slowReaderClosed() { slowReaders.increment() }

    func sessionOpened() { changeSessions(by: 1) }
    func sessionClosed() { changeSessions(by: -1) }

    private func changeSessions(by difference: Int) {
        sessions.record(
            open.withLock { open in
                open += difference
                return open
            })
    }

    func requested(_ kind: String) {
        requests.withLock { counters in
            Self.counter(kind, in: &counters) {
                Counter(label: "cryptpeer_requests", dimensions: [("kind", kind)], factory: factory)
            }
        }.increment()
    }

    func refused(_ refusal: Refusal) {
        refusals.withLock { counters in
            Self.counter(refusal, in: &counters) {
                Counter(label: "cryptpeer_refusals", dimensions: [("reason", "\(refusal)")], factory: factory)
            }
        }.increment()
    }

    private static func counter<Key: Hashable>(
        _ key: Key, in counters: inout [Key: Counter], orMake make: () -> Counter
    ) -> Counter {
        if let counter = counters[key] { return counter }
        let counter = make()
        counters[key] = counter
        return counter
    }
}
