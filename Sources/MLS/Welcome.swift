import CryptoPrimitives
import WireFormat

/// What lets new members into a group (RFC 9420 §12.4.3.1).
package struct Welcome: Equatable, Sendable {
    package struct EncryptedSecrets: Equatable, Sendable {
        /// `KeyPackageRef`
        package var newMember: [UInt8]
        package var sealed: HPKECiphertext
    }

    package var suite: CipherSuite
    package var secrets: [EncryptedSecrets]
    package var encryptedGroupInfo: [UInt8]
}

/// A new member's secrets, encrypted to its key package (RFC 9420 §12.4.3.1). Its encoding is secret.
package struct GroupSecrets: Sendable {
    package var joinerSecret: Secret
    /// For the lowest common ancestor of the new member and the committer, if the commit had a path.
    package var pathSecret: Secret?
    package var preSharedKeys: [PreSharedKeyID]
}

/// A signed description of a group in an epoch, for those who join it (RFC 9420 §12.4.3).
package struct GroupInfo: Equatable, Sendable {
    package var context: GroupContext
    package var extensions: Extensions
    package var confirmationTag: [UInt8]
    /// The leaf index of the member that signed.
    package var signer: UInt32
    package private(set) var signature: [UInt8]

    init(
        context: GroupContext, extensions: Extensions, confirmationTag: [UInt8], leaf: UInt32, signer: some LeafSigner
    ) throws(MLSError) {
        self.context = context
        self.extensions = extensions
        self.confirmationTag = confirmationTag
        self.signer = leaf
        signature = []
        signature = try signer.sign(label: "GroupInfoTBS", toBeSigned)
    }

    private var toBeSigned: [UInt8] {
        var writer = WireWriter()
        encodeUnsigned(into: &writer)
        return writer.bytes
    }

    package func hasValidSignature(by publicKey: [UInt8], _ algorithms: Algorithms) -> Bool {
        algorithms.verify(signature, label: "GroupInfoTBS", over: toBeSigned, by: publicKey)
    }
}

extension Welcome {
    /// Decrypts what is meant for a key package.
    ///
    /// - Throws: ``MLSError/notAddressed``, ``MLSError/decryptionFailed`` or ``MLSError/malformed(_:)``.
    package func groupSecrets(
        for keyPackage: KeyPackage, initKey: Secret, _ algorithms: Algorithms
    ) throws(MLSError) -> GroupSecrets {
        let reference = keyPackage.reference(algorithms)
        for entry in secrets where entry.newMember == reference {
            var bytes = try algorithms.decrypt(
                entry.sealed, with: initKey, label: "Welcome", context: encryptedGroupInfo)
            defer { wipe(&bytes) }
            return try GroupSecrets.parse(bytes)
        }
        throw .notAddressed
    }

    /// - Throws: ``MLSError/decryptionFailed`` or ``MLSError/malformed(_:)``.
    package func groupInfo(welcomeSecret: Secret, _ algorithms: Algorithms) throws(MLSError) -> GroupInfo {
        try GroupInfo.parse(
            try algorithms.open(encryptedGroupInfo, algorithms.welcomeKey(welcomeSecret), aad: []))
    }
}

extension Algorithms {
    /// `welcome_key` and `welcome_nonce` (RFC 9420 §12.4.3.1).
    func welcomeKey(_ welcomeSecret: Secret) -> MessageKey {
        MessageKey(
            key: expandWithLabel(welcomeSecret, "key", [], aead.keyLength),
            nonce: expandWithLabel(welcomeSecret, "nonce", [], aead.nonceLength).exposed)
    }
}

extension Welcome.EncryptedSecrets: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(opaque: newMember)
        writer.write(sealed)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        newMember = try reader.readOpaque()
        sealed = try reader.read()
    }
}

extension Welcome: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(suite)
        writer.write(vector: secrets)
        writer.write(opaque: encryptedGroupInfo)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        suite = try reader.read()
        secrets = try reader.readVector()
        encryptedGroupInfo = try reader.readOpaque()
    }
}

extension GroupSecrets: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(secret: joinerSecret)
        writer.write(pathSecret != nil)
        if let pathSecret { writer.write(secret: pathSecret) }
        writer.write(vector: preSharedKeys)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        joinerSecret = try reader.readSecret()
        pathSecret = try reader.readBool() ? try reader.readSecret() : nil
        preSharedKeys = try reader.readVector()
    }
}

extension GroupInfo: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        encodeUnsigned(into: &writer)
        writer.write(opaque: signature)
    }

    private func encodeUnsigned(into writer: inout WireWriter) {
        writer.write(context)
        writer.write(extensions)
        writer.write(opaque: confirmationTag)
        writer.write(signer)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        context = try reader.read()
        extensions = try reader.read()
        confirmationTag = try reader.readOpaque()
        signer = try reader.readUInt32()
        signature = try reader.readOpaque()
    }
}
