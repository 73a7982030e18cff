import CryptoPrimitives
import WireFormat

/// What a client publishes so that others can add it to a group (RFC 9420 §10).
public struct KeyPackage: Equatable, Sendable {
    public let version: ProtocolVersion
    public let suite: CipherSuite
    /// The HPKE public key that a Welcome is encrypted to. Used once.
    public let initKey: [UInt8]
    public let leafNode: LeafNode
    public let extensions: Extensions
    public private(set) var signature: [UInt8]

    /// The name a Welcome uses for this key package (`KeyPackageRef`, §5.2).
    ///
    /// - Throws: ``MLSError/unsupportedCipherSuite``.
    public func reference() throws(MLSError) -> [UInt8] {
        reference(try Algorithms(suite))
    }

    package func reference(_ algorithms: Algorithms) -> [UInt8] {
        algorithms.referenceHash(label: "MLS 1.0 KeyPackage Reference", encoded)
    }

    init(suite: CipherSuite, initKey: [UInt8], leafNode: LeafNode, signer: some LeafSigner) throws(MLSError) {
        version = .mls10
        self.suite = suite
        self.initKey = initKey
        self.leafNode = leafNode
        extensions = Extensions()
        signature = []
        signature = try signer.sign(label: "KeyPackageTBS", toBeSigned)
    }

    private var toBeSigned: [UInt8] {
        var writer = WireWriter()
        encodeUnsigned(into: &writer)
        return writer.bytes
    }

    /// The checks of RFC 9420 §10.1 that need no group, and those of §7.3 that concern the leaf alone.
    ///
    /// - Throws: ``MLSError/invalidKeyPackage(_:)`` or ``MLSError/invalidLeafNode(_:)``.
    public func validate() throws(MLSError) {
        try validate(try Algorithms(suite))
    }

    func validate(_ algorithms: Algorithms) throws(MLSError) {
        // The cipher suite and protocol version match those in the GroupContext.
        guard version == .mls10, suite == algorithms.suite else { throw .invalidKeyPackage(.versionOrSuite) }
        // leaf_node is valid for a KeyPackage: §7.3, "verify that leaf_node_source is set to key_package".
        guard case .keyPackage = leafNode.source else { throw .invalidLeafNode(.source) }
        try leafNode.validateAlone(groupID: [], leaf: 0, algorithms)
        // The signature is valid using the public key in leaf_node.
        guard algorithms.verify(signature, label: "KeyPackageTBS", over: toBeSigned, by: leafNode.signatureKey) else {
            throw .invalidKeyPackage(.signature)
        }
        // §10: the init_key is a public key for the scheme defined by cipher_suite.
        guard algorithms.hpke.kem.isValidPublicKey(initKey) else { throw .invalidKeyPackage(.initKey) }
        // leaf_node.encryption_key is different from init_key.
        guard leafNode.encryptionKey != initKey else { throw .invalidKeyPackage(.sameKeys) }
        // §10, "extensions included in the extensions or leaf_node.extensions fields MUST be included in the
        // leaf_node.capabilities field", binds the client that makes it: §10.1 has no such step for KeyPackage.extensions, and
        // "unknown extensions in KeyPackage.extensions MUST be ignored". Those of the leaf are checked with it (§7.3).
    }
}

extension KeyPackage: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        encodeUnsigned(into: &writer)
        writer.write(opaque: signature)
    }

    private func encodeUnsigned(into writer: inout WireWriter) {
        writer.write(version.rawValue)
        writer.write(suite)
        writer.write(opaque: initKey)
        writer.write(leafNode)
        writer.write(extensions)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        version = ProtocolVersion(rawValue: try reader.readUInt16())
        suite = try reader.read()
        initKey = try reader.readOpaque()
        leafNode = try reader.read()
        extensions = try reader.read()
        signature = try reader.readOpaque()
    }
}
