import CCryptoBoringSSL

/// A hash that takes its input piece by piece. A copy goes its own way from where it was made.
public struct HashState {
    private enum State {
        case sha256(SHA256_CTX)
        case sha384(SHA512_CTX)
        case sha512(SHA512_CTX)
    }

    private var state: State

    /// The hash of nothing yet.
    public init(_ algorithm: HashAlgorithm) {
        switch algorithm {
        case .sha256:
            var context = SHA256_CTX()
            CCryptoBoringSSL_SHA256_Init(&context)
            state = .sha256(context)
        case .sha384:
            var context = SHA512_CTX()
            CCryptoBoringSSL_SHA384_Init(&context)
            state = .sha384(context)
        case .sha512:
            var context = SHA512_CTX()
            CCryptoBoringSSL_SHA512_Init(&context)
            state = .sha512(context)
        }
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in update(bytes) }
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in update(bytes) }
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var context):
            CCryptoBoringSSL_SHA256_Update(&context, bytes.baseAddress, bytes.count)
            state = .sha256(context)
        case .sha384(var context):
            CCryptoBoringSSL_SHA384_Update(&context, bytes.baseAddress, bytes.count)
            state = .sha384(context)
        case .sha512(var context):
            CCryptoBoringSSL_SHA512_Update(&context, bytes.baseAddress, bytes.count)
            state = .sha512(context)
        }
    }

    /// The digest of everything taken in so far. More may follow.
    public func finish() -> [UInt8] {
        switch state {
        case .sha256(var context):
            var digest = [UInt8](repeating: 0, count: 32)
            CCryptoBoringSSL_SHA256_Final(&digest, &context)
            return digest
        case .sha384(var context):
            var digest = [UInt8](repeating: 0, count: 48)
            CCryptoBoringSSL_SHA384_Final(&digest, &context)
            return digest
        case .sha512(var context):
            var digest = [UInt8](repeating: 0, count: 64)
            CCryptoBoringSSL_SHA512_Final(&digest, &context)
            return digest
        }
    }
}
