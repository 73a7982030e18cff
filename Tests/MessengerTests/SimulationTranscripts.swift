import TestVectors
import Testing
import VectorChecks
import WireFormat

@Suite("Transcripts")
struct SimulationTranscripts {
    @Test("of a hundred small worlds are recorded, for the WebAssembly build to come to the same bytes")
    func record() async throws {
        let cases = try await withThrowingTaskGroup(of: VectorCase.self) { group in
            for seed: UInt64 in 1...100 {
                group.addTask {
                    var writer = WireWriter()
                    writer.write(seed)
                    writer.write(fixed: try TranscriptChecks.outputs(seed: seed))
                    return VectorCase(name: "transcript \(seed)", kind: TranscriptChecks.kind, bytes: writer.bytes)
                }
            }
            var cases: [VectorCase] = []
            for try await item in group { cases.append(item) }
            return cases
        }
        #expect(cases.count == 100)
        #expect(Set(cases.map(\.bytes)).count == 100, "each seed has a world of its own")
        // The check itself: a case that was changed does not hold.
        var changed = cases[0].bytes
        changed[changed.count - 1] ^= 1
        #expect(VectorCheck.run(kind: TranscriptChecks.kind, case: changed) != [])
        #expect(VectorCheck.run(kind: TranscriptChecks.kind, case: cases[0].bytes) == [])
        try CaseDump.append(cases)
    }
}
