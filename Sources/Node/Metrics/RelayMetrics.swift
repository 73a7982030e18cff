import Metrics
import STUN
import TURN

/// What the relay counts: how much, and what it refused for which reason; no address and no name.
final class RelayMetrics: Sendable {
    private let factory: any MetricsFactory
    private let allocations: Gauge

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        allocations = Gauge(label: "cryptpeer_relay_allocations", dimensions: [], factory: factory)
        allocations.record(0)
    }

    /// Adds what the threads have done since the last time.
    ///
    /// - Returns: the sum of the reports, to be given back the next time.
    func record(_ reports: [RelayMailbox.Report], since last: RelayMailbox.Report) -> RelayMailbox.Report {
        var sum = RelayMailbox.Report()
        for report in reports {
            sum.allocations += report.allocations
            sum.counters.add(report.counters)
        }
        allocations.record(sum.allocations)
        let new = sum.counters
        let old = last.counters
        count("allocations_made", [], new.allocationsMade, old.allocationsMade)
        count("datagrams", [("to", "peer")], new.datagramsToPeers, old.datagramsToPeers)
        count("datagrams", [("to", "client")], new.datagramsToClients, old.datagramsToClients)
        count("bytes", [("to", "peer")], new.bytesToPeers, old.bytesToPeers)
        count("bytes", [("to", "client")], new.bytesToClients, old.bytesToClients)
        for (code, value) in new.refusals {
            count("refusals", [("code", "\(code.rawValue)")], value, old.refusals[code] ?? 0)
        }
        for reason in Discard.allCases where new[reason] > 0 {
            count("discards", [("reason", "\(reason)")], new[reason], old[reason])
        }
        return sum
    }

    private func count(_ name: String, _ dimensions: [(String, String)], _ new: UInt64, _ old: UInt64) {
        Counter(label: "cryptpeer_relay_\(name)", dimensions: dimensions, factory: factory).increment(by: new - old)
    }
}
