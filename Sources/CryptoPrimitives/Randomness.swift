import CCryptoBoringSSL

/// The core's only source of random bytes, handed to whatever needs some.
///
/// Not `Sendable`: a deterministic stream read from two threads would no longer be deterministic.
public final class Randomness {
    /// The key of the deterministic stream; none for the system's generator.
    private let key: Secret?
    /// Draws so far: each one is the keystream of a nonce of its own, so that it does not matter how long the others were.
    private var draws: UInt64 = 0

    private init(key: Secret?) {
        self.key = key
    }

    /// The operating system's generator, by way of BoringSSL's (`RAND_bytes`).
    public static func system() -> Randomness {
        Randomness(key: nil)
    }

    /// A stream that follows from `seed` alone and is the same on every platform: ChaCha20 under SHA-256(seed), the nonce
    /// being the number of the draw.
    ///
    /// For tests, the simulator and transcripts only: whoever knows the seed knows every key.
    public init(seed: [UInt8]) {
        key = Secret(HashAlgorithm.sha256.hash(seed))
    }

    /// The next `count` bytes, for values that are not secret: nonces, salts, identifiers.
    public func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { buffer in fill(buffer) }
        return bytes
    }

    /// The next `count` bytes, for keys and seeds.
    public func secret(_ count: Int) -> Secret {
        Secret.make(count: count) { (buffer: UnsafeMutableRawBufferPointer) in fill(buffer) }
    }

    /// A number below `bound`, all of them equally likely. 0 if `bound` is 0.
    public func number(below bound: UInt32) -> UInt32 {
        guard bound > 1 else { return 0 }
        // Values at or above the last multiple of `bound` would favour the small results.
        let limit = UInt32.max - (UInt32.max % bound + 1) % bound
        while true {
            var value: UInt32 = 0
            for byte in bytes(4) { value = value << 8 | UInt32(byte) }
            if value <= limit { return value % bound }
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        let draw = draws
        draws &+= 1
        guard let start = buffer.bytePointer, buffer.count > 0 else { return }
        guard let key else {
            // BoringSSL's generator does not return without entropy: it ends the process instead (rand.h).
            CCryptoBoringSSL_RAND_bytes(start, buffer.count)
            return
        }
        var nonce = [UInt8](repeating: 0, count: 12)
        for index in 0..<8 { nonce[index] = UInt8(truncatingIfNeeded: draw >> (8 * UInt64(index))) }
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        key.withUnsafeBytes { key in
            CCryptoBoringSSL_CRYPTO_chacha_20(start, start, buffer.count, key.bytePointer, nonce, 0)
        }
    }
}
