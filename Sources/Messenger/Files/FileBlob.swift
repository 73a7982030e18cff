import CryptoPrimitives
import NodeProtocol

/// Sealed chunks as they lie at the node: one after the other, then what looks like more of the same, to a multiple of 16 KiB.
package enum FileBlob {
    private static let paddingLabel: StaticString = "CryptPeer file padding 1"
    private static let step = Limits.envelopeLengths[2]

    /// The padding follows from the file's key and the blob's id, so that a blob that is sent again is the same.
    package static func padded(_ chunks: [UInt8], id: [UInt8], key: Secret) -> [UInt8]? {
        let missing = (step - chunks.count % step) % step
        guard missing > 0 else { return chunks }
        let padding = HKDF.derive(.sha256, salt: id, ikm: key, info: label(paddingLabel), length: 32)
        do throws(CryptoError) {
            // The cipher's key stream. The key is used for nothing else, so that the nonce may be zero.
            let stream = try AEADAlgorithm.aes256GCM.seal(
                key: padding, nonce: [UInt8](repeating: 0, count: 12), plaintext: [UInt8](repeating: 0, count: missing),
                aad: [])
            return chunks + stream[..<missing]
        } catch {
            return nil
        }
    }

    /// The chunks of a blob of this length, without the padding. nil: it cannot be that blob.
    package static func chunks(_ blob: [UInt8], length: Int) -> [UInt8]? {
        guard length <= blob.count, blob.count == (length + step - 1) / step * step else { return nil }
        return [UInt8](blob[..<length])
    }
}
