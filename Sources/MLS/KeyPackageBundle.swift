import CryptoPrimitives
import WireFormat

/// A key package with the private keys that belong to it, to be kept until it is used.
public struct KeyPackageBundle: Sendable {
    public let keyPackage: KeyPackage
    let initKey: Secret
    let leafKey: Secret

    /// Makes a key package with fresh keys.
    ///
    /// - Parameters:
    ///   - signatureKey: the public key that belongs to `signer`.
    ///   - notBefore: when the key package becomes valid, in seconds since 1970.
    ///   - notAfter: when it ceases to be.
    /// - Throws: ``MLSError/unsupportedCipherSuite``, or what the signer throws.
    public static func generate(
        suite: CipherSuite, credential: Credential, signatureKey: [UInt8], signer: some LeafSigner, notBefore: UInt64,
        notAfter: UInt64, random: Randomness
    ) throws(MLSError) -> KeyPackageBundle {
        let algorithms = try Algorithms(suite)
        let initKeys = try algorithms.generateKeyPair(random)
        let leafKeys = try algorithms.generateKeyPair(random)
        let leaf = try LeafNode(
            forKeyPackageOf: suite, encryptionKey: leafKeys.publicKey, signatureKey: signatureKey,
            credential: credential, lifetime: Lifetime(notBefore: notBefore, notAfter: notAfter), signer: signer)
        let keyPackage = try KeyPackage(suite: suite, initKey: initKeys.publicKey, leafNode: leaf, signer: signer)
        return KeyPackageBundle(
            keyPackage: keyPackage, initKey: initKeys.privateKey, leafKey: leafKeys.privateKey)
    }

    package init(keyPackage: KeyPackage, initKey: Secret, leafKey: Secret) {
        self.keyPackage = keyPackage
        self.initKey = initKey
        self.leafKey = leafKey
    }

    /// Whether a Welcome, an encoded MLSMessage, has secrets for this key package.
    public func isAddressed(by welcome: [UInt8]) -> Bool {
        do throws(MLSError) {
            guard case .welcome(let welcome) = try MLSMessage.parse(welcome) else { return false }
            let reference = try keyPackage.reference()
            for entry in welcome.secrets where entry.newMember == reference { return true }
        } catch {}
        return false
    }
}

extension LeafNode {
    init(
        forKeyPackageOf suite: CipherSuite, encryptionKey: [UInt8], signatureKey: [UInt8], credential: Credential,
        lifetime: Lifetime, signer: some LeafSigner
    ) throws(MLSError) {
        self.init(
            encryptionKey: encryptionKey, signatureKey: signatureKey, credential: credential,
            capabilities: Capabilities(suite: suite, credentials: [credential.type]), source: .keyPackage(lifetime),
            extensions: Extensions())
        // The position is not covered while the source is a key package.
        try sign(at: Position(groupID: [], leaf: 0), by: signer)
    }
}

extension KeyPackageBundle: WireEncodable, WireDecodable {
    /// Holds private keys in the clear: seal it before storing it.
    public func encode(into writer: inout WireWriter) {
        writer.write(keyPackage)
        writer.write(secret: initKey)
        writer.write(secret: leafKey)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        keyPackage = try reader.read()
        initKey = try reader.readSecret()
        leafKey = try reader.readSecret()
    }
}
