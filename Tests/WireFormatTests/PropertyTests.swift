import Testing
import WireFormat

/// One byte.
struct Byte: WireCodable, Equatable {
    let value: UInt8

    init(value: UInt8) { self.value = value }
    init(from reader: inout WireReader) throws(WireError) { value = try reader.readUInt8() }
    func encode(into writer: inout WireWriter) { writer.write(value) }
}

/// No bytes at all.
struct Nothing: WireDecodable {
    init(from reader: inout WireReader) throws(WireError) {}
}

/// A structure with a field of every sort.
struct Sample: WireCodable, Equatable {
    var flag: Bool
    var number: UInt64
    var small: UInt16
    var fixed: [UInt8]
    var data: [UInt8]
    var text: String
    var byte: Byte?
    var list: [[UInt8]]
    var children: [Sample]

    static let example = Sample(
        flag: true, number: 1 << 40, small: 7, fixed: [1, 2, 3, 4], data: [UInt8](repeating: 5, count: 70), text: "é",
        byte: Byte(value: 9), list: [[], [1], [2, 3]],
        children: [
            Sample(
                flag: false, number: 0, small: 0, fixed: [0, 0, 0, 0], data: [], text: "", byte: nil, list: [],
                children: [])
        ])

    init(
        flag: Bool, number: UInt64, small: UInt16, fixed: [UInt8], data: [UInt8], text: String, byte: Byte?,
        list: [[UInt8]], children: [Sample]
    ) {
        self.flag = flag
        self.number = number
        self.small = small
        self.fixed = fixed
        self.data = data
        self.text = text
        self.byte = byte
        self.list = list
        self.children = children
    }

    init(from reader: inout WireReader) throws(WireError) {
        flag = try reader.readBool()
        number = try reader.readUInt64()
        small = try reader.readUInt16()
        fixed = try reader.readFixed(4)
        data = try reader.readOpaque()
        text = try reader.readText()
        byte = try reader.readOptional()
        var inner = try reader.readSlice()
        list = []
        while !inner.isAtEnd { list.append(try inner.readOpaque()) }
        children = try reader.readVector(limit: 8)
    }

    func encode(into writer: inout WireWriter) {
        writer.write(flag)
        writer.write(number)
        writer.write(small)
        writer.write(fixed: fixed)
        writer.write(opaque: data)
        writer.write(text: text)
        writer.write(optional: byte)
        writer.writeVector { inner in
            for item in list { inner.write(opaque: item) }
        }
        writer.write(vector: children)
    }
}

/// SplitMix64: the same numbers every time.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: range, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func sample(depth: Int) -> Sample {
        Sample(
            flag: Bool.random(using: &self), number: next(), small: UInt16.random(in: .min ... .max, using: &self),
            fixed: bytes(4...4), data: bytes(0...(next() % 16 == 0 ? 20_000 : 100)),
            text: String(decoding: bytes(0...20), as: UTF8.self),
            byte: Bool.random(using: &self) ? Byte(value: 3) : nil,
            list: (0..<Int.random(in: 0...3, using: &self)).map { _ in bytes(0...80) },
            children: depth == 0
                ? [] : (0..<Int.random(in: 0...3, using: &self)).map { _ in sample(depth: depth - 1) })
    }
}

@Suite("The wire format, at random")
struct PropertyTests {
    @Test("decoding what was encoded gives the value back")
    func roundTrip() throws {
        var numbers = Numbers(state: 1)
        for _ in 0..<300 {
            let value = numbers.sample(depth: 2)
            #expect(try Sample(decoding: value.encoded) == value)
        }
    }

    @Test("random bytes are refused or are the one encoding of what they decode to")
    func randomBytes() throws {
        var numbers = Numbers(state: 2)
        for _ in 0..<20_000 {
            check(numbers.bytes(0...60))
        }
    }

    @Test("a changed encoding is refused or is the one encoding of what it decodes to")
    func changedBytes() throws {
        var numbers = Numbers(state: 3)
        var decoded = 0
        for _ in 0..<5_000 {
            var bytes = numbers.sample(depth: 1).encoded
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let index = Int.random(in: bytes.indices, using: &numbers)
                switch numbers.next() % 3 {
                case 0: bytes[index] ^= 1 << UInt8(numbers.next() % 8)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(truncatingIfNeeded: numbers.next()), at: index)
                }
            }
            if check(bytes) { decoded += 1 }
        }
        // Both outcomes must occur, or nothing was tested.
        #expect(decoded > 100)
        #expect(decoded < 4_900)
    }

    @Test("base64url gives back what it was given, and has one text for each value")
    func base64URL() throws {
        var numbers = Numbers(state: 4)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for _ in 0..<2_000 {
            let bytes = numbers.bytes(0...70)
            let text = Base64URL.encode(bytes)
            #expect(text.count == (bytes.count * 8 + 5) / 6)
            #expect(text.allSatisfy(alphabet.contains))
            #expect(try Base64URL.decode(text) == bytes)
        }
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...9, using: &numbers)).map { _ in
                Bool.random(using: &numbers)
                    ? alphabet.randomElement(using: &numbers) ?? 0 : UInt8.random(in: .min ... .max, using: &numbers)
            }
            if let bytes = try? Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
        }
    }

    /// Decodes, and where that succeeds encodes again.
    @discardableResult
    private func check(_ bytes: [UInt8]) -> Bool {
        guard let value = try? Sample(decoding: bytes) else { return false }
        #expect(value.encoded == bytes)
        return true
    }
}
