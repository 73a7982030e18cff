/// What a frame was encoded with, as far as it matters to those who must carry it encrypted.
///
/// The browser encrypts between encoder and packetizer, and decrypts between the other side's depacketizer and decoder. Both
/// of these read some codecs' frames, which decides how an encrypted one has to look (``FrameShape``).
public enum MediaCodec: UInt8, Sendable, CaseIterable {
    /// Opus, alone or with redundancy. Nothing on the way reads the payload.
    case audio = 0
    case vp8 = 1
    /// The payload descriptor comes from the encoder's metadata, not from the frame (RFC 9628).
    case vp9 = 2
    case h264 = 3
    case av1 = 4
}
