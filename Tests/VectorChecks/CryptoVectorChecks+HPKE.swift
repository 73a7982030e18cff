import CryptoPrimitives

extension CryptoVectorChecks {
    /// One message of a context.
    private struct Encryption {
        let sequence: UInt32
        let aad: [UInt8]
        let plaintext: [UInt8]
        let ciphertext: [UInt8]
    }

    private struct Export {
        let context: [UInt8]
        let value: [UInt8]
    }

    /// KEM, digest length of the KDF, AEAD, info, psk and its id (both empty in base mode), private key, public key, ikmE,
    /// encapsulation, encryptions: {sequence, aad, plaintext, ciphertext}, exports: {context, value}.
    static func hpke(_ reader: inout CaseReader) throws(VectorFailure) {
        let kem = try reader.kem()
        let kdf = try reader.hashAlgorithm()
        let hpke = HPKE(kem: kem, kdf: kdf, aead: try reader.aead())
        let info = try reader.bytes()
        let key = try reader.secret()
        let identifier = try reader.bytes()
        let privateKey = try reader.secret()
        let publicKey = try reader.bytes()
        let entropy = try reader.secret()
        let encapsulation = try reader.bytes()
        let encryptions = try reader.list { reader throws(VectorFailure) in
            Encryption(
                sequence: try reader.uint32(), aad: try reader.bytes(), plaintext: try reader.bytes(),
                ciphertext: try reader.bytes())
        }
        let exports = try reader.list { reader throws(VectorFailure) in
            Export(context: try reader.bytes(), value: try reader.bytes())
        }

        var psk: HPKE.PreSharedKey?
        if key.count > 0 {
            psk = try accepted("the pre-shared key is refused") { () throws(CryptoError) in
                try HPKE.PreSharedKey(key: key, identifier: identifier)
            }
        }
        if encryptions.isEmpty && exports.isEmpty { throw VectorFailure("a case that checks nothing") }
        let mismatch = try accepted("a step is refused") { () throws(CryptoError) -> VectorFailure? in
            var sender = try hpke.setupSenderDerandomized(to: publicKey, info: info, psk: psk, entropy: entropy)
            var receiver = try hpke.setupReceiver(
                kemOutput: encapsulation, privateKey: privateKey, info: info, psk: psk)
            guard sender.kemOutput == encapsulation else { return VectorFailure("another encapsulation") }
            for export in exports {
                guard try sender.export(export.context, length: export.value.count).exposed == export.value,
                    try receiver.export(export.context, length: export.value.count).exposed == export.value
                else { return VectorFailure("another exported value") }
            }
            var next: UInt32 = 0
            for encryption in encryptions {
                // The vectors list a few sequence numbers only; the ones between are sealed and opened unseen.
                while next < encryption.sequence {
                    _ = try receiver.open(sender.seal([], aad: []), aad: [])
                    next += 1
                }
                guard try sender.seal(encryption.plaintext, aad: encryption.aad) == encryption.ciphertext
                else { return VectorFailure("another ciphertext") }
                guard try receiver.open(encryption.ciphertext, aad: encryption.aad) == encryption.plaintext
                else { return VectorFailure("another plaintext") }
                next += 1
            }
            return nil
        }
        if let mismatch { throw mismatch }
    }
}
