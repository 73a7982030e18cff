/// Hybrid public key encryption (RFC 9180), modes base and PSK, with one choice of algorithms.
public struct HPKE: Sendable {
    public let kem: KEM
    public let kdf: HashAlgorithm
    public let aead: AEADAlgorithm

    public init(kem: KEM, kdf: HashAlgorithm, aead: AEADAlgorithm) {
        self.kem = kem
        self.kdf = kdf
        self.aead = aead
    }

    /// A key that both sides hold already, and its name (RFC 9180 §5.1.2).
    public struct PreSharedKey: Sendable {
        let key: Secret
        let identifier: [UInt8]

        /// - Throws: ``CryptoError/invalidParameter`` if either is empty, or the key has less than 32 bytes (RFC 9180 §9.5).
        public init(key: Secret, identifier: [UInt8]) throws(CryptoError) {
            guard key.count >= 32, !identifier.isEmpty else { throw .invalidParameter }
            self.key = key
            self.identifier = identifier
        }
    }

    // MARK: Keys

    /// A new key pair from `random`.
    public func generateKeyPair(_ random: Randomness) throws(CryptoError) -> KEMKeyPair {
        try kem.generateKeyPair(random)
    }

    /// The key pair that follows from `ikm` (RFC 9180 §7.1.3).
    public func deriveKeyPair(ikm: Secret) throws(CryptoError) -> KEMKeyPair {
        try kem.deriveKeyPair(ikm: ikm)
    }

    // MARK: One message

    /// Seals one message to the owner of `publicKey` (RFC 9180 §6.1).
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func sealBase(to publicKey: [UInt8], info: [UInt8], aad: [UInt8], plaintext: [UInt8], random: Randomness)
        throws(CryptoError) -> (kemOutput: [UInt8], ciphertext: [UInt8])
    {
        var sender = try setupSender(to: publicKey, info: info, random: random)
        let ciphertext = try sender.seal(plaintext, aad: aad)
        return (sender.kemOutput, ciphertext)
    }

    /// Opens what ``sealBase(to:info:aad:plaintext:random:)`` made.
    ///
    /// - Throws: ``CryptoError/invalidKey`` if `kemOutput` or the private key is malformed, else
    ///   ``CryptoError/authenticationFailed``.
    public func openBase(
        kemOutput: [UInt8], privateKey: Secret, info: [UInt8], aad: [UInt8], ciphertext: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        var receiver = try setupReceiver(kemOutput: kemOutput, privateKey: privateKey, info: info)
        return try receiver.open(ciphertext, aad: aad)
    }

    // MARK: Contexts

    /// SetupBaseS, or SetupPSKS where a key is given (RFC 9180 §5.1).
    public func setupSender(to publicKey: [UInt8], info: [UInt8], psk: PreSharedKey? = nil, random: Randomness)
        throws(CryptoError) -> Sender
    {
        try setupSenderDerandomized(
            to: publicKey, info: info, psk: psk, entropy: random.secret(kem.entropyLength))
    }

    /// ``setupSender(to:info:psk:random:)`` with the encapsulation's randomness of the caller's choosing: for vectors. The
    /// same entropy twice repeats keys and nonces.
    public func setupSenderDerandomized(
        to publicKey: [UInt8], info: [UInt8], psk: PreSharedKey? = nil, entropy: Secret
    ) throws(CryptoError) -> Sender {
        let (shared, encapsulation) = try kem.encapsulateDerandomized(to: publicKey, entropy: entropy)
        return Sender(kemOutput: encapsulation, context: keySchedule(shared, info: info, psk: psk))
    }

    /// SetupBaseR, or SetupPSKR where a key is given (RFC 9180 §5.1).
    ///
    /// - Throws: ``CryptoError/invalidKey``.
    public func setupReceiver(kemOutput: [UInt8], privateKey: Secret, info: [UInt8], psk: PreSharedKey? = nil)
        throws(CryptoError) -> Receiver
    {
        let shared = try kem.decapsulate(kemOutput, privateKey: privateKey)
        return Receiver(context: keySchedule(shared, info: info, psk: psk))
    }

    /// RFC 9180 §5.1: KeySchedule.
    private func keySchedule(_ shared: Secret, info: [UInt8], psk: PreSharedKey?) -> HPKEContext {
        let kdf = LabeledKDF(hash: self.kdf, suite: suite)
        let mode: UInt8 = psk == nil ? 0 : 1
        let identifier = psk?.identifier ?? []
        let identifierHash = kdf.extract(salt: [], label: "psk_id_hash", ikm: Secret(identifier))
        let infoHash = kdf.extract(salt: [], label: "info_hash", ikm: Secret(info))
        let context = [mode] + identifierHash.exposed + infoHash.exposed
        let secret = kdf.extract(salt: shared, label: "secret", ikm: psk?.key ?? Secret([]))
        return HPKEContext(
            aead: aead, kdf: kdf,
            key: kdf.expand(secret, label: "key", info: context, length: aead.keyLength),
            baseNonce: kdf.expand(secret, label: "base_nonce", info: context, length: aead.nonceLength).exposed,
            exporterSecret: kdf.expand(secret, label: "exp", info: context, length: self.kdf.length))
    }

    /// "HPKE" and the three identifiers (RFC 9180 §5.1).
    private var suite: [UInt8] {
        let kdfIdentifier: UInt16 =
            switch kdf {
            case .sha256: 0x0001
            case .sha384: 0x0002
            case .sha512: 0x0003
            }
        return [0x48, 0x50, 0x4B, 0x45] + bigEndian(kem.rawValue) + bigEndian(kdfIdentifier)
            + bigEndian(aead.rawValue)
    }
}
