import Trust
import WireFormat

/// Sets a group up: everything that the other member needs to check and to join it.
///
/// A newcomer sends one to its inviter, and either member of a conversation may send one to begin it anew.
struct Introduction {
    /// The invitation that was redeemed, with the node's receipt. nil: the members know each other.
    var redemption: IntroductionRedemption?
    /// Which group of this conversation it is: the one with the highest number is written to, of equals the one with the
    /// lower group id.
    var instance: UInt32
    /// The sender's.
    var chain: CertificateChain
    /// MLS's, with the tree.
    var welcome: [UInt8]
    /// The group's first message: a ``Greeting``.
    var greeting: [UInt8]
}

struct IntroductionRedemption {
    var invitation: InvitationID
    var receipt: RedemptionReceipt
}

extension Introduction: WireCodable {
    private static let formatVersion: UInt8 = 1
    /// No group has a higher number: there is always room for one more.
    private static let instanceLimit: UInt32 = 1 << 30

    func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(optional: redemption)
        writer.write(instance)
        writer.write(chain)
        writer.write(opaque: welcome)
        writer.write(opaque: greeting)
    }

    init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt8() == Self.formatVersion else { throw .invalidValue }
        redemption = try reader.readOptional()
        instance = try reader.readUInt32()
        guard instance < Self.instanceLimit else { throw .invalidValue }
        chain = try reader.read()
        welcome = try reader.readOpaque()
        greeting = try reader.readOpaque()
    }
}

extension IntroductionRedemption: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(invitation)
        writer.write(receipt)
    }

    init(from reader: inout WireReader) throws(WireError) {
        invitation = try reader.read()
        receipt = try reader.read()
    }
}
