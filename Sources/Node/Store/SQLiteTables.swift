import GRDB

/// The store's operations inside one transaction. Each topic is an extension in a file of its own.
struct SQLiteTables: StoreChanges {
    let database: Database
}

extension SQLiteTables {
    /// Earlier operator invitations than these are forgotten.
    private static let openClaims = 8

    func origin() throws -> String? {
        try value("origin").map { String(decoding: $0, as: UTF8.self) }
    }

    func set(origin: String) throws {
        try set("origin", to: [UInt8](origin.utf8))
    }

    func ownership() throws -> Ownership? {
        guard let authority = try value("authority"), let tokenHash = try value("claim") else { return nil }
        return Ownership(authority: authority, tokenHash: tokenHash)
    }

    func set(ownership: Ownership) throws {
        try set("authority", to: ownership.authority)
        try set("claim", to: ownership.tokenHash)
        try execute("DELETE FROM claims")
    }

    func isOffered(claim tokenHash: [UInt8]) throws -> Bool {
        try number("SELECT count(*) FROM claims WHERE tokenHash = ?", [tokenHash]) > 0
    }

    func offerClaim(tokenHash: [UInt8]) throws {
        try execute("INSERT INTO claims (tokenHash) VALUES (?)", [tokenHash])
        try execute("DELETE FROM claims WHERE id <= (SELECT max(id) FROM claims) - ?", [Self.openClaims])
    }

    func bubbleState() throws -> [UInt8]? {
        try value("bubbleState")
    }

    func set(bubbleState: [UInt8]) throws {
        try set("bubbleState", to: bubbleState)
    }

    private func value(_ name: String) throws -> [UInt8]? {
        try bytes("SELECT value FROM node WHERE name = ?", [name])
    }

    private func set(_ name: String, to value: [UInt8]) throws {
        try execute(
            "INSERT INTO node (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [name, value])
    }
}
