import CryptoPrimitives
import Testing

@Suite("HPKE")
struct HPKETests {
    static let kems: [KEM] = [.dhkemX25519SHA256, .dhkemP256SHA256, .dhkemP384SHA384, .dhkemP521SHA512, .xwing]
    let random = Randomness(seed: Array("hpke".utf8))
    let info = Array("info".utf8)

    @Test("what is sealed to a key opens with it, in every combination", arguments: kems)
    func roundTrip(_ kem: KEM) throws {
        for kdf in [HashAlgorithm.sha256, .sha384, .sha512] {
            for aead in [AEADAlgorithm.aes128GCM, .aes256GCM, .chacha20Poly1305] {
                let hpke = HPKE(kem: kem, kdf: kdf, aead: aead)
                let pair = try hpke.generateKeyPair(random)
                #expect(pair.privateKey.count == kem.privateKeyLength)
                #expect(pair.publicKey.count == kem.publicKeyLength)
                #expect(kem.isValidPublicKey(pair.publicKey))
                let sealed = try hpke.sealBase(
                    to: pair.publicKey, info: info, aad: [1], plaintext: [2, 3], random: random)
                #expect(sealed.kemOutput.count == kem.encapsulationLength)
                let opened = try hpke.openBase(
                    kemOutput: sealed.kemOutput, privateKey: pair.privateKey, info: info, aad: [1],
                    ciphertext: sealed.ciphertext)
                #expect(opened == [2, 3])
            }
        }
    }

    @Test("a changed encapsulation, ciphertext, info, additional data or key is refused", arguments: kems)
    func tampering(_ kem: KEM) throws {
        let hpke = HPKE(kem: kem, kdf: .sha384, aead: .aes256GCM)
        let pair = try hpke.generateKeyPair(random)
        let other = try hpke.generateKeyPair(random)
        let sealed = try hpke.sealBase(to: pair.publicKey, info: info, aad: [], plaintext: [7], random: random)
        func opens(_ output: [UInt8], _ ciphertext: [UInt8], key: Secret, info: [UInt8], aad: [UInt8] = []) -> Bool {
            (try? hpke.openBase(kemOutput: output, privateKey: key, info: info, aad: aad, ciphertext: ciphertext))
                != nil
        }
        #expect(opens(sealed.kemOutput, sealed.ciphertext, key: pair.privateKey, info: info))
        for index in stride(from: 0, to: sealed.kemOutput.count, by: kem == .xwing ? 31 : 1) {
            var changed = sealed.kemOutput
            changed[index] ^= 1
            #expect(!opens(changed, sealed.ciphertext, key: pair.privateKey, info: info))
        }
        for index in sealed.ciphertext.indices {
            var changed = sealed.ciphertext
            changed[index] ^= 1
            #expect(!opens(sealed.kemOutput, changed, key: pair.privateKey, info: info))
            #expect(
                !opens(
                    sealed.kemOutput, Array(sealed.ciphertext[..<index]), key: pair.privateKey, info: info))
        }
        #expect(!opens(Array(sealed.kemOutput.dropLast()), sealed.ciphertext, key: pair.privateKey, info: info))
        #expect(!opens(sealed.kemOutput + [0], sealed.ciphertext, key: pair.privateKey, info: info))
        #expect(!opens(sealed.kemOutput, sealed.ciphertext, key: other.privateKey, info: info))
        #expect(!opens(sealed.kemOutput, sealed.ciphertext, key: pair.privateKey, info: info + [0]))
        #expect(!opens(sealed.kemOutput, sealed.ciphertext, key: pair.privateKey, info: info, aad: [0]))
        #expect(!opens(sealed.kemOutput, sealed.ciphertext, key: random.secret(5), info: info))
    }

    @Test("bytes that are no public key are refused", arguments: kems)
    func malformedKeys(_ kem: KEM) throws {
        let pair = try kem.generateKeyPair(random)
        for bytes in [[], Array(pair.publicKey.dropLast()), pair.publicKey + [0]] {
            #expect(!kem.isValidPublicKey(bytes))
            #expect(throws: CryptoError.invalidKey) { try kem.encapsulate(to: bytes, random: random) }
        }
        // Not on a curve; for X25519 and X-Wing, the point of order 1; for ML-KEM, coefficients beyond the modulus.
        let extremes = [UInt8](repeating: kem == .dhkemX25519SHA256 ? 0 : 0xFF, count: kem.publicKeyLength)
        #expect(!kem.isValidPublicKey(extremes))
        if kem == .xwing {
            #expect(!kem.isValidPublicKey(pair.publicKey.dropLast(32) + [UInt8](repeating: 0, count: 32)))
        }
        #expect(throws: CryptoError.invalidKey) { try kem.publicKey(of: random.secret(kem.privateKeyLength - 1)) }
        #expect(throws: CryptoError.invalidLength) {
            try kem.encapsulateDerandomized(to: pair.publicKey, entropy: random.secret(kem.entropyLength + 1))
        }
    }

    @Test("messages of a context open in order; one that does not open is not counted")
    func order() throws {
        let hpke = HPKE(kem: .xwing, kdf: .sha384, aead: .aes256GCM)
        let pair = try hpke.generateKeyPair(random)
        var sender = try hpke.setupSender(to: pair.publicKey, info: info, random: random)
        var receiver = try hpke.setupReceiver(
            kemOutput: sender.kemOutput, privateKey: pair.privateKey, info: info)
        let messages = try [sender.seal([0], aad: []), sender.seal([1], aad: []), sender.seal([2], aad: [])]
        #expect(messages[0].count == messages[1].count)
        #expect(throws: CryptoError.authenticationFailed) { try receiver.open(messages[1], aad: []) }
        #expect(try receiver.open(messages[0], aad: []) == [0])
        #expect(throws: CryptoError.authenticationFailed) { try receiver.open(messages[0], aad: []) }
        #expect(try receiver.open(messages[1], aad: []) == [1])
        #expect(try receiver.open(messages[2], aad: []) == [2])
    }

    @Test("a pre-shared key must be the same on both sides, and no short one is taken")
    func preSharedKeys() throws {
        let hpke = HPKE(kem: .dhkemX25519SHA256, kdf: .sha256, aead: .aes128GCM)
        let pair = try hpke.generateKeyPair(random)
        let psk = try HPKE.PreSharedKey(key: random.secret(32), identifier: [1])
        var sender = try hpke.setupSender(to: pair.publicKey, info: info, psk: psk, random: random)
        let ciphertext = try sender.seal([5], aad: [])
        let others: [HPKE.PreSharedKey?] = [
            nil, try HPKE.PreSharedKey(key: random.secret(32), identifier: [1]),
            try HPKE.PreSharedKey(key: Secret([UInt8](repeating: 0, count: 32)), identifier: [1]),
        ]
        for other in others {
            var receiver = try hpke.setupReceiver(
                kemOutput: sender.kemOutput, privateKey: pair.privateKey, info: info, psk: other)
            #expect(throws: CryptoError.authenticationFailed) { try receiver.open(ciphertext, aad: []) }
        }
        var receiver = try hpke.setupReceiver(
            kemOutput: sender.kemOutput, privateKey: pair.privateKey, info: info, psk: psk)
        #expect(try receiver.open(ciphertext, aad: []) == [5])
        #expect(throws: CryptoError.invalidParameter) {
            try HPKE.PreSharedKey(key: random.secret(31), identifier: [1])
        }
        #expect(throws: CryptoError.invalidParameter) {
            try HPKE.PreSharedKey(key: random.secret(32), identifier: [])
        }
    }

    @Test("both ends export the same secrets, one per context, up to HKDF's limit")
    func exports() throws {
        let hpke = HPKE(kem: .dhkemP256SHA256, kdf: .sha256, aead: .chacha20Poly1305)
        let pair = try hpke.generateKeyPair(random)
        let sender = try hpke.setupSender(to: pair.publicKey, info: info, random: random)
        let receiver = try hpke.setupReceiver(
            kemOutput: sender.kemOutput, privateKey: pair.privateKey, info: info)
        #expect(try sender.export([1], length: 32) == receiver.export([1], length: 32))
        #expect(try sender.export([1], length: 32) != receiver.export([2], length: 32))
        #expect(try sender.export([1], length: 255 * 32).count == 255 * 32)
        #expect(throws: CryptoError.invalidLength) { try sender.export([1], length: 255 * 32 + 1) }
        #expect(throws: CryptoError.invalidLength) { try sender.export([1], length: -1) }
    }

    @Test("a key pair and an encapsulation follow from the seed of their randomness", arguments: kems)
    func seeded(_ kem: KEM) throws {
        func run(_ seed: UInt8) throws -> [UInt8] {
            let random = Randomness(seed: [seed])
            let pair = try kem.generateKeyPair(random)
            let sent = try kem.encapsulate(to: pair.publicKey, random: random)
            #expect(try kem.decapsulate(sent.encapsulation, privateKey: pair.privateKey) == sent.sharedSecret)
            return pair.publicKey + sent.encapsulation + sent.sharedSecret.exposed
        }
        #expect(try run(1) == run(1))
        #expect(try run(1) != run(2))
    }
}
