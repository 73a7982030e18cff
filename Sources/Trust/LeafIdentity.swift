import CryptoPrimitives
import WireFormat

/// What an MLS leaf says about its device: the identity of its basic credential (RFC 9420 §5.3). The chain itself travels once,
/// sealed, and is looked up by its hash.
public struct LeafIdentity: Equatable, Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1

    public let bubble: BubbleID
    public let member: MemberID
    public let device: DeviceID
    public let generation: UInt32
    /// SHA-512 of the chain's encoding, 64 bytes.
    public let chainHash: [UInt8]

    init(bubble: BubbleID, member: MemberID, device: DeviceID, generation: UInt32, chainHash: [UInt8]) {
        self.bubble = bubble
        self.member = member
        self.device = device
        self.generation = generation
        self.chainHash = chainHash
    }

    /// Whether a leaf of this identity may stand in the place of one of the other's (RFC 9420 §5.3.1, §12.1.2): the same device,
    /// certified no earlier.
    public func succeeds(_ other: LeafIdentity) -> Bool {
        bubble == other.bubble && member == other.member && device == other.device && generation >= other.generation
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        writer.write(member)
        writer.write(device)
        writer.write(generation)
        writer.write(fixed: chainHash)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        bubble = try reader.read()
        member = try reader.read()
        device = try reader.read()
        generation = try reader.readUInt32()
        chainHash = try reader.readFixed(HashAlgorithm.sha512.length)
    }
}
