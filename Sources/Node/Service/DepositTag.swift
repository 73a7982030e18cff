import CryptoPrimitives

/// Who was charged for a blob, as the blob's row holds it: sealed under a key that ends with the process, each time
/// with another nonce. Whoever has the database sees neither whose a blob is nor which two are one device's.
struct DepositTag: Sendable {
    private static let algorithm = AEADAlgorithm.aes256GCM
    private static let dayLength = 8

    private let key = Randomness.system().secret(AEADAlgorithm.aes256GCM.keyLength)

    /// - Parameters:
    ///   - day: the day until whose end the device is charged.
    ///   - blob: the row that the tag is for; it opens in no other.
    func seal(device: [UInt8], day: UInt64, blob: [UInt8]) throws(CryptoError) -> [UInt8] {
        let nonce = Randomness.system().bytes(Self.algorithm.nonceLength)
        let plaintext = (0..<Self.dayLength).map { UInt8(truncatingIfNeeded: day >> (8 * UInt64($0))) } + device
        return nonce + (try Self.algorithm.seal(key: key, nonce: nonce, plaintext: plaintext, aad: blob))
    }

    /// - Returns: nil for a tag of an earlier process: whose blob it was is forgotten.
    func open(_ tag: [UInt8], blob: [UInt8]) -> (device: [UInt8], day: UInt64)? {
        let nonceLength = Self.algorithm.nonceLength
        guard tag.count > nonceLength,
            let plaintext = try? Self.algorithm.open(
                key: key, nonce: Array(tag[..<nonceLength]), ciphertext: Array(tag[nonceLength...]), aad: blob)
        else { return nil }
        let day = plaintext.prefix(Self.dayLength).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (Array(plaintext.dropFirst(Self.dayLength)), day)
    }
}
