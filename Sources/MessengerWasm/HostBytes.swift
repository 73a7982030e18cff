// How bytes cross between the host and the module. In: the host calls `allocate(length)`, writes there, passes pointer and
// length, and calls `release(pointer)` when the call has returned. Out: an export returns a pointer to a little-endian
// UInt32 length and that many bytes, which the host copies and releases.

/// The bytes that the host wrote at `pointer`.
func bytesFromHost(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> [UInt8] {
    guard let pointer, count > 0 else { return [] }
    return [UInt8](UnsafeBufferPointer(start: pointer, count: Int(count)))
}

/// A buffer for the host to copy and release.
func bytesToHost(_ bytes: [UInt8]) -> UnsafeMutablePointer<UInt8> {
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 4 + bytes.count)
    let length = UInt32(bytes.count)
    for index in 0..<4 { buffer[index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    for index in bytes.indices { buffer[4 + index] = bytes[index] }
    return buffer
}
