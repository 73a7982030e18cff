import GRDB
import Glibc
import Logging
import Metrics
import NodeProtocol
import ServiceLifecycle

/// The node's memory in one SQLite file. It runs for as long as changes are to be written.
final class SQLiteStore: Store, Service {
    private let pool: DatabasePool
    private let commits: GroupCommit
    private let room: DiskRoom
    private let troubles: StoreTroubles
    private let isVisit: Bool

    /// A file up to this size is checked through at each start: a second's work.
    private static let checkedSize = 256 << 20
    /// Pages that are given back to the file system in one step, as many as fit between two changes.
    private static let pagesReturned = 256
    /// Free pages up to this part of the file are kept for what comes next.
    private static let freePart = 4

    /// Opens the database of a node that is to run, and brings it up to date.
    ///
    /// - Parameter pendingBytes: the most that may wait to be written; more is refused.
    init(_ folder: DataFolder, logger: Logger, metrics: any MetricsFactory, pendingBytes: Int) throws(StartError) {
        let room = DiskRoom(folder)
        troubles = StoreTroubles(logger, metrics)
        // A node on a full disk opens its database with what was kept for that.
        if room.look().isShort {
            troubles.say(roomIsShort: true, free: room.free)
            room.releaseReserve()
        }
        pool = try Self.opened(folder) { path in
            let pool = try Self.open(path, room: room)
            let migrator = SQLiteSchema.migrator
            if try pool.read({ try migrator.hasBeenSuperseded($0) }) { throw DatabaseProblem.newer }
            try migrator.migrate(pool)
            return pool
        }
        self.room = room
        isVisit = false
        commits = GroupCommit(pool, room: room, troubles: troubles, pendingBytes: pendingBytes)
    }

    /// Opens the database of a node that may be running: nothing but what is asked for is changed in it.
    ///
    /// - Throws: a ``StartError`` as well for a database of another version than this program's, which only a start of the
    ///   node brings up to date.
    init(visiting folder: DataFolder, isReadOnly: Bool) throws(StartError) {
        pool = try Self.opened(folder) { path in
            var configuration = Self.configuration
            configuration.readonly = isReadOnly
            let pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = SQLiteSchema.migrator
            if try pool.read({ try migrator.hasBeenSuperseded($0) }) { throw DatabaseProblem.newer }
            if try !pool.read({ try migrator.hasCompletedMigrations($0) }) { throw DatabaseProblem.older }
            if !isReadOnly { try pool.writeWithoutTransaction { try Self.makeDurable($0) } }
            return pool
        }
        room = DiskRoom(folder)
        isVisit = true
        troubles = StoreTroubles(
            Logger(label: "store") { _ in SwiftLogNoOpLogHandler() }, NOOPMetricsHandler.instance)
        commits = GroupCommit(pool, room: room, troubles: troubles, pendingBytes: .max)
    }

    func run() async throws {
        if !isVisit { tendRoom() }
        try await commits.run()
        finish()
    }

    /// Also where the task was cancelled: GRDB's asynchronous access would then refuse.
    private func finish() {
        if !isVisit { try? pool.writeWithoutTransaction { try Self.emptyLog($0) } }
        try? pool.close()
    }

    /// Runs the store for as long as `body` works with it.
    func whileRunning<Value: Sendable>(_ body: @escaping @Sendable (SQLiteStore) async throws -> Value) async throws
        -> Value
    {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await self.run()
                return nil
            }
            defer { group.cancelAll() }
            return try await body(self)
        }
    }

    func change<Value: Sendable>(
        _ cost: ChangeCost, _ change: @escaping @Sendable (any StoreChanges) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        commits.submit(cost, { try change(SQLiteTables(database: $0)) }, then: then)
    }

    func read<Value: Sendable>(
        _ read: @escaping @Sendable (any StoreReads) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        pool.asyncRead { [troubles] opened in
            then(
                Result { try read(SQLiteTables(database: try opened.get())) }
                    .mapError { error -> Refusal in
                        if let refusal = error as? Refusal { return refusal }
                        troubles.note(error)
                        return .unavailable
                    })
        }
    }

    var isRoomShort: Bool { commits.lookAtRoom() }

    /// Whether a change that stores something would be written now.
    func canStore() async -> Bool {
        if isRoomShort { return false }
        // Whoever asks a thousand times a second does not fill the writer's queue.
        if commits.hasWritten(within: .seconds(1)) { return true }
        // An empty transaction writes nothing and succeeds on a dead disk: after a failure it is tried in earnest.
        let isFailing = commits.isFailing
        let written: Void? = try? await change(.storing(0)) { store in
            if isFailing, let origin = try store.origin() { try store.set(origin: origin) }
        }
        return written != nil
    }

    /// Gives free pages back to the file system, then writes the log back into the database and empties it, so that nothing
    /// deleted lives on in it for long. Where readers are at work it does as much as it can.
    func settle() async {
        let isShort = isRoomShort
        do {
            while try await pool.writeWithoutTransaction({ try Self.returnPages($0, all: isShort) }) {
                // Changes that wait have their turn.
                try await Task.sleep(for: .milliseconds(20))
            }
            try await pool.writeWithoutTransaction { try Self.emptyLog($0) }
        } catch {
            // A node that stops closes the database under it.
            if !Task.isCancelled { commits.noteFailure(error) }
        }
        tendRoom()
    }

    /// Looks at the disk, and makes the reserve again once there is room for it.
    private func tendRoom() {
        room.keepReserve()
        troubles.note(roomIsShort: isRoomShort, free: room.free)
    }

    /// - Returns: whether there is more to give back.
    private static func returnPages(_ database: Database, all: Bool) throws -> Bool {
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        // A small file is not worth the writing.
        let kept = all ? 0 : max(pages / freePart, pagesReturned)
        guard free > kept else { return false }
        try database.execute(sql: "PRAGMA incremental_vacuum(\(pagesReturned))")
        let left = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        return left > kept && left < free
    }

    private static func emptyLog(_ database: Database) throws {
        // Not by GRDB's `checkpoint`: on a connection that was closed meanwhile, SQLite's function for it crashes, and a
        // statement fails.
        try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Reads before the node runs, on the calling thread.
    func readNow<Value>(_ read: (any StoreReads) throws -> Value) throws -> Value {
        try pool.read { try read(SQLiteTables(database: $0)) }
    }

    // MARK: - Opening

    private static let corrupt: [ResultCode] = [.SQLITE_CORRUPT, .SQLITE_NOTADB]

    private static func opened(_ folder: DataFolder, _ open: (String) throws -> DatabasePool) throws(StartError)
        -> DatabasePool
    {
        let name = "The database \(folder.database)"
        let advice = "see that there is room and that the user who runs the node may write there"
        do {
            return try open(folder.database)
        } catch let error as DatabaseError where corrupt.contains(error.resultCode) {
            throw StartError(
                "\(name) is damaged",
                advice: "restore node.sqlite from a backup, or move it away to start an empty node")
        } catch DatabaseProblem.newer {
            throw StartError("\(name) was written by a newer cryptpeer", advice: "run that version")
        } catch DatabaseProblem.older {
            throw StartError(
                "\(name) was written by an older cryptpeer",
                advice: "start the node with this version first, which brings it up to date")
        } catch let error as DatabaseError {
            throw StartError(
                "\(name) cannot be opened (\(error.resultCode.description.lowercased()))", advice: advice)
        } catch {
            throw StartError("\(name) cannot be opened", advice: advice)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = 4
        // The command line writes to the same file: it is waited for.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // What is deleted is overwritten, as far as a file system and a disk let a program overwrite.
            try database.execute(sql: "PRAGMA secure_delete = ON")
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        return configuration
    }

    private static func makeDurable(_ database: Database) throws {
        // DatabasePool sets NORMAL, with which a power cut loses what was acknowledged.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else { throw DatabaseProblem.notDurable }
    }

    private static func open(_ path: String, room: DiskRoom) throws -> DatabasePool {
        let old = umask(0o077)
        defer { umask(old) }
        var configuration = Self.configuration
        configuration.prepareDatabase { database in
            // For a file that is made now: free pages can be given back. An older file is changed below.
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            try makeDurable(database)
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4_096
            // On a small disk the log would else take all there is.
            let logBytes = room.total == 0 ? 4 << 20 : min(4 << 20, Int(clamping: room.total / 32))
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(max(16, min(1_000, logBytes / pageSize)))")
            try database.execute(sql: "PRAGMA journal_size_limit = \(logBytes)")
            let length = pages * pageSize
            guard length <= checkedSize else { return }
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            // A file of before, which could not shrink, is written anew once: beside the old one and through the log.
            let canShrink = try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 2
            if !canShrink, pages > 0, UInt64(length) * 3 < room.free ?? 0 {
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                try database.execute(sql: "VACUUM")
            }
        }
        return pool
    }
}

private enum DatabaseProblem: Error {
    case notDurable, newer, older
}
