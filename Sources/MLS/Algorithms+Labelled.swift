import CryptoPrimitives
import WireFormat

/// An HPKE ciphertext with its encapsulated key (RFC 9420 §7.6).
package struct HPKECiphertext: Equatable, Sendable {
    package var kemOutput: [UInt8]
    package var ciphertext: [UInt8]

    package init(kemOutput: [UInt8], ciphertext: [UInt8]) {
        self.kemOutput = kemOutput
        self.ciphertext = ciphertext
    }
}

extension HPKECiphertext: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(opaque: kemOutput)
        writer.write(opaque: ciphertext)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        kemOutput = try reader.readOpaque()
        ciphertext = try reader.readOpaque()
    }
}

/// The labelled constructions that the rest of MLS is made of (RFC 9420 §5.1, §5.2, §8).
extension Algorithms {
    // MARK: Key derivation (§8)

    package func expandWithLabel(_ secret: Secret, _ label: Label, _ context: [UInt8], _ length: Int) -> Secret {
        var info = WireWriter(capacity: context.count + label.bytes.count + 16)
        info.write(UInt16(truncatingIfNeeded: length))
        info.write(opaque: label.prefixed)
        info.write(opaque: context)
        return HKDF.expand(hash, prk: secret, info: info.bytes, length: length)
    }

    package func deriveSecret(_ secret: Secret, _ label: Label) -> Secret {
        expandWithLabel(secret, label, [], hashLength)
    }

    /// `DeriveTreeSecret` (§9.1).
    package func deriveTreeSecret(_ secret: Secret, _ label: Label, generation: UInt32, _ length: Int) -> Secret {
        var context = WireWriter(capacity: 4)
        context.write(generation)
        return expandWithLabel(secret, label, context.bytes, length)
    }

    func extract(salt: Secret, _ keyMaterial: Secret) -> Secret {
        HKDF.extract(hash, salt: salt, ikm: keyMaterial)
    }

    // MARK: Hashes (§5.2, §6.1)

    /// `RefHash`. The label is used as it is.
    package func referenceHash(label: Label, _ value: [UInt8]) -> [UInt8] {
        var input = WireWriter(capacity: value.count + 64)
        input.write(opaque: label.bytes)
        input.write(opaque: value)
        return hash.hash(input.bytes)
    }

    package func mac(_ key: Secret, _ message: [UInt8]) -> [UInt8] {
        hash.hmac(key: key, message)
    }

    // MARK: Signatures (§5.1.2)

    package func verify(_ signature: [UInt8], label: Label, over content: [UInt8], by publicKey: [UInt8]) -> Bool {
        self.signature.verify(signature, over: labelled(label, content), by: publicKey)
    }

    // MARK: Public key encryption (§5.1.3)

    package func encrypt(
        to publicKey: [UInt8], label: Label, context: [UInt8], _ plaintext: [UInt8], _ random: Randomness
    ) throws(MLSError) -> HPKECiphertext {
        do {
            let (kemOutput, ciphertext) = try hpke.sealBase(
                to: publicKey, info: labelled(label, context), aad: [], plaintext: plaintext, random: random)
            return HPKECiphertext(kemOutput: kemOutput, ciphertext: ciphertext)
        } catch {
            throw .invalidKey
        }
    }

    package func decrypt(
        _ sealed: HPKECiphertext, with privateKey: Secret, label: Label, context: [UInt8]
    ) throws(MLSError) -> [UInt8] {
        do {
            return try hpke.openBase(
                kemOutput: sealed.kemOutput, privateKey: privateKey, info: labelled(label, context), aad: [],
                ciphertext: sealed.ciphertext)
        } catch {
            throw .decryptionFailed
        }
    }

    package func generateKeyPair(_ random: Randomness) throws(MLSError) -> KEMKeyPair {
        do {
            return try hpke.generateKeyPair(random)
        } catch {
            throw .internalFailure
        }
    }

    package func deriveKeyPair(_ keyMaterial: Secret) throws(MLSError) -> KEMKeyPair {
        do {
            return try hpke.deriveKeyPair(ikm: keyMaterial)
        } catch {
            throw .internalFailure
        }
    }

    package func publicKey(of privateKey: Secret) throws(MLSError) -> [UInt8] {
        do {
            return try hpke.kem.publicKey(of: privateKey)
        } catch {
            throw .invalidKey
        }
    }

    /// The init secret that an external joiner encapsulates to a group (§8.3).
    func makeExternalInit(
        to externalKey: [UInt8], _ random: Randomness
    ) throws(MLSError) -> (kemOutput: [UInt8], initSecret: Secret) {
        do {
            let sender = try hpke.setupSender(to: externalKey, info: [], random: random)
            return (sender.kemOutput, try sender.export(Self.externalInitContext, length: hashLength))
        } catch {
            throw .invalidKey
        }
    }

    /// The members' side of ``makeExternalInit(to:_:)``.
    func openExternalInit(_ kemOutput: [UInt8], privateKey: Secret) throws(MLSError) -> Secret {
        do {
            let receiver = try hpke.setupReceiver(kemOutput: kemOutput, privateKey: privateKey, info: [])
            return try receiver.export(Self.externalInitContext, length: hashLength)
        } catch {
            throw .decryptionFailed
        }
    }

    private static var externalInitContext: [UInt8] { Label("external init secret").prefixed }

    // MARK: Authenticated encryption

    func seal(_ plaintext: [UInt8], _ key: MessageKey, aad: [UInt8]) throws(MLSError) -> [UInt8] {
        do {
            return try aead.seal(key: key.key, nonce: key.nonce, plaintext: plaintext, aad: aad)
        } catch {
            throw .internalFailure
        }
    }

    func open(_ ciphertext: [UInt8], _ key: MessageKey, aad: [UInt8]) throws(MLSError) -> [UInt8] {
        do {
            return try aead.open(key: key.key, nonce: key.nonce, ciphertext: ciphertext, aad: aad)
        } catch {
            throw .decryptionFailed
        }
    }
}

/// A key and nonce for one AEAD operation.
package struct MessageKey: Sendable {
    package let key: Secret
    package let nonce: [UInt8]

    /// The nonce with the sender's random guard mixed into its first four bytes (RFC 9420 §6.3.1).
    func guarded(by guardBytes: [UInt8]) -> MessageKey {
        var nonce = nonce
        for index in 0..<min(guardBytes.count, nonce.count) { nonce[index] ^= guardBytes[index] }
        return MessageKey(key: key, nonce: nonce)
    }
}
