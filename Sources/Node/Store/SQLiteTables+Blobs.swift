import GRDB

extension SQLiteTables {
    func blob(_ blob: [UInt8], now: UInt64) throws -> [UInt8]? {
        try bytes("SELECT bytes FROM blobs WHERE blob = ? AND expires > ?", [blob, now])
    }

    func storedBytes(under tag: [UInt8]) throws -> Int {
        try number(
            "SELECT coalesce((SELECT sum(length) FROM blobs WHERE tag = ?1), 0) "
                + "+ coalesce((SELECT sum(length) FROM commits WHERE tag = ?1), 0)", [tag])
    }

    func put(blob: [UInt8], bytes: [UInt8], expires: UInt64, tag: [UInt8]) throws {
        // An expired one may still be there.
        try execute("DELETE FROM blobs WHERE blob = ?", [blob])
        try execute(
            "INSERT INTO blobs (blob, tag, length, expires, bytes) VALUES (?, ?, ?, ?, ?)",
            [blob, tag, bytes.count, expires, bytes])
    }

    func delete(blob: [UInt8]) throws -> Bool {
        try execute("DELETE FROM blobs WHERE blob = ?", [blob])
        return database.changesCount > 0
    }
}
