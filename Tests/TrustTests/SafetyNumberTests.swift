import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Safety number")
struct SafetyNumberTests {
    @Test("both see the same 60 digits and the same code")
    func symmetric() throws {
        let world = try World()
        let a = try world.verify(world.operatorChain)
        let b = try world.verify(world.chain)
        let ours = SafetyNumber(a, b)
        let theirs = SafetyNumber(b, a)
        #expect(ours.digits == theirs.digits && ours.qrPayload == theirs.qrPayload)
        #expect(ours.digits.count == 60)
        #expect(ours.digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        #expect(ours.compare(scanned: theirs.qrPayload) == .match)
    }

    @Test("it is made as documented")
    func construction() throws {
        let world = try World()
        let halves = [world.operatorKey.publicKey, world.memberKey.publicKey].map { key in
            let hash = HashAlgorithm.sha512.hash(
                ascii("CryptPeer safety 1") + world.bubble.bytes + MemberID(of: key, bubble: world.bubble).bytes
                    + HashAlgorithm.sha512.hash(key.bytes))
            return (0..<6).map { chunk in
                let number = hash[(5 * chunk)..<(5 * chunk + 5)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000
                let digits = String(number)
                return String(repeating: "0", count: 5 - digits.count) + digits
            }.joined()
        }
        let number = SafetyNumber(bubble: world.bubble, world.operatorKey.publicKey, world.memberKey.publicKey)
        #expect(String(decoding: number.digits, as: UTF8.self) == halves.sorted().joined())
    }

    @Test("another member key or another bubble changes it, another device does not")
    func dependsOnKeys() throws {
        let world = try World()
        let operatorKey = world.operatorKey.publicKey
        let number = SafetyNumber(bubble: world.bubble, operatorKey, world.memberKey.publicKey)
        let attacker = SafetyNumber(bubble: world.bubble, operatorKey, world.authorityKey.publicKey)
        #expect(number.digits != attacker.digits)
        #expect(number.compare(scanned: attacker.qrPayload) == .mismatch)
        let elsewhere = SafetyNumber(bubble: .generate(world.random), operatorKey, world.memberKey.publicKey)
        #expect(number.compare(scanned: elsewhere.qrPayload) == .mismatch)
        let device = try World.device(
            of: world.memberKey, rights: [], fill: 9, bubble: world.bubble, random: world.random)
        let moved = SafetyNumber(
            try world.verify(world.operatorChain), try world.verify(world.chain.replacingDevice(device)))
        #expect(moved == number)
    }

    @Test("what is no safety code is called unreadable, and one changed character never matches")
    func scanning() throws {
        let world = try World()
        let number = SafetyNumber(bubble: world.bubble, world.operatorKey.publicKey, world.memberKey.publicKey)
        let payload = number.qrPayload
        #expect(payload.starts(with: ascii("CPS1:")) && payload.count == 5 + 171)
        let others: [[UInt8]] = [
            [], ascii("https://example.org"), ascii("CPS2:") + payload.dropFirst(5), payload.dropLast(), payload + [65],
        ]
        for other in others { #expect(number.compare(scanned: other) == .unreadable) }
        #expect(number.compare(scanned: [UInt8](repeating: 65, count: 1 << 20)) == .unreadable)
        for index in payload.indices {
            var changed = payload
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(number.compare(scanned: changed) != .match)
        }
    }
}

@Suite("Session transcript")
struct SessionTranscriptTests {
    @Test("it says everything, in the documented order")
    func bytes() throws {
        let transcript = try make()
        let common =
            [UInt8](repeating: 1, count: 16) + [22] + ascii("https://localhost:8443") + [UInt8](repeating: 2, count: 32)
            + [UInt8](repeating: 3, count: 16) + [UInt8](repeating: 4, count: 32) + [UInt8](repeating: 5, count: 32)
        #expect(transcript.bytes(role: .client) == [19] + ascii("CryptPeer session 1") + [1] + common)
        #expect(transcript.bytes(role: .node) == [19] + ascii("CryptPeer session 1") + [2] + common)
    }

    @Test("each side's signature holds for its role and this session alone")
    func signatures() throws {
        let random = Randomness(seed: ascii("session"))
        let key = try SignatureScheme.ed25519.generate(random)
        let transcript = try make()
        let signature = try SignatureScheme.ed25519.sign(transcript.bytes(role: .client), with: key.privateKey)
        #expect(transcript.verify(signature, role: .client, by: key.publicKey))
        #expect(!transcript.verify(signature, role: .node, by: key.publicKey))
        let stranger = try SignatureScheme.ed25519.generate(random)
        #expect(!transcript.verify(signature, role: .client, by: stranger.publicKey))
        #expect(!transcript.verify([], role: .client, by: key.publicKey))
        let others = [
            try make(bubble: 9), try make(origin: "https://localhost:8444"), try make(nodeKey: 9), try make(device: 9),
            try make(clientNonce: 9), try make(nodeNonce: 9),
        ]
        for other in others { #expect(!other.verify(signature, role: .client, by: key.publicKey)) }
    }

    @Test("fields of a wrong length are refused")
    func lengths() throws {
        #expect(throws: TrustError.malformed(.invalidValue)) { try make(nonceLength: 31) }
        #expect(throws: TrustError.malformed(.invalidValue)) { try make(nonceLength: 0) }
        #expect(throws: TrustError.malformed(.invalidValue)) { try make(origin: String(repeating: "a", count: 301)) }
    }

    private func make(
        bubble: UInt8 = 1, origin: String = "https://localhost:8443", nodeKey: UInt8 = 2, device: UInt8 = 3,
        clientNonce: UInt8 = 4, nodeNonce: UInt8 = 5, nonceLength: Int = 32
    ) throws -> SessionTranscript {
        func fill(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
        return try SessionTranscript(
            bubble: BubbleID(fill(bubble, 16)), origin: origin, nodeKey: fill(nodeKey, 32),
            device: DeviceID(fill(device, 16)), clientNonce: fill(clientNonce, nonceLength),
            nodeNonce: fill(nodeNonce, 32))
    }
}
