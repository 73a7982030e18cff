// The exports for the worker that transforms a call's frames. How bytes cross: HostBytes.swift.
import CallMedia
import CryptoPrimitives

/// The one call of this instance. A new call is a new instance: a key that was used must not come back with counter 0.
nonisolated(unsafe) private let cipher = MediaCipher()

private let done: [UInt8] = [1]

/// `id: uint8, key[32]`: seals with this key from now on. Answers one byte, or nothing if it was refused.
@_expose(wasm, "send_key") @_cdecl("cryptpeer_media_send_key")
public func sendKey(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    var bytes = bytesFromHost(pointer, count)
    defer { wipe(&bytes) }
    guard bytes.count == 33 else { return bytesToHost([]) }
    var key = [UInt8](bytes[1...])
    defer { wipe(&key) }
    return bytesToHost(cipher.setSendKey(id: bytes[0], key) ? done : [])
}

/// `id: uint8, key[32]`: opens frames under this key too. Answers one byte, or nothing if it was refused.
@_expose(wasm, "receive_key") @_cdecl("cryptpeer_media_receive_key")
public func receiveKey(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    var bytes = bytesFromHost(pointer, count)
    defer { wipe(&bytes) }
    guard bytes.count == 33 else { return bytesToHost([]) }
    var key = [UInt8](bytes[1...])
    defer { wipe(&key) }
    return bytesToHost(cipher.addReceiveKey(id: bytes[0], key) ? done : [])
}

/// `id: uint8`: opens no more frames under this key. Answers one byte, or nothing if it was refused.
@_expose(wasm, "forget_key") @_cdecl("cryptpeer_media_forget_key")
public func forgetKey(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    let bytes = bytesFromHost(pointer, count)
    guard bytes.count == 1 else { return bytesToHost([]) }
    cipher.forgetReceiveKey(id: bytes[0])
    return bytesToHost(done)
}

/// `codec: uint8` (``MediaCodec``) and an encoded frame: answers what the packetizer is to get, or nothing if the frame must
/// not be sent.
@_expose(wasm, "protect") @_cdecl("cryptpeer_media_protect")
public func protect(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    let bytes = bytesFromHost(pointer, count)
    guard let first = bytes.first, let codec = MediaCodec(rawValue: first) else { return bytesToHost([]) }
    return bytesToHost(cipher.protect([UInt8](bytes.dropFirst()), codec) ?? [])
}

/// `codec: uint8` (``MediaCodec``) and what the depacketizer gave: answers the encoded frame, or nothing if it is to be
/// dropped.
@_expose(wasm, "unprotect") @_cdecl("cryptpeer_media_unprotect")
public func unprotect(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    let bytes = bytesFromHost(pointer, count)
    guard let first = bytes.first, let codec = MediaCodec(rawValue: first) else { return bytesToHost([]) }
    return bytesToHost(cipher.unprotect([UInt8](bytes.dropFirst()), codec) ?? [])
}
