import GRDB

extension SQLiteTables {
    func device(_ device: [UInt8]) throws -> DeviceRecord? {
        try row(
            "SELECT sessionKey, member, invitation, inviter, rights, expires FROM devices WHERE device = ?", [device]
        ).map { row in
            guard let rights = UInt8(exactly: try row.integer(4)) else { throw DamagedRow() }
            return DeviceRecord(
                device: device, sessionKey: try row.bytes(0), member: try row.bytes(1),
                invitation: try row.optionalBytes(2), inviter: try row.optionalBytes(3), rights: rights,
                expires: try row.unsigned(5))
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
