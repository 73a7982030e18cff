import CryptoPrimitives
import NodeProtocol
import Testing
import WireFormat

@Suite("Frames between client and node")
struct FrameTests {
    @Test("come out as they went in, and the numbers of their kinds stay (PROTOCOL.md, 4)")
    func roundTrips() throws {
        for frame in Samples.clientFrames { #expect(try ClientFrame(decoding: frame.encoded) == frame) }
        for frame in Samples.nodeFrames { #expect(try NodeFrame(decoding: frame.encoded) == frame) }
        #expect(Samples.requests.map(\.encoded).map { $0[0] } == Array(0...22))
        #expect(Set(Samples.responses.map(\.encoded).map { $0[0] }) == Set(0...10))
        #expect(Refusal.allCases.map(\.rawValue) == Array(0...24))
    }

    @Test("are these bytes")
    func bytes() {
        let deliver = Request.deliver(
            mailbox: Samples.identifier, deliveryKey: Samples.key, transient: false, expires: 0x0102, envelope: [9, 8])
        #expect(
            ClientFrame.request(id: 0x0A0B_0C0D, deliver).encoded
                == [2, 0x0A, 0x0B, 0x0C, 0x0D, 11] + Samples.identifier + Samples.key
                + [0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 9, 8])
        #expect(
            NodeFrame.push(.envelope(mailbox: Samples.identifier, sequence: 3, envelope: [7])).encoded
                == [3, 0] + Samples.identifier + [0, 0, 0, 0, 0, 0, 0, 3, 1, 7])
        #expect(NodeFrame.goodbye(.rateLimited).encoded == [4, 4])
        let credential = RelayCredential(username: [0x37], password: [8, 9], expires: 7, udpPort: 3_478, tcpPort: 443)
        #expect(
            NodeFrame.response(id: 1, .relayCredential(credential)).encoded
                == [2, 0, 0, 0, 1, 10, 1, 0x37, 2, 8, 9, 0, 0, 0, 0, 0, 0, 0, 7, 0x0D, 0x96, 1, 0xBB])
    }

    @Test("are refused when cut short, lengthened, or of a kind that there is not")
    func malformed() {
        for bytes in Samples.clientFrames.map(\.encoded) {
            for length in 0..<bytes.count {
                #expect(throws: WireError.self) { try ClientFrame(decoding: Array(bytes[..<length])) }
            }
            #expect(throws: WireError.trailingBytes) { try ClientFrame(decoding: bytes + [0]) }
        }
        for bytes in Samples.nodeFrames.map(\.encoded) {
            for length in 0..<bytes.count {
                #expect(throws: WireError.self) { try NodeFrame(decoding: Array(bytes[..<length])) }
            }
            #expect(throws: WireError.trailingBytes) { try NodeFrame(decoding: bytes + [0]) }
        }
        let number: [UInt8] = [0, 0, 0, 1]
        for frame: [UInt8] in [[3], [255], [2] + number + [23], [0, 0, 1, 2]] {
            #expect(throws: WireError.invalidValue) { try ClientFrame(decoding: frame) }
        }
        for frame: [UInt8] in [[5], [4, 25], [3, 3], [2] + number + [11]] {
            #expect(throws: WireError.invalidValue) { try NodeFrame(decoding: frame) }
        }
    }

    @Test("hold no more than the limits say")
    func limits() throws {
        func deliver(_ length: Int) -> Request {
            .deliver(
                mailbox: Samples.identifier, deliveryKey: Samples.key, transient: false, expires: 0,
                envelope: [UInt8](repeating: 1, count: length))
        }
        let longest = try #require(Limits.envelopeLengths.last)
        #expect(try Request(decoding: deliver(longest).encoded) == deliver(longest))
        #expect(throws: WireError.tooLong) { try Request(decoding: deliver(longest + 1).encoded) }
        func publish(_ count: Int) -> Request {
            .publishKeyPackages(mailbox: Samples.identifier, keyPackages: [[UInt8]](repeating: [1], count: count))
        }
        #expect(
            try Request(decoding: publish(Limits.keyPackagesPerDevice).encoded) == publish(Limits.keyPackagesPerDevice))
        #expect(throws: WireError.tooLong) { try Request(decoding: publish(Limits.keyPackagesPerDevice + 1).encoded) }
        let blob = Request.putBlob(
            blob: Samples.key, expires: 0, bytes: [UInt8](repeating: 1, count: Limits.blobLength))
        #expect(ClientFrame.request(id: 0, blob).encoded.count <= Limits.frameLength)
        func relay(_ username: Int, _ password: Int) -> Response {
            .relayCredential(
                RelayCredential(
                    username: [UInt8](repeating: 1, count: username), password: [UInt8](repeating: 2, count: password),
                    expires: .max, udpPort: 3_478, tcpPort: 0))
        }
        let name = Limits.relayCredentialLength
        #expect(try Response(decoding: relay(name, name).encoded) == relay(name, name))
        #expect(throws: WireError.tooLong) { try Response(decoding: relay(name + 1, 1).encoded) }
        #expect(throws: WireError.tooLong) { try Response(decoding: relay(1, name + 1).encoded) }
        let tooMany = [StoredEnvelope](
            repeating: StoredEnvelope(sequence: 1, envelope: []), count: Limits.envelopesPerFetch + 1)
        #expect(throws: WireError.tooLong) { try Response(decoding: Response.envelopes(tooMany, more: false).encoded) }
    }

    @Test("of arbitrary bytes are refused, or are what they decode to, byte for byte")
    func arbitrary() throws {
        let random = Randomness(seed: [UInt8]("frames".utf8))
        let seeds = Samples.clientFrames.map(\.encoded) + Samples.nodeFrames.map(\.encoded)
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            let choice = random.bytes(4)
            for index in 0..<Int(choice[0] % 3) where !bytes.isEmpty {
                let place = Int(random.bytes(1)[0]) * (index + 1) % bytes.count
                bytes[place] = random.bytes(1)[0]
            }
            if choice[1] < 32 { bytes = random.bytes(Int(choice[2])) }
            if choice[3] < 16 { bytes.removeLast(min(bytes.count, Int(choice[2] % 16))) }
            if let frame = try? ClientFrame(decoding: bytes) { #expect(frame.encoded == bytes) }
            if let frame = try? NodeFrame(decoding: bytes) { #expect(frame.encoded == bytes) }
        }
    }
}
