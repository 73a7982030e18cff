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
        try row(sql, arguments)?.count(0) ?? 0
    }

    private func bound(_ arguments: [(any SQLiteArgument)?]) -> StatementArguments {
        StatementArguments(arguments.map { $0?.databaseArgument ?? .null })
    }
}

/// A row holds what its table cannot: the file was damaged while the node ran.
struct DamagedRow: Error {}

// GRDB's own conversions end the process where a value is not of the type asked for.
extension Row {
    func bytes(_ index: Int) throws(DamagedRow) -> [UInt8] {
        guard let bytes = try optionalBytes(index) else { throw DamagedRow() }
        return bytes
    }

    func optionalBytes(_ index: Int) throws(DamagedRow) -> [UInt8]? {
        switch (self[index] as DatabaseValue).storage {
        case .blob(let data): [UInt8](data)
        case .null: nil
        default: throw DamagedRow()
        }
    }

    func integer(_ index: Int) throws(DamagedRow) -> Int64 {
        guard case .int64(let value) = (self[index] as DatabaseValue).storage else { throw DamagedRow() }
        return value
    }

    func count(_ index: Int) throws(DamagedRow) -> Int {
        Int(clamping: try integer(index))
    }

    func unsigned(_ index: Int) throws(DamagedRow) -> UInt64 {
        UInt64(clamping: try integer(index))
    }
}
