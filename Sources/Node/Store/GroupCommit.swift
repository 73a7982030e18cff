import GRDB
import NIOCore
import NodeProtocol
import ServiceLifecycle
import Synchronization

/// Puts many changes into one transaction: one `fsync` serves all that arrived during the last one.
///
/// Each change has its own savepoint, so that one that is refused or fails leaves nothing behind and the others stand.
/// Nobody is told an outcome before the transaction is on the disk.
final class GroupCommit: Service {
    private struct Job: Sendable {
        let cost: ChangeCost
        /// Runs the change and keeps its outcome; throws only what makes the whole transaction fail.
        let run: @Sendable (Database) throws -> Void
        /// Tells the outcome; `false`: the transaction failed.
        let tell: @Sendable (_ isDurable: Bool) -> Void
    }

    private struct Pending {
        var jobs = CircularBuffer<Job>()
        var bytes = 0
        var isClosed = false
    }

    /// More would only make the first wait for the last: in number, and in bytes as a memory card writes them.
    private static let batch = 512
    private static let batchBytes = 4 << 20

    private let writer: any DatabaseWriter
    private let room: DiskRoom
    private let troubles: StoreTroubles
    /// The most bytes that wait to be written.
    private let pendingBytes: Int
    private let pending = Mutex(Pending())
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    /// Whether the last transaction could not be written, and when one last was.
    private let last = Mutex<(hasFailed: Bool, written: ContinuousClock.Instant?)>((false, nil))

    init(_ writer: any DatabaseWriter, room: DiskRoom, troubles: StoreTroubles, pendingBytes: Int) {
        self.writer = writer
        self.room = room
        self.troubles = troubles
        self.pendingBytes = pendingBytes
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether the last transaction could not be written.
    var isFailing: Bool { last.withLock { $0.hasFailed } }

    /// Whether a transaction has been written lately, and none has failed since.
    func hasWritten(within duration: Duration) -> Bool {
        last.withLock { last in
            guard !last.hasFailed, let written = last.written else { return false }
            return written.duration(to: .now) < duration
        }
    }

    func submit<Value: Sendable>(
        _ cost: ChangeCost, _ change: @escaping @Sendable (Database) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        // What frees room goes on while there is none to store in.
        if cost.needsRoom, lookAtRoom() { return then(.failure(.unavailable)) }
        let outcome = Outcome<Value>()
        let job = Job(
            cost: cost,
            run: { [troubles] database in
                outcome.set(.failure(.unavailable))
                do {
                    var value: Value?
                    try database.inSavepoint {
                        value = try change(database)
                        return .commit
                    }
                    if let value { outcome.set(.success(value)) }
                } catch let refusal as Refusal {
                    outcome.set(.failure(refusal))
                } catch {
                    // This change's own fault, unless SQLite has given up the transaction.
                    guard database.isInsideTransaction, !Self.concernsAll(error) else { throw error }
                    troubles.note(error)
                }
            },
            tell: { isDurable in
                then(isDurable ? outcome.result : .failure(.unavailable))
            })
        let isAccepted = pending.withLock { pending in
            guard !pending.isClosed, !cost.needsRoom || pending.bytes + cost.bytes <= pendingBytes else { return false }
            pending.jobs.append(job)
            pending.bytes += cost.bytes
            return true
        }
        if isAccepted { wake.yield() } else { then(.failure(.unavailable)) }
    }

    func run() async throws {
        for await _ in wakeups.cancelOnGracefulShutdown() { await commitPending() }
        pending.withLock { $0.isClosed = true }
        await commitPending()
    }

    /// - Returns: whether nothing more is to be stored.
    func lookAtRoom() -> Bool {
        let (isShort, isNews) = room.look()
        if isNews { troubles.say(roomIsShort: isShort, free: room.free) }
        return isShort
    }

    /// Says what the database could not do; for want of room, the reserve is given up.
    func noteFailure(_ error: any Error) {
        troubles.note(error)
        if (error as? DatabaseError)?.resultCode == .SQLITE_FULL { room.releaseReserve() }
    }

    private func commitPending() async {
        while true {
            let jobs = takeBatch()
            guard !jobs.isEmpty else { return }
            if await commit(jobs) { continue }
            // Each by itself: what one change spoils is not the others' loss, and what frees room may still pass.
            for job in jobs {
                if job.cost.needsRoom, lookAtRoom() {
                    job.tell(false)
                } else if await !commit([job]) {
                    job.tell(false)
                }
            }
        }
    }

    private func takeBatch() -> [Job] {
        pending.withLock { pending in
            var batch: [Job] = []
            var bytes = 0
            while let next = pending.jobs.first, batch.count < Self.batch,
                batch.isEmpty || bytes + next.cost.bytes <= Self.batchBytes
            {
                bytes += next.cost.bytes
                batch.append(pending.jobs.removeFirst())
            }
            pending.bytes -= bytes
            return batch
        }
    }

    /// - Returns: false if the transaction failed; then nobody has been told anything.
    private func commit(_ jobs: [Job]) async -> Bool {
        do {
            try await writer.write { database in
                for job in jobs { try job.run(database) }
            }
        } catch {
            last.withLock { $0.hasFailed = true }
            noteFailure(error)
            return false
        }
        last.withLock { $0 = (false, .now) }
        for job in jobs { job.tell(true) }
        return true
    }

    /// Errors of the disk and the file, by which a savepoint does not tell a good change from a bad one.
    private static func concernsAll(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode else { return false }
        return [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_BUSY, .SQLITE_READONLY, .SQLITE_CANTOPEN].contains(
            code)
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
