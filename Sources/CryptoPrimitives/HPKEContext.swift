extension HPKE {
    /// The sending end of an encryption context (RFC 9180 §5.2). Not copyable: a copy would use the same nonces again.
    public struct Sender: ~Copyable {
        /// What the receiver needs to set up its end: `enc`.
        public let kemOutput: [UInt8]
        private var context: HPKEContext

        init(kemOutput: [UInt8], context: HPKEContext) {
            self.kemOutput = kemOutput
            self.context = context
        }

        /// Seals the next message.
        ///
        /// - Throws: ``CryptoError/messageLimitReached``.
        public mutating func seal(_ plaintext: [UInt8], aad: [UInt8]) throws(CryptoError) -> [UInt8] {
            let nonce = try context.nonce()
            let ciphertext = try context.aead.seal(key: context.key, nonce: nonce, plaintext: plaintext, aad: aad)
            context.sequence += 1
            return ciphertext
        }

        /// A secret that both ends can make (RFC 9180 §5.3).
        ///
        /// - Throws: ``CryptoError/invalidLength`` for more than 255 digests.
        public borrowing func export(_ exporterContext: [UInt8], length: Int) throws(CryptoError) -> Secret {
            try context.export(exporterContext, length: length)
        }
    }

    /// The receiving end of an encryption context (RFC 9180 §5.2).
    public struct Receiver: ~Copyable {
        private var context: HPKEContext

        init(context: HPKEContext) {
            self.context = context
        }

        /// Opens the next message. One that does not open is not counted.
        ///
        /// - Throws: ``CryptoError/authenticationFailed``, ``CryptoError/messageLimitReached``.
        public mutating func open(_ ciphertext: [UInt8], aad: [UInt8]) throws(CryptoError) -> [UInt8] {
            let nonce = try context.nonce()
            let plaintext = try context.aead.open(key: context.key, nonce: nonce, ciphertext: ciphertext, aad: aad)
            context.sequence += 1
            return plaintext
        }

        /// A secret that both ends can make (RFC 9180 §5.3).
        ///
        /// - Throws: ``CryptoError/invalidLength`` for more than 255 digests.
        public borrowing func export(_ exporterContext: [UInt8], length: Int) throws(CryptoError) -> Secret {
            try context.export(exporterContext, length: length)
        }
    }
}

/// What both ends of an HPKE exchange hold.
struct HPKEContext {
    let aead: AEADAlgorithm
    let kdf: LabeledKDF
    let key: Secret
    let baseNonce: [UInt8]
    let exporterSecret: Secret
    /// The number of the next message.
    var sequence: UInt64 = 0

    /// RFC 9180 §5.2: ComputeNonce. The limit is ours, far below the RFC's 2^96 and just as far out of reach.
    func nonce() throws(CryptoError) -> [UInt8] {
        guard sequence < .max else { throw .messageLimitReached }
        var nonce = baseNonce
        for index in 0..<8 {
            nonce[nonce.count - 1 - index] ^= UInt8(truncatingIfNeeded: sequence >> (8 * UInt64(index)))
        }
        return nonce
    }

    func export(_ exporterContext: [UInt8], length: Int) throws(CryptoError) -> Secret {
        guard length >= 0, length <= HKDF.maximumLength(kdf.hash) else { throw .invalidLength }
        return kdf.expand(exporterSecret, label: "sec", info: exporterContext, length: length)
    }
}
