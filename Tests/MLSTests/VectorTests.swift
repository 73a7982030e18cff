import TestVectors
import Testing
import VectorChecks

@Suite(
    "The MLS working group's vectors",
    .enabled(if: OfficialVectors.arePresent, "no official vectors: set CRYPTPEER_VECTORS to the folder that holds them")
)
struct VectorTests {
    @Test("every case of a suite we have holds", arguments: MLSVectors.names)
    func cases(_ name: String) throws {
        let file = try MLSVectors.load(name)
        #expect(!file.cases.isEmpty)
        for item in file.cases {
            let failure = VectorCheck.run(kind: item.kind, case: item.bytes)
            #expect(failure.isEmpty, "\(item.name): \(String(decoding: failure, as: UTF8.self))")
        }
        try CaseDump.append(file.cases)
        for (suite, count) in file.skipped.sorted(by: { $0.key < $1.key }) {
            print("\(name): \(count) cases left out, of suite \(suite), which is not implemented")
        }
    }

    @Test(
        "a case with any byte of its expected value changed fails", arguments: ["tree-math", "key-schedule", "welcome"])
    func changed(_ name: String) throws {
        let item = try #require(try MLSVectors.load(name).cases.first)
        var bytes = item.bytes
        bytes[bytes.count - 1] ^= 1
        #expect(!VectorCheck.run(kind: item.kind, case: bytes).isEmpty)
    }
}
