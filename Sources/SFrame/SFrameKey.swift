import CryptoPrimitives

/// A key and salt under one KID, derived from the base key that the key management has given (RFC 9605 §4.4.2).
struct SFrameKey: Sendable {
    let keyID: UInt64
    let suite: SFrameSuite
    private let key: Secret
    private let salt: [UInt8]

    /// - Throws: ``SFrameError/invalidKey`` for an empty base key.
    init(keyID: UInt64, baseKey: Secret, suite: SFrameSuite) throws(SFrameError) {
        guard baseKey.count > 0 else { throw .invalidKey }
        let secret = HKDF.extract(suite.hash, salt: [], ikm: baseKey)
        let context = Self.bigEndian(keyID, length: 8) + Self.bigEndian(UInt64(suite.rawValue), length: 2)
        self.keyID = keyID
        self.suite = suite
        key = HKDF.expand(
            suite.hash, prk: secret, info: Self.bytes("SFrame 1.0 Secret key ") + context, length: suite.keyLength)
        salt =
            HKDF.expand(
                suite.hash, prk: secret, info: Self.bytes("SFrame 1.0 Secret salt ") + context,
                length: suite.aead.nonceLength
            ).exposed
    }

    /// The header, then the ciphertext (§4.4.3).
    func seal(_ frame: [UInt8], counter: UInt64, metadata: [UInt8]) throws(SFrameError) -> [UInt8] {
        let header = SFrameHeader(keyID: keyID, counter: counter).encoded
        do throws(CryptoError) {
            return header
                + (try suite.aead.seal(
                    key: key, nonce: nonce(counter), plaintext: frame, aad: header + metadata))
        } catch {
            throw .internalFailure
        }
    }

    func open(
        _ ciphertext: [UInt8], header: [UInt8], counter: UInt64, metadata: [UInt8]
    ) throws(SFrameError) -> [UInt8] {
        do throws(CryptoError) {
            return try suite.aead.open(
                key: key, nonce: nonce(counter), ciphertext: ciphertext, aad: header + metadata)
        } catch {
            throw .authenticationFailed
        }
    }

    /// The salt, XORed with the counter as a big-endian number of the same length.
    private func nonce(_ counter: UInt64) -> [UInt8] {
        var nonce = salt
        for (index, byte) in Self.bigEndian(counter, length: 8).enumerated() { nonce[nonce.count - 8 + index] ^= byte }
        return nonce
    }

    private static func bigEndian(_ value: UInt64, length: Int) -> [UInt8] {
        (0..<length).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func bytes(_ text: StaticString) -> [UInt8] {
        text.withUTF8Buffer { buffer in [UInt8](buffer) }
    }
}
