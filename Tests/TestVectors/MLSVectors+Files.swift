import Foundation

extension MLSVectors {
    /// Loads a file from `mls` in the folder of the official vectors (CRYPTPEER_VECTORS).
    public static func load(_ name: String) throws -> File {
        let root = ProcessInfo.processInfo.environment["CRYPTPEER_VECTORS"] ?? "../shared/vectors"
        return try load(name, from: URL(fileURLWithPath: root).appendingPathComponent("mls"))
    }

    /// Appends cases to the file that the WebAssembly build replays (CRYPTPEER_DUMP_CASES), if one is asked for: the kind, the
    /// name's length and the name, the case's length and the case, numbers big-endian. One write for each call, because
    /// tests run side by side.
    public static func dump(_ cases: [Case]) throws {
        guard let path = ProcessInfo.processInfo.environment["CRYPTPEER_DUMP_CASES"] else { return }
        var bytes: [UInt8] = []
        func append(_ value: Int) { for shift in [24, 16, 8, 0] { bytes.append(UInt8(value >> shift & 0xFF)) } }
        for item in cases {
            bytes.append(contentsOf: [UInt8(item.kind >> 8), UInt8(item.kind & 0xFF)])
            append(item.name.utf8.count)
            bytes.append(contentsOf: item.name.utf8)
            append(item.bytes.count)
            bytes.append(contentsOf: item.bytes)
        }
        try? FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(bytes))
    }
}
