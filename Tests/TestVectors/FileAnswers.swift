import Foundation

/// How a file of some size is sealed: a value of `Tests/KnownAnswers/files.json`.
public struct FileAnswer: Sendable {
    public let size: Int
    public let key: [UInt8]
    public let chunks: Int
    public let sealedLength: Int
    public let sealedSHA256: [UInt8]
    public let firstBytes: [UInt8]
    public let lastBytes: [UInt8]
    public let hash: [UInt8]

    /// The file itself: the rule is in `files.py`.
    public var content: [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: 31 * $0 + 7 * ($0 >> 8) + ($0 >> 16)) }
    }

    /// All of them, smallest first.
    public static func load() throws -> [FileAnswer] {
        try loadObjects(KnownAnswers.folder.appendingPathComponent("files.json")).map { object in
            FileAnswer(
                size: try object.number("size"), key: try object.hex("key"), chunks: try object.number("chunks"),
                sealedLength: try object.number("sealed_length"), sealedSHA256: try object.hex("sealed_sha256"),
                firstBytes: try object.hex("first_bytes"), lastBytes: try object.hex("last_bytes"),
                hash: try object.hex("hash"))
        }
    }
}
