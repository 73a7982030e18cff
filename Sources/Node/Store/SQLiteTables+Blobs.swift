import GRDB

extension SQLiteTables {
    func blob(_ blob: [UInt8], now: UInt64) throws -> [UInt8]? {
        try bytes("SELECT bytes FROM blobs WHERE blob = ? AND expires > ?", [blob, now])
    }

    func put(blob: [UInt8], bytes: [UInt8], expires: UInt64, tag: [UInt8]) throws {
        // An expired one may still be there.
        try execute("DELETE FROM blobs WHERE blob = ?", [blob])
        try execute(
            "INSERT INTO blobs (blob, tag, length, expires, bytes) VALUES (?, ?, ?, ?, ?)",
            [blob, tag, bytes.count, expires, bytes])
    }

    func delete(blob: [UInt8]) throws -> DeletedBlob? {
        guard let row = try row("SELECT tag, length FROM blobs WHERE blob = ?", [blob]) else { return nil }
        let deleted = DeletedBlob(tag: try row.bytes(0), length: try row.count(1))
        try execute("DELETE FROM blobs WHERE blob = ?", [blob])
        return deleted
    }
}
