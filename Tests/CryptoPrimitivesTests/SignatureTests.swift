import CryptoPrimitives
import Testing

@Suite("Signatures")
struct SignatureTests {
    static let schemes: [SignatureScheme] = [.ed25519, .ecdsaP256SHA256, .ecdsaP384SHA384, .ecdsaP521SHA512]
    let random = Randomness(seed: Array("signatures".utf8))

    @Test("a signature verifies over its message by its key, and over nothing else", arguments: schemes)
    func roundTrip(_ scheme: SignatureScheme) throws {
        let pair = try scheme.generate(random)
        let other = try scheme.generate(random)
        #expect(pair.privateKey.count == scheme.privateKeyLength)
        #expect(pair.publicKey.count == scheme.publicKeyLength)
        #expect(try scheme.publicKey(of: pair.privateKey) == pair.publicKey)
        for length in [0, 1, 63, 1000] {
            let message = random.bytes(length)
            let signature = try scheme.sign(message, with: pair.privateKey)
            #expect(scheme.verify(signature, over: message, by: pair.publicKey))
            #expect(!scheme.verify(signature, over: message + [0], by: pair.publicKey))
            #expect(!scheme.verify(signature, over: message, by: other.publicKey))
            #expect(!scheme.verify(signature + [0], over: message, by: pair.publicKey))
            #expect(!scheme.verify([], over: message, by: pair.publicKey))
            for index in signature.indices {
                var changed = signature
                changed[index] ^= 1 << UInt8(index % 8)
                #expect(!scheme.verify(changed, over: message, by: pair.publicKey))
                #expect(!scheme.verify(Array(signature[..<index]), over: message, by: pair.publicKey))
            }
        }
    }

    @Test("malformed keys verify nothing and sign nothing", arguments: schemes)
    func malformedKeys(_ scheme: SignatureScheme) throws {
        let pair = try scheme.generate(random)
        let signature = try scheme.sign([1], with: pair.privateKey)
        for key in [[], Array(pair.publicKey.dropLast()), pair.publicKey + [0]] {
            #expect(!scheme.verify(signature, over: [1], by: key))
        }
        for length in [0, 1, scheme.privateKeyLength - 1, scheme.privateKeyLength + 1] {
            #expect(throws: CryptoError.invalidKey) { try scheme.sign([1], with: random.secret(length)) }
            #expect(throws: CryptoError.invalidKey) { try scheme.publicKey(of: random.secret(length)) }
        }
    }

    @Test("an ECDSA scalar of zero or beyond the order is refused", arguments: schemes.dropFirst())
    func scalarsOutOfRange(_ scheme: SignatureScheme) {
        for byte: UInt8 in [0x00, 0xFF] {
            let scalar = Secret([UInt8](repeating: byte, count: scheme.privateKeyLength))
            #expect(throws: CryptoError.invalidKey) { try scheme.publicKey(of: scalar) }
            #expect(throws: CryptoError.invalidKey) { try scheme.sign([1], with: scalar) }
        }
    }

    @Test("an ECDSA key must be an uncompressed point on the curve", arguments: schemes.dropFirst())
    func points(_ scheme: SignatureScheme) throws {
        let pair = try scheme.generate(random)
        let signature = try scheme.sign([1], with: pair.privateKey)
        let half = (pair.publicKey.count - 1) / 2
        let compressed = [2 | (pair.publicKey[pair.publicKey.count - 1] & 1)] + pair.publicKey[1...half]
        #expect(!scheme.verify(signature, over: [1], by: Array(compressed)))
        var off = pair.publicKey
        off[off.count - 1] ^= 1
        #expect(!scheme.verify(signature, over: [1], by: off))
    }

    @Test("a key follows from the seed of its randomness", arguments: schemes)
    func seeded(_ scheme: SignatureScheme) throws {
        let first = try scheme.generate(Randomness(seed: [1]))
        #expect(try scheme.generate(Randomness(seed: [1])).publicKey == first.publicKey)
        #expect(try scheme.generate(Randomness(seed: [2])).publicKey != first.publicKey)
    }
}

@Suite("Hybrid signatures")
struct HybridSignatureTests {
    let random = Randomness(seed: Array("hybrid".utf8))
    let context = Array("CryptPeer test".utf8)

    @Test("both halves must verify")
    func bothHalves() throws {
        let key = try HybridSigningKey.generate(random)
        let other = try HybridSigningKey.generate(random)
        let signature = try key.sign([1, 2], context: context, random: random)
        let foreign = try other.sign([1, 2], context: context, random: random)
        #expect(key.publicKey.verify(signature, over: [1, 2], context: context))
        #expect(!key.publicKey.verify(foreign, over: [1, 2], context: context))
        for bytes in [
            signature.bytes[..<64] + foreign.bytes[64...], foreign.bytes[..<64] + signature.bytes[64...],
        ] {
            #expect(!key.publicKey.verify(try HybridSignature(Array(bytes)), over: [1, 2], context: context))
        }
        for bytes in [
            key.publicKey.bytes[..<32] + other.publicKey.bytes[32...],
            other.publicKey.bytes[..<32] + key.publicKey.bytes[32...],
        ] {
            #expect(!(try HybridPublicKey(Array(bytes)).verify(signature, over: [1, 2], context: context)))
        }
    }

    @Test("a signature holds for its message and context only")
    func separation() throws {
        let key = try HybridSigningKey.generate(random)
        let signature = try key.sign([3, 4], context: [1, 2], random: random)
        #expect(key.publicKey.verify(signature, over: [3, 4], context: [1, 2]))
        // The same bytes, divided elsewhere.
        #expect(!key.publicKey.verify(signature, over: [2, 3, 4], context: [1]))
        #expect(!key.publicKey.verify(signature, over: [4], context: [1, 2, 3]))
        #expect(!key.publicKey.verify(signature, over: [1, 2, 3, 4], context: []))
        #expect(!key.publicKey.verify(signature, over: [3, 5], context: [1, 2]))
        // Ed25519's half is no signature of the bare message.
        #expect(
            !SignatureScheme.ed25519.verify(
                Array(signature.bytes[..<64]), over: [3, 4], by: key.publicKey.ed25519))
    }

    @Test("a changed byte anywhere in the signature is refused")
    func tampering() throws {
        let key = try HybridSigningKey.generate(random)
        let signature = try key.sign([9], context: context, random: random)
        for index in stride(from: 0, to: signature.bytes.count, by: 29) {
            var bytes = signature.bytes
            bytes[index] ^= 1
            #expect(!key.publicKey.verify(try HybridSignature(bytes), over: [9], context: context))
        }
    }

    @Test("lengths other than the fixed ones are refused, and contexts above 255 bytes")
    func lengths() throws {
        let key = try HybridSigningKey.generate(random)
        let long = [UInt8](repeating: 1, count: 256)
        #expect(throws: CryptoError.invalidLength) { try key.sign([], context: long, random: random) }
        let longest = try key.sign([], context: Array(long.dropLast()), random: random)
        #expect(key.publicKey.verify(longest, over: [], context: Array(long.dropLast())))
        #expect(!key.publicKey.verify(longest, over: [], context: long))
        #expect(throws: CryptoError.invalidSignature) { try HybridSignature(Array(longest.bytes.dropLast())) }
        #expect(throws: CryptoError.invalidKey) { try HybridPublicKey(key.publicKey.bytes + [0]) }
        #expect(throws: CryptoError.invalidKey) { try HybridSigningKey(seeds: random.secret(63)) }
        #expect(throws: CryptoError.invalidKey) { try MLDSA65.publicKey(seed: random.secret(31)) }
        #expect(throws: CryptoError.invalidLength) {
            try MLDSA65.sign([], context: long, seed: random.secret(32), random: random)
        }
    }

    @Test("signing is hedged with the given randomness, and repeats under the same seed")
    func hedging() throws {
        let key = try HybridSigningKey(seeds: Secret([UInt8](0..<64)))
        let first = try key.sign([1], context: context, random: Randomness(seed: [1]))
        #expect(try key.sign([1], context: context, random: Randomness(seed: [1])) == first)
        let second = try key.sign([1], context: context, random: Randomness(seed: [2]))
        #expect(second.bytes[64...] != first.bytes[64...])
        #expect(second.bytes[..<64] == first.bytes[..<64])
    }
}
