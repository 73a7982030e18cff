import GRDB

/// The tables. Whoever seizes the file finds random identifiers, hashes, public keys and sealed bytes; no address, and no
/// time but expiries, rounded up to the hour.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in try database.execute(sql: version1) }
        return migrator
    }

    private static let version1 = """
        -- One value each: origin, authority, claim, bubbleState.
        CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

        -- Hashes of the operator invitations that are good until one of them is used.
        CREATE TABLE claims (id INTEGER PRIMARY KEY AUTOINCREMENT, tokenHash BLOB NOT NULL) STRICT;
        """
}
