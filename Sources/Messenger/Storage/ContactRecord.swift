import Trust
import WireFormat

/// Somebody we know.
struct ContactRecord {
    var member: MemberID
    /// Of the device that we talk to, in its newest generation; its chain is in the cache.
    var identity: LeafIdentity
    /// What the member calls itself.
    var name: Text
    /// What we call it; empty if it is called by its own name.
    var petname: Text
    /// Whether the user has compared the safety number.
    var isVerified: Bool
    /// Where to write to.
    var mailbox: MailboxCapability

    var shownName: Text { petname.isEmpty ? name : petname }
}

extension ContactRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(member)
        writer.write(identity)
        writer.write(name)
        writer.write(petname)
        writer.write(isVerified)
        // Here former builds had whether its inviter had countersigned a newcomer, which was always so.
        writer.write(true)
        writer.write(mailbox)
    }

    init(from reader: inout WireReader) throws(WireError) {
        member = try reader.read()
        identity = try reader.read()
        name = try reader.read()
        petname = try reader.read()
        isVerified = try reader.readBool()
        _ = try reader.readBool()
        mailbox = try reader.read()
    }
}
