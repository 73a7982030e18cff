import CryptoPrimitives
import WireFormat

/// Says which keys one device of a member signs with. Issued with the member's key.
public struct DeviceCertificate: Equatable, Sendable, WireCodable, HybridSigned {
    static let signatureContext: StaticString = "CryptPeer device certificate 1"
    private static let formatVersion: UInt8 = 1
    /// Bytes of an Ed25519 public key.
    static let keyLength = 32

    public let bubble: BubbleID
    public let member: MemberID
    public let device: DeviceID
    /// The Ed25519 key of the device's MLS leaves and key packages.
    public let leafKey: [UInt8]
    /// The Ed25519 key that it proves itself to the node with.
    public let sessionKey: [UInt8]
    /// Counts the leaf keys of this device: it grows when the device rejoins as a new leaf.
    public let generation: UInt32
    public let rights: Rights
    public let validity: Validity
    var signature: [UInt8] = []

    private init(
        bubble: BubbleID, member: MemberID, device: DeviceID, leafKey: [UInt8], sessionKey: [UInt8], generation: UInt32,
        rights: Rights, validity: Validity
    ) {
        self.bubble = bubble
        self.member = member
        self.device = device
        self.leafKey = leafKey
        self.sessionKey = sessionKey
        self.generation = generation
        self.rights = rights
        self.validity = validity
    }

    /// A certificate for a device of the member that `signer` belongs to.
    ///
    /// - Parameters:
    ///   - leafKey: 32 bytes, Ed25519.
    ///   - sessionKey: 32 bytes, Ed25519; another one.
    ///   - rights: at most those of the member's own certificate.
    /// - Throws: ``TrustError/malformed(_:)`` for keys of another length, ``TrustError/signingFailed``.
    public static func issue(
        device: DeviceID, leafKey: [UInt8], sessionKey: [UInt8], generation: UInt32, rights: Rights, validity: Validity,
        bubble: BubbleID, by signer: some HybridSigner, random: Randomness
    ) throws(TrustError) -> DeviceCertificate {
        guard leafKey.count == keyLength, sessionKey.count == keyLength else { throw .malformed(.invalidValue) }
        var certificate = DeviceCertificate(
            bubble: bubble, member: MemberID(of: signer.publicKey, bubble: bubble), device: device, leafKey: leafKey,
            sessionKey: sessionKey, generation: generation, rights: rights, validity: validity)
        try certificate.sign(with: signer, random: random)
        return certificate
    }

    func encodeContent(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(bubble)
        writer.write(member)
        writer.write(device)
        writer.write(fixed: leafKey)
        writer.write(fixed: sessionKey)
        writer.write(generation)
        writer.write(rights)
        writer.write(validity)
    }

    public func encode(into writer: inout WireWriter) {
        encodeSigned(into: &writer)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        bubble = try reader.read()
        member = try reader.read()
        device = try reader.read()
        leafKey = try reader.readFixed(Self.keyLength)
        sessionKey = try reader.readFixed(Self.keyLength)
        generation = try reader.readUInt32()
        rights = try reader.read()
        validity = try reader.read()
        signature = try reader.readHybridSignature()
    }
}
