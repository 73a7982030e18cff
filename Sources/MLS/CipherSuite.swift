import CryptoPrimitives
import WireFormat

/// A cipher suite (RFC 9420 §17.1): the HPKE, hash, AEAD and signature algorithms of a group.
public struct CipherSuite: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
    public static let x25519AES128 = CipherSuite(rawValue: 0x0001)
    /// MLS_128_DHKEMP256_AES128GCM_SHA256_P256
    public static let p256AES128 = CipherSuite(rawValue: 0x0002)
    /// MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519
    public static let x25519ChaCha20 = CipherSuite(rawValue: 0x0003)
    /// MLS_256_DHKEMP521_AES256GCM_SHA512_P521
    public static let p521AES256 = CipherSuite(rawValue: 0x0005)
    /// MLS_256_DHKEMP384_AES256GCM_SHA384_P384
    public static let p384AES256 = CipherSuite(rawValue: 0x0007)
    /// MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519 of draft-ietf-mls-pq-ciphersuites-06, whose code point is not
    /// assigned yet: this is the one place that holds ours.
    public static let xwing = CipherSuite(rawValue: 0x0008)
}

extension CipherSuite: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(rawValue)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        rawValue = try reader.readUInt16()
    }
}

/// The algorithms behind a suite that this implementation has.
package struct Algorithms: Sendable {
    package let suite: CipherSuite
    package let hash: HashAlgorithm
    package let aead: AEADAlgorithm
    package let signature: SignatureScheme
    package let hpke: HPKE

    /// `KDF.Nh`, which is also the length of a hash and of a MAC: every suite here uses one hash throughout.
    package var hashLength: Int { hash.length }

    /// `0` in the key schedule's figures: `KDF.Nh` zero bytes.
    package var zeroSecret: Secret { Secret([UInt8](repeating: 0, count: hash.length)) }

    private init(
        _ suite: CipherSuite, _ kem: KEM, _ hash: HashAlgorithm, _ aead: AEADAlgorithm, _ signature: SignatureScheme
    ) {
        self.suite = suite
        self.hash = hash
        self.aead = aead
        self.signature = signature
        hpke = HPKE(kem: kem, kdf: hash, aead: aead)
    }

    /// - Throws: ``MLSError/unsupportedCipherSuite``.
    package init(_ suite: CipherSuite) throws(MLSError) {
        switch suite {
        // The browser's build leaves out what CryptPeer's own groups never use: a tenth of what a newcomer loads.
        #if !OWN_SUITE_ALONE
            case .x25519AES128: self.init(suite, .dhkemX25519SHA256, .sha256, .aes128GCM, .ed25519)
            case .p256AES128: self.init(suite, .dhkemP256SHA256, .sha256, .aes128GCM, .ecdsaP256SHA256)
            case .x25519ChaCha20: self.init(suite, .dhkemX25519SHA256, .sha256, .chacha20Poly1305, .ed25519)
            case .p521AES256: self.init(suite, .dhkemP521SHA512, .sha512, .aes256GCM, .ecdsaP521SHA512)
            case .p384AES256: self.init(suite, .dhkemP384SHA384, .sha384, .aes256GCM, .ecdsaP384SHA384)
        #endif
        case .xwing: self.init(suite, .xwing, .sha384, .aes256GCM, .ed25519)
        default: throw .unsupportedCipherSuite
        }
    }
}
