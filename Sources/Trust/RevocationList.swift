import CryptoPrimitives
import WireFormat

/// Members, devices and invitations that no longer count, as hashes: whoever reads the list without knowing an id learns none.
public struct RevocationList: Equatable, Sendable, WireCodable {
    /// The most entries a list may have: the bubble's state travels whole, in a request to the node and in every invitation's
    /// bundle, and both have their limits.
    public static let limit = 1_024
    private static let hashLength = 32

    private enum Kind: UInt8 {
        case member = 1
        case device = 2
        case invitation = 3
    }

    public let bubble: BubbleID
    /// SHA-256 each, in ascending order.
    private var hashes: [[UInt8]] = []

    /// Nothing revoked.
    public init(bubble: BubbleID) {
        self.bubble = bubble
    }

    /// The number of entries.
    public var count: Int { hashes.count }

    public mutating func revoke(_ member: MemberID) { insert(hash(.member, member.bytes)) }
    public mutating func revoke(_ device: DeviceID) { insert(hash(.device, device.bytes)) }
    public mutating func revoke(_ invitation: InvitationID) { insert(hash(.invitation, invitation.bytes)) }

    public func contains(_ member: MemberID) -> Bool { find(hash(.member, member.bytes)).found }
    public func contains(_ device: DeviceID) -> Bool { find(hash(.device, device.bytes)).found }
    public func contains(_ invitation: InvitationID) -> Bool { find(hash(.invitation, invitation.bytes)).found }

    private func hash(_ kind: Kind, _ id: [UInt8]) -> [UInt8] {
        HashAlgorithm.sha256.hash(label("CryptPeer revoked 1") + bubble.bytes + [kind.rawValue] + id)
    }

    private mutating func insert(_ hash: [UInt8]) {
        let place = find(hash)
        if !place.found { hashes.insert(hash, at: place.index) }
    }

    /// Where `hash` is, or would be.
    private func find(_ hash: [UInt8]) -> (found: Bool, index: Int) {
        var low = 0
        var high = hashes.count
        while low < high {
            let middle = low + (high - low) / 2
            if hashes[middle].lexicographicallyPrecedes(hash) { low = middle + 1 } else { high = middle }
        }
        return (low < hashes.count && hashes[low] == hash, low)
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(bubble)
        writer.writeVector { writer in
            for hash in hashes { writer.write(fixed: hash) }
        }
    }

    /// One order, no repetition: one list has one encoding.
    public init(from reader: inout WireReader) throws(WireError) {
        bubble = try reader.read()
        var slice = try reader.readSlice()
        guard slice.remaining <= Self.limit * Self.hashLength else { throw .tooLong }
        while !slice.isAtEnd {
            let hash = try slice.readFixed(Self.hashLength)
            if let last = hashes.last, !last.lexicographicallyPrecedes(hash) { throw .invalidValue }
            hashes.append(hash)
        }
    }
}
