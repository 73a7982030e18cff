@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Fuzzing.large(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
