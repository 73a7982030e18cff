import CryptoPrimitives
import SegmentedHSM
import Testing
import WireFormat

@Suite("Changing the passphrase")
struct RekeyTests {
    @Test("at every step exactly one of the two passphrases opens what is stored, and the records stay readable")
    func crashSafety() throws {
        let vault = try Vault()
        let record = try vault.hsm.seal(record: ascii("kept"), context: ascii("a"), random: vault.random)
        var stored = vault.header
        var current = vault.segments
        // Three changes: both slots get their turn.
        for round in 0..<3 {
            let parameters = try PassphraseParameters(log2N: 4, r: 8, p: 1, salt: vault.random.bytes(32))
            let new = [try Vault.passphrase("passphrase \(round)", parameters), vault.device]
            let rekey = try HSM.rekey(stored, from: current, to: new, random: vault.random)
            let steps: [(VaultHeader, opens: [Segment], refuses: [Segment])] = [
                (stored, current, new), (rekey.staged, current, new), (rekey.switched, new, current),
            ]
            for (header, opens, refuses) in steps {
                let header = try VaultHeader(decoding: header.encoded)
                #expect(
                    try HSM.unlock(header, segments: opens).open(record: record, context: ascii("a")) == ascii("kept"))
                #expect(throws: HSMError.wrongSegments) { try HSM.unlock(header, segments: refuses) }
            }
            stored = rekey.switched
            current = new
        }
    }

    @Test("after a crash between the steps, the change can be made again")
    func restartFromStaged() throws {
        let vault = try Vault()
        let first = [try Vault.passphrase("first", vault.parameters), vault.device]
        let second = [try Vault.passphrase("second", vault.parameters), vault.device]
        let interrupted = try HSM.rekey(vault.header, from: vault.segments, to: first, random: vault.random)
        let again = try HSM.rekey(interrupted.staged, from: vault.segments, to: second, random: vault.random)
        #expect(throws: HSMError.wrongSegments) { try HSM.unlock(again.switched, segments: first) }
        _ = try HSM.unlock(again.switched, segments: second)
    }

    @Test("the old passphrase's slot does not survive the switch")
    func oldSlotIsGone() throws {
        let vault = try Vault()
        let new = [try Vault.passphrase("new", vault.parameters), vault.device]
        let rekey = try HSM.rekey(vault.header, from: vault.segments, to: new, random: vault.random)
        #expect(rekey.staged.encoded.count > rekey.switched.encoded.count + 140)
        #expect(rekey.switched.encoded.count == vault.header.encoded.count)
    }

    @Test("it takes the segments that open the vault now, and a full set of new ones")
    func refusals() throws {
        let vault = try Vault()
        let wrong = [try Vault.passphrase("guess", vault.parameters), vault.device]
        #expect(throws: HSMError.wrongSegments) {
            try HSM.rekey(vault.header, from: wrong, to: vault.segments, random: vault.random)
        }
        #expect(throws: HSMError.invalidSegments) {
            try HSM.rekey(vault.header, from: vault.segments, to: [vault.device], random: vault.random)
        }
    }

    @Test("a staged slot cannot be made current by editing the generation of another vault's header")
    func slotsAreBoundToTheirGeneration() throws {
        let vault = try Vault()
        let new = [try Vault.passphrase("new", vault.parameters), vault.device]
        let staged = try HSM.rekey(vault.header, from: vault.segments, to: new, random: vault.random).staged
        var bytes = staged.encoded
        // The generation's last byte, after version, vault id and salt: 2 instead of 0 makes the first slot current again.
        bytes[1 + 16 + 32 + 7] = 2
        let edited = try VaultHeader(decoding: bytes)
        #expect(throws: HSMError.wrongSegments) { try HSM.unlock(edited, segments: vault.segments) }
        #expect(throws: HSMError.wrongSegments) { try HSM.unlock(edited, segments: new) }
    }
}
