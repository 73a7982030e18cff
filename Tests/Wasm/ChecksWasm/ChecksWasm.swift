import VectorChecks

/// Runs one case of the official vectors; the answer is empty when it passes, or the reason in UTF-8.
@_expose(wasm, "check") @_cdecl("cryptpeer_check")
public func check(_ kind: UInt32, _ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    bytesToHost(VectorCheck.run(kind: UInt16(truncatingIfNeeded: kind), case: bytesFromHost(pointer, count)))
}
