import Logging
import ServiceLifecycle

/// Deletes what has expired, a little at a time so that nobody waits for it.
struct ExpirySweep: Service {
    let store: any Store
    let clock: @Sendable () -> UInt64
    let logger: Logger

    private static let interval = Duration.seconds(300)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    while try await sweepOnce() { try await Task.sleep(for: .milliseconds(50)) }
                } catch {
                    guard !Task.isCancelled else { return }
                    logger.error("The database cannot be written: see that there is room in the data folder.")
                }
                store.settle()
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private func sweepOnce() async throws -> Bool {
        let now = clock()
        return try await store.change { try $0.sweep(now: now) }
    }
}
