import TestVectors
import Testing
import VectorChecks

@Suite("RFC 9605, appendix C")
struct VectorTests {
    @Test("every vector holds, and every malformed header is refused")
    func cases() throws {
        let cases = try SFrameVectors.load()
        #expect(cases.filter { $0.name.hasPrefix("rfc9605 header") }.count == 289)
        #expect(cases.filter { $0.kind == 18 }.count == 2)
        for item in cases {
            let failure = VectorCheck.run(kind: item.kind, case: item.bytes)
            #expect(failure.isEmpty, "\(item.name): \(String(decoding: failure, as: UTF8.self))")
        }
        try CaseDump.append(cases)
    }

    @Test("a vector with the last byte of its expected value changed fails")
    func changed() throws {
        for kind: UInt16 in [17, 18] {
            var bytes = try #require(try SFrameVectors.load().first { $0.kind == kind }).bytes
            bytes[bytes.count - 1] ^= 1
            #expect(!VectorCheck.run(kind: kind, case: bytes).isEmpty)
        }
    }
}
