import CCryptoBoringSSL

/// A shared reference to ``SecretBytes``, for struct fields, collections and arguments. The bytes never change, and are
/// overwritten when the last reference goes.
public final class Secret: Sendable {
    private let storage: SecretBytes

    /// Copies `bytes`, which stays as it is. Prefer ``init(wiping:)`` where the array is the caller's own.
    public init(_ bytes: [UInt8]) {
        storage = SecretBytes(bytes)
    }

    /// Copies `bytes` and overwrites the array.
    public init(wiping bytes: inout [UInt8]) {
        storage = SecretBytes(bytes)
        wipe(&bytes)
    }

    private init(storage: consuming SecretBytes) {
        self.storage = storage
    }

    /// A secret of `count` bytes, zero until `body` has filled it.
    public static func make<Failure: Error>(
        count: Int, initializingWith body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Secret {
        Secret(storage: try SecretBytes(count: count, initializingWith: body))
    }

    /// The number of bytes.
    public var count: Int { storage.count }

    /// Lends the bytes for the time of `body`. The pointer must not outlive the call.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBytes(body)
    }

    /// A copy outside the protection, for encoding state that is about to be sealed. Give it to ``wipe(_:)`` afterwards.
    public var exposed: [UInt8] {
        withUnsafeBytes { bytes in [UInt8](bytes) }
    }

    /// A secret of its own, made of the bytes in `range`.
    ///
    /// - Throws: ``CryptoError/invalidLength`` if the range is not inside.
    public func slice(_ range: Range<Int>) throws(CryptoError) -> Secret {
        guard range.lowerBound >= 0, range.upperBound <= count else { throw .invalidLength }
        return Secret.make(count: range.count) { (buffer: UnsafeMutableRawBufferPointer) in
            withUnsafeBytes { bytes in buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range])) }
        }
    }

    /// The two one after the other.
    public static func + (first: Secret, second: Secret) -> Secret {
        Secret.make(count: first.count + second.count) { (buffer: UnsafeMutableRawBufferPointer) in
            first.withUnsafeBytes { bytes in buffer.copyMemory(from: bytes) }
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[first.count...])
            second.withUnsafeBytes { bytes in rest.copyMemory(from: bytes) }
        }
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    public static func == (first: Secret, second: Secret) -> Bool {
        guard first.count == second.count else { return false }
        return first.withUnsafeBytes { a in
            second.withUnsafeBytes { b in CCryptoBoringSSL_CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
        }
    }
}

/// Compares in a time that depends on the lengths only.
public func constantTimeEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    return CCryptoBoringSSL_CRYPTO_memcmp(first, second, first.count) == 0
}

/// Overwrites the array's bytes with zeros, in a way that the optimiser keeps. Its length stays.
///
/// Only this array's own buffer: where another variable shares it, Swift copies first and the other keeps its bytes.
public func wipe(_ bytes: inout [UInt8]) {
    CCryptoBoringSSL_OPENSSL_cleanse(&bytes, bytes.count)
}
