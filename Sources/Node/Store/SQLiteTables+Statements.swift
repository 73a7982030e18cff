import Foundation
import GRDB

/// A value that a statement can be given.
protocol SQLiteArgument {
    var databaseArgument: DatabaseValue { get }
}

extension Int: SQLiteArgument {
    var databaseArgument: DatabaseValue { databaseValue }
}

extension Int64: SQLiteArgument {
    var databaseArgument: DatabaseValue { databaseValue }
}

extension UInt64: SQLiteArgument {
    /// SQLite's integers are signed: what is beyond them is as good as the largest.
    var databaseArgument: DatabaseValue { Int64(clamping: self).databaseValue }
}

extension String: SQLiteArgument {
    var databaseArgument: DatabaseValue { databaseValue }
}

extension [UInt8]: SQLiteArgument {
    var databaseArgument: DatabaseValue { Data(self).databaseValue }
}

extension SQLiteTables {
    func execute(_ sql: String, _ arguments: [(any SQLiteArgument)?] = []) throws {
        try database.cachedStatement(sql: sql).execute(arguments: bound(arguments))
    }

    /// The first row.
    func row(_ sql: String, _ arguments: [(any SQLiteArgument)?] = []) throws -> Row? {
        try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: bound(arguments))
    }

    func rows(_ sql: String, _ arguments: [(any SQLiteArgument)?] = []) throws -> [Row] {
        try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: bound(arguments))
    }

    /// The first column of the first row, as bytes.
    func bytes(_ sql: String, _ arguments: [(any SQLiteArgument)?] = []) throws -> [UInt8]? {
        try row(sql, arguments)?.bytes(0)
    }

    /// The first column of the first row, as a number; 0 where there is none.
    func number(_ sql: String, _ arguments: [(any SQLiteArgument)?] = []) throws -> Int {
        try row(sql, arguments)?[0] ?? 0
    }

    private func bound(_ arguments: [(any SQLiteArgument)?]) -> StatementArguments {
        StatementArguments(arguments.map { $0?.databaseArgument ?? .null })
    }
}

extension Row {
    func bytes(_ index: Int) -> [UInt8] {
        optionalBytes(index) ?? []
    }

    func optionalBytes(_ index: Int) -> [UInt8]? {
        (self[index] as Data?).map { [UInt8]($0) }
    }

    func unsigned(_ index: Int) -> UInt64 {
        UInt64(clamping: self[index] as Int64)
    }
}
