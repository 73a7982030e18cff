import Metrics
import Synchronization

/// Keeps what is counted and writes it in Prometheus's text format. Counters and gauges are all the node has.
final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Series: Hashable {
        let name: String
        let labels: String
        let isCounter: Bool
    }

    private let values: Mutex<[Series: Double]>
    private let observed = Mutex<[Series: @Sendable () -> Int64]>([:])

    init() {
        // A gauge that is always 1, for its label: Prometheus's own way to say which version this is.
        let version = Series(
            name: "cryptpeer_build_info", labels: "{version=\"\(Version.number)\"}", isCounter: false)
        values = Mutex([version: 1])
    }

    /// All series, in the text exposition format 0.0.4, in a fixed order.
    var text: String {
        var values = values.withLock { $0 }
        for (series, value) in observed.withLock({ $0 }) { values[series] = Double(value()) }
        var text = ""
        var described = ""
        let sorted = values.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        for (series, value) in sorted {
            let name = series.isCounter ? series.name + "_total" : series.name
            if name != described {
                text += "# TYPE \(name) \(series.isCounter ? "counter" : "gauge")\n"
                described = name
            }
            text += "\(name)\(series.labels) \(Int64(value))\n"
        }
        return text
    }

    /// A gauge that is looked at when it is asked for, since it changes more often than that.
    func observe(_ label: String, _ value: @escaping @Sendable () -> Int64) {
        let series = series(label, [], isCounter: false)
        observed.withLock { $0[series] = value }
    }

    private func update(_ series: Series, _ change: (Double) -> Double) {
        values.withLock { $0[series] = change($0[series] ?? 0) }
    }

    private func series(_ label: String, _ dimensions: [(String, String)], isCounter: Bool) -> Series {
        let labels = dimensions.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        return Series(name: label, labels: labels.isEmpty ? "" : "{\(labels)}", isCounter: isCounter)
    }

    // MARK: - MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(self, series(label, dimensions, isCounter: true))
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Handler(self, series(label, dimensions, isCounter: false))
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private final class Handler: CounterHandler, RecorderHandler {
        private let registry: PrometheusRegistry
        private let series: Series

        init(_ registry: PrometheusRegistry, _ series: Series) {
            self.registry = registry
            self.series = series
        }

        func increment(by amount: Int64) { registry.update(series) { $0 + Double(amount) } }
        func reset() { registry.update(series) { _ in 0 } }
        func record(_ value: Int64) { registry.update(series) { _ in Double(value) } }
        func record(_ value: Double) { registry.update(series) { _ in value } }
    }
}
