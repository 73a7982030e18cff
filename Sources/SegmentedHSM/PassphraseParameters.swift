import CryptoPrimitives
import WireFormat

/// How a passphrase becomes its 32-byte segment: scrypt (RFC 7914) with a salt of its own.
///
/// The derivation takes 128 MiB and most of a second, so the host runs ``derive(_:)`` away from the engine, in an instance
/// that it throws away with everything scrypt left in its memory.
public struct PassphraseParameters: Equatable, Sendable, WireCodable {
    /// The cost N is two to this power.
    public let log2N: UInt8
    /// The block size.
    public let r: UInt8
    /// The parallelism.
    public let p: UInt8
    /// 32 bytes.
    public let salt: [UInt8]

    static let saltLength = 32
    /// What 128 · N · r may come to, in bytes. Headers come from storage that an attacker may have written.
    private static let memoryLimit: UInt64 = 192 << 20

    /// - Throws: ``HSMError/invalidParameters`` for what scrypt does not take, for more than 192 MiB or more than 16 passes,
    ///   and for a salt that is not 32 bytes.
    public init(log2N: UInt8, r: UInt8, p: UInt8, salt: [UInt8]) throws(HSMError) {
        // RFC 7914 §2: N is above 1 and below 2^(16 r).
        guard log2N >= 1, log2N <= 24, r >= 1, p >= 1, p <= 16, UInt64(log2N) < 16 * UInt64(r),
            128 * (UInt64(1) << UInt64(log2N)) * UInt64(r) <= Self.memoryLimit, salt.count == Self.saltLength
        else { throw .invalidParameters }
        self.log2N = log2N
        self.r = r
        self.p = p
        self.salt = salt
    }

    private init(defaultsWithSalt salt: [UInt8]) {
        log2N = 17
        r = 8
        p = 1
        self.salt = salt
    }

    /// N = 2^17, r = 8, p = 1 and a fresh salt.
    public static func generate(_ random: Randomness) -> PassphraseParameters {
        PassphraseParameters(defaultsWithSalt: random.bytes(saltLength))
    }

    /// The passphrase's segment, 32 bytes.
    ///
    /// - Parameter passphrase: UTF-8, normalised by the host (NFC), so that every keyboard gives the same bytes.
    /// - Throws: ``HSMError/internalFailure`` if the memory cannot be had.
    public func derive(_ passphrase: [UInt8]) throws(HSMError) -> Secret {
        do throws(CryptoError) {
            return try Scrypt.derive(
                password: passphrase, salt: salt, n: UInt64(1) << UInt64(log2N), r: UInt64(r), p: UInt64(p),
                length: Segment.length)
        } catch {
            throw .internalFailure
        }
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(log2N)
        writer.write(r)
        writer.write(p)
        writer.write(fixed: salt)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let log2N = try reader.readUInt8()
        let r = try reader.readUInt8()
        let p = try reader.readUInt8()
        let salt = try reader.readFixed(Self.saltLength)
        do throws(HSMError) {
            try self.init(log2N: log2N, r: r, p: p, salt: salt)
        } catch {
            throw .invalidValue
        }
    }
}
