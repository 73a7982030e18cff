import GRDB

extension SQLiteTables {
    func invitation(_ invitation: [UInt8]) throws -> InvitationRecord? {
        try row(
            "SELECT device, verifier, expires, bundleHash, bundle, state, memberKeyHash, receipt FROM invitations "
                + "WHERE invitation = ?",
            [invitation]
        ).map { row in
            InvitationRecord(
                invitation: invitation, device: try row.bytes(0), verifier: try row.bytes(1),
                expires: try row.unsigned(2), bundleHash: try row.bytes(3), bundle: try row.bytes(4),
                state: InvitationRecord.State(rawValue: try row.count(5)) ?? .used,
                memberKeyHash: try row.optionalBytes(6), receipt: try row.optionalBytes(7))
        }
    }

    func openInvitations(of device: [UInt8], now: UInt64) throws -> Int {
        try number(
            "SELECT count(*) FROM invitations WHERE device = ? AND state = 0 AND expires > ?", [device, now])
    }

    func invitations(of device: [UInt8]) throws -> Int {
        try number("SELECT count(*) FROM invitations WHERE device = ?", [device])
    }

    func dropExpiredBundles(of device: [UInt8], now: UInt64) throws {
        try execute(
            "UPDATE invitations SET bundle = x'' WHERE device = ? AND state = 0 AND expires <= ? AND length(bundle) > 0",
            [device, now])
    }

    func put(_ invitation: InvitationRecord) throws {
        try execute(
            "INSERT OR REPLACE INTO invitations "
                + "(invitation, device, verifier, expires, bundleHash, bundle, state, memberKeyHash, receipt) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                invitation.invitation, invitation.device, invitation.verifier, invitation.expires,
                invitation.bundleHash,
                invitation.bundle, invitation.state.rawValue, invitation.memberKeyHash, invitation.receipt,
            ])
    }
}
