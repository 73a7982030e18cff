import CryptoPrimitives
import SegmentedHSM
import Testing
import WireFormat

@Suite("Unlocking a vault")
struct UnlockTests {
    @Test("the right segments open it, from the stored header alone")
    func opens() throws {
        let vault = try Vault()
        let sealed = try vault.hsm.seal(record: ascii("hello"), context: ascii("a"), random: vault.random)
        let header = try VaultHeader(decoding: vault.header.encoded)
        #expect(header == vault.header)
        #expect(header.passphraseParameters == vault.parameters)
        let again = try HSM.unlock(header, segments: vault.segments)
        #expect(try again.open(record: sealed, context: ascii("a")) == ascii("hello"))
        #expect(again.vaultID == header.vaultID)
    }

    @Test("a wrong passphrase, a wrong device, both, and segments in another order are the same refusal")
    func wrongSegments() throws {
        let vault = try Vault()
        let otherPassphrase = try Vault.passphrase("correct horsf", vault.parameters)
        let otherDevice = Segment.device(Secret([UInt8](repeating: 8, count: 32)))
        let otherParameters = try PassphraseParameters(log2N: 5, r: 8, p: 1, salt: vault.parameters.salt)
        guard case .passphrase(let secret, _) = vault.passphrase else { return }
        let wrong: [[Segment]] = [
            [otherPassphrase, vault.device], [vault.passphrase, otherDevice], [otherPassphrase, otherDevice],
            [vault.device, vault.passphrase], [vault.passphrase], [vault.device], [],
            [vault.passphrase, vault.device, vault.device],
            [.passphrase(secret, otherParameters), vault.device],
            [.passphrase(vault.deviceSecret, vault.parameters), .device(secret)],
            [.passphrase(Secret([]), vault.parameters), vault.device],
        ]
        for segments in wrong {
            #expect(throws: HSMError.wrongSegments) { try HSM.unlock(vault.header, segments: segments) }
        }
    }

    @Test("a vault is made of one passphrase and one device segment of 32 bytes each")
    func createNeedsBoth() throws {
        let vault = try Vault()
        let short = Segment.device(Secret([UInt8](repeating: 1, count: 31)))
        for segments in [
            [], [vault.passphrase], [vault.device], [vault.device, vault.passphrase], [vault.passphrase, short],
        ] {
            #expect(throws: HSMError.invalidSegments) { try HSM.create(segments: segments, random: vault.random) }
        }
    }

    @Test("every bit of the header counts: one flipped, and it is refused or opens nothing")
    func tampering() throws {
        let vault = try Vault()
        let bytes = vault.header.encoded
        for index in bytes.indices {
            for bit in 0..<8 {
                var tampered = bytes
                tampered[index] ^= 1 << UInt8(bit)
                guard let header = try? VaultHeader(decoding: tampered) else { continue }
                // Whatever the header now says about the passphrase is taken at its word.
                var segments = vault.segments
                if header.passphraseParameters.log2N < 8 {
                    segments[0] = try Vault.passphrase("correct horse", header.passphraseParameters)
                }
                #expect(throws: HSMError.wrongSegments) { try HSM.unlock(header, segments: segments) }
                #expect(throws: HSMError.wrongSegments) { try HSM.unlock(header, segments: vault.segments) }
            }
        }
    }

    @Test(
        "nothing in the header depends on the passphrase alone, so that without the device segment no guess can be checked"
    )
    func noPassphraseCheck() throws {
        let base = try Vault().header.encoded
        let otherPassphrase = try Vault(passphrase: "another").header.encoded
        let otherDevice = try Vault(device: [UInt8](repeating: 9, count: 32)).header.encoded
        #expect(base.count == otherPassphrase.count && base.count == otherDevice.count)
        let dependsOnPassphrase = base.indices.filter { base[$0] != otherPassphrase[$0] }
        let onPassphraseAlone = dependsOnPassphrase.filter { base[$0] == otherDevice[$0] }
        #expect(dependsOnPassphrase.count > 60)
        // Of about 80 random bytes, some are the same by chance.
        #expect(onPassphraseAlone.count < 6)
    }

    @Test("the device segment is recognised without the passphrase")
    func recognisesDevice() throws {
        let vault = try Vault()
        #expect(vault.header.recognises(device: vault.deviceSecret))
        #expect(!vault.header.recognises(device: Secret([UInt8](repeating: 8, count: 32))))
    }

    @Test("the construction is the documented one, followed here by hand from the header's bytes to a record")
    func construction() throws {
        let vault = try Vault()
        var reader = WireReader(vault.header.encoded)
        #expect(try reader.readUInt8() == 1)
        let vaultID = try reader.readFixed(16)
        let salt = try reader.readFixed(32)
        let generation = try reader.readFixed(8)
        #expect(generation == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try reader.readBool())
        let descriptors = try reader.readOpaque()
        #expect(descriptors == [1, 4, 8, 1] + vault.parameters.salt + [2] + descriptors.suffix(16))
        let check = try reader.readFixed(32)
        let nonce = try reader.readFixed(12)
        let sealedRoot = try reader.readFixed(48)
        #expect(try !reader.readBool())
        try reader.finish()

        guard case .passphrase(let passphrase, _) = vault.passphrase else { return }
        let ikm = Secret(
            ascii("passphrase") + [0, 0, 0, 0, 0, 0] + passphrase.exposed + ascii("device")
                + [UInt8](repeating: 0, count: 10) + vault.deviceSecret.exposed)
        let framed = [UInt8(descriptors.count)] + descriptors
        func expand(_ label: String, _ ikm: Secret, _ info: [UInt8], _ length: Int) -> Secret {
            HKDF.derive(.sha512, salt: salt, ikm: ikm, info: ascii(label) + info, length: length)
        }
        #expect(expand("CryptPeer vault check 1", ikm, vaultID + framed, 32).exposed == check)
        #expect(
            expand("CryptPeer device check 1", vault.deviceSecret, vaultID, 16).exposed
                == [UInt8](descriptors.suffix(16)))
        let root = try AEADAlgorithm.aes256GCM.open(
            key: expand("CryptPeer vault unlock 1", ikm, vaultID + framed, 32), nonce: nonce, ciphertext: sealedRoot,
            aad: ascii("CryptPeer vault root 1") + vaultID + salt + generation + framed + check)
        #expect(root.count == 32)

        let index = expand("CryptPeer vault index 1", Secret(root), vaultID, 32)
        #expect(try vault.hsm.indexKey(ascii("x")) == HashAlgorithm.sha256.hmac(key: index, ascii("x")))

        let record = try vault.hsm.seal(record: ascii("text"), context: ascii("k"), random: vault.random)
        let wrapping = expand("CryptPeer vault records 1", Secret(root), vaultID, 32)
        let key = try AEADAlgorithm.aes256GCM.open(
            key: wrapping, nonce: [UInt8](record[1..<13]), ciphertext: [UInt8](record[13..<61]),
            aad: ascii("CryptPeer record key 1") + vaultID + ascii("k"))
        let text = try AEADAlgorithm.aes256GCM.open(
            key: Secret(key), nonce: [UInt8](record[61..<73]), ciphertext: [UInt8](record[73...]),
            aad: ascii("CryptPeer record 1") + vaultID + ascii("k"))
        #expect(text == ascii("text"))
    }

    @Test("the header's bytes are pinned")
    func golden() throws {
        let vault = try Vault()
        #expect(vault.header.encoded.count == 205)
        #expect(
            hex(HashAlgorithm.sha256.hash(vault.header.encoded))
                == "b04afa40434310d680c3d7c6283c62aba4348a4969406f3a82771aa79711bf40")
    }

    @Test("mutated headers are refused, or have one encoding")
    func fuzzing() throws {
        let vault = try Vault()
        #expect(try fuzz(VaultHeader.self, vault.header.encoded, seed: "header"))
        let rekey = try HSM.rekey(vault.header, from: vault.segments, to: vault.segments, random: vault.random)
        #expect(try fuzz(VaultHeader.self, rekey.staged.encoded, seed: "staged"))
    }
}

@Suite("Passphrase parameters")
struct PassphraseParametersTests {
    @Test("by default scrypt costs N = 2^17, r = 8, p = 1, with a fresh salt")
    func defaults() {
        let random = Randomness(seed: ascii("parameters"))
        let first = PassphraseParameters.generate(random)
        #expect([first.log2N, first.r, first.p] == [17, 8, 1])
        #expect(first.salt.count == 32)
        #expect(first.salt != PassphraseParameters.generate(random).salt)
    }

    @Test("parameters that a stored header should not ask for are refused")
    func bounds() throws {
        let salt = [UInt8](repeating: 0, count: 32)
        let bad: [(UInt8, UInt8, UInt8)] = [
            (0, 8, 1), (18, 8, 1), (17, 16, 1), (255, 8, 1), (4, 0, 1), (4, 8, 0), (4, 8, 17), (16, 1, 1),
        ]
        for (log2N, r, p) in bad {
            #expect(throws: HSMError.invalidParameters) {
                try PassphraseParameters(log2N: log2N, r: r, p: p, salt: salt)
            }
            #expect(throws: WireError.invalidValue) { try PassphraseParameters(decoding: [log2N, r, p] + salt) }
        }
        #expect(throws: HSMError.invalidParameters) { try PassphraseParameters(log2N: 4, r: 8, p: 1, salt: [1]) }
    }

    @Test("the segment is scrypt's first 32 bytes")
    func derivation() throws {
        let parameters = try PassphraseParameters(log2N: 4, r: 8, p: 1, salt: [UInt8](repeating: 5, count: 32))
        let expected = try Scrypt.derive(
            password: ascii("pleaseletmein"), salt: parameters.salt, n: 16, r: 8, p: 1, length: 32)
        #expect(try parameters.derive(ascii("pleaseletmein")) == expected)
        let travelled = try PassphraseParameters(decoding: parameters.encoded)
        #expect(try travelled.derive(ascii("pleaseletmein")) == expected)
    }
}
