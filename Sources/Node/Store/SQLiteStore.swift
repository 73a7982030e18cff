import GRDB
import Glibc
import NodeProtocol
import ServiceLifecycle

/// The node's memory in one SQLite file. It runs for as long as changes are to be written.
final class SQLiteStore: Store, Service {
    private let pool: DatabasePool
    private let commits: GroupCommit

    /// A file up to this size is checked through at each start: a second's work.
    private static let checkedSize = 256 << 20

    init(_ folder: DataFolder) throws(StartError) {
        do {
            pool = try Self.open(folder.database)
        } catch let error as DatabaseError where Self.corrupt.contains(error.resultCode) {
            throw StartError(
                "The database \(folder.database) is damaged",
                advice: "restore node.sqlite from a backup, or move it away to start an empty node")
        } catch DatabaseProblem.newer {
            throw StartError(
                "The database \(folder.database) was written by a newer cryptpeer", advice: "run that version")
        } catch let error as DatabaseError {
            throw StartError(
                "The database \(folder.database) cannot be opened (\(error.resultCode.description.lowercased()))",
                advice: "see that there is room and that the user who runs the node may write there")
        } catch {
            throw StartError(
                "The database \(folder.database) cannot be opened",
                advice: "see that there is room and that the user who runs the node may write there")
        }
        commits = GroupCommit(pool)
    }

    func run() async throws {
        try await commits.run()
        settle()
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
        _ change: @escaping @Sendable (any StoreChanges) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        commits.submit({ try change(SQLiteTables(database: $0)) }, then: then)
    }

    func read<Value: Sendable>(
        _ read: @escaping @Sendable (any StoreReads) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        pool.asyncRead { opened in
            then(
                Result { try read(SQLiteTables(database: try opened.get())) }
                    .mapError { $0 as? Refusal ?? .unavailable })
        }
    }

    /// Writes the log back into the database and empties it, so that nothing deleted lives on in it for long.
    ///
    /// Where readers are at work it does as much as it can.
    func settle() {
        // Not by GRDB's `checkpoint`: on a connection that was closed meanwhile, SQLite's function for it crashes, and a
        // statement fails.
        try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    /// Reads before the node runs, on the calling thread.
    func readNow<Value>(_ read: (any StoreReads) throws -> Value) throws -> Value {
        try pool.read { try read(SQLiteTables(database: $0)) }
    }

    // MARK: - Opening

    private static let corrupt: [ResultCode] = [.SQLITE_CORRUPT, .SQLITE_NOTADB]

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.maximumReaderCount = 4
        // The command line writes to the same file: it is waited for.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // What is deleted is overwritten, as far as a file system and a disk let a program overwrite.
            try database.execute(sql: "PRAGMA secure_delete = ON")
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        let old = umask(0o077)
        defer { umask(old) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // DatabasePool sets NORMAL, with which a power cut loses what was acknowledged.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else { throw DatabaseProblem.notDurable }
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4_096
            if pages * pageSize <= checkedSize {
                guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
            }
        }
        let migrator = SQLiteSchema.migrator
        if try pool.read({ try migrator.hasBeenSuperseded($0) }) { throw DatabaseProblem.newer }
        try migrator.migrate(pool)
        return pool
    }
}

private enum DatabaseProblem: Error {
    case notDurable, newer
}
