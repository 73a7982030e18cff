import Foundation

/// One case of a vector file, as the bytes that `VectorCheck` reads.
public struct VectorCase: Sendable {
    /// The file, and the case's place in it.
    public let name: String
    public let kind: UInt16
    public let bytes: [UInt8]

    public init(name: String, kind: UInt16, bytes: [UInt8]) {
        self.name = name
        self.kind = kind
        self.bytes = bytes
    }
}

/// What can be wrong with a vector file.
public enum VectorFileError: Error {
    /// A field is missing, or not of the type it should have; the text says where.
    case unexpectedShape(String)
}

/// Where the official vectors are: CRYPTPEER_VECTORS, else `../shared/vectors` beside the package.
public enum OfficialVectors {
    public static var folder: URL {
        if let path = ProcessInfo.processInfo.environment["CRYPTPEER_VECTORS"] { return URL(fileURLWithPath: path) }
        return packageRoot.appendingPathComponent("../shared/vectors").standardizedFileURL
    }

    /// Whether there is a folder at all. Tests that need one are skipped without it, and say so.
    public static var arePresent: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("wycheproof").path)
    }

    /// The package's own folder.
    static var packageRoot: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }
}

/// The file of cases that the WebAssembly build replays.
public enum CaseDump {
    /// Appends cases to the file that CRYPTPEER_DUMP_CASES names, if it does: the kind, the name's length and the name, the
    /// case's length and the case, numbers big-endian. One write for each call, because tests run side by side.
    public static func append(_ cases: [VectorCase]) throws {
        guard let path = ProcessInfo.processInfo.environment["CRYPTPEER_DUMP_CASES"] else { return }
        var writer = FieldWriter()
        for item in cases {
            writer.uint16(Int(item.kind))
            writer.uint32(item.name.utf8.count)
            writer.bytes.append(contentsOf: item.name.utf8)
            writer.uint32(item.bytes.count)
            writer.bytes.append(contentsOf: item.bytes)
        }
        try? FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(writer.bytes))
    }
}
