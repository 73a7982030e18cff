extension UnsafeRawBufferPointer {
    /// The address as C's `const uint8_t *`.
    var bytePointer: UnsafePointer<UInt8>? { bindMemory(to: UInt8.self).baseAddress }
}

extension UnsafeMutableRawBufferPointer {
    /// The address as C's `uint8_t *`.
    var bytePointer: UnsafeMutablePointer<UInt8>? { bindMemory(to: UInt8.self).baseAddress }
}
