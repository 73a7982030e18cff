import CryptoPrimitives
import SegmentedHSM
import Testing
import WireFormat

@Suite("Keys inside the HSM")
struct KeyTests {
    @Test("an Ed25519 key signs, before and after it was stored")
    func signingKey() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateSigningKey(vault.random)
        let signature = try vault.hsm.sign(ascii("m"), with: key)
        #expect(SignatureScheme.ed25519.verify(signature, over: ascii("m"), by: key.publicKey))
        let sealed = try vault.hsm.seal(key, context: ascii("leaf"), random: vault.random)
        let again = try HSM.unlock(vault.header, segments: vault.segments)
        let loaded = try again.openSigningKey(sealed, context: ascii("leaf"))
        #expect(loaded == key)
        #expect(try again.sign(ascii("m"), with: loaded) == signature)
    }

    @Test("a hybrid key signs under its context, before and after it was stored")
    func hybridKey() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateHybridKey(vault.random)
        let sealed = try vault.hsm.seal(key, context: ascii("member"), random: vault.random)
        let again = try HSM.unlock(vault.header, segments: vault.segments)
        let loaded = try again.openHybridKey(sealed, context: ascii("member"))
        #expect(loaded == key)
        let signature = try again.sign(ascii("m"), context: ascii("c"), with: loaded, random: vault.random)
        #expect(key.publicKey.verify(signature, over: ascii("m"), context: ascii("c")))
        #expect(!key.publicKey.verify(signature, over: ascii("m"), context: ascii("d")))
        #expect(throws: HSMError.contextTooLong) {
            try again.sign(ascii("m"), context: [UInt8](repeating: 0, count: 256), with: loaded, random: vault.random)
        }
    }

    @Test("a key that is not loaded, or was forgotten, signs nothing")
    func handles() throws {
        let vault = try Vault()
        let other = try Vault(seed: "another")
        let key = try vault.hsm.generateSigningKey(vault.random)
        let hybrid = try vault.hsm.generateHybridKey(vault.random)
        #expect(throws: HSMError.unknownKey) { try other.hsm.sign(ascii("m"), with: key) }
        #expect(throws: HSMError.unknownKey) { try other.hsm.seal(key, context: [], random: vault.random) }
        #expect(throws: HSMError.unknownKey) {
            try other.hsm.sign(ascii("m"), context: [], with: hybrid, random: vault.random)
        }
        vault.hsm.forget(key)
        vault.hsm.forget(hybrid)
        #expect(throws: HSMError.unknownKey) { try vault.hsm.sign(ascii("m"), with: key) }
        #expect(throws: HSMError.unknownKey) { try vault.hsm.seal(hybrid, context: [], random: vault.random) }
    }

    @Test("a sealed key opens only as what it is, where it was stored, in its vault, and untouched")
    func sealedKeys() throws {
        let vault = try Vault()
        let other = try Vault(seed: "another")
        let key = try vault.hsm.generateSigningKey(vault.random)
        let hybrid = try vault.hsm.generateHybridKey(vault.random)
        let sealed = try vault.hsm.seal(key, context: ascii("a"), random: vault.random)
        let sealedHybrid = try vault.hsm.seal(hybrid, context: ascii("a"), random: vault.random)
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.openSigningKey(sealed, context: ascii("b")) }
        #expect(throws: HSMError.notAuthentic) { try other.hsm.openSigningKey(sealed, context: ascii("a")) }
        #expect(throws: HSMError.malformed(.invalidValue)) {
            try vault.hsm.openHybridKey(sealed, context: ascii("a"))
        }
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 1
            #expect(throws: HSMError.self) { try vault.hsm.openSigningKey(tampered, context: ascii("a")) }
        }
        for index in sealedHybrid.indices {
            var tampered = sealedHybrid
            tampered[index] ^= 1
            #expect(throws: HSMError.self) { try vault.hsm.openHybridKey(tampered, context: ascii("a")) }
        }
        // A sealed key is no record.
        #expect(throws: HSMError.self) { try vault.hsm.open(record: sealedHybrid, context: ascii("a")) }
    }

    @Test("sealed keys' bytes are pinned")
    func golden() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateSigningKey(vault.random)
        let hybrid = try vault.hsm.generateHybridKey(vault.random)
        let sealedKey = try vault.hsm.seal(key, context: ascii("a"), random: vault.random)
        #expect(
            hex(HashAlgorithm.sha256.hash(sealedKey))
                == "c8fdaf5d1c9b2f290069d85137bcba7564476fc98d6ddde0250965a44b38d297")
        let sealed = try vault.hsm.seal(hybrid, context: ascii("a"), random: vault.random)
        #expect(
            hex(HashAlgorithm.sha256.hash(sealed)) == "a50f24fd20f18f061d024307e5dddbd1623f97735b757903393ece40f0ebf947"
        )
    }
}
