import CryptoPrimitives
import WireFormat

/// What it takes to write to a mailbox. Given out only inside MLS and in an invitation bundle.
public struct MailboxCapability: Equatable, Sendable, WireCodable {
    public static let mailboxLength = 16
    public static let keyLength = 32

    /// The mailbox's id on the node, 16 bytes.
    public let mailbox: [UInt8]
    /// What the node asks for, 32 bytes; it keeps the hash. Blocking a contact changes it.
    public let deliveryKey: Secret
    /// What envelopes to this mailbox are sealed under, 32 bytes, through a fresh key each.
    public let envelopeSecret: Secret

    /// - Throws: ``TrustError/malformed(_:)`` for fields of another length.
    public init(mailbox: [UInt8], deliveryKey: Secret, envelopeSecret: Secret) throws(TrustError) {
        guard mailbox.count == Self.mailboxLength, deliveryKey.count == Self.keyLength,
            envelopeSecret.count == Self.keyLength
        else { throw .malformed(.invalidValue) }
        self.mailbox = mailbox
        self.deliveryKey = deliveryKey
        self.envelopeSecret = envelopeSecret
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: mailbox)
        writer.write(fixed: deliveryKey.exposed)
        writer.write(fixed: envelopeSecret.exposed)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        mailbox = try reader.readFixed(Self.mailboxLength)
        deliveryKey = Secret(try reader.readFixed(Self.keyLength))
        envelopeSecret = Secret(try reader.readFixed(Self.keyLength))
    }
}
