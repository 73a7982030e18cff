import CallMedia
import CryptoPrimitives
import SFrame
import WireFormat

/// What frames of calls have to withstand, drawn from a seed: the same bytes must come out natively and in WebAssembly.
public enum MediaChecks {
    public static let kind: UInt16 = 210

    /// seed, SHA-256 of everything that was sealed.
    static func run(case bytes: [UInt8]) -> VectorFailure? {
        var reader = CaseReader(bytes)
        do throws(VectorFailure) {
            let seed = try reader.bytes()
            let expected = try reader.bytes()
            try reader.finish()
            try expectEqual(try digest(seed: seed), expected, "this build seals otherwise")
            return nil
        } catch {
            return error
        }
    }

    /// Sends frames of every codec through a call, the carriers changed as packetizers change them, damaged and repeated.
    public static func digest(seed: [UInt8]) throws(VectorFailure) -> [UInt8] {
        let random = Randomness(seed: seed)
        let key = random.bytes(32)
        let sender = MediaCipher()
        let receiver = MediaCipher()
        try expect(sender.setSendKey(id: 3, key) && receiver.addReceiveKey(id: 3, key), "a key is refused")
        var all = HashState(.sha256)
        for codec in MediaCodec.allCases {
            for _ in 0..<8 {
                let frame = Self.frame(codec, random)
                guard let carrier = sender.protect(frame, codec) else { throw VectorFailure("a frame is refused") }
                all.update(carrier)
                try refuseDamage(carrier, codec, receiver, random)
                let arrived = Self.transported(carrier, codec)
                guard let opened = receiver.unprotect(arrived, codec) else { throw VectorFailure("a frame is lost") }
                try expectEqual(opened, frame, "another frame")
                try expect(receiver.unprotect(arrived, codec) == nil, "a frame is opened twice")
            }
        }
        // What an attacker makes up is dropped, whatever it is.
        for _ in 0..<200 {
            let codec = MediaCodec.allCases[Int(random.number(below: UInt32(MediaCodec.allCases.count)))]
            let made = random.bytes(Int(random.number(below: 80)))
            try expect(receiver.unprotect(made, codec) == nil, "a made-up frame is opened")
            if let carrier = sender.protect(made, codec) { all.update(carrier) }
        }
        return all.finish()
    }

    /// A frame as an encoder of this codec could make it.
    private static func frame(_ codec: MediaCodec, _ random: Randomness) -> [UInt8] {
        let body = random.bytes(20 + Int(random.number(below: 3000)))
        switch codec {
        case .audio, .vp9, .vp8: return body
        case .av1:
            // A temporal delimiter, a sequence header, a frame.
            return [0x12, 0] + sequenceHeader + [0x30] + body
        case .h264:
            let slice: [UInt8] = [0x65, 0xB8, 0x40, 0x0A]
            let parameters: [UInt8] = [0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80]
            // The body has no start code of its own: its emulation prevention is the encoder's concern.
            return parameters + [0, 0, 1] + slice + body.map { $0 | 4 } + [0, 0, 0, 1, 0x41, 0x9A, 0x80]
        }
    }

    private static let sequenceHeader: [UInt8] = [0x0A, 3, 0x00, 0x2C, 0xC4]

    /// The carrier as it comes out of the depacketizer.
    private static func transported(_ carrier: [UInt8], _ codec: MediaCodec) -> [UInt8] {
        guard codec == .av1 else { return carrier }
        // With a size field of the least length.
        let start = sequenceHeader.count
        var size = carrier.count - start - 1
        var field: [UInt8] = []
        while size >= 0x80 {
            field.append(UInt8(size & 0x7F) | 0x80)
            size >>= 7
        }
        field.append(UInt8(size))
        return carrier[..<start] + [carrier[start] | 2] + field + carrier[(start + 1)...]
    }

    /// One bit changed, one byte less, one more, or another codec: none of them opens, and none uses up the frame. What
    /// H.264 and AV1 have before their ciphertext is nobody's concern.
    private static func refuseDamage(
        _ carrier: [UInt8], _ codec: MediaCodec, _ receiver: MediaCipher, _ random: Randomness
    ) throws(VectorFailure) {
        let start = codec == .h264 ? 20 : codec == .av1 ? sequenceHeader.count : 0
        for _ in 0..<8 {
            var damaged = carrier
            let place = start + Int(random.number(below: UInt32(carrier.count - start)))
            damaged[place] ^= 1 << UInt8(random.number(below: 8))
            try expect(receiver.unprotect(damaged, codec) == nil, "a damaged frame is opened")
        }
        try expect(receiver.unprotect([UInt8](carrier.dropLast()), codec) == nil, "a frame that was cut off is opened")
        try expect(receiver.unprotect(carrier + [0x55], codec) == nil, "a frame with an appendix is opened")
        for other in MediaCodec.allCases where other != codec {
            try expect(receiver.unprotect(carrier, other) == nil, "a frame is opened as one of another codec")
        }
    }
}
