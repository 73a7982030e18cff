import CryptoPrimitives
import SegmentedHSM
import Testing
import WireFormat

@Suite("Recovery of the authority's key")
struct RecoveryTests {
    @Test("code and file restore the key in another vault")
    func roundTrip() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateHybridKey(vault.random)
        let (code, capsule) = try vault.hsm.makeRecoveryCapsule(of: key, context: ascii("bubble"), random: vault.random)
        let file = capsule.encoded
        let paper = code.text
        vault.hsm.lock()

        let other = try Vault(seed: "a new computer")
        let read = try RecoveryCapsule(decoding: file)
        #expect(read.context == ascii("bubble"))
        let restored = try other.hsm.restore(read, code: try RecoveryCode(parsing: paper))
        #expect(restored == key)
        let signature = try other.hsm.sign(ascii("m"), context: [], with: restored, random: other.random)
        #expect(key.publicKey.verify(signature, over: ascii("m"), context: []))
    }

    @Test("another capsule's code, and a file changed at any byte, restore nothing")
    func refusals() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateHybridKey(vault.random)
        let first = try vault.hsm.makeRecoveryCapsule(of: key, context: ascii("bubble"), random: vault.random)
        let second = try vault.hsm.makeRecoveryCapsule(of: key, context: ascii("bubble"), random: vault.random)
        #expect(throws: HSMError.notAuthentic) { try vault.hsm.restore(first.capsule, code: second.code) }
        let file = first.capsule.encoded
        for index in file.indices {
            var tampered = file
            tampered[index] ^= 1
            guard let capsule = try? RecoveryCapsule(decoding: tampered) else { continue }
            #expect(throws: HSMError.notAuthentic) { try vault.hsm.restore(capsule, code: first.code) }
        }
        #expect(throws: HSMError.contextTooLong) {
            try vault.hsm.makeRecoveryCapsule(
                of: key, context: [UInt8](repeating: 0, count: 256), random: vault.random)
        }
    }

    @Test("the code is 14 groups of four, and is read however people copy it")
    func forms() throws {
        let code = try makeCode()
        let text = String(decoding: code, as: UTF8.self)
        #expect(text.split(separator: "-").map(\.count) == [Int](repeating: 4, count: 14))
        let forms = [
            text.lowercased(), text.replacing("-", with: " "), text.replacing("-", with: ""),
            text.replacing("0", with: "O"), text.replacing("0", with: "o"), text.replacing("1", with: "I"),
            text.replacing("1", with: "l"), "  " + text.replacing("-", with: "\r\n\t") + "\n",
        ]
        for form in forms {
            #expect(try RecoveryCode(parsing: ascii(form)).text == code, "\(form)")
        }
    }

    @Test("every wrong letter and every swap of neighbours is noticed")
    func typingErrors() throws {
        let code = try makeCode()
        let alphabet = ascii("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        for index in code.indices where code[index] != UInt8(ascii: "-") {
            for letter in alphabet where letter != code[index] {
                var typed = code
                typed[index] = letter
                #expect(throws: RecoveryCodeError.typingError) { try RecoveryCode(parsing: typed) }
            }
            let next = index + 1
            if next < code.count, code[next] != UInt8(ascii: "-"), code[next] != code[index] {
                var typed = code
                typed.swapAt(index, next)
                #expect(throws: RecoveryCodeError.typingError) { try RecoveryCode(parsing: typed) }
            }
        }
    }

    @Test("a missing or surplus letter and a foreign sign are named for what they are")
    func malformed() throws {
        let code = try makeCode()
        #expect(throws: RecoveryCodeError.wrongLength(symbols: 55)) { try RecoveryCode(parsing: code.dropLast()) }
        #expect(throws: RecoveryCodeError.wrongLength(symbols: 57)) { try RecoveryCode(parsing: code + ascii("A")) }
        #expect(throws: RecoveryCodeError.wrongLength(symbols: 0)) { try RecoveryCode(parsing: []) }
        #expect(throws: RecoveryCodeError.invalidCharacter(position: 3)) {
            try RecoveryCode(parsing: ascii("ABCU"))
        }
        #expect(throws: RecoveryCodeError.invalidCharacter(position: 0)) { try RecoveryCode(parsing: [0xC3, 0xA9]) }
    }

    @Test("capsule and code are pinned")
    func golden() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateHybridKey(vault.random)
        let (code, capsule) = try vault.hsm.makeRecoveryCapsule(of: key, context: ascii("bubble"), random: vault.random)
        #expect(
            String(decoding: code.text, as: UTF8.self)
                == "SZZP-59WK-4XNZ-5YXQ-M651-YYBT-DH2H-RFFZ-CEG1-6KXK-PB9H-1RWY-K9RT-QR7N")
        #expect(
            hex(HashAlgorithm.sha256.hash(capsule.encoded))
                == "f8682d7d394b9499ab56146635c300069618a92e04fbae87c0ace1d7a0121b50")
    }

    @Test("mutated files are refused, or have one encoding")
    func fuzzing() throws {
        let vault = try Vault()
        let key = try vault.hsm.generateHybridKey(vault.random)
        let capsule = try vault.hsm.makeRecoveryCapsule(of: key, context: ascii("b"), random: vault.random).capsule
        #expect(try fuzz(RecoveryCapsule.self, capsule.encoded, seed: "capsule"))
    }

    private func makeCode() throws -> [UInt8] {
        let vault = try Vault(seed: "code")
        let key = try vault.hsm.generateHybridKey(vault.random)
        return try vault.hsm.makeRecoveryCapsule(of: key, context: [], random: vault.random).code.text
    }
}
