import GRDB

extension SQLiteTables {
    /// At most a row for each day that something can live: never what the device has stored itself.
    func usage(of device: [UInt8], now: UInt64) throws -> Usage {
        guard
            let row = try row(
                "SELECT coalesce(sum(bytes), 0), coalesce(sum(slots), 0) FROM usage WHERE device = ? AND day > ?",
                [device, now / 86_400])
        else { return Usage() }
        return Usage(bytes: try row.count(0), slots: try row.count(1))
    }

    func charge(_ usage: Usage, to device: [UInt8], until day: UInt64) throws {
        try execute(
            "INSERT INTO usage (device, day, bytes, slots) VALUES (?, ?, ?, ?) "
                + "ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, slots = slots + excluded.slots",
            [device, day, usage.bytes, usage.slots])
    }

    func refund(bytes: Int, to device: [UInt8], until day: UInt64) throws {
        try execute(
            "UPDATE usage SET bytes = max(0, bytes - ?) WHERE device = ? AND day = ?", [bytes, device, day])
    }
}
