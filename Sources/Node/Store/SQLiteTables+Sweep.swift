import GRDB
import NodeProtocol

extension SQLiteTables {
    /// As much as fits between two envelopes without being noticed.
    private static let rowsPerSweep = 500

    func sweep(now: UInt64) throws -> Bool {
        let limit = Self.rowsPerSweep
        var deleted = 0
        let mailboxes = try rows(
            "SELECT DISTINCT mailbox FROM (SELECT mailbox FROM envelopes WHERE expires <= ? LIMIT ?)", [now, limit]
        ).map { $0[0] as Int64 }
        for mailbox in mailboxes {
            try execute(
                "DELETE FROM envelopes WHERE rowid IN "
                    + "(SELECT rowid FROM envelopes WHERE mailbox = ? AND expires <= ? LIMIT ?)", [mailbox, now, limit])
            deleted = max(deleted, database.changesCount)
            try recount(mailbox)
        }
        // Blobs and commits are large: fewer at a time.
        for table in ["blobs", "commits"] {
            try execute(
                "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) WHERE expires <= ? LIMIT ?)",
                [now, limit / 10])
            deleted = max(deleted, database.changesCount * 10)
        }
        try execute(
            "DELETE FROM usage WHERE (device, day) IN (SELECT device, day FROM usage WHERE day <= ? LIMIT ?)",
            [now / 86_400, limit])
        deleted = max(deleted, database.changesCount)
        // An expired invitation is known as such for as long as one can live, then forgotten.
        try execute("UPDATE invitations SET bundle = x'' WHERE expires <= ? AND length(bundle) > 0", [now])
        try execute(
            "DELETE FROM invitations WHERE expires <= ?", [now - min(now, Limits.invitationLifetime)])
        return deleted >= limit
    }
}
