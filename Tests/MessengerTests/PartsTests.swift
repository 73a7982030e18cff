import CryptoPrimitives
import Messenger
import NodeProtocol
import Testing
import Trust
import WireFormat

@Suite("An envelope")
struct EnvelopeTests {
    private let random = Randomness(seed: [1])

    private func makeMailbox() throws -> MailboxCapability {
        try MailboxCapability(
            mailbox: random.bytes(16), deliveryKey: random.secret(32), envelopeSecret: random.secret(32))
    }

    @Test(
        "has one of three sizes, whatever it holds",
        arguments: [(0, 1_024), (970, 1_024), (980, 4_096), (4_000, 4_096), (4_096, 16_384), (16_300, 16_384)])
    func sizes(length: Int, size: Int) throws {
        let mailbox = try makeMailbox()
        let content = EnvelopeContent.message([UInt8](repeating: 5, count: length))
        #expect(Envelope.holds(content))
        let sealed = try #require(Envelope.seal(content, to: mailbox, random: random))
        #expect(sealed.count == size)
        #expect(Envelope.open(sealed, of: mailbox) == content)
    }

    @Test("takes nothing beyond its largest size, and refuses other sizes")
    func tooLarge() throws {
        let mailbox = try makeMailbox()
        let content = EnvelopeContent.message([UInt8](repeating: 5, count: 16_384))
        #expect(!Envelope.holds(content))
        #expect(Envelope.seal(content, to: mailbox, random: random) == nil)
        #expect(Envelope.open([UInt8](repeating: 0, count: 1_000), of: mailbox) == nil)
    }

    @Test("shares no byte run with another of the same content")
    func fresh() throws {
        let mailbox = try makeMailbox()
        let first = try #require(Envelope.seal(.message([1, 2, 3]), to: mailbox, random: random))
        let second = try #require(Envelope.seal(.message([1, 2, 3]), to: mailbox, random: random))
        #expect(zip(first, second).count { $0 == $1 } < 32)
    }

    @Test("does not open for another mailbox, or after any change")
    func forged() throws {
        let mailbox = try makeMailbox()
        var sealed = try #require(Envelope.seal(.message([1]), to: mailbox, random: random))
        #expect(Envelope.open(sealed, of: try makeMailbox()) == nil)
        let moved = try MailboxCapability(
            mailbox: random.bytes(16), deliveryKey: mailbox.deliveryKey, envelopeSecret: mailbox.envelopeSecret)
        #expect(Envelope.open(sealed, of: moved) == nil)
        for index in [0, 31, 32, 500, 1_023] {
            sealed[index] ^= 1
            #expect(Envelope.open(sealed, of: mailbox) == nil)
            sealed[index] ^= 1
        }
        #expect(Envelope.open(sealed, of: mailbox) == .message([1]))
    }

    @Test("names a blob for what is larger, which opens only as it was sealed")
    func blob() throws {
        let content = EnvelopeContent.message([UInt8](repeating: 7, count: 70_000))
        let (reference, sealed) = try #require(Envelope.sealBlob(content, random: random))
        #expect(sealed.count % 16_384 == 0)
        #expect(Envelope.openBlob(sealed, reference) == content)
        #expect(Envelope.openBlob([UInt8](sealed.dropLast()), reference) == nil)
        let (other, _) = try #require(Envelope.sealBlob(content, random: random))
        #expect(Envelope.openBlob(sealed, other) == nil)
        #expect(Envelope.sealBlob(.message([UInt8](repeating: 0, count: 1 << 20)), random: random) == nil)
    }

    @Test("that names a blob which names a blob is refused")
    func nestedBlob() throws {
        let (inner, _) = try #require(Envelope.sealBlob(.message([1]), random: random))
        let (outer, sealed) = try #require(Envelope.sealBlob(.blob(inner), random: random))
        #expect(Envelope.openBlob(sealed, outer) == nil)
    }
}

@Suite("A name")
struct DisplayNameTests {
    @Test(
        "loses what cannot be seen or turns the text around",
        arguments: [
            ("  Ada \u{202E}evol\u{2066}  ", "Ada evol"), ("a\u{0}b\u{1F}\u{7F}\u{9F}c", "abc"),
            ("\u{200B}\u{FEFF}\u{2060}", ""), ("عائشة", "عائشة"), ("👩‍🚀", "👩‍🚀"), ("\u{3000}名\u{3000}", "名"),
            ("x\u{2028}y\u{E0041}", "xy"), ("\u{3164}\u{2800}", ""), ("\u{115F}\u{034F}\u{180E}", ""),
            ("Max\u{2064}", "Max"), ("Max\u{FE0F}", "Max"), ("M\u{200D}ax\u{200C}", "Max"), ("❤\u{FE0F}", "❤\u{FE0F}"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"), ("Ada  \u{2003}\u{A0}L", "Ada L"), ("\u{205F}Ada \u{200B} ", "Ada"),
        ])
    func cleaned(given: String, cleaned: String) {
        #expect(DisplayName.cleaned(Text(given)).string == cleaned)
    }

    @Test("has at most 64 scalars")
    func long() {
        let name = DisplayName.cleaned(Text(String(repeating: "é🙂", count: 100)))
        #expect(name.string.unicodeScalars.count == 64)
    }

    @Test("collides with another that looks the same, in whatever script it is written")
    func lookalikes() {
        #expect(DisplayName.collide("Max", "M\u{0430}x"), "Cyrillic")
        #expect(DisplayName.collide("Max", "\u{FF2D}\u{FF41}\u{FF58}"), "fullwidth")
        #expect(DisplayName.collide("Max", "\u{1D40C}\u{1D41A}\u{1D431}"), "mathematical")
        #expect(DisplayName.collide("Nina", "\u{039D}ina"), "Greek")
        #expect(!DisplayName.collide("Max", "Mac"))
        #expect(!DisplayName.collide("Анна", "Anna"))
    }

    @Test("collides with another that differs in the case of letters only")
    func collision() {
        #expect(DisplayName.collide("Ada", "aDA"))
        #expect(!DisplayName.collide("Ada", "Adb"))
        #expect(!DisplayName.collide("Ada", "Ada "))
    }
}

@Suite("A channel's pieces")
struct ChannelFramingTests {
    @Test("are put together as they were cut", arguments: [0, 1, 65_534, 65_535, 65_536, 131_070, 200_000])
    func roundTrip(length: Int) throws {
        var framing = ChannelFraming()
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let pieces = ChannelFraming.pieces(of: message)
        for piece in pieces.dropLast() {
            #expect(piece.count <= ChannelFraming.pieceLength)
            #expect(try framing.add(piece) == nil)
        }
        #expect(try framing.add(try #require(pieces.last)) == message)
        #expect(try framing.add(ChannelFraming.pieces(of: [9])[0]) == [9])
    }

    @Test("that no honest peer sends are refused, and what was collected is dropped")
    func hostile() throws {
        var framing = ChannelFraming()
        #expect(throws: WireError.invalidValue) { try framing.add([]) }
        #expect(throws: WireError.invalidValue) { try framing.add([2, 1]) }
        #expect(throws: WireError.invalidValue) { try framing.add([UInt8](repeating: 0, count: 65_537)) }
        let endless = [1] + [UInt8](repeating: 7, count: 65_535)
        #expect(throws: WireError.tooLong) {
            for _ in 0..<5 { _ = try framing.add(endless) }
        }
        #expect(try framing.add([0, 1]) == [1])
    }
}

/// A text message's encoding, which a test may then spoil.
private func encodedText(id: UInt8, sequence: UInt64, base: UInt64, version: UInt8 = 1) -> [UInt8] {
    var writer = WireWriter()
    writer.write(version)
    writer.write(fixed: [UInt8](repeating: id, count: 16))
    writer.write(sequence)
    writer.write(base)
    writer.write(UInt64(1_000))
    writer.write(UInt8(0))
    writer.write(text: "hello")
    return writer.bytes
}

@Suite("A message's content")
struct ContentTests {
    @Test("is refused with a number that its kind does not have, or that leaves no room for another")
    func numbers() throws {
        _ = try Content(decoding: encodedText(id: 1, sequence: 1, base: 1))
        #expect(throws: WireError.invalidValue) { try Content(decoding: encodedText(id: 1, sequence: 0, base: 0)) }
        #expect(throws: WireError.invalidValue) { try Content(decoding: encodedText(id: 1, sequence: 1, base: 2)) }
        #expect(throws: WireError.invalidValue) {
            try Content(decoding: encodedText(id: 1, sequence: .max, base: .max))
        }
    }

    @Test("is refused in another version, cut short or continued")
    func malformed() throws {
        let good = encodedText(id: 1, sequence: 1, base: 1)
        #expect(throws: WireError.invalidValue) {
            try Content(decoding: encodedText(id: 1, sequence: 1, base: 1, version: 2))
        }
        for length in 0..<good.count {
            #expect(throws: WireError.self) { try Content(decoding: [UInt8](good.prefix(length))) }
        }
        #expect(throws: WireError.trailingBytes) { try Content(decoding: good + [0]) }
    }

    @Test("is refused with a text beyond the limit")
    func longText() {
        var writer = WireWriter()
        writer.write(fixed: [UInt8](encodedText(id: 1, sequence: 1, base: 1).prefix(42)))
        writer.write(text: String(repeating: "a", count: 65_537))
        #expect(throws: WireError.tooLong) { try Content(decoding: writer.bytes) }
    }
}

@Suite("What was received")
struct ReceivedLogTests {
    private func content(_ sequence: UInt64, id: UInt8? = nil) throws -> Content {
        try Content(
            decoding: encodedText(
                id: id ?? UInt8(truncatingIfNeeded: sequence), sequence: sequence, base: min(1, sequence)))
    }

    @Test("goes on with the next number, takes none twice and sees a hole")
    func order() throws {
        var log = ReceivedLog()
        #expect(log.verdict(on: try content(1)) == .next)
        #expect(log.verdict(on: try content(2)) == .early)
        log.advance(to: try content(1))
        #expect(log.verdict(on: try content(1)) == .duplicate)
        #expect(log.verdict(on: try content(2)) == .next)
        #expect(log.have.sequence == 1)
    }

    @Test("knows a message that comes again under a new number")
    func again() throws {
        var log = ReceivedLog()
        log.advance(to: try content(1, id: 9))
        #expect(log.knows([UInt8](repeating: 9, count: 16)))
        #expect(!log.knows([UInt8](repeating: 8, count: 16)))
    }

    @Test("goes on after what will never come, and never back")
    func skip() throws {
        var log = ReceivedLog()
        log.skip(through: 5)
        #expect(log.verdict(on: try content(6)) == .next)
        log.skip(through: 3)
        #expect(log.have.sequence == 5)
        #expect(try ReceivedLog(decoding: log.encoded) == log)
    }

    @Test("does not take another message under a used number, and remembers to ask for it again")
    func usedNumber() throws {
        var log = ReceivedLog()
        log.advance(to: try content(1, id: 1))
        log.advance(to: try content(2, id: 2))
        let other = try content(2, id: 7)
        #expect(log.verdict(on: other) == .numberUsed)
        log.refuse(other)
        #expect(log.have.refused == [other.id])
        log.advance(to: try content(3, id: 7))
        #expect(log.have.refused.isEmpty)
    }
}
