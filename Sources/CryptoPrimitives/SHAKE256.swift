import CBoringSSLInternals

/// The extendable-output function SHAKE256 (FIPS 202 §6.2).
public enum SHAKE256 {
    /// `length` bytes of output for `bytes`.
    public static func hash(_ bytes: [UInt8], length: Int) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        CCryptoBoringSSL_BORINGSSL_keccak(&output, length, bytes, bytes.count, CBoringSSLInternals_shake256)
        return output
    }

    /// `length` bytes of output for an input that is secret, and so is the output.
    static func derive(_ input: Secret, length: Int) -> Secret {
        Secret.make(count: length) { (output: UnsafeMutableRawBufferPointer) in
            input.withUnsafeBytes { input in
                CCryptoBoringSSL_BORINGSSL_keccak(
                    output.bindMemory(to: UInt8.self).baseAddress, length,
                    input.bindMemory(to: UInt8.self).baseAddress, input.count, CBoringSSLInternals_shake256)
            }
        }
    }
}
