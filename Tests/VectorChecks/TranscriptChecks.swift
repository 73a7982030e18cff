import Simulator
import WireFormat

/// A transcript: a small world run from its seed, and the SHA-256 over every output of every engine in it. The native and
/// the WebAssembly build must come to the same bytes.
///
/// case = { uint64 seed; opaque outputs[32] }
public enum TranscriptChecks {
    public static let kind: UInt16 = 200

    /// - Throws: ``VectorFailure`` when the world ends badly, so that no hash is taken of a broken run.
    public static func outputs(seed: UInt64) throws(VectorFailure) -> [UInt8] {
        let result: WorldResult
        do throws(WorldError) {
            result = try World(WorldPlan(seed: seed, people: 3, steps: 16, faults: .all)).run()
        } catch {
            throw VectorFailure("no node could be set up")
        }
        guard result.violations.isEmpty else { throw VectorFailure("the world ended badly") }
        return result.outputs
    }

    static func run(case bytes: [UInt8]) -> VectorFailure? {
        var reader = WireReader(bytes)
        guard let seed = try? reader.readUInt64(), let expected = try? reader.readFixed(32), reader.isAtEnd else {
            return VectorFailure("not a transcript")
        }
        do throws(VectorFailure) {
            return try outputs(seed: seed) == expected ? nil : VectorFailure("the engines' outputs are others")
        } catch {
            return error
        }
    }
}
