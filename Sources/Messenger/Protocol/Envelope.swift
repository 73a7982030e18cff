import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// What an envelope holds, once its outer seal is off.
package enum EnvelopeContent: Equatable {
    /// An MLS message of a group that both are in.
    case message([UInt8])
    /// Larger content, stored at the node as a blob.
    case blob(BlobReference)
    /// A new group: an ``Introduction``, encoded.
    case introduction([UInt8])
    /// The commit that ended the current epoch of a group, as it stands in the commit slot.
    case commit(group: [UInt8], sealed: [UInt8])
}

/// A blob at the node: sealed under a key of its own.
package struct BlobReference: Equatable {
    package let id: [UInt8]
    package let key: Secret
    /// SHA-256 of the sealed blob.
    package let hash: [UInt8]
}

extension EnvelopeContent: WireCodable {
    package func encode(into writer: inout WireWriter) {
        switch self {
        case .message(let message):
            writer.write(UInt8(0))
            writer.write(opaque: message)
        case .blob(let blob):
            writer.write(UInt8(1))
            writer.write(fixed: blob.id)
            writer.write(fixed: blob.key.exposed)
            writer.write(fixed: blob.hash)
        case .introduction(let introduction):
            writer.write(UInt8(2))
            writer.write(opaque: introduction)
        case .commit(let group, let sealed):
            writer.write(UInt8(3))
            writer.write(fixed: group)
            writer.write(opaque: sealed)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .message(try reader.readOpaque())
        case 1:
            self = .blob(
                BlobReference(
                    id: try reader.readFixed(32), key: Secret(try reader.readFixed(32)), hash: try reader.readFixed(32))
            )
        case 2: self = .introduction(try reader.readOpaque())
        case 3: self = .commit(group: try reader.readFixed(16), sealed: try reader.readOpaque())
        default: throw .invalidValue
        }
    }
}

/// The outer seal of what waits in a mailbox: a fresh key for each envelope, and one of three sizes.
///
/// envelope = salt (32) || AES-256-GCM(key, nonce, content || zeros), key || nonce = HKDF-SHA-256(salt, envelope secret).
package enum Envelope {
    private static let saltLength = 32
    private static let overhead = saltLength + AEADAlgorithm.aes256GCM.tagLength
    private static let keyLabel: StaticString = "CryptPeer envelope 1"
    private static let blobLabel: StaticString = "CryptPeer blob 1"

    /// Whether the content goes into an envelope as it is.
    package static func holds(_ content: EnvelopeContent) -> Bool {
        content.encoded.count + overhead <= Limits.envelopeLengths[2]
    }

    /// nil: the content is too large for an envelope.
    package static func seal(_ content: EnvelopeContent, to mailbox: MailboxCapability, random: Randomness) -> [UInt8]?
    {
        var plaintext = content.encoded
        defer { wipe(&plaintext) }
        guard let size = Limits.envelopeLengths.first(where: { $0 >= plaintext.count + overhead }) else { return nil }
        plaintext += [UInt8](repeating: 0, count: size - overhead - plaintext.count)
        let salt = random.bytes(saltLength)
        guard let (key, nonce) = keys(mailbox.envelopeSecret, salt) else { return nil }
        do throws(CryptoError) {
            return salt
                + (try AEADAlgorithm.aes256GCM.seal(
                    key: key, nonce: nonce, plaintext: plaintext, aad: label(keyLabel) + mailbox.mailbox))
        } catch {
            return nil
        }
    }

    /// nil: not sealed to this mailbox, or changed since.
    package static func open(_ envelope: [UInt8], of mailbox: MailboxCapability) -> EnvelopeContent? {
        guard Limits.envelopeLengths.contains(envelope.count) else { return nil }
        let salt = [UInt8](envelope[..<saltLength])
        guard let (key, nonce) = keys(mailbox.envelopeSecret, salt) else { return nil }
        do throws(CryptoError) {
            let plaintext = try AEADAlgorithm.aes256GCM.open(
                key: key, nonce: nonce, ciphertext: [UInt8](envelope[saltLength...]),
                aad: label(keyLabel) + mailbox.mailbox)
            return content(plaintext)
        } catch {
            return nil
        }
    }

    private static func content(_ plaintext: [UInt8]) -> EnvelopeContent? {
        do throws(WireError) {
            var reader = WireReader(plaintext)
            let content = try EnvelopeContent(from: &reader)
            guard reader.readRest().allSatisfy({ $0 == 0 }) else { return nil }
            return content
        } catch {
            return nil
        }
    }

    private static func keys(_ secret: Secret, _ salt: [UInt8]) -> (key: Secret, nonce: [UInt8])? {
        let material = HKDF.derive(.sha256, salt: salt, ikm: secret, info: label(keyLabel), length: 44)
        do throws(CryptoError) {
            return (try material.slice(0..<32), try material.slice(32..<44).exposed)
        } catch {
            return nil
        }
    }

    /// Seals content that no envelope holds. Padded to a multiple of 16 KiB; the key is used for nothing else, so that the
    /// nonce may be zero.
    ///
    /// nil: larger than a blob may be.
    package static func sealBlob(_ content: EnvelopeContent, random: Randomness) -> (
        reference: BlobReference, sealed: [UInt8]
    )? {
        var plaintext = content.encoded
        defer { wipe(&plaintext) }
        let step = Limits.envelopeLengths[2]
        let tag = AEADAlgorithm.aes256GCM.tagLength
        let size = (plaintext.count + tag + step - 1) / step * step
        guard size <= Limits.blobLength else { return nil }
        plaintext += [UInt8](repeating: 0, count: size - tag - plaintext.count)
        let key = random.secret(32)
        do throws(CryptoError) {
            let sealed = try AEADAlgorithm.aes256GCM.seal(
                key: key, nonce: [UInt8](repeating: 0, count: 12), plaintext: plaintext, aad: label(blobLabel))
            let hash = HashAlgorithm.sha256.hash(sealed)
            return (BlobReference(id: random.bytes(32), key: key, hash: hash), sealed)
        } catch {
            return nil
        }
    }

    /// Returns nil if the hash differs, or if the blob itself refers to another blob (references do not nest).
    package static func openBlob(_ sealed: [UInt8], _ reference: BlobReference) -> EnvelopeContent? {
        guard constantTimeEqual(HashAlgorithm.sha256.hash(sealed), reference.hash) else { return nil }
        do throws(CryptoError) {
            let plaintext = try AEADAlgorithm.aes256GCM.open(
                key: reference.key, nonce: [UInt8](repeating: 0, count: 12), ciphertext: sealed, aad: label(blobLabel))
            guard let content = content(plaintext) else { return nil }
            if case .blob = content { return nil }
            return content
        } catch {
            return nil
        }
    }
}
