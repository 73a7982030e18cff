import CryptoPrimitives
import Messenger
import Testing
import WireFormat

@Suite("The messages of a call")
struct CallMessageTests {
    private static let call = [UInt8](repeating: 3, count: 16)

    private static let words: [CallWord] = [
        .ring(video: true, .frames), .ringing(.media), .answer(video: false, .frames, nonce: call), .decline, .busy,
        .hangUp,
        .unable,
        .moved, .signal(kind: .description, isLast: false, piece: [1, 2]),
        .signal(kind: .candidate, isLast: true, piece: []),
    ]

    /// An application message with this body, in bytes.
    private func content(_ body: Body, sequence: UInt64 = 0) -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(fixed: Self.call)
        writer.write(sequence)
        writer.write(sequence)
        writer.write(UInt64(7))
        writer.write(body)
        return writer.bytes
    }

    private func content(_ word: CallWord, number: UInt32 = 1, sequence: UInt64 = 0) -> [UInt8] {
        content(.call(CallMessage(call: Self.call, number: number, received: 4, word: word)), sequence: sequence)
    }

    @Test("are read back as they were written", arguments: words)
    func roundTrip(_ word: CallWord) throws {
        let message = CallMessage(call: Self.call, number: 9, received: 4, word: word)
        #expect(try Content(decoding: content(.call(message))).body == .call(message))
        let missed = MissedCall(call: Self.call, video: true, time: 1 << 40)
        #expect(try Content(decoding: content(.missedCall(missed), sequence: 5)).body == .missedCall(missed))
    }

    @Test("outside the order are two: that one is there, and that there is no such call", arguments: words + [.alive])
    func unordered(_ word: CallWord) throws {
        if word == .hangUp || word == .alive {
            #expect(throws: Never.self) { try Content(decoding: content(word, number: 0)) }
        } else {
            #expect(throws: WireError.invalidValue) { try Content(decoding: content(word, number: 0)) }
        }
    }

    @Test("that are cut off, too long or unknown are refused")
    func hostile() throws {
        for word in Self.words {
            let bytes = content(word)
            for length in 0..<bytes.count {
                #expect(throws: WireError.self) { try Content(decoding: [UInt8](bytes[..<length])) }
            }
        }
        var unknown = content(.busy)
        unknown[unknown.count - 3] = 9
        #expect(throws: WireError.invalidValue) { try Content(decoding: unknown) }
        let piece = [UInt8](repeating: 0, count: CallMessage.pieceLimit + 1)
        #expect(throws: WireError.tooLong) {
            try Content(decoding: content(.signal(kind: .candidate, isLast: true, piece: piece)))
        }
        // A missed call has a place in the conversation's order, the others have none.
        #expect(throws: WireError.invalidValue) { try Content(decoding: content(.busy, sequence: 3)) }
        let missed = Body.missedCall(MissedCall(call: Self.call, video: true, time: 1))
        #expect(throws: WireError.invalidValue) { try Content(decoding: content(missed)) }
    }
}

@Suite("A call's streams")
struct CallStreamTests {
    private func piece(_ number: UInt32) -> CallWord {
        .signal(
            kind: .candidate, isLast: true,
            piece: [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)])
    }

    @Test(
        "bring every word once and in order over a way that loses, doubles and turns round",
        arguments: 0..<20 as Range<UInt8>)
    func lossy(seed: UInt8) {
        let random = Randomness(seed: [seed])
        var (sender, receiver) = (CallStream(), CallStream())
        var underWay: [(number: UInt32, word: CallWord)] = []
        var (sent, taken): ([CallWord], [CallWord]) = ([], [])
        var now: UInt64 = 0
        while taken.count < 200, now < 4_000_000 {
            now += 100
            if sent.count < 200, sender.unconfirmed.count < 40, random.number(below: 3) > 0 {
                let word = piece(UInt32(sent.count))
                sent.append(word)
                underWay.append((sender.append(word, now: now), word))
            }
            for again in sender.due(now: now) { underWay.append((again.number, again.word)) }
            guard !underWay.isEmpty else { continue }
            let message = underWay.remove(at: Int(random.number(below: UInt32(underWay.count))))
            switch random.number(below: 6) {
            case 0, 1: continue
            case 2: underWay.append(message)
            default: break
            }
            taken += receiver.take(message.number, message.word)
            // Confirmations are lost as well.
            if random.number(below: 2) == 0 { sender.confirm(through: receiver.received) }
        }
        #expect(taken == sent && taken.count == 200)
        sender.confirm(through: receiver.received)
        #expect(sender.unconfirmed.isEmpty && sender.repeatAt == nil)
    }

    @Test("are repeated ever later until confirmed")
    func repetition() {
        var stream = CallStream()
        let number = stream.append(.busy, now: 1_000)
        #expect(!stream.isConfirmed(number))
        var times: [UInt64] = []
        var now: UInt64 = 1_000
        while times.count < 8 {
            now = stream.repeatAt ?? .max
            #expect(stream.due(now: now - 1).isEmpty)
            #expect(stream.due(now: now).map(\.number) == [number])
            times.append(now)
        }
        #expect(times == [3_000, 7_000, 15_000, 23_000, 31_000, 39_000, 99_000, 159_000])
        stream.confirm(through: number)
        #expect(stream.isConfirmed(number) && stream.repeatAt == nil)
    }

    @Test("repeat the first few only, as long as nobody listens")
    func silence() {
        var stream = CallStream()
        for number: UInt32 in 1...100 { #expect(stream.append(piece(number), now: 0) == number) }
        var repeated: Set<UInt32> = []
        var count = 0
        for now in stride(from: UInt64(0), to: 80_000, by: 500) {
            for sent in stream.due(now: now) {
                repeated.insert(sent.number)
                count += 1
            }
        }
        #expect(repeated == Set(1...8) && count < 50)
        stream.confirm(through: 50)
        #expect(stream.due(now: 80_000).map(\.number) == Array(51...58))
    }

    @Test("keep little of what comes out of order")
    func bounded() {
        var stream = CallStream()
        for number: UInt32 in [0, 66, 1_000, .max] { #expect(stream.take(number, .busy).isEmpty) }
        for number in (2...65 as ClosedRange<UInt32>).reversed() {
            #expect(stream.take(number, piece(number)).isEmpty)
        }
        // 65 was too far ahead of a stream that had received nothing, and 66 to the end were dropped.
        #expect(stream.take(1, piece(1)) == (1...64).map { piece($0) })
        #expect(stream.take(1, piece(1)).isEmpty)
        #expect(stream.received == 64)
    }
}
