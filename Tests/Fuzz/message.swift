@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Fuzzing.message(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
