import CryptoPrimitives
import Messenger

/// The STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015) as CryptPeer uses it for files, written out
/// natively. In the product the browser does this, in WebCrypto; both come to the same bytes (`Tests/KnownAnswers/files.json`).
public enum FileStream {
    /// zeros[7] || uint32 index || uint8 last.
    static func nonce(of index: UInt32, isLast: Bool) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: 7)
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            nonce.append(UInt8(truncatingIfNeeded: index >> shift))
        }
        return nonce + [isLast ? 1 : 0]
    }

    public static func seal(_ chunk: [UInt8], index: UInt32, isLast: Bool, key: Secret) throws(CryptoError) -> [UInt8] {
        try AEADAlgorithm.aes256GCM.seal(key: key, nonce: nonce(of: index, isLast: isLast), plaintext: chunk, aad: [])
    }

    public static func open(_ sealed: [UInt8], index: UInt32, isLast: Bool, key: Secret) throws(CryptoError) -> [UInt8]
    {
        try AEADAlgorithm.aes256GCM.open(key: key, nonce: nonce(of: index, isLast: isLast), ciphertext: sealed, aad: [])
    }

    /// A whole file's sealed chunks, one after the other.
    public static func seal(_ file: [UInt8], key: Secret) throws(CryptoError) -> [UInt8] {
        guard let geometry = FileGeometry(size: UInt64(file.count)) else { throw .invalidLength }
        var sealed: [UInt8] = []
        for index in 0..<geometry.chunks {
            let start = Int(index) * FileGeometry.chunkLength
            let chunk = [UInt8](file[start..<min(start + FileGeometry.chunkLength, file.count)])
            sealed += try seal(chunk, index: index, isLast: geometry.isLast(index), key: key)
        }
        return sealed
    }

    /// What ``seal(_:key:)`` made. A file that was cut short, lengthened or put in another order does not open.
    public static func open(_ sealed: [UInt8], size: UInt64, key: Secret) throws(CryptoError) -> [UInt8] {
        guard let geometry = FileGeometry(size: size), UInt64(sealed.count) == geometry.sealedLength else {
            throw .invalidLength
        }
        var file: [UInt8] = []
        for index in 0..<geometry.chunks {
            file += try open(
                chunk(index, of: sealed, geometry), index: index, isLast: geometry.isLast(index), key: key)
        }
        return file
    }

    static func chunk(_ index: UInt32, of sealed: [UInt8], _ geometry: FileGeometry) -> [UInt8] {
        let start = Int(index) * FileGeometry.sealedChunkLength
        return [UInt8](sealed[start..<start + geometry.sealedLength(ofChunk: index)])
    }

    /// h_0 is zero, h_(i+1) = SHA-256(h_i || sealed chunk i); the last one.
    public static func hash(_ sealed: [UInt8], size: UInt64) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 32)
        guard let geometry = FileGeometry(size: size), UInt64(sealed.count) == geometry.sealedLength else {
            return hash
        }
        for index in 0..<geometry.chunks { hash = HashAlgorithm.sha256.hash(hash + chunk(index, of: sealed, geometry)) }
        return hash
    }
}
