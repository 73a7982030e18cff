import WireFormat

/// The seconds since 1970 between which clients consider a key package's leaf valid (RFC 9420 §7.2). This module has no
/// clock: the application checks it where it accepts the leaf.
public struct Lifetime: Equatable, Sendable {
    public var notBefore: UInt64
    public var notAfter: UInt64

    public init(notBefore: UInt64, notAfter: UInt64) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    public static let always = Lifetime(notBefore: 0, notAfter: .max)

    public func contains(_ time: UInt64) -> Bool {
        notBefore <= time && time <= notAfter
    }
}

/// A member's appearance in a group, signed by the member (RFC 9420 §7.2).
public struct LeafNode: Equatable, Sendable {
    /// How the leaf came into the tree.
    public enum Source: Equatable, Sendable {
        case keyPackage(Lifetime)
        case update
        case commit(parentHash: [UInt8])
    }

    /// The HPKE public key of the member's leaf.
    public internal(set) var encryptionKey: [UInt8]
    public internal(set) var signatureKey: [UInt8]
    public internal(set) var credential: Credential
    public internal(set) var capabilities: Capabilities
    public internal(set) var source: Source
    public internal(set) var extensions: Extensions
    public internal(set) var signature: [UInt8]

    /// The lifetime of a leaf that came from a key package.
    public var lifetime: Lifetime? {
        if case .keyPackage(let lifetime) = source { return lifetime }
        return nil
    }

    /// An unsigned leaf, to be signed at once.
    init(
        encryptionKey: [UInt8], signatureKey: [UInt8], credential: Credential, capabilities: Capabilities,
        source: Source, extensions: Extensions
    ) {
        self.encryptionKey = encryptionKey
        self.signatureKey = signatureKey
        self.credential = credential
        self.capabilities = capabilities
        self.source = source
        self.extensions = extensions
        signature = []
    }
}

extension LeafNode: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        encodeUnsigned(into: &writer)
        writer.write(opaque: signature)
    }

    func encodeUnsigned(into writer: inout WireWriter) {
        writer.write(opaque: encryptionKey)
        writer.write(opaque: signatureKey)
        writer.write(credential)
        writer.write(capabilities)
        switch source {
        case .keyPackage(let lifetime):
            writer.write(UInt8(1))
            writer.write(lifetime.notBefore)
            writer.write(lifetime.notAfter)
        case .update:
            writer.write(UInt8(2))
        case .commit(let parentHash):
            writer.write(UInt8(3))
            writer.write(opaque: parentHash)
        }
        writer.write(extensions)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        encryptionKey = try reader.readOpaque()
        signatureKey = try reader.readOpaque()
        credential = try reader.read()
        capabilities = try reader.read()
        switch try reader.readUInt8() {
        case 1:
            let notBefore = try reader.readUInt64()
            source = .keyPackage(Lifetime(notBefore: notBefore, notAfter: try reader.readUInt64()))
        case 2:
            source = .update
        case 3:
            source = .commit(parentHash: try reader.readOpaque())
        default:
            throw .invalidValue
        }
        extensions = try reader.read()
        signature = try reader.readOpaque()
    }
}

extension LeafNode {
    /// Where a leaf of source `update` or `commit` stands: its signature covers it.
    struct Position {
        var groupID: [UInt8]
        var leaf: UInt32
    }

    /// `LeafNodeTBS` (RFC 9420 §7.2).
    func toBeSigned(at position: Position) -> [UInt8] {
        var writer = WireWriter()
        encodeUnsigned(into: &writer)
        switch source {
        case .keyPackage:
            break
        case .update, .commit:
            writer.write(opaque: position.groupID)
            writer.write(position.leaf)
        }
        return writer.bytes
    }

    mutating func sign(at position: Position, by signer: some LeafSigner) throws(MLSError) {
        signature = try signer.sign(label: "LeafNodeTBS", toBeSigned(at: position))
    }

    package func hasValidSignature(groupID: [UInt8], leaf: UInt32, _ algorithms: Algorithms) -> Bool {
        let position = Position(groupID: groupID, leaf: leaf)
        return algorithms.verify(signature, label: "LeafNodeTBS", over: toBeSigned(at: position), by: signatureKey)
    }
}
