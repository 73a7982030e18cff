import GRDB

extension SQLiteTables {
    func device(_ device: [UInt8]) throws -> DeviceRecord? {
        try row(
            "SELECT sessionKey, member, invitation, inviter, rights, expires FROM devices WHERE device = ?", [device]
        ).map { row in
            DeviceRecord(
                device: device, sessionKey: row.bytes(0), member: row.bytes(1), invitation: row.optionalBytes(2),
                inviter: row.optionalBytes(3), rights: row[4], expires: row.unsigned(5))
        }
    }

    func put(_ device: DeviceRecord) throws {
        try execute(
            "INSERT OR REPLACE INTO devices (device, sessionKey, member, invitation, inviter, rights, expires) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                device.device, device.sessionKey, device.member, device.invitation, device.inviter, Int(device.rights),
                device.expires,
            ])
    }

    func checkpoint(of device: [UInt8]) throws -> [UInt8]? {
        try bytes("SELECT checkpoint FROM checkpoints WHERE device = ?", [device])
    }

    func put(checkpoint: [UInt8], of device: [UInt8]) throws {
        try execute(
            "INSERT INTO checkpoints (device, checkpoint) VALUES (?, ?) "
                + "ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint",
            [device, checkpoint])
    }
}
