import Metrics
import STUN
import Synchronization
import TURN

/// What the relay has done so far, all threads together.
struct RelayTotals: Sendable {
    var report = RelayMailbox.Report()
    var streams = RelayStreamCounts.Values()
}

/// What the relay counts: how much, and what it refused for which reason; no address and no name.
final class RelayMetrics: Sendable {
    private let factory: any MetricsFactory
    private let allocations: Gauge
    private let listeners: Gauge
    private let missing: Gauge
    private let streams: [RelayStreams.Transport: Gauge]

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        allocations = Gauge(label: "cryptpeer_relay_allocations", dimensions: [], factory: factory)
        listeners = Gauge(label: "cryptpeer_relay_listeners", dimensions: [], factory: factory)
        missing = Gauge(label: "cryptpeer_relay_listeners_missing", dimensions: [], factory: factory)
        streams = RelayStreams.Transport.allCases.reduce(into: [:]) { streams, transport in
            streams[transport] = Gauge(
                label: "cryptpeer_relay_streams", dimensions: [("transport", transport.rawValue)], factory: factory)
        }
        // All there always are, from the beginning on: a series that appears later has no rate when it does.
        record(RelayTotals(), since: RelayTotals())
    }

    /// Adds what has been done since the last time.
    func record(_ totals: RelayTotals, since last: RelayTotals) {
        allocations.record(totals.report.allocations)
        listeners.record(totals.report.listeners)
        missing.record(totals.report.missing)
        for (transport, gauge) in streams { gauge.record(totals.streams.open[transport] ?? 0) }
        let new = totals.report.counters
        let old = last.report.counters
        count("allocations_made", [], new.allocationsMade, old.allocationsMade)
        count("datagrams", [("to", "peer")], new.datagramsToPeers, old.datagramsToPeers)
        count("datagrams", [("to", "client")], new.datagramsToClients, old.datagramsToClients)
        count("bytes", [("to", "peer")], new.bytesToPeers, old.bytesToPeers)
        count("bytes", [("to", "client")], new.bytesToClients, old.bytesToClients)
        count("wrong_credentials", [], new.wrongCredentials, old.wrongCredentials)
        for (code, value) in new.refusals {
            count("refusals", [("code", "\(code.rawValue)")], value, old.refusals[code] ?? 0)
        }
        for reason in Discard.allCases { count("discards", [("reason", "\(reason)")], new[reason], old[reason]) }
        count("discards", [("reason", "slowReader")], totals.streams.lost, last.streams.lost)
        for transport in RelayStreams.Transport.allCases {
            count(
                "streams_opened", [("transport", transport.rawValue)], totals.streams.opened[transport] ?? 0,
                last.streams.opened[transport] ?? 0)
        }
        count("streams_refused", [], totals.streams.refused, last.streams.refused)
        for reason in RelayStream.End.allCases {
            count(
                "streams_ended", [("reason", "\(reason)")], totals.streams.ended[reason] ?? 0,
                last.streams.ended[reason] ?? 0)
        }
    }

    private func count(_ name: String, _ dimensions: [(String, String)], _ new: UInt64, _ old: UInt64) {
        Counter(label: "cryptpeer_relay_\(name)", dimensions: dimensions, factory: factory).increment(by: new - old)
    }
}
