import CryptoPrimitives
import SFrame
import Testing

@Suite("SFrame")
struct SFrameTests {
    private let baseKey = Secret([UInt8](0..<32))
    private let frame: [UInt8] = Array("a frame of a film".utf8)

    private func receiver(_ suite: SFrameSuite = .aes256GCMSHA512, keyID: UInt64 = 2) throws -> SFrameReceiver {
        var receiver = SFrameReceiver(suite: suite)
        try receiver.add(keyID: keyID, baseKey: baseKey)
        return receiver
    }

    private func sender(
        _ suite: SFrameSuite = .aes256GCMSHA512, keyID: UInt64 = 2, limit: UInt64 = SFrameSender.frameLimit
    ) throws -> SFrameSender {
        try SFrameSender(keyID: keyID, baseKey: baseKey, suite: suite, limit: limit)
    }

    @Test("what a sender seals a receiver opens, with any length of frame and metadata")
    func lengths() throws {
        var sender = try sender(keyID: 0x1234_5678_9ABC)
        var receiver = try receiver(keyID: 0x1234_5678_9ABC)
        for length in [0, 1, 15, 16, 17, 1000, 100_000] {
            let frame = [UInt8](repeating: 7, count: length)
            let metadata = [UInt8](repeating: 9, count: length % 40)
            let sealed = try sender.seal(frame, metadata: metadata)
            #expect(sealed.count <= length + SFrameHeader.maximumLength + SFrameSuite.aes256GCMSHA512.tagLength)
            #expect(try receiver.open(sealed, metadata: metadata) == frame)
        }
    }

    @Test("no two frames share a counter, and each ciphertext differs")
    func counters() throws {
        var sender = try sender()
        var sealed = Set<[UInt8]>()
        var counters = Set<UInt64>()
        for _ in 0..<300 {
            let ciphertext = try sender.seal(frame)
            counters.insert(try #require(SFrameHeader.parse(ciphertext)).header.counter)
            sealed.insert(ciphertext)
        }
        #expect(counters == Set(0..<300))
        #expect(sealed.count == 300)
    }

    @Test("a key that has sealed as many frames as it may seals no more")
    func exhausted() throws {
        var sender = try sender(limit: 2)
        _ = try sender.seal(frame)
        _ = try sender.seal(frame)
        #expect(sender.counter == 2)
        // A ~Copyable value cannot be lent to the macro's closure.
        var refusal: SFrameError?
        do { _ = try sender.seal(frame) } catch { refusal = error }
        #expect(refusal == .keyExhausted)
    }

    @Test("a frame opens once, whatever the order")
    func replay() throws {
        var sender = try sender()
        var receiver = try receiver()
        var sealed: [[UInt8]] = []
        for _ in 0..<100 { sealed.append(try sender.seal(frame)) }
        for index in [50, 0, 99, 98, 1, 51] { #expect(try receiver.open(sealed[index]) == frame) }
        for index in [50, 0, 99, 98, 1, 51] { #expect(error(&receiver, sealed[index]) == .replayed) }
        for index in 2..<50 { #expect(try receiver.open(sealed[index]) == frame) }
        for index in 0..<50 { #expect(error(&receiver, sealed[index]) == .replayed) }
    }

    @Test("what is older than the window is not opened, and a jump of the counter forgets nothing that it should know")
    func window() throws {
        var sender = try sender()
        var receiver = try receiver()
        let oldest = try sender.seal(frame)
        let second = try sender.seal(frame)
        while sender.counter < 4097 { _ = try sender.seal(frame) }
        #expect(try receiver.open(try sender.seal(frame)) == frame)
        // 4,096 counters back from 4,097 is 2: both are too old now.
        #expect(error(&receiver, oldest) == .replayed)
        #expect(error(&receiver, second) == .replayed)
        let inside = try sender.seal(frame)
        while sender.counter < 20_000 { _ = try sender.seal(frame) }
        let far = try sender.seal(frame)
        #expect(try receiver.open(far) == frame)
        #expect(error(&receiver, far) == .replayed)
        #expect(error(&receiver, inside) == .replayed)
    }

    @Test("a counter that another has left the window for is new")
    func windowReused() throws {
        var sender = try sender()
        var receiver = try receiver()
        var sealed: [[UInt8]] = []
        while sender.counter < 9_000 { sealed.append(try sender.seal(frame)) }
        for index in 0..<100 { #expect(try receiver.open(sealed[index]) == frame) }
        // A jump within the window, over the places of the first hundred.
        #expect(try receiver.open(sealed[4_000]) == frame)
        #expect(try receiver.open(sealed[4_300]) == frame)
        for index in 4_096..<4_196 { #expect(try receiver.open(sealed[index]) == frame) }
        // And one beyond it.
        #expect(try receiver.open(sealed[8_999]) == frame)
        for index in 8_300..<8_400 { #expect(try receiver.open(sealed[index]) == frame) }
    }

    @Test("a forged counter of the highest kind changes nothing for honest frames")
    func forgedCounter() throws {
        var sender = try sender()
        var receiver = try receiver()
        let honest = try sender.seal(frame)
        let header = SFrameHeader(keyID: 2, counter: .max - 1).encoded
        #expect(error(&receiver, header + honest.dropFirst()) == .authenticationFailed)
        let last = SFrameHeader(keyID: 2, counter: .max).encoded
        #expect(error(&receiver, last + honest.dropFirst()) == .replayed)
        #expect(try receiver.open(honest) == frame)
    }

    @Test(
        "every changed bit of a ciphertext is noticed, and of its metadata",
        arguments: [SFrameSuite.aes128GCMSHA256, .aes256GCMSHA512])
    func damage(_ suite: SFrameSuite) throws {
        var sender = try sender(suite)
        var receiver = try receiver(suite)
        let sealed = try sender.seal(frame, metadata: [1, 2, 3])
        for bit in 0..<(8 * sealed.count) {
            var damaged = sealed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(error(&receiver, damaged, metadata: [1, 2, 3]) != nil)
        }
        for length in 0..<sealed.count {
            #expect(error(&receiver, [UInt8](sealed[..<length]), metadata: [1, 2, 3]) != nil)
        }
        for metadata: [UInt8] in [[], [1, 2], [1, 2, 3, 0], [1, 2, 2]] {
            #expect(error(&receiver, sealed, metadata: metadata) == .authenticationFailed)
        }
        #expect(try receiver.open(sealed, metadata: [1, 2, 3]) == frame)
    }

    @Test("another key, KID or suite opens nothing")
    func otherKeys() throws {
        var sender = try sender()
        let sealed = try sender.seal(frame)
        var stranger = SFrameReceiver(suite: .aes256GCMSHA512)
        #expect(error(&stranger, sealed) == .unknownKey)
        try stranger.add(keyID: 2, baseKey: Secret([UInt8](1..<33)))
        #expect(error(&stranger, sealed) == .authenticationFailed)
        // The KID is part of the derivation: the same base key under another gives other keys.
        try stranger.add(keyID: 3, baseKey: baseKey)
        #expect(
            error(&stranger, SFrameHeader(keyID: 3, counter: 0).encoded + sealed.dropFirst()) == .authenticationFailed)
        var otherSuite = try receiver(.aes128GCMSHA256)
        #expect(error(&otherSuite, sealed) == .authenticationFailed)
        #expect(throws: SFrameError.invalidKey) {
            _ = try SFrameSender(keyID: 0, baseKey: Secret([]), suite: .aes256GCMSHA512)
        }
    }

    @Test("keys overlap: frames of the former open until it is forgotten, and one KID has one key")
    func overlap() throws {
        let next = Secret([UInt8](32..<64))
        var former = try sender(keyID: 1)
        var current = try SFrameSender(keyID: 2, baseKey: next, suite: .aes256GCMSHA512)
        var receiver = try receiver(keyID: 1)
        try receiver.add(keyID: 2, baseKey: next)
        #expect(receiver.keyIDs == [1, 2])
        #expect(try receiver.open(try former.seal(frame)) == frame)
        #expect(try receiver.open(try current.seal(frame)) == frame)
        #expect(try receiver.open(try former.seal(frame)) == frame)
        receiver.remove(keyID: 1)
        #expect(error(&receiver, try former.seal(frame)) == .unknownKey)
        try receiver.add(keyID: 2, baseKey: baseKey)
        #expect(receiver.keyIDs == [2])
        #expect(error(&receiver, try current.seal(frame)) == .authenticationFailed)
    }

    /// Why opening is refused. A `~Copyable` value cannot be lent to the macro's closure.
    private func error(
        _ receiver: inout SFrameReceiver, _ ciphertext: [UInt8], metadata: [UInt8] = []
    ) -> SFrameError? {
        do throws(SFrameError) {
            _ = try receiver.open(ciphertext, metadata: metadata)
            return nil
        } catch {
            return error
        }
    }
}
