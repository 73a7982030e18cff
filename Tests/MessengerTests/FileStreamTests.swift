import CryptoPrimitives
import Messenger
import Simulator
import TestVectors
import Testing

@Suite("A file's stream of sealed chunks")
struct FileStreamTests {
    private let key = Secret([UInt8](repeating: 6, count: 32))

    @Test("is what others' code makes of the same file and key")
    func knownAnswers() throws {
        let answers = try FileAnswer.load()
        #expect(answers.map(\.size) == [0, 1, 16, 65_519, 65_520, 65_521, 131_040, 200_000, 1 << 20])
        for answer in answers {
            let content = answer.content
            let sealed = try FileStream.seal(content, key: Secret(answer.key))
            #expect(sealed.count == answer.sealedLength)
            #expect(HashAlgorithm.sha256.hash(sealed) == answer.sealedSHA256)
            #expect([UInt8](sealed.prefix(48)) == answer.firstBytes)
            #expect([UInt8](sealed.suffix(48)) == answer.lastBytes)
            #expect(FileStream.hash(sealed, size: UInt64(answer.size)) == answer.hash)
            #expect(try FileStream.open(sealed, size: UInt64(answer.size), key: Secret(answer.key)) == content)
            let geometry = try #require(FileGeometry(size: UInt64(answer.size)))
            #expect(Int(geometry.chunks) == answer.chunks)
            #expect(Int(geometry.sealedLength) == answer.sealedLength)
        }
    }

    @Test("does not open cut short, lengthened, in another order, or with a bit changed")
    func tampering() throws {
        let full = FileGeometry.sealedChunkLength
        let file = [UInt8](repeating: 1, count: 3 * FileGeometry.chunkLength)
        let sealed = try FileStream.seal(file, key: key)
        #expect(try FileStream.open(sealed, size: UInt64(file.count), key: key) == file)
        // Cut at a chunk's end: the last chunk of what is left is not a last one.
        #expect(throws: CryptoError.authenticationFailed) {
            try FileStream.open([UInt8](sealed[..<(2 * full)]), size: UInt64(2 * FileGeometry.chunkLength), key: key)
        }
        // Another chunk after the last.
        let more = sealed + sealed[..<full]
        #expect(throws: CryptoError.authenticationFailed) {
            try FileStream.open(more, size: UInt64(4 * FileGeometry.chunkLength), key: key)
        }
        let swapped = [UInt8](sealed[full..<(2 * full)] + sealed[..<full] + sealed[(2 * full)...])
        #expect(throws: CryptoError.authenticationFailed) {
            try FileStream.open(swapped, size: UInt64(file.count), key: key)
        }
        for place in [0, full - 1, full, 2 * full + 7, sealed.count - 1] {
            var changed = sealed
            changed[place] ^= 1
            #expect(throws: CryptoError.authenticationFailed) {
                try FileStream.open(changed, size: UInt64(file.count), key: key)
            }
            #expect(
                FileStream.hash(changed, size: UInt64(file.count))
                    != FileStream.hash(sealed, size: UInt64(file.count)))
        }
        #expect(throws: CryptoError.authenticationFailed) {
            try FileStream.open(sealed, size: UInt64(file.count), key: Secret([UInt8](repeating: 7, count: 32)))
        }
    }
}
