import CryptoPrimitives
import Messenger
import Simulator
import Testing
import WireFormat

@Suite("A file's name")
struct FileNameTests {
    @Test(
        "is one component of a path that hides nothing and names no device",
        arguments: [
            ("report.pdf", "report.pdf"), ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
            (".bashrc", "_.bashrc"), (".env", "_.env"), ("..env", "env"), ("...", "file"),
            ("", "file"), (" . x .txt. . ", "x .txt"),
            ("invoice\u{202E}fdp.exe", "invoicefdp.exe"), ("a\u{0}b\r\nc\u{9F}.txt", "ab c.txt"),
            ("photo.jpg                    .exe", "photo.jpg .exe"), ("photo\u{2003}\u{3000}1.jpg", "photo 1.jpg"),
            ("CON", "_CON"), ("nul.txt", "_nul.txt"), ("LpT9.tar.gz", "_LpT9.tar.gz"), ("COM¹", "_COM¹"),
            ("con .txt", "_con .txt"), ("COM10", "COM10"), ("console.log", "console.log"), ("CONOUT$", "_CONOUT$"),
            ("a\u{2044}b\u{FF0F}c\u{2215}d", "a_b_c_d"), ("x\u{2024}exe", "x.exe"),
            ("what?<is>\"this\"|*", "what__is__this___"),
            ("تقرير.pdf", "تقرير.pdf"), ("👩‍🚀.png", "👩‍🚀.png"), ("\u{FEFF}\u{200B}", "file"),
            ("a\u{2064}b\u{206A}\u{3164}.txt", "ab.txt"), ("in\u{200D}voice\u{200C}.pdf", "invoice.pdf"),
            ("می\u{200C}خواهم.pdf", "می\u{200C}خواهم.pdf"), ("क\u{094D}\u{200D}ष.txt", "क\u{094D}\u{200D}ष.txt"),
        ])
    func sanitised(given: String, sanitised: String) {
        #expect(FileName.sanitised(Text(given)).string == sanitised)
    }

    @Test("is cut before its extension, at a character's end")
    func long() {
        let name = FileName.sanitised(Text(String(repeating: "é", count: 300) + ".tar"))
        #expect(name.utf8.count == 254)
        #expect(name.string.hasSuffix("é.tar"))
        // What follows a dot far from the end is no extension.
        let dotted = FileName.sanitised(Text("a." + String(repeating: "b", count: 400)))
        #expect(dotted.utf8.count == 255)
        #expect(dotted.string.hasPrefix("a.bbb"))
    }

    @Test("stays as it is when it is sanitised again")
    func idempotent() {
        for name in ["..\\..\\CON.txt", "a" + String(repeating: " .", count: 200), String(repeating: "🙂", count: 90)] {
            let once = FileName.sanitised(Text(name))
            #expect(FileName.sanitised(once) == once)
            #expect((1...255).contains(once.utf8.count))
        }
    }
}

@Suite("A file's type")
struct MediaTypeTests {
    @Test(
        "is type and subtype, or nothing",
        arguments: [
            ("image/PNG", "image/png"), ("text/plain; charset=utf-8", "text/plain"),
            ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
            ("image/svg+xml", "image/svg+xml"),
            ("", ""), ("text", ""), ("/html", ""), ("text/", ""), ("text/html/x", ""), ("text/h\u{0}tml", ""),
            ("text/<html>", ""), ("τext/html", ""),
        ])
    func sanitised(given: String, sanitised: String) {
        #expect(MediaType.sanitised(Text(given)).string == sanitised)
    }

    @Test("is nothing when it is longer than any there is")
    func long() {
        #expect(MediaType.sanitised(Text("a/" + String(repeating: "b", count: 125))).utf8.count == 127)
        #expect(MediaType.sanitised(Text("a/" + String(repeating: "b", count: 126))).isEmpty)
    }
}

@Suite("A file's geometry")
struct FileGeometryTests {
    @Test(
        "has one chunk at least, and no empty one after a full one",
        arguments: [
            (0, 1, 16), (1, 1, 17), (65_519, 1, 65_535), (65_520, 1, 65_536), (65_521, 2, 65_553),
            (10 << 30, 163_881, 10_740_040_336),
        ] as [(UInt64, UInt32, UInt64)])
    func chunks(size: UInt64, chunks: UInt32, sealed: UInt64) throws {
        let geometry = try #require(FileGeometry(size: size))
        #expect(geometry.chunks == chunks)
        #expect(geometry.sealedLength == sealed)
        #expect(geometry.isLast(chunks - 1))
        #expect(geometry.sealedLength(of: 0..<chunks) == Int(sealed))
        #expect(geometry.sealedLength(ofChunk: 0) == Int(min(sealed, 65_536)))
    }

    @Test("ends at ten gibibytes")
    func limit() {
        #expect(FileGeometry(size: (10 << 30) + 1) == nil)
    }

    @Test("puts fifteen chunks into a blob")
    func blobs() throws {
        let geometry = try #require(FileGeometry(size: 1 << 20))
        #expect(geometry.blobs == 2)
        #expect(geometry.chunks(ofBlob: 0) == 0..<15)
        #expect(geometry.chunks(ofBlob: 1) == 15..<17)
        #expect(geometry.sealedLength(of: 0..<15) == 983_040)
    }
}

@Suite("A file's blob")
struct FileBlobTests {
    private let key = Secret([UInt8](repeating: 3, count: 32))

    @Test(
        "is padded to a multiple of 16 KiB, always the same, with what looks like chunks",
        arguments: [16, 16_384, 16_385, 983_040])
    func padding(length: Int) throws {
        let chunks = [UInt8](repeating: 9, count: length)
        let id = [UInt8](repeating: 1, count: 32)
        let padded = try #require(FileBlob.padded(chunks, id: id, key: key))
        #expect(padded.count % 16_384 == 0)
        #expect(padded.count - length < 16_384)
        #expect(padded == FileBlob.padded(chunks, id: id, key: key))
        #expect(FileBlob.chunks(padded, length: length) == chunks)
        #expect(FileBlob.chunks(padded + padded, length: length) == nil)
        #expect(FileBlob.chunks([], length: length) == nil)
        guard padded.count > length else { return }
        #expect(!padded[length...].prefix(100).allSatisfy { $0 == 0 })
        #expect(padded != FileBlob.padded(chunks, id: [UInt8](repeating: 2, count: 32), key: key))
    }
}

@Suite("A bubble's policy on files")
struct FilePolicyTests {
    @Test("lets a megabyte wait at the node, or as much as it says and a device may store")
    func limit() {
        #expect(FilePolicy.blobFileLimit([]) == 1 << 20)
        #expect(FilePolicy.blobFileLimit([1, 0, 0, 0, 0, 2, 0, 0, 0]) == 32 << 20)
        #expect(FilePolicy.blobFileLimit([1, 255, 0, 0, 0, 2, 0, 0, 0]) == 256 << 20)
        #expect(FilePolicy.blobFileLimit([1, 0, 0, 0, 0, 0, 0, 0, 0]) == 0)
        #expect(FilePolicy.blobFileLimit([1, 0, 0, 0, 0, 2, 0, 0, 0, 0]) == 1 << 20)
        #expect(FilePolicy.blobFileLimit([2, 0, 0, 0, 0, 2, 0, 0, 0]) == 1 << 20)
    }
}

@Suite("What members say of files")
struct FileContentTests {
    private let id = [UInt8](repeating: 4, count: 16)

    /// A message's bytes: the fields before its body, then what `body` writes.
    private func content(isOrdered: Bool = true, _ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(fixed: id)
        writer.write(UInt64(isOrdered ? 5 : 0))
        writer.write(UInt64(isOrdered ? 1 : 0))
        writer.write(UInt64(7))
        body(&writer)
        return writer.bytes
    }

    private func announcement(name: String = "plan.pdf", size: UInt64 = 70_000, waveform: Int = 3) -> [UInt8] {
        content { writer in
            writer.write(UInt8(9))
            writer.write(text: name)
            writer.write(text: "audio/ogg")
            writer.write(size)
            writer.write(fixed: [UInt8](repeating: 1, count: 32))
            writer.write(fixed: [UInt8](repeating: 2, count: 32))
            writer.write(UInt8(1))
            writer.write(UInt32(4_200))
            writer.write(opaque: [UInt8](repeating: 9, count: waveform))
        }
    }

    private func atNode(_ blobs: Int) -> [UInt8] {
        content { writer in
            writer.write(UInt8(10))
            writer.write(fixed: id)
            writer.write(UInt8(2))
            writer.write(opaque: [UInt8](repeating: 8, count: 32 * blobs))
        }
    }

    @Test("an announcement is read back as it was written")
    func announcements() throws {
        let decoded = try Content(decoding: announcement())
        guard case .file(let file) = decoded.body else { throw WireError.invalidValue }
        #expect(file.name == "plan.pdf")
        #expect(file.geometry.size == 70_000)
        #expect(file.kind == .voice)
        #expect(file.durationMs == 4_200)
        #expect(decoded.encoded == announcement())
    }

    @Test("a status and a request are read back as they were written", arguments: [0, 1, 2] as [UInt8])
    func statuses(kind: UInt8) throws {
        let status = kind == 2 ? atNode(3) : content { $0.write(fixed: [10] + id + [kind]) }
        #expect(try Content(decoding: status).encoded == status)
        let request = content(isOrdered: false) {
            $0.write(fixed: [11] + id + [kind] + (kind == 0 ? [0, 0, 1, 2] : []))
        }
        #expect(try Content(decoding: request).encoded == request)
        guard kind == 0, case .fileRequest(let asked) = try Content(decoding: request).body else { return }
        #expect(asked.wish == .chunks(from: 258))
    }

    @Test("is refused beyond its limits, or where it has no place")
    func limits() {
        #expect(throws: WireError.tooLong) {
            try Content(decoding: announcement(name: String(repeating: "a", count: 256)))
        }
        #expect(throws: WireError.tooLong) { try Content(decoding: announcement(waveform: 129)) }
        #expect(throws: WireError.invalidValue) { try Content(decoding: announcement(size: (10 << 30) + 1)) }
        #expect(throws: WireError.tooLong) { try Content(decoding: atNode(513)) }
        #expect(throws: WireError.invalidValue) { try Content(decoding: content { $0.write(fixed: [10] + id + [3]) }) }
        #expect(throws: WireError.invalidValue) { try Content(decoding: content { $0.write(fixed: [11] + id + [1]) }) }
    }
}
