import CryptoPrimitives
import Testing

@Suite("Authenticated encryption")
struct AEADTests {
    static let algorithms: [AEADAlgorithm] = [.aes128GCM, .aes256GCM, .chacha20Poly1305]
    let random = Randomness(seed: Array("aead".utf8))

    @Test("what was sealed opens, at every length around a block and a few kilobytes", arguments: algorithms)
    func roundTrip(_ algorithm: AEADAlgorithm) throws {
        let key = random.secret(algorithm.keyLength)
        for length in Array(0...65) + [255, 256, 257, 4095, 16_384] {
            let nonce = random.bytes(algorithm.nonceLength)
            let plaintext = random.bytes(length)
            let aad = random.bytes(length % 37)
            let sealed = try algorithm.seal(key: key, nonce: nonce, plaintext: plaintext, aad: aad)
            #expect(sealed.count == length + algorithm.tagLength)
            #expect(try algorithm.open(key: key, nonce: nonce, ciphertext: sealed, aad: aad) == plaintext)
        }
    }

    @Test("a change of any byte of ciphertext, tag, nonce or additional data is refused", arguments: algorithms)
    func tampering(_ algorithm: AEADAlgorithm) throws {
        let key = random.secret(algorithm.keyLength)
        let nonce = random.bytes(algorithm.nonceLength)
        let aad = random.bytes(9)
        let sealed = try algorithm.seal(key: key, nonce: nonce, plaintext: random.bytes(40), aad: aad)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: CryptoError.authenticationFailed) {
                try algorithm.open(key: key, nonce: nonce, ciphertext: changed, aad: aad)
            }
        }
        for index in nonce.indices {
            var changed = nonce
            changed[index] ^= 0x80
            #expect(throws: CryptoError.authenticationFailed) {
                try algorithm.open(key: key, nonce: changed, ciphertext: sealed, aad: aad)
            }
        }
        for changed in [[], Array(aad.dropLast()), aad + [0], aad.reversed()] {
            #expect(throws: CryptoError.authenticationFailed) {
                try algorithm.open(key: key, nonce: nonce, ciphertext: sealed, aad: changed)
            }
        }
        #expect(throws: CryptoError.authenticationFailed) {
            try algorithm.open(
                key: random.secret(algorithm.keyLength), nonce: nonce, ciphertext: sealed, aad: aad)
        }
    }

    @Test("a truncated or extended ciphertext is refused", arguments: algorithms)
    func truncation(_ algorithm: AEADAlgorithm) throws {
        let key = random.secret(algorithm.keyLength)
        let nonce = random.bytes(algorithm.nonceLength)
        let sealed = try algorithm.seal(key: key, nonce: nonce, plaintext: random.bytes(20), aad: [])
        for length in sealed.indices {
            #expect(throws: CryptoError.authenticationFailed) {
                try algorithm.open(key: key, nonce: nonce, ciphertext: Array(sealed[..<length]), aad: [])
            }
        }
        #expect(throws: CryptoError.authenticationFailed) {
            try algorithm.open(key: key, nonce: nonce, ciphertext: sealed + [0], aad: [])
        }
    }

    @Test("keys and nonces of other lengths are refused", arguments: algorithms)
    func lengths(_ algorithm: AEADAlgorithm) {
        let nonce = random.bytes(algorithm.nonceLength)
        for length in [0, 1, algorithm.keyLength - 1, algorithm.keyLength + 1, 24, 64] {
            #expect(throws: CryptoError.invalidKey) {
                try algorithm.seal(key: random.secret(length), nonce: nonce, plaintext: [], aad: [])
            }
            #expect(throws: CryptoError.invalidKey) {
                try algorithm.open(
                    key: random.secret(length), nonce: nonce, ciphertext: random.bytes(16), aad: [])
            }
        }
        let key = random.secret(algorithm.keyLength)
        for length in [0, 8, 11, 13, 16] {
            #expect(throws: CryptoError.invalidLength) {
                try algorithm.seal(key: key, nonce: random.bytes(length), plaintext: [], aad: [])
            }
            #expect(throws: CryptoError.invalidLength) {
                try algorithm.open(key: key, nonce: random.bytes(length), ciphertext: random.bytes(16), aad: [])
            }
        }
    }
}
