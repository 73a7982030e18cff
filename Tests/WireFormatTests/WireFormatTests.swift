import Testing
import WireFormat

@Suite("The wire format")
struct WireFormatTests {
    @Test("integers are big-endian")
    func integers() throws {
        var writer = WireWriter(capacity: 15)
        writer.write(UInt8(0x01))
        writer.write(UInt16(0x0203))
        writer.write(UInt32(0x0405_0607))
        writer.write(UInt64(0x0809_0A0B_0C0D_0E0F))
        #expect(writer.bytes == [UInt8](1...15))
        var reader = WireReader(writer.bytes)
        #expect(try reader.readUInt8() == 0x01)
        #expect(try reader.readUInt16() == 0x0203)
        #expect(try reader.readUInt32() == 0x0405_0607)
        #expect(reader.offset == 7)
        #expect(reader.remaining == 8)
        #expect(try reader.readUInt64() == 0x0809_0A0B_0C0D_0E0F)
        #expect(reader.isAtEnd)
        try reader.finish()
    }

    @Test(
        "a length takes its shortest form",
        arguments: [
            (0, [0x00]), (63, [0x3F]), (64, [0x40, 0x40]), (16_383, [0x7F, 0xFF]), (16_384, [0x80, 0x00, 0x40, 0x00]),
            (1 << 30 - 1, [0xBF, 0xFF, 0xFF, 0xFF]),
        ] as [(Int, [UInt8])])
    func lengths(_ length: Int, _ encoding: [UInt8]) throws {
        var writer = WireWriter()
        writer.write(length: length)
        #expect(writer.bytes == encoding)
        var reader = WireReader(encoding)
        #expect(try reader.readLength() == length)
        #expect(reader.isAtEnd)
    }

    @Test(
        "a length in a longer form than it needs, or with the reserved prefix, is refused",
        arguments: [
            [0x40, 0x00], [0x40, 0x3F], [0x80, 0x00, 0x00, 0x00], [0x80, 0x00, 0x3F, 0xFF], [0xC0], [0xFF],
            [0xC0, 0, 0, 0, 0, 0, 0, 1],
        ] as [[UInt8]])
    func malformedLengths(_ encoding: [UInt8]) {
        var reader = WireReader(encoding)
        #expect(throws: WireError.malformedLength) { try reader.readLength() }
    }

    @Test("input that ends inside a field is refused, wherever it ends")
    func truncated() throws {
        let whole = Sample.example.encoded
        #expect(try Sample(decoding: whole) == Sample.example)
        for length in whole.indices {
            #expect(throws: WireError.self) { try Sample(decoding: Array(whole[..<length])) }
        }
        var one = WireReader([0x01])
        #expect(throws: WireError.truncated) { try one.readFixed(2) }
        #expect(throws: WireError.truncated) { try one.readUInt16() }
        var three = WireReader([1, 2, 3])
        #expect(throws: WireError.truncated) { try three.readUInt32() }
        var seven = WireReader([UInt8](repeating: 1, count: 7))
        #expect(throws: WireError.truncated) { try seven.readUInt64() }
        var reader = WireReader([])
        #expect(throws: WireError.truncated) { try reader.readUInt8() }
        #expect(throws: WireError.truncated) { try reader.readLength() }
        #expect(throws: WireError.truncated) { try reader.readFixed(-1) }
    }

    @Test("bytes after the last field are refused")
    func trailing() {
        #expect(throws: WireError.trailingBytes) { try Sample(decoding: Sample.example.encoded + [0]) }
    }

    @Test("a vector that claims more than there is, is refused at once")
    func claims() {
        for header: [UInt8] in [[0x3F], [0x7F, 0xFF], [0xBF, 0xFF, 0xFF, 0xFF]] {
            var reader = WireReader(header + [1, 2, 3])
            #expect(throws: WireError.truncated) { try reader.readOpaque() }
            var slice = WireReader(header + [1, 2, 3])
            #expect(throws: WireError.truncated) { try slice.readSlice() }
            var vector = WireReader(header + [1, 2, 3])
            #expect(throws: WireError.truncated) { try vector.readVector(of: Sample.self) }
        }
    }

    @Test("fields longer than their limit are refused")
    func limits() throws {
        var opaque = WireReader([0x02, 1, 2])
        #expect(throws: WireError.tooLong) { try opaque.readOpaque(limit: 1) }
        var fits = WireReader([0x02, 1, 2])
        #expect(try fits.readOpaque(limit: 2) == [1, 2])
        var text = WireReader([0x02, 0x61, 0x62])
        #expect(throws: WireError.tooLong) { try text.readText(limit: 1) }
        var writer = WireWriter()
        writer.write(vector: [Byte(value: 1), Byte(value: 2), Byte(value: 3)])
        var vector = WireReader(writer.bytes)
        #expect(throws: WireError.tooLong) { try vector.readVector(of: Byte.self, limit: 2) }
        var whole = WireReader(writer.bytes)
        #expect(try whole.readVector(of: Byte.self, limit: 3).map(\.value) == [1, 2, 3])
    }

    @Test("a vector of elements without bytes is refused, not read for ever")
    func emptyElements() {
        var reader = WireReader([0x01, 0x00])
        #expect(throws: WireError.invalidValue) { try reader.readVector(of: Nothing.self) }
    }

    @Test("a slice's reader stays inside it")
    func slices() throws {
        var reader = WireReader([0x02, 1, 2, 9])
        var inner = try reader.readSlice()
        #expect(inner.remaining == 2)
        #expect(inner.readRest() == [1, 2])
        #expect(throws: WireError.truncated) { try inner.readUInt8() }
        #expect(try reader.readUInt8() == 9)
    }

    @Test("a presence byte is 0 or 1")
    func presence() throws {
        var absent = WireReader([0x00])
        #expect(try absent.readOptional(Byte.self) == nil)
        var present = WireReader([0x01, 0x07])
        #expect(try present.readOptional(Byte.self)?.value == 7)
        for byte: UInt8 in 2...255 {
            var reader = WireReader([byte, 0x07])
            #expect(throws: WireError.invalidValue) { try reader.readOptional(Byte.self) }
            var bool = WireReader([byte])
            #expect(throws: WireError.invalidValue) { try bool.readBool() }
        }
    }

    @Test("text is UTF-8; ill-formed text is refused, not repaired")
    func text() throws {
        for value in ["", "abc", "é", "日本", "👩🏽‍🚀", "\u{0}"] {
            var writer = WireWriter()
            writer.write(text: value)
            var reader = WireReader(writer.bytes)
            #expect(Array(try reader.readText().utf8) == Array(value.utf8))
        }
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            var writer = WireWriter()
            writer.write(opaque: bytes)
            var reader = WireReader(writer.bytes)
            #expect(throws: WireError.invalidValue) { try reader.readText() }
        }
    }

    @Test("fixed bytes have no header")
    func fixed() throws {
        var writer = WireWriter()
        writer.write(fixed: [1, 2])
        writer.write(fixed: [0, 3, 4][1...])
        #expect(writer.bytes == [1, 2, 3, 4])
        var reader = WireReader(writer.bytes)
        #expect(try reader.readFixed(3) == [1, 2, 3])
        #expect(try reader.readFixed(0) == [])
        #expect(reader.readRest() == [4])
        #expect(reader.readRest() == [])
    }
}
