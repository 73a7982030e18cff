import CryptoPrimitives
import WireFormat

/// The public half of a bubble's root: everything that members believe hangs on it.
public struct Authority: Equatable, Sendable, WireCodable {
    public let bubble: BubbleID
    public let key: HybridPublicKey

    public init(bubble: BubbleID, key: HybridPublicKey) {
        self.bubble = bubble
        self.key = key
    }

    /// What an invitation link pins: SHA-256 of the Ed25519 key, the ML-DSA-65 key and the bubble id.
    public var hash: [UInt8] {
        HashAlgorithm.sha256.hash(key.bytes + bubble.bytes)
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(bubble)
        writer.write(fixed: key.bytes)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        bubble = try reader.read()
        key = try reader.readHybridKey()
    }
}
