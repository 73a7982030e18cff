import CryptoPrimitives

/// Seals the frames of one sender under one key, each with a counter of its own (RFC 9605 §4.4.3, §9.1).
///
/// It cannot be copied, and there must be no second one for the same base key and KID: the counter begins at 0, and a nonce
/// that is used twice gives both frames away.
public struct SFrameSender: ~Copyable {
    private let key: SFrameKey
    private let limit: UInt64
    /// The counter of the next frame: how many have been sealed.
    public private(set) var counter: UInt64 = 0

    /// So many frames are sealed under one key, then none. What AES-GCM loses in confidentiality with 2³² frames of a
    /// megabyte is still below 2⁻²⁴ (draft-irtf-cfrg-aead-limits §5.1); at 200 frames a second that is eight months.
    public static let frameLimit: UInt64 = 1 << 32

    /// - Parameters:
    ///   - baseKey: used for nothing else, by nobody else for sealing.
    ///   - limit: how many frames may be sealed.
    /// - Throws: ``SFrameError/invalidKey`` for an empty base key.
    public init(
        keyID: UInt64, baseKey: Secret, suite: SFrameSuite, limit: UInt64 = SFrameSender.frameLimit
    ) throws(SFrameError) {
        key = try SFrameKey(keyID: keyID, baseKey: baseKey, suite: suite)
        self.limit = limit
    }

    /// KID.
    public var keyID: UInt64 { key.keyID }

    /// Seals the next frame.
    ///
    /// - Parameter metadata: authenticated and not part of the result (§9.4); the receiver must know the same.
    /// - Returns: an SFrame ciphertext: header, encrypted frame, tag.
    /// - Throws: ``SFrameError/keyExhausted`` once the limit is reached.
    public mutating func seal(_ frame: [UInt8], metadata: [UInt8] = []) throws(SFrameError) -> [UInt8] {
        guard counter < limit else { throw .keyExhausted }
        // Counted before it is used: whatever happens meanwhile, this nonce is gone.
        let current = counter
        counter += 1
        return try key.seal(frame, counter: current, metadata: metadata)
    }
}
