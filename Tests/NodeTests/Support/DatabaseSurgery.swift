import Foundation

/// Looks into a node's database, and changes it behind the node's back, as damage or another version would. SQLite comes with
/// Python, which the tests need anyway.
enum DatabaseSurgery {
    struct Failure: Error {
        let message: String
    }

    /// Runs statements, each for itself.
    ///
    /// - Returns: the rows, one a line, the columns divided by `|`.
    @discardableResult
    static func run(_ statements: String..., on data: String) throws -> [String] {
        let program = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
            for statement in sys.argv[2:]:
                for row in database.execute(statement):
                    print("|".join(str(column) for column in row))
            database.close()
            """
        let process = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", program, data + "/node.sqlite"] + statements)
        let printed = ChildProcess.everything(process.output)
        let complaint = process.errors.map { ChildProcess.everything($0) } ?? ""
        guard process.wait() == 0 else { throw Failure(message: complaint) }
        return printed.split(separator: "\n").map(String.init)
    }
}
