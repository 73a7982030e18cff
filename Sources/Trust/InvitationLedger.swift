import CryptoPrimitives
import WireFormat

/// The first member key seen for each invitation. An invitation makes one member; a second key is a forgery or a leaked link.
public struct InvitationLedger: Equatable, Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1

    /// SHA-256 of the member key, by invitation.
    private var memberKeyHashes: [InvitationID: [UInt8]] = [:]

    public init() {}

    /// Remembers who redeemed an invitation. The same key may come again.
    ///
    /// - Throws: ``TrustError/invitationReused`` for another key than the first.
    public mutating func record(_ invitation: InvitationID, memberKey: HybridPublicKey) throws(TrustError) {
        let hash = HashAlgorithm.sha256.hash(memberKey.bytes)
        if let known = memberKeyHashes[invitation] {
            guard known == hash else { throw .invitationReused }
        } else {
            memberKeyHashes[invitation] = hash
        }
    }

    /// SHA-256 of the key that redeemed the invitation, if any did.
    public func memberKeyHash(for invitation: InvitationID) -> [UInt8]? {
        memberKeyHashes[invitation]
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.writeVector { writer in
            for invitation in memberKeyHashes.keys.sorted() {
                guard let hash = memberKeyHashes[invitation] else { continue }
                writer.write(invitation)
                writer.write(fixed: hash)
            }
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        var slice = try reader.readSlice()
        var last: InvitationID?
        while !slice.isAtEnd {
            let invitation: InvitationID = try slice.read()
            if let last, invitation <= last { throw .invalidValue }
            last = invitation
            memberKeyHashes[invitation] = try slice.readFixed(HashAlgorithm.sha256.length)
        }
    }
}
