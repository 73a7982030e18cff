/// A frame as it is encrypted: what stays legible, and what does not.
struct FrameParts: Equatable {
    /// In clear, authenticated: RFC 9605's metadata.
    var clear: [UInt8]
    /// Sealed.
    var body: [UInt8]
}

/// How an encrypted frame of a codec looks to the packetizers and depacketizers of browsers.
///
/// - Audio, VP9: the ciphertext alone.
/// - VP8 (RFC 7741 §4.3): a depacketizer takes a frame's kind from its first bit, and a key frame's size from its first ten
///   bytes. These bytes stay in clear before the ciphertext.
/// - H.264 (RFC 6184) and AV1 (the AV1 RTP specification) are cut at NAL units and OBUs: ``H264Shape``, ``AV1Shape``.
enum FrameShape {
    private static let vp8KeyFramePrefix = 10
    private static let vp8InterFramePrefix = 1

    /// Splits a frame from the encoder. nil: it is not one of this codec.
    static func parts(of frame: [UInt8], _ codec: MediaCodec) -> FrameParts? {
        switch codec {
        case .audio, .vp9, .av1: return FrameParts(clear: [], body: frame)
        case .vp8: return vp8Parts(of: frame)
        case .h264: return H264Shape.sliceStart(of: frame).map { FrameParts(clear: $0, body: frame) }
        }
    }

    /// What the packetizer gets.
    static func carrier(of ciphertext: [UInt8], clear: [UInt8], frame: [UInt8], _ codec: MediaCodec) -> [UInt8] {
        switch codec {
        case .audio, .vp9: ciphertext
        case .vp8: clear + ciphertext
        case .h264: H264Shape.carrier(of: ciphertext, sliceStart: clear, frame: frame)
        case .av1: AV1Shape.carrier(of: ciphertext, frame: frame)
        }
    }

    /// Splits what came from the depacketizer; the body is the ciphertext. nil: it was not made by ``carrier(of:clear:frame:_:)``.
    static func parts(ofCarrier carrier: [UInt8], _ codec: MediaCodec) -> FrameParts? {
        switch codec {
        case .audio, .vp9: FrameParts(clear: [], body: carrier)
        case .vp8: vp8Parts(of: carrier)
        case .h264: H264Shape.parts(ofCarrier: carrier)
        case .av1: AV1Shape.ciphertext(in: carrier).map { FrameParts(clear: [], body: $0) }
        }
    }

    /// The frame for the decoder, of authenticated parts only.
    static func frame(clear: [UInt8], body: [UInt8], _ codec: MediaCodec) -> [UInt8] {
        codec == .vp8 ? clear + body : body
    }

    private static func vp8Parts(of frame: [UInt8]) -> FrameParts? {
        guard let first = frame.first else { return nil }
        let length = first & 1 == 0 ? vp8KeyFramePrefix : vp8InterFramePrefix
        guard frame.count >= length else { return nil }
        return FrameParts(clear: [UInt8](frame[..<length]), body: [UInt8](frame[length...]))
    }
}
