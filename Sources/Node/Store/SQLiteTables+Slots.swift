import GRDB

extension SQLiteTables {
    func slot(_ slot: [UInt8]) throws -> SlotRecord? {
        try row("SELECT id, position, tokenHash FROM slots WHERE slot = ?", [slot]).map { row in
            SlotRecord(row: try row.integer(0), position: try row.unsigned(1), tokenHash: try row.bytes(2))
        }
    }

    func makeSlot(_ slot: [UInt8], tokenHash: [UInt8]) throws {
        try execute("INSERT INTO slots (slot, position, tokenHash) VALUES (?, 0, ?)", [slot, tokenHash])
    }

    func commit(in slot: SlotRecord, at position: UInt64, now: UInt64) throws -> CommitRecord? {
        try row(
            "SELECT tokenHash, nextTokenHash, sealed FROM commits WHERE slot = ? AND position = ? AND expires > ?",
            [slot.row, position, now]
        ).map {
            CommitRecord(tokenHash: try $0.bytes(0), nextTokenHash: try $0.bytes(1), sealed: try $0.bytes(2))
        }
    }

    func advance(_ slot: SlotRecord, with commit: CommitRecord, expires: UInt64) throws {
        try execute(
            "INSERT INTO commits (slot, position, tokenHash, nextTokenHash, length, expires, sealed) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                slot.row, slot.position, commit.tokenHash, commit.nextTokenHash, commit.sealed.count, expires,
                commit.sealed,
            ])
        try execute(
            "UPDATE slots SET position = position + 1, tokenHash = ? WHERE id = ?", [commit.nextTokenHash, slot.row])
    }
}
