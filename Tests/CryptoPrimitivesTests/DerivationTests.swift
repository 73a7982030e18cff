import CryptoPrimitives
import Testing

@Suite("Hashes and derivations")
struct DerivationTests {
    @Test("a copied hash state goes its own way", arguments: [HashAlgorithm.sha256, .sha384, .sha512])
    func copies(_ algorithm: HashAlgorithm) {
        var first = HashState(algorithm)
        first.update([1, 2, 3])
        var second = first
        first.update([4])
        second.update([5, 6][...])
        #expect(first.finish() == algorithm.hash([1, 2, 3, 4]))
        #expect(second.finish() == algorithm.hash([1, 2, 3, 5, 6]))
        // Asking is not ending.
        #expect(first.finish() == first.finish())
        first.update([])
        first.update([7])
        #expect(first.finish() == algorithm.hash([1, 2, 3, 4, 7]))
        #expect(first.finish().count == algorithm.length)
    }

    @Test("HKDF gives every length up to its limit, each a prefix of the longest")
    func lengths() {
        let prk = Secret([UInt8](0..<32))
        let longest = HKDF.expand(.sha256, prk: prk, info: [9], length: HKDF.maximumLength(.sha256)).exposed
        #expect(longest.count == 8160)
        for length in [0, 1, 31, 32, 33, 8159] {
            #expect(HKDF.expand(.sha256, prk: prk, info: [9], length: length).exposed == Array(longest[..<length]))
        }
    }

    @Test("an empty HKDF salt is one of zeros")
    func emptySalt() {
        let ikm = Secret([1, 2, 3])
        for hash in [HashAlgorithm.sha256, .sha384, .sha512] {
            let zeros = [UInt8](repeating: 0, count: hash.length)
            #expect(HKDF.extract(hash, salt: [], ikm: ikm) == HKDF.extract(hash, salt: zeros, ikm: ikm))
        }
    }

    @Test(
        "scrypt refuses parameters that are none",
        arguments: [
            (0, 8, 1, 32), (1, 8, 1, 32), (3, 8, 1, 32), (16, 0, 1, 32), (16, 8, 0, 32), (16, 8, 1, 0), (16, 8, 1, -1),
            (1 << 16, 1, 1, 32), (1 << 18, 8, 1, 32), (1 << 40, 8, 1, 32), (16, 1 << 40, 1, 32), (16, 8, 1 << 40, 32),
        ] as [(UInt64, UInt64, UInt64, Int)])
    func scrypt(_ n: UInt64, _ r: UInt64, _ p: UInt64, _ length: Int) {
        #expect(throws: CryptoError.invalidParameter) {
            try Scrypt.derive(password: [1], salt: [2], n: n, r: r, p: p, length: length)
        }
    }

    @Test("scrypt takes the parameters of the passphrase segment")
    func passphraseParameters() throws {
        let first = try Scrypt.derive(password: [1], salt: [2], n: 1 << 17, r: 8, p: 1, length: 32)
        let second = try Scrypt.derive(password: [3], salt: [2], n: 1 << 17, r: 8, p: 1, length: 32)
        #expect(first != second)
    }

    @Test("both sides of a key agreement agree", arguments: [KeyAgreement.x25519, .p256, .p384, .p521])
    func agreement(_ curve: KeyAgreement) throws {
        let random = Randomness(seed: [1])
        func scalar() -> Secret {
            // Below every order: P-521's has a first byte of 0 or 1.
            var bytes = random.bytes(curve.privateKeyLength)
            bytes[0] = 0
            return Secret(wiping: &bytes)
        }
        let (first, second) = (scalar(), scalar())
        let shared = try curve.sharedSecret(first, curve.publicKey(of: second))
        #expect(try curve.sharedSecret(second, curve.publicKey(of: first)) == shared)
        #expect(shared.count == curve.privateKeyLength)
        #expect(throws: CryptoError.invalidKey) { try curve.sharedSecret(first, []) }
        #expect(throws: CryptoError.invalidKey) {
            try curve.sharedSecret(first, [UInt8](repeating: 0, count: curve.publicKeyLength))
        }
    }
}
