import TestVectors
import Testing
import VectorChecks

@Suite(
    "Official vectors of the primitives",
    .enabled(if: OfficialVectors.arePresent, "no official vectors: set CRYPTPEER_VECTORS to the folder that holds them")
)
struct VectorTests {
    @Test("every case of a file holds", arguments: CryptoVectors.names)
    func cases(_ name: String) throws {
        let cases = try CryptoVectors.load(name)
        #expect(!cases.isEmpty)
        for item in cases {
            let failure = VectorCheck.run(kind: item.kind, case: item.bytes)
            #expect(failure.isEmpty, "\(item.name): \(String(decoding: failure, as: UTF8.self))")
        }
        try CaseDump.append(cases)
    }

    @Test("a file's first case with the last byte of its expected value changed fails", arguments: CryptoVectors.names)
    func changed(_ name: String) throws {
        // An empty expected value ends the case with its length, 0: changing that would only break the encoding.
        let item = try #require(try CryptoVectors.load(name).first { $0.bytes.last != 0 })
        var bytes = item.bytes
        bytes[bytes.count - 1] ^= 1
        #expect(!VectorCheck.run(kind: item.kind, case: bytes).isEmpty)
    }

    @Test("no case is lost on the way from the files")
    func counts() throws {
        let all = try CryptoVectors.allCases()
        #expect(all.count == 5_934)
        // The X-Wing cases of the HPKE draft: both KEMs, and the whole schedule of the one with HKDF.
        let xwing = all.filter { $0.name.hasPrefix("hpke-pq") && $0.bytes.starts(with: [0x64, 0x7A]) }
        #expect(xwing.filter { $0.kind == 8 }.count == 2)
        #expect(xwing.filter { $0.kind == 9 }.count == 1)
    }
}
