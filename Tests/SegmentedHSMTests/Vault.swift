import CryptoPrimitives
import SegmentedHSM
import WireFormat

/// A vault for tests: everything follows from a seed, and scrypt is cheap.
struct Vault {
    let random: Randomness
    let parameters: PassphraseParameters
    let passphrase: Segment
    let device: Segment
    let deviceSecret: Secret
    let hsm: HSM
    let header: VaultHeader

    init(
        seed: String = "vault", passphrase: String = "correct horse", device: [UInt8] = [UInt8](repeating: 7, count: 32)
    ) throws {
        random = Randomness(seed: [UInt8](seed.utf8))
        parameters = try PassphraseParameters(log2N: 4, r: 8, p: 1, salt: random.bytes(32))
        self.passphrase = try Self.passphrase(passphrase, parameters)
        deviceSecret = Secret(device)
        self.device = .device(deviceSecret)
        (hsm, header) = try HSM.create(segments: [self.passphrase, self.device], random: random)
    }

    var segments: [Segment] { [passphrase, device] }

    static func passphrase(_ text: String, _ parameters: PassphraseParameters) throws -> Segment {
        .passphrase(try parameters.derive([UInt8](text.utf8)), parameters)
    }
}

func ascii(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func hex(_ bytes: [UInt8]) -> String {
    let digits = ascii("0123456789abcdef")
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Mutated and cut encodings of `valid`: each is refused, or read as a value that encodes to the same bytes.
func fuzz<Value: WireCodable>(_ type: Value.Type, _ valid: [UInt8], seed: String, rounds: Int = 3000) throws -> Bool {
    let random = Randomness(seed: ascii(seed))
    for _ in 0..<rounds {
        var bytes = valid
        switch random.number(below: 4) {
        case 0: bytes = [UInt8](bytes[..<Int(random.number(below: UInt32(bytes.count)))])
        case 1: bytes += random.bytes(1 + Int(random.number(below: 8)))
        case 2:
            let start = Int(random.number(below: UInt32(bytes.count)))
            bytes.replaceSubrange(start..<min(bytes.count, start + 4), with: random.bytes(4))
        default:
            for _ in 0...random.number(below: 6) {
                bytes[Int(random.number(below: UInt32(min(bytes.count, 200))))] = random.bytes(1)[0]
            }
        }
        if let value = try? Value(decoding: bytes), value.encoded != bytes { return false }
    }
    return try Value(decoding: valid).encoded == valid
}
