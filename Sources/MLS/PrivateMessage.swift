import CryptoPrimitives
import WireFormat

/// A message that is signed and encrypted (RFC 9420 §6.3).
package struct PrivateMessage: Equatable, Sendable {
    package var groupID: [UInt8]
    package var epoch: UInt64
    package var contentType: ContentType
    package var authenticatedData: [UInt8]
    var encryptedSenderData: [UInt8]
    var ciphertext: [UInt8]
}

/// What finds the key of an encrypted message (RFC 9420 §6.3.2).
package struct SenderData: Equatable, Sendable {
    package var leaf: UInt32
    package var generation: UInt32
    package var reuseGuard: [UInt8]
}

extension PrivateMessage {
    /// Encrypts a member's message.
    ///
    /// - Parameters:
    ///   - key: the message key of `generation` in the sender's ratchet for this content type. Used here and never again.
    ///   - paddedTo: the content, signature and padding are together at least this many bytes.
    package init(
        _ message: AuthenticatedContent, generation: UInt32, key: MessageKey, senderDataSecret: Secret,
        paddedTo size: Int = 0, _ algorithms: Algorithms, _ random: Randomness
    ) throws(MLSError) {
        guard message.format == .privateMessage, case .member(let leaf) = message.content.sender else {
            throw .unauthorizedSender
        }
        groupID = message.content.groupID
        epoch = message.content.epoch
        contentType = message.content.content.type
        authenticatedData = message.content.authenticatedData
        encryptedSenderData = []
        ciphertext = []

        var plaintext = WireWriter(capacity: size)
        message.content.content.encode(into: &plaintext)
        message.auth.encode(into: &plaintext)
        if plaintext.bytes.count < size {
            plaintext.write(fixed: [UInt8](repeating: 0, count: size - plaintext.bytes.count))
        }
        let senderData = SenderData(leaf: leaf, generation: generation, reuseGuard: random.bytes(4))
        ciphertext = try algorithms.seal(plaintext.bytes, key.guarded(by: senderData.reuseGuard), aad: contentAAD)
        encryptedSenderData = try algorithms.seal(
            senderData.encoded, algorithms.senderDataKey(senderDataSecret, ciphertext: ciphertext), aad: senderDataAAD)
    }

    /// - Throws: ``MLSError/decryptionFailed`` or ``MLSError/malformed(_:)``.
    package func senderData(_ senderDataSecret: Secret, _ algorithms: Algorithms) throws(MLSError) -> SenderData {
        let key = algorithms.senderDataKey(senderDataSecret, ciphertext: ciphertext)
        return try SenderData.parse(try algorithms.open(encryptedSenderData, key, aad: senderDataAAD))
    }

    /// Decrypts the content. What comes out is authentic only to the group: the sender's signature is still to be checked.
    ///
    /// - Throws: ``MLSError/decryptionFailed``, ``MLSError/malformed(_:)`` or ``MLSError/invalidPadding``.
    package func decrypted(
        _ senderData: SenderData, key: MessageKey, _ algorithms: Algorithms
    ) throws(MLSError) -> AuthenticatedContent {
        let plaintext = try algorithms.open(ciphertext, key.guarded(by: senderData.reuseGuard), aad: contentAAD)
        var reader = WireReader(plaintext)
        let (content, auth) = try decoding { () throws(WireError) in
            let content = try FramedContent.Content(contentType, from: &reader)
            return (content, try ContentAuth(contentType, from: &reader))
        }
        // RFC 9420 §6.3.1: no non-zero bytes in the padding.
        var padding: UInt8 = 0
        for byte in reader.readRest() { padding |= byte }
        guard padding == 0 else { throw .invalidPadding }
        return AuthenticatedContent(
            format: .privateMessage,
            content: FramedContent(
                groupID: groupID, epoch: epoch, sender: .member(senderData.leaf), authenticatedData: authenticatedData,
                content: content),
            auth: auth)
    }

    /// `PrivateContentAAD` (RFC 9420 §6.3.1).
    private var contentAAD: [UInt8] {
        var writer = WireWriter()
        writeSenderDataAAD(into: &writer)
        writer.write(opaque: authenticatedData)
        return writer.bytes
    }

    /// `SenderDataAAD` (RFC 9420 §6.3.2).
    private var senderDataAAD: [UInt8] {
        var writer = WireWriter()
        writeSenderDataAAD(into: &writer)
        return writer.bytes
    }

    private func writeSenderDataAAD(into writer: inout WireWriter) {
        writer.write(opaque: groupID)
        writer.write(epoch)
        writer.write(contentType.rawValue)
    }
}

extension Algorithms {
    /// RFC 9420 §6.3.2: the key depends on a sample of the ciphertext, its first `KDF.Nh` bytes.
    package func senderDataKey(_ secret: Secret, ciphertext: [UInt8]) -> MessageKey {
        let sample = [UInt8](ciphertext.prefix(hashLength))
        return MessageKey(
            key: expandWithLabel(secret, "key", sample, aead.keyLength),
            nonce: expandWithLabel(secret, "nonce", sample, aead.nonceLength).exposed)
    }
}

extension SenderData: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(leaf)
        writer.write(generation)
        writer.write(fixed: reuseGuard)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        leaf = try reader.readUInt32()
        generation = try reader.readUInt32()
        reuseGuard = try reader.readFixed(4)
    }
}

extension PrivateMessage: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writeSenderDataAAD(into: &writer)
        writer.write(opaque: authenticatedData)
        writer.write(opaque: encryptedSenderData)
        writer.write(opaque: ciphertext)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        groupID = try reader.readOpaque()
        epoch = try reader.readUInt64()
        contentType = try ContentType(from: &reader)
        authenticatedData = try reader.readOpaque()
        encryptedSenderData = try reader.readOpaque()
        ciphertext = try reader.readOpaque()
    }
}
