import GRDB

/// The tables. A person who seizes the file finds random identifiers, hashes, public keys and sealed bytes, and no address
/// of a client. The times in it are expiries (those of a day and more rounded to the hour), those in certificates and
/// KeyPackages, and the time of joining in a receipt. Documentation/THREATS.md says what the rows tell.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in try database.execute(sql: version1) }
        migrator.registerMigration("2") { database in try database.execute(sql: version2) }
        migrator.registerMigration("3") { database in try database.execute(sql: version3) }
        return migrator
    }

    private static let version1 = """
        -- One value each: origin, authority, claim, bubbleState.
        CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

        -- Hashes of the operator invitations that are good until one of them is used.
        CREATE TABLE claims (id INTEGER PRIMARY KEY AUTOINCREMENT, tokenHash BLOB NOT NULL) STRICT;

        CREATE TABLE devices (
            device BLOB PRIMARY KEY, sessionKey BLOB NOT NULL, member BLOB NOT NULL, invitation BLOB, inviter BLOB,
            rights INTEGER NOT NULL, expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE checkpoints (device BLOB PRIMARY KEY, checkpoint BLOB NOT NULL) STRICT;

        -- state: 0 open, 1 used, 2 withdrawn.
        CREATE TABLE invitations (
            invitation BLOB PRIMARY KEY, device BLOB NOT NULL, verifier BLOB NOT NULL, expires INTEGER NOT NULL,
            bundleHash BLOB NOT NULL, bundle BLOB NOT NULL, state INTEGER NOT NULL, memberKeyHash BLOB, receipt BLOB
        ) STRICT;
        CREATE INDEX invitationsByDevice ON invitations (device, state, expires);
        CREATE INDEX invitationsByExpiry ON invitations (expires);

        CREATE TABLE mailboxes (
            id INTEGER PRIMARY KEY, mailbox BLOB NOT NULL UNIQUE, device BLOB NOT NULL, deliveryKeyHash BLOB NOT NULL,
            nextSequence INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX mailboxesByDevice ON mailboxes (device);

        CREATE TABLE envelopes (
            mailbox INTEGER NOT NULL REFERENCES mailboxes, sequence INTEGER NOT NULL, expires INTEGER NOT NULL,
            envelope BLOB NOT NULL, UNIQUE (mailbox, sequence)
        ) STRICT;
        CREATE INDEX envelopesByExpiry ON envelopes (expires);

        CREATE TABLE keyPackages (
            id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL REFERENCES mailboxes,
            device BLOB NOT NULL, keyPackage BLOB NOT NULL
        ) STRICT;
        CREATE INDEX keyPackagesByMailbox ON keyPackages (mailbox, id);
        CREATE INDEX keyPackagesByDevice ON keyPackages (device);

        -- By the hash of the id: the id is the right to the blob. The tag counts quotas; what it stands for is not kept.
        CREATE TABLE blobs (
            id INTEGER PRIMARY KEY, blob BLOB NOT NULL UNIQUE, tag BLOB NOT NULL, length INTEGER NOT NULL,
            expires INTEGER NOT NULL, bytes BLOB NOT NULL
        ) STRICT;
        CREATE INDEX blobsByTag ON blobs (tag, length);
        CREATE INDEX blobsByExpiry ON blobs (expires);

        CREATE TABLE slots (
            id INTEGER PRIMARY KEY, slot BLOB NOT NULL UNIQUE, position INTEGER NOT NULL, tokenHash BLOB NOT NULL,
            tag BLOB NOT NULL
        ) STRICT;
        CREATE INDEX slotsByTag ON slots (tag);

        CREATE TABLE commits (
            slot INTEGER NOT NULL REFERENCES slots, position INTEGER NOT NULL, tokenHash BLOB NOT NULL,
            nextTokenHash BLOB NOT NULL, tag BLOB NOT NULL, length INTEGER NOT NULL, expires INTEGER NOT NULL,
            sealed BLOB NOT NULL, UNIQUE (slot, position)
        ) STRICT;
        CREATE INDEX commitsByTag ON commits (tag, length);
        CREATE INDEX commitsByExpiry ON commits (expires);
        """

    /// Quotas that a restart does not forget, and rows that do not tell which of them one device wrote.
    private static let version2 = """
        -- What a device has stored, by the day (since 1970) on which the last of it will have expired. Slots count for some days.
        CREATE TABLE usage (
            device BLOB NOT NULL, day INTEGER NOT NULL, bytes INTEGER NOT NULL, slots INTEGER NOT NULL,
            PRIMARY KEY (device, day)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX usageByDay ON usage (day);

        DROP INDEX slotsByTag;
        ALTER TABLE slots DROP COLUMN tag;
        DROP INDEX commitsByTag;
        ALTER TABLE commits DROP COLUMN tag;
        -- A blob's tag is sealed from here on, under a key that ends with the process: no two are alike.
        DROP INDEX blobsByTag;
        UPDATE blobs SET tag = x'';
        """

    private static let version3 = """
        -- Those whose bundle has yet to be let go of.
        CREATE INDEX invitationsWithBundle ON invitations (expires) WHERE length(bundle) > 0;
        """
}
