/// Why a cryptographic operation was refused.
///
/// Coarse on purpose: an attacker who sees the difference between two refusals may learn something from it.
public enum CryptoError: Error, Equatable, Sendable {
    /// A public or private key is not one: wrong length, not on the curve, out of range.
    case invalidKey
    /// A ciphertext, its tag, nonce or additional data is not what was sealed with this key.
    case authenticationFailed
    /// A signature has the wrong length.
    case invalidSignature
    /// An input is of a length that the algorithm does not take.
    case invalidLength
    /// Parameters that the algorithm does not take, or a cost beyond what we are ready to pay.
    case invalidParameter
    /// A context has sealed or opened as many messages as its counter can number (RFC 9180 §5.2).
    case messageLimitReached
    /// Memory could not be had, or the library failed in a way that no input explains.
    case internalFailure
}
