import CryptoPrimitives
import SegmentedHSM
import Testing
import WireFormat

@Suite("Sealed records")
struct RecordTests {
    @Test(
        "a record of any length comes back, and costs a fixed overhead", arguments: [0, 1, 15, 16, 17, 1000, 100_000])
    func roundTrip(length: Int) throws {
        let vault = try Vault()
        let record = vault.random.bytes(length)
        let sealed = try vault.hsm.seal(record: record, context: ascii("k"), random: vault.random)
        #expect(sealed.count == length + HSM.sealedOverhead)
        #expect(try vault.hsm.open(record: sealed, context: ascii("k")) == record)
    }

    @Test("every byte of a sealed record counts")
    func tampering() throws {
        let vault = try Vault()
        let sealed = try vault.hsm.seal(record: ascii("some text"), context: ascii("k"), random: vault.random)
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 0x10
            #expect(throws: HSMError.self) { try vault.hsm.open(record: tampered, context: ascii("k")) }
        }
        for length in sealed.indices {
            #expect(throws: HSMError.self) {
                try vault.hsm.open(record: [UInt8](sealed[..<length]), context: ascii("k"))
            }
        }
        #expect(throws: HSMError.self) { try vault.hsm.open(record: sealed + [0], context: ascii("k")) }
    }

    @Test("a record opens only where it was stored: two cannot be swapped")
    func contexts() throws {
        let vault = try Vault()
        let first = try vault.hsm.seal(record: ascii("1"), context: ascii("first"), random: vault.random)
        let second = try vault.hsm.seal(record: ascii("2"), context: ascii("second"), random: vault.random)
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: first, context: ascii("second")) }
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: second, context: ascii("first")) }
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: first, context: []) }
        // One record's key does not open the other's content.
        let mixed = [UInt8](first[..<61]) + second[61...]
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: mixed, context: ascii("second")) }
    }

    @Test("a record of another vault is refused")
    func otherVault() throws {
        let vault = try Vault()
        let other = try Vault(seed: "another")
        let sealed = try other.hsm.seal(record: ascii("1"), context: ascii("k"), random: other.random)
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: sealed, context: ascii("k")) }
    }

    @Test("the same record sealed twice shares no bytes but the version")
    func freshKeys() throws {
        let vault = try Vault()
        let record = [UInt8](repeating: 0, count: 200)
        let first = try vault.hsm.seal(record: record, context: ascii("k"), random: vault.random)
        let second = try vault.hsm.seal(record: record, context: ascii("k"), random: vault.random)
        #expect(zip(first, second).filter { $0 == $1 }.count < 12)
    }

    @Test("without its wrapped key a record is gone, for the vault's owner too")
    func deletion() throws {
        let vault = try Vault()
        var sealed = try vault.hsm.seal(record: ascii("secret"), context: ascii("k"), random: vault.random)
        for index in 13..<61 { sealed[index] = 0 }
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.open(record: sealed, context: ascii("k")) }
    }

    @Test("index keys are steady within a vault, and say nothing across vaults")
    func indexKeys() throws {
        let vault = try Vault()
        let other = try Vault(seed: "another")
        let key = try vault.hsm.indexKey(ascii("contact 1"))
        #expect(key.count == 32)
        #expect(try HSM.unlock(vault.header, segments: vault.segments).indexKey(ascii("contact 1")) == key)
        #expect(try vault.hsm.indexKey(ascii("contact 2")) != key)
        #expect(try other.hsm.indexKey(ascii("contact 1")) != key)
    }

    @Test("a sealed record's bytes are pinned")
    func golden() throws {
        let vault = try Vault()
        let sealed = try vault.hsm.seal(record: ascii("golden"), context: ascii("k"), random: vault.random)
        #expect(
            hex(HashAlgorithm.sha256.hash(sealed)) == "b4313217d95806c6be286a9912d1fa2f95fa4b6cd752a69db770a759e72c25a8"
        )
        let index = try vault.hsm.indexKey(ascii("golden"))
        #expect(hex(index) == "c05e6a3f1aaccd48ce6f1ec311466f65175a03a62359018d1bbf33fbc91ab4e9")
    }
}
