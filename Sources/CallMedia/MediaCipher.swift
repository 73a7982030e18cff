import CryptoPrimitives
import SFrame

/// The frames of one call, both directions, all its streams (PROTOCOL.md, Calls).
///
/// A frame is sealed whole or not sent: without a key nothing leaves.
public final class MediaCipher {
    private static let suite = SFrameSuite.aes256GCMSHA512

    private var sender: SFrameSender?
    private var receiver = SFrameReceiver(suite: suite)
    /// Hashes of the base keys that were used for sealing: none may begin again at counter 0.
    private var usedKeys: [[UInt8]] = []

    public init() {}

    /// Seals with this key from now on.
    ///
    /// - Returns: false if the key has been used before, which changes nothing.
    public func setSendKey(id: UInt8, _ key: [UInt8]) -> Bool {
        let hash = HashAlgorithm.sha256.hash(key)
        guard !usedKeys.contains(hash) else { return false }
        do throws(SFrameError) {
            sender = try SFrameSender(keyID: UInt64(id), baseKey: Secret(key), suite: Self.suite)
            usedKeys.append(hash)
            return true
        } catch {
            return false
        }
    }

    /// Opens frames under this key too.
    public func addReceiveKey(id: UInt8, _ key: [UInt8]) -> Bool {
        do throws(SFrameError) {
            try receiver.add(keyID: UInt64(id), baseKey: Secret(key))
            return true
        } catch {
            return false
        }
    }

    public func forgetReceiveKey(id: UInt8) {
        receiver.remove(keyID: UInt64(id))
    }

    /// A frame from the encoder as the packetizer is to get it. nil: it must not be sent.
    public func protect(_ frame: [UInt8], _ codec: MediaCodec) -> [UInt8]? {
        guard let parts = FrameShape.parts(of: frame, codec) else { return nil }
        do throws(SFrameError) {
            guard let ciphertext = try sender?.seal(parts.body, metadata: [codec.rawValue] + parts.clear) else {
                return nil
            }
            return FrameShape.carrier(of: ciphertext, clear: parts.clear, frame: frame, codec)
        } catch {
            return nil
        }
    }

    /// What came from the depacketizer as the decoder is to get it. nil: it is dropped.
    public func unprotect(_ carrier: [UInt8], _ codec: MediaCodec) -> [UInt8]? {
        guard let parts = FrameShape.parts(ofCarrier: carrier, codec) else { return nil }
        do throws(SFrameError) {
            let body = try receiver.open(parts.body, metadata: [codec.rawValue] + parts.clear)
            return FrameShape.frame(clear: parts.clear, body: body, codec)
        } catch {
            return nil
        }
    }
}
