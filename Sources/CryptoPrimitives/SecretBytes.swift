import CCryptoBoringSSL

/// Bytes that nobody else may see: a heap buffer of their own, overwritten when the value's life ends.
///
/// The bytes stand behind a pointer because a `~Copyable` struct that held them inline could not be wiped: in `deinit`,
/// `self` is immutable and a pointer to it is a pointer to a copy.
public struct SecretBytes: ~Copyable {
    private let start: UnsafeMutableRawPointer

    /// The number of bytes.
    public let count: Int

    /// Copies `bytes`, which stays as it is: see ``wipe(_:)``.
    public init(_ bytes: [UInt8]) {
        self.init(count: bytes.count) { (buffer: UnsafeMutableRawBufferPointer) in buffer.copyBytes(from: bytes) }
    }

    /// A buffer of `count` zero bytes for `body` to fill. If `body` throws, the buffer is wiped.
    public init<Failure: Error>(
        count: Int, initializingWith body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count >= 0, "a length is not negative")
        // Never of size 0, so that there is always an address of our own.
        let start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 16)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 1))
        do throws(Failure) {
            try body(UnsafeMutableRawBufferPointer(start: start, count: count))
        } catch {
            CCryptoBoringSSL_OPENSSL_cleanse(start, count)
            start.deallocate()
            throw error
        }
        self.start = start
        self.count = count
    }

    deinit {
        CCryptoBoringSSL_OPENSSL_cleanse(start, count)
        start.deallocate()
    }

    /// Lends the bytes for the time of `body`. The pointer must not outlive the call.
    public borrowing func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }
}

// Immutable once made: the pointer is read by many and written by nobody until `deinit`, which only the last owner runs.
extension SecretBytes: @unchecked Sendable {}
