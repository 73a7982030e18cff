import Foundation
import Messenger
import Testing
import WireFormat

/// What the page's tests hold the page's half of the boundary to (Tests/Web/boundary.test.ts).
private struct BoundaryFile: Encodable {
    struct Sample: Encodable {
        let name: String
        /// In hexadecimal digits, as `leaves` has bytes.
        let bytes: String
        /// What the bytes say, in the order of the fields: the names of kinds and of enums' values, numbers, flags and texts, each
        /// behind its field's name and "=", where it has a name.
        let leaves: [String]
    }

    /// Numbers that the page has to know before the core is asked.
    struct Limits: Encodable {
        var message = Body.textLimit
        var chunk = FileGeometry.chunkLength
        var sealedChunk = FileGeometry.sealedChunkLength
        var file = FileGeometry.sizeLimit
        var whileInView = Settings.whileInView
        var untilHidden = Settings.untilHidden
    }

    struct Geometry: Encodable {
        let size: UInt64
        let chunks: UInt32
        let sealed: UInt64
        let lastChunk: Int
    }

    var inputs: [Sample] = []
    var outputs: [Sample] = []
    var limits = Limits()
    var geometries: [Geometry] = []
}

@Suite("The file of samples that the page's tests read")
struct BoundaryFileTests {
    @Test("every input and output is read back as it was written, and goes into the file CRYPTPEER_DUMP_BOUNDARY names")
    func samples() throws {
        var file = BoundaryFile()
        for input in Input.samples + [63, 16_383, 16_384].map({ .nodeFrame([UInt8](repeating: 7, count: $0)) }) {
            #expect(try Input(decoding: input.encoded) == input)
            // On the wire, the host's time stands before the input.
            var time = WireWriter()
            time.write(UInt64(1_700_000_000_123))
            file.inputs.append(
                BoundaryFile.Sample(
                    name: name(of: input), bytes: hex(time.bytes + input.encoded),
                    leaves: ["now=1700000000123"] + leaves(of: input)))
        }
        for (name, output) in outputs() {
            #expect(try Output(decoding: output.encoded) == output)
            file.outputs.append(
                BoundaryFile.Sample(name: name, bytes: hex(output.encoded), leaves: leaves(of: output)))
        }
        let chunk = UInt64(FileGeometry.chunkLength)
        for size in [0, 1, chunk - 1, chunk, chunk + 1, 15 * chunk, FileGeometry.sizeLimit] {
            let geometry = try #require(FileGeometry(size: size))
            file.geometries.append(
                BoundaryFile.Geometry(
                    size: size, chunks: geometry.chunks, sealed: geometry.sealedLength,
                    lastChunk: geometry.sealedLength(ofChunk: geometry.chunks - 1)))
        }
        guard let path = ProcessInfo.processInfo.environment["CRYPTPEER_DUMP_BOUNDARY"] else { return }
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(file).write(to: url, options: .atomic)
    }

    private func outputs() -> [(name: String, Output)] {
        func with(_ change: (inout Output) -> Void) -> Output {
            var output = Output()
            change(&output)
            return output
        }
        let own = BoundarySampler.samples { next in
            with { output in
                output.writes = next.list { Write(store: $0.value(), key: $0.bytes(), value: $0.maybe { $0.bytes() }) }
                output.reads = next.list { Read(store: $0.value(), key: $0.fixed(32)) }
                output.connection = next.value()
                output.toNode = next.list { $0.bytes() }
                output.nextTimeout = next.maybe { $0.u64() }
            }
        }
        return own.map { ("output", $0) }
            + RelayAccess.samples.map { value in (name(of: value), with { $0.relay = value }) }
            + ChannelAction.samples.map { value in (name(of: value), with { $0.channels = [value] }) }
            + FileAction.samples.map { value in (name(of: value), with { $0.files = [value] }) }
            + CallAction.samples.map { value in (name(of: value), with { $0.calls = [value] }) }
            + Event.samples.map { value in (name(of: value), with { $0.events = [value] }) }
    }

    private func name(of value: Any) -> String {
        "\(type(of: value)).\(Mirror(reflecting: value).children.first?.label ?? "\(value)")"
    }

    private func leaves(of value: Any, _ label: String? = nil) -> [String] {
        // A tuple's elements without a name have a number behind a dot.
        let prefix = label.map { $0.first == "." ? "" : $0 + "=" } ?? ""
        switch value {
        // An empty list of anything can be taken for an empty list of bytes: the type has to be the same.
        case let bytes as [UInt8] where type(of: value) == [UInt8].self: return [prefix + hex(bytes)]
        case let text as Text: return [prefix + text.string]
        case let flag as Bool: return ["\(prefix)\(flag)"]
        case let number as any BinaryInteger: return ["\(prefix)\(number)"]
        // To the page, that nothing is wrong is no problem.
        case let problem as Problem where problem == .none: return [prefix + "null"]
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            return mirror.children.first.map { leaves(of: $0.value, label) } ?? [prefix + "null"]
        case .collection:
            return ["\(prefix)\(mirror.children.count) items"] + mirror.children.flatMap { leaves(of: $0.value) }
        case .enum:
            return [prefix + (mirror.children.first?.label ?? "\(value)")]
                + mirror.children.flatMap { leaves(of: $0.value) }
        default: return mirror.children.flatMap { leaves(of: $0.value, $0.label) }
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
