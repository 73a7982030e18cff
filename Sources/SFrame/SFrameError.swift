/// Why a frame was not sealed or not opened.
public enum SFrameError: Error, Equatable, Sendable {
    /// The frame does not begin with a header as RFC 9605 §4.3 encodes it, or ends before its tag.
    case malformed
    /// There is no key with the header's KID. Another may come with the key management.
    case unknownKey
    /// Key, header, metadata or ciphertext is not the one sealed with.
    case authenticationFailed
    /// A frame with this counter was opened before, or is too old to know.
    case replayed
    /// The key has sealed as many frames as it may.
    case keyExhausted
    /// The base key is empty.
    case invalidKey
    /// BoringSSL could not do its work.
    case internalFailure
}
