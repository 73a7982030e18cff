import GRDB

extension SQLiteTables {
    func mailbox(_ mailbox: [UInt8]) throws -> MailboxRecord? {
        try row(
            "SELECT id, device, deliveryKeyHash, nextSequence, count, bytes FROM mailboxes WHERE mailbox = ?", [mailbox]
        ).map { row in
            MailboxRecord(
                row: try row.integer(0), device: try row.bytes(1), deliveryKeyHash: try row.bytes(2),
                nextSequence: try row.unsigned(3), count: try row.count(4), bytes: try row.count(5))
        }
    }

    func mailboxes(of device: [UInt8]) throws -> Int {
        try number("SELECT count(*) FROM mailboxes WHERE device = ?", [device])
    }

    func makeMailbox(_ mailbox: [UInt8], of device: [UInt8], deliveryKeyHash: [UInt8]) throws {
        try execute(
            "INSERT INTO mailboxes (mailbox, device, deliveryKeyHash, nextSequence, count, bytes) VALUES (?, ?, ?, 1, 0, 0)",
            [mailbox, device, deliveryKeyHash])
    }

    func set(deliveryKeyHash: [UInt8], of mailbox: MailboxRecord) throws {
        try execute("UPDATE mailboxes SET deliveryKeyHash = ? WHERE id = ?", [deliveryKeyHash, mailbox.row])
    }

    func envelopes(in mailbox: MailboxRecord, after sequence: UInt64, limit: Int, now: UInt64) throws
        -> [EnvelopeRecord]
    {
        try rows(
            "SELECT sequence, envelope FROM envelopes WHERE mailbox = ? AND sequence > ? AND expires > ? "
                + "ORDER BY sequence LIMIT ?",
            [mailbox.row, sequence, now, limit]
        ).map { EnvelopeRecord(sequence: try $0.unsigned(0), envelope: try $0.bytes(1)) }
    }

    func append(_ envelope: [UInt8], expires: UInt64, to mailbox: MailboxRecord) throws {
        try execute(
            "INSERT INTO envelopes (mailbox, sequence, expires, envelope) VALUES (?, ?, ?, ?)",
            [mailbox.row, mailbox.nextSequence, expires, envelope])
        try execute(
            "UPDATE mailboxes SET nextSequence = nextSequence + 1, count = count + 1, bytes = bytes + ? WHERE id = ?",
            [envelope.count, mailbox.row])
    }

    func deleteEnvelopes(in mailbox: MailboxRecord, through sequence: UInt64) throws {
        // SQLite knows an envelope's length without reading it.
        guard
            let row = try row(
                "SELECT count(*), coalesce(sum(length(envelope)), 0) FROM envelopes WHERE mailbox = ? AND sequence <= ?",
                [mailbox.row, sequence])
        else { return }
        let (count, bytes) = (try row.count(0), try row.count(1))
        guard count > 0 else { return }
        try execute("DELETE FROM envelopes WHERE mailbox = ? AND sequence <= ?", [mailbox.row, sequence])
        try discount(count, bytes: bytes, from: mailbox.row)
    }

    /// Takes envelopes that were deleted off what their mailbox counts.
    func discount(_ count: Int, bytes: Int, from mailbox: Int64) throws {
        try execute(
            "UPDATE mailboxes SET count = count - ?, bytes = bytes - ? WHERE id = ?", [count, bytes, mailbox])
    }

    func replaceKeyPackages(of device: [UInt8], in mailbox: MailboxRecord, by keyPackages: [[UInt8]]) throws {
        try execute("DELETE FROM keyPackages WHERE device = ?", [device])
        for keyPackage in keyPackages {
            try execute(
                "INSERT INTO keyPackages (mailbox, device, keyPackage) VALUES (?, ?, ?)",
                [mailbox.row, device, keyPackage])
        }
    }

    func takeKeyPackage(from mailbox: MailboxRecord) throws -> [UInt8]? {
        let oldest = try rows(
            "SELECT id, keyPackage FROM keyPackages WHERE mailbox = ? ORDER BY id LIMIT 2", [mailbox.row])
        guard let first = oldest.first else { return nil }
        let keyPackage = try first.bytes(1)
        if oldest.count > 1 { try execute("DELETE FROM keyPackages WHERE id = ?", [try first.integer(0)]) }
        return keyPackage
    }
}
