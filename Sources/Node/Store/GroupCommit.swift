import GRDB
import NodeProtocol
import ServiceLifecycle
import Synchronization

/// Puts many changes into one transaction: one `fsync` serves all that arrived during the last one.
///
/// Each change has its own savepoint, so that a refused one leaves nothing behind and the others stand. Nobody is told
/// an outcome before the transaction is on the disk.
final class GroupCommit: Service {
    private struct Job: Sendable {
        /// Runs the change and keeps its outcome; throws only what makes the whole transaction fail.
        let run: @Sendable (Database) throws -> Void
        /// Tells the outcome; `false`: the transaction failed.
        let tell: @Sendable (_ isDurable: Bool) -> Void
    }

    private struct Pending {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// More would only make the first wait for the last.
    private static let batch = 512

    private let writer: any DatabaseWriter
    private let pending = Mutex(Pending())
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(_ writer: any DatabaseWriter) {
        self.writer = writer
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func submit<Value: Sendable>(
        _ change: @escaping @Sendable (Database) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        let outcome = Outcome<Value>()
        let job = Job(
            run: { database in
                do {
                    var value: Value?
                    try database.inSavepoint {
                        value = try change(database)
                        return .commit
                    }
                    if let value { outcome.set(.success(value)) }
                } catch let refusal as Refusal {
                    outcome.set(.failure(refusal))
                }
            },
            tell: { isDurable in
                then(isDurable ? outcome.result : .failure(.unavailable))
            })
        let isAccepted = pending.withLock { pending in
            guard !pending.isClosed else { return false }
            pending.jobs.append(job)
            return true
        }
        if isAccepted { wake.yield() } else { then(.failure(.unavailable)) }
    }

    func run() async throws {
        for await _ in wakeups.cancelOnGracefulShutdown() { await commitPending() }
        pending.withLock { $0.isClosed = true }
        await commitPending()
    }

    private func commitPending() async {
        while true {
            let jobs = pending.withLock { pending in
                let batch = Array(pending.jobs.prefix(Self.batch))
                pending.jobs.removeFirst(batch.count)
                return batch
            }
            guard !jobs.isEmpty else { return }
            var isDurable = true
            do {
                try await writer.write { database in
                    for job in jobs { try job.run(database) }
                }
            } catch {
                isDurable = false
            }
            for job in jobs { job.tell(isDurable) }
        }
    }
}

/// A change's outcome between its execution and its commit.
private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, Refusal>>(.failure(.unavailable))

    var result: Result<Value, Refusal> { value.withLock { $0 } }

    func set(_ result: Result<Value, Refusal>) {
        value.withLock { $0 = result }
    }
}
