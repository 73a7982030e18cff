import ServiceLifecycle

/// Deletes what has expired, a little at a time so that nobody waits for it.
struct ExpirySweep: Service {
    let store: any Store
    let clock: @Sendable () -> UInt64

    /// How often it looks at the room on the disk, and after how many looks it sweeps.
    private static let look = Duration.seconds(5)
    private static let looks = 60

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    while try await sweepOnce() { try await Task.sleep(for: .milliseconds(50)) }
                } catch {
                    // The store has said what was wrong.
                    guard !Task.isCancelled else { return }
                }
                await store.settle()
                for _ in 0..<Self.looks {
                    try await Task.sleep(for: Self.look)
                    // What members delete is given back to a full disk soon.
                    if store.isRoomShort { break }
                }
            }
        }
    }

    private func sweepOnce() async throws -> Bool {
        let now = clock()
        return try await store.change(.freeing) { try $0.sweep(now: now) }
    }
}
