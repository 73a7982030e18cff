import CryptoPrimitives
import WireFormat

/// What a client and a node each sign to open a session, so that neither can be played against another node, origin or device.
public struct SessionTranscript: Equatable, Sendable {
    /// Who signs.
    public enum Role: UInt8, Sendable {
        case client = 1
        case node = 2
    }

    /// Bytes of a nonce.
    public static let nonceLength = 32
    private static let keyLength = 32
    private static let originLimit = 300

    private let bubble: BubbleID
    private let origin: [UInt8]
    private let nodeKey: [UInt8]
    private let device: DeviceID
    private let clientNonce: [UInt8]
    private let nodeNonce: [UInt8]

    /// - Parameters:
    ///   - origin: as the client reached the node, `https://HOST:PORT`, at most 300 bytes.
    ///   - nodeKey: the one in the bubble's state, 32 bytes.
    ///   - clientNonce: 32 random bytes of the client's.
    ///   - nodeNonce: 32 random bytes of the node's.
    /// - Throws: ``TrustError/malformed(_:)`` for fields of another length.
    public init(
        bubble: BubbleID, origin: String, nodeKey: [UInt8], device: DeviceID, clientNonce: [UInt8], nodeNonce: [UInt8]
    ) throws(TrustError) {
        let origin = [UInt8](origin.utf8)
        guard origin.count <= Self.originLimit, nodeKey.count == Self.keyLength,
            clientNonce.count == Self.nonceLength, nodeNonce.count == Self.nonceLength
        else { throw .malformed(.invalidValue) }
        self.bubble = bubble
        self.origin = origin
        self.nodeKey = nodeKey
        self.device = device
        self.clientNonce = clientNonce
        self.nodeNonce = nodeNonce
    }

    /// What the side in this role signs, with Ed25519: the device's session key, the node's key.
    public func bytes(role: Role) -> [UInt8] {
        var writer = WireWriter()
        writer.write(opaque: label("CryptPeer session 1"))
        writer.write(role.rawValue)
        writer.write(bubble)
        writer.write(opaque: origin)
        writer.write(fixed: nodeKey)
        writer.write(device)
        writer.write(fixed: clientNonce)
        writer.write(fixed: nodeNonce)
        return writer.bytes
    }

    /// Whether `signature` is that of the side in this role.
    public func verify(_ signature: [UInt8], role: Role, by publicKey: [UInt8]) -> Bool {
        SignatureScheme.ed25519.verify(signature, over: bytes(role: role), by: publicKey)
    }
}
