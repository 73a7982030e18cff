import CryptoPrimitives

/// A cipher suite of RFC 9605 §4.5, as IANA numbers it.
///
/// The three suites of AES-CTR with HMAC are not here: they exist for tags of 80 bits and less, and
/// ``CryptoPrimitives`` offers no cipher without authentication.
public enum SFrameSuite: UInt16, Sendable {
    case aes128GCMSHA256 = 4
    case aes256GCMSHA512 = 5

    var hash: HashAlgorithm { self == .aes128GCMSHA256 ? .sha256 : .sha512 }
    var aead: AEADAlgorithm { self == .aes128GCMSHA256 ? .aes128GCM : .aes256GCM }

    /// AEAD.Nk, the length of a base key in bytes where the key management makes one for the suite.
    public var keyLength: Int { aead.keyLength }
    /// AEAD.Nt: how much longer than the frame its ciphertext is, the header apart.
    public var tagLength: Int { aead.tagLength }
}
