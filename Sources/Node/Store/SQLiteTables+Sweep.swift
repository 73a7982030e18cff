import GRDB
import NodeProtocol

extension SQLiteTables {
    /// As much as fits between two envelopes without being noticed: what lives long expires on the hour, all at once.
    private static let rowsPerSweep = 128
    /// Blobs and commits are large: fewer at a time.
    private static let largeRowsPerSweep = 8

    func sweep(now: UInt64) throws -> Bool {
        var hasMore = try sweepEnvelopes(now: now)
        for table in ["blobs", "commits"] {
            try execute(
                "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) WHERE expires <= ? LIMIT ?)",
                [now, Self.largeRowsPerSweep])
            hasMore = hasMore || database.changesCount >= Self.largeRowsPerSweep
        }
        let limit = Self.rowsPerSweep
        try execute(
            "DELETE FROM usage WHERE (device, day) IN (SELECT device, day FROM usage WHERE day <= ? LIMIT ?)",
            [now / 86_400, limit])
        hasMore = hasMore || database.changesCount >= limit
        // An expired invitation is known as such for as long as one can live, then forgotten.
        try execute(
            "UPDATE invitations SET bundle = x'' WHERE rowid IN "
                + "(SELECT rowid FROM invitations WHERE length(bundle) > 0 AND expires <= ? LIMIT ?)",
            [now, Self.largeRowsPerSweep])
        hasMore = hasMore || database.changesCount >= Self.largeRowsPerSweep
        try execute(
            "DELETE FROM invitations WHERE rowid IN (SELECT rowid FROM invitations WHERE expires <= ? LIMIT ?)",
            [now - min(now, Limits.invitationLifetime), limit])
        return hasMore || database.changesCount >= limit
    }

    /// - Returns: whether there may be more.
    private func sweepEnvelopes(now: UInt64) throws -> Bool {
        // SQLite knows an envelope's length without reading it.
        let expired = try rows(
            "SELECT rowid, mailbox, length(envelope) FROM envelopes WHERE expires <= ? LIMIT ?",
            [now, Self.rowsPerSweep])
        var deleted: [Int64: (count: Int, bytes: Int)] = [:]
        for row in expired {
            try execute("DELETE FROM envelopes WHERE rowid = ?", [try row.integer(0)])
            let before = deleted[try row.integer(1)] ?? (0, 0)
            deleted[try row.integer(1)] = (before.count + 1, before.bytes + (try row.count(2)))
        }
        for (mailbox, sum) in deleted { try discount(sum.count, bytes: sum.bytes, from: mailbox) }
        return expired.count >= Self.rowsPerSweep
    }
}
