import CallMedia
import CryptoPrimitives
import TestVectors
import Testing
import VectorChecks
import WireFormat

@Suite("Frames of calls")
struct CallMediaTests {
    private let key = [UInt8](repeating: 0x42, count: 32)

    private func pair() -> (sender: MediaCipher, receiver: MediaCipher) {
        let (sender, receiver) = (MediaCipher(), MediaCipher())
        #expect(sender.setSendKey(id: 1, key))
        #expect(receiver.addReceiveKey(id: 1, key))
        return (sender, receiver)
    }

    @Test("of every codec survive the way, and nothing damaged, repeated or made up is opened")
    func seeds() throws {
        var cases: [VectorCase] = []
        for seed: UInt8 in 0..<40 {
            var writer = WireWriter()
            writer.write(opaque: [seed])
            writer.write(opaque: try MediaChecks.digest(seed: [seed]))
            cases.append(VectorCase(name: "call media \(seed)", kind: MediaChecks.kind, bytes: writer.bytes))
        }
        #expect(Set(cases.map(\.bytes)).count == 40)
        var changed = cases[0].bytes
        changed[changed.count - 1] ^= 1
        #expect(VectorCheck.run(kind: MediaChecks.kind, case: changed) != [])
        #expect(VectorCheck.run(kind: MediaChecks.kind, case: cases[0].bytes) == [])
        try CaseDump.append(cases)
    }

    @Test("without a key nothing is sent and nothing is opened", arguments: MediaCodec.allCases)
    func noKey(_ codec: MediaCodec) {
        let frame: [UInt8] = [0, 0, 0, 1, 0x65, 0x88, 0x84, 0, 0x40, 1, 2, 3, 4, 5]
        let (sender, receiver) = pair()
        #expect(MediaCipher().protect(frame, codec) == nil)
        #expect(receiver.protect(frame, codec) == nil)
        let carrier = sender.protect(frame, codec)
        #expect(carrier != nil)
        #expect(MediaCipher().unprotect(carrier ?? [], codec) == nil)
        receiver.forgetReceiveKey(id: 1)
        #expect(receiver.unprotect(carrier ?? [], codec) == nil)
        // A frame that was never encrypted is not shown as if it had been.
        #expect(pair().receiver.unprotect(frame, codec) == nil)
    }

    @Test("a key that has sealed is not taken again: its counter would begin anew")
    func usedKey() {
        let (sender, _) = pair()
        #expect(!sender.setSendKey(id: 1, key))
        #expect(!sender.setSendKey(id: 2, key))
        #expect(sender.setSendKey(id: 2, [UInt8](repeating: 0x43, count: 32)))
        #expect(!sender.setSendKey(id: 1, key))
        #expect(!sender.setSendKey(id: 1, []))
    }

    @Test("VP8 keeps what a depacketizer reads: the first bit, and a key frame's size")
    func vp8() throws {
        let (sender, receiver) = pair()
        let keyFrame: [UInt8] = [0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x01, 0xAA, 0xBB]
        let carrier = try #require(sender.protect(keyFrame, .vp8))
        #expect(Array(carrier[..<10]) == Array(keyFrame[..<10]))
        #expect(receiver.unprotect(carrier, .vp8) == keyFrame)
        // The size is legible and still not to be changed.
        var resized = try #require(sender.protect(keyFrame, .vp8))
        resized[6] = 0x40
        #expect(receiver.unprotect(resized, .vp8) == nil)
        let delta: [UInt8] = [0x11, 0x02, 0x00, 0xAA]
        #expect(try #require(sender.protect(delta, .vp8)).first == 0x11)
        #expect(sender.protect([0x10, 1, 2], .vp8) == nil)
        #expect(sender.protect([], .vp8) == nil)
    }

    private static let parameters: [UInt8] = [
        0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F, 0x8C, 0, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80,
    ]

    @Test("H.264 is carried by its parameter sets and one slice, in which no start code can be seen")
    func h264() throws {
        let (sender, receiver) = pair()
        let frame =
            Self.parameters + [0, 0, 0, 1, 0x65, 0xB8, 0x40, 0x0A] + [UInt8](repeating: 7, count: 4000)
            + [0, 0, 1, 0x65, 0x3B, 1, 2, 3]
        for _ in 0..<200 {
            let carrier = try #require(sender.protect(frame, .h264))
            #expect(carrier.starts(with: Self.parameters + [0, 0, 0, 1, 0x65, 0xB8, 0x40, 0x0A]))
            let slice = Array(carrier[21...])
            #expect(!slice.indices.dropLast(2).contains { slice[$0] == 0 && slice[$0 + 1] == 0 && slice[$0 + 2] < 3 })
            #expect(slice.last == 0x80)
            #expect(receiver.unprotect(carrier, .h264) == frame)
        }
    }

    @Test("H.264 ciphertext is escaped where it looks like a start code, and comes back whole")
    func h264Escaping() throws {
        let (sender, receiver) = pair()
        // Long enough that two zeros before a byte below 4 are to be expected a few times.
        let frame: [UInt8] = [0, 0, 1, 0x65, 0xB8, 0x40, 0x0A] + [UInt8](repeating: 7, count: 24_000_000)
        let carrier = try #require(sender.protect(frame, .h264))
        let plainLength = frame.count + 4 + 4 + 1 + 16 + 1
        #expect(carrier.count > plainLength, "nothing was escaped")
        var zeros = 0
        var isSeen = false
        for byte in carrier.dropFirst(4) {
            if zeros >= 2, byte <= 2 { isSeen = true }
            zeros = byte == 0 ? zeros + 1 : 0
        }
        #expect(!isSeen)
        #expect(receiver.unprotect(carrier, .h264) == frame)
    }

    @Test("H.264 parameter sets may be rewritten, taken out or put in on the way: the decoder gets the sender's")
    func h264Rewritten() throws {
        let (sender, receiver) = pair()
        let slice: [UInt8] = [0, 0, 1, 0x65, 0xB8, 0x40, 0x0A] + [UInt8](repeating: 0x17, count: 500)
        let frame = Self.parameters + slice
        // Start codes of three bytes come back as four.
        let carrier = try #require(sender.protect(slice, .h264))
        #expect(receiver.unprotect(Self.parameters + carrier, .h264) == slice)
        let second = try #require(sender.protect(frame, .h264))
        var rewritten = second
        rewritten[6] ^= 0xFF
        #expect(receiver.unprotect(rewritten, .h264) == frame)
        let third = try #require(sender.protect(frame, .h264))
        #expect(receiver.unprotect(Array(third[Self.parameters.count...]), .h264) == frame)
        // What the slice's beginning says is authenticated.
        var forged = try #require(sender.protect(slice, .h264))
        forged[5] ^= 0x10
        #expect(receiver.unprotect(forged, .h264) == nil)
    }

    @Test("H.264 without a slice is not sent", arguments: [[], [0, 0, 1], parameters, [1, 2, 3, 4]] as [[UInt8]])
    func h264NoSlice(_ frame: [UInt8]) {
        #expect(pair().sender.protect(frame, .h264) == nil)
    }

    @Test("AV1 is carried by one OBU behind its sequence header, with a size field or without")
    func av1() throws {
        let (sender, receiver) = pair()
        let header: [UInt8] = [0x0A, 0x02, 0x00, 0x2C]
        let unit: [UInt8] = [0x12, 0x00] + header + [0x30] + [UInt8](repeating: 3, count: 300)
        let carrier = try #require(sender.protect(unit, .av1))
        #expect(carrier.starts(with: header + [0x30]))
        let payload = carrier.count - 5
        let sized = header + [0x32, UInt8(payload & 0x7F) | 0x80, UInt8(payload >> 7)] + carrier[5...]
        #expect(receiver.unprotect(sized, .av1) == unit)
        let second = try #require(sender.protect(unit, .av1))
        #expect(receiver.unprotect(second, .av1) == unit)
        // A frame in between has no sequence header, and the carrier is then the one OBU.
        let between = try #require(sender.protect([0x12, 0x00, 0x32, 0x01, 0x10], .av1))
        #expect(between.first == 0x30)
        #expect(receiver.unprotect(between, .av1) == [0x12, 0x00, 0x32, 0x01, 0x10])
        for hostile: [UInt8] in [
            [0x32], [0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x32, 0x05, 1], [0x36, 0, 0],
            [0x32, 0x80, 0x80], header, header + [0x12, 0x00], [0x0A], [0x0A, 0x7F],
            [0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1],
        ] {
            #expect(receiver.unprotect(hostile, .av1) == nil)
        }
    }
}
