import CryptoPrimitives

/// What can be wrong with a recovery code as someone typed it.
public enum RecoveryCodeError: Error, Equatable, Sendable {
    /// The byte at `position` is no letter or digit of a code.
    case invalidCharacter(position: Int)
    /// A code has 56 letters and digits; these are `symbols`.
    case wrongLength(symbols: Int)
    /// The checksum does not fit: a letter or digit is wrong, or two are swapped.
    case typingError
}

/// A random 256-bit key, in a form for paper.
///
/// 56 symbols of Crockford's base 32, in 14 groups of four: the key's 32 bytes, then the first 3 bytes of SHA-256 of a label
/// and the key.
public struct RecoveryCode: Sendable {
    static let keyLength = 32
    private static let checksumLength = 3
    private static let symbolCount = 56
    private static let groupLength = 4
    private static let alphabet = label("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    let key: Secret

    init(key: Secret) {
        self.key = key
    }

    /// The code in ASCII, groups joined by hyphens. To be shown once, and overwritten with ``wipe(_:)``.
    public var text: [UInt8] {
        var bytes = key.exposed + Self.checksum(of: key)
        defer { wipe(&bytes) }
        var text: [UInt8] = []
        text.reserveCapacity(Self.symbolCount + Self.symbolCount / Self.groupLength)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        var symbols = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                if symbols > 0, symbols.isMultiple(of: Self.groupLength) { text.append(UInt8(ascii: "-")) }
                text.append(Self.alphabet[Int(buffer >> bits & 31)])
                symbols += 1
            }
        }
        return text
    }

    /// Reads a code as people copy it: in any case, with spaces, hyphens and line breaks anywhere, O for 0, I or L for 1.
    public init(parsing text: [UInt8]) throws(RecoveryCodeError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.keyLength + Self.checksumLength)
        defer { wipe(&bytes) }
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        var symbols = 0
        for (position, character) in text.enumerated() {
            guard !Self.isSeparator(character) else { continue }
            guard let value = Self.value(of: character) else { throw .invalidCharacter(position: position) }
            symbols += 1
            guard symbols <= Self.symbolCount else { continue }
            buffer = buffer << 5 | value
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard symbols == Self.symbolCount else { throw .wrongLength(symbols: symbols) }
        var keyBytes = [UInt8](bytes[..<Self.keyLength])
        let key = Secret(wiping: &keyBytes)
        guard constantTimeEqual([UInt8](bytes[Self.keyLength...]), Self.checksum(of: key)) else { throw .typingError }
        self.key = key
    }

    private static func checksum(of key: Secret) -> [UInt8] {
        var state = HashState(.sha256)
        state.update(label("CryptPeer recovery code 1"))
        key.withUnsafeBytes { bytes in state.update(bytes) }
        return [UInt8](state.finish()[..<checksumLength])
    }

    private static func isSeparator(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "-"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
        default: false
        }
    }

    private static func value(of character: UInt8) -> UInt32? {
        let upper =
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): character - 32
            default: character
            }
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default:
            guard let index = alphabet.firstIndex(of: upper) else { return nil }
            return UInt32(index)
        }
    }
}
