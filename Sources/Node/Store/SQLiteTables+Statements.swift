import Foundation
import GRDB

/// A value that a statement can be given.
protocol SQLiteArgument {
    var databaseArgument: DatabaseValue { get }
}

extension Int: SQLiteArgument {
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
    func execute(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws {
        let statement = try database.cachedStatement(sql: sql)
        try statement.execute(arguments: StatementArguments(arguments.map(\.databaseArgument)))
    }

    func row(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws -> Row? {
        try Row.fetchOne(
            try database.cachedStatement(sql: sql), arguments: StatementArguments(arguments.map(\.databaseArgument)))
    }

    func rows(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws -> [Row] {
        try Row.fetchAll(
            try database.cachedStatement(sql: sql), arguments: StatementArguments(arguments.map(\.databaseArgument)))
    }

    /// The first column of the first row, as bytes.
    func bytes(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws -> [UInt8]? {
        try row(sql, arguments)?.bytes(0)
    }

    /// The first column of the first row, as a number; 0 where there is none.
    func number(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws -> Int {
        try row(sql, arguments)?[0] ?? 0
    }
}

extension Row {
    func bytes(_ index: Int) -> [UInt8]? {
        (self[index] as Data?).map { [UInt8]($0) }
    }
}
