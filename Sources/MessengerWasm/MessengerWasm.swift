// The exports for the browser.
import CryptoPrimitives
import Messenger
import WireFormat

/// The one engine of this instance. WebAssembly instances have one thread.
nonisolated(unsafe) private let engine = Engine(random: .system())

/// `now: uint64` and an ``Input``; answers an ``Output``. What cannot be decoded answers an output that reports an internal
/// problem.
@_expose(wasm, "handle") @_cdecl("cryptpeer_handle")
public func handle(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    var bytes = bytesFromHost(pointer, count)
    defer { wipe(&bytes) }
    do throws(WireError) {
        var reader = WireReader(bytes)
        let now = try reader.readUInt64()
        let input = try Input(from: &reader)
        try reader.finish()
        return bytesToHost(engine.handle(input, now: now).encoded)
    } catch {
        var output = Output()
        output.events = [.problem(.internalError)]
        return bytesToHost(output.encoded)
    }
}

/// `n: uint64, r: uint32, p: uint32, salt<V>, password<V>`; answers the 32 bytes of the passphrase's segment, or nothing if
/// the parameters are not acceptable. For an instance of its own: it takes 128 MiB.
@_expose(wasm, "scrypt") @_cdecl("cryptpeer_scrypt")
public func scrypt(_ pointer: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeMutablePointer<UInt8> {
    var bytes = bytesFromHost(pointer, count)
    defer { wipe(&bytes) }
    do throws(WireError) {
        var reader = WireReader(bytes)
        let n = try reader.readUInt64()
        let r = try reader.readUInt32()
        let p = try reader.readUInt32()
        let salt = try reader.readOpaque()
        var password = try reader.readOpaque()
        defer { wipe(&password) }
        try reader.finish()
        do throws(CryptoError) {
            let segment = try Scrypt.derive(
                password: password, salt: salt, n: n, r: UInt64(r), p: UInt64(p), length: 32)
            return bytesToHost(segment.exposed)
        } catch {
            return bytesToHost([])
        }
    } catch {
        return bytesToHost([])
    }
}
