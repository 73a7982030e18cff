/// How a file is cut: chunks of ``chunkLength`` bytes, the last one shorter, each sealed to 16 bytes more (``FileStream``).
public struct FileGeometry: Equatable, Sendable {
    /// The most bytes of a file in one chunk.
    public static let chunkLength = 65_520
    /// A full chunk as it is stored and sent: one message of a DataChannel.
    public static let sealedChunkLength = 65_536
    static let tagLength = sealedChunkLength - chunkLength
    /// The largest file, in bytes: 10 GiB.
    public static let sizeLimit: UInt64 = 10 << 30
    /// The chunks in a full blob at the node.
    public static let chunksPerBlob: UInt32 = 15

    /// The file's, in bytes.
    public let size: UInt64

    /// nil: larger than ``sizeLimit``.
    public init?(size: UInt64) {
        guard size <= Self.sizeLimit else { return nil }
        self.size = size
    }

    /// An empty file has one chunk, so that its end is authenticated too.
    public var chunks: UInt32 {
        max(1, UInt32((size + UInt64(Self.chunkLength) - 1) / UInt64(Self.chunkLength)))
    }

    /// Of all chunks as they are stored.
    public var sealedLength: UInt64 { size + UInt64(chunks) * UInt64(Self.tagLength) }

    public var blobs: UInt32 { (chunks + Self.chunksPerBlob - 1) / Self.chunksPerBlob }

    public func isLast(_ chunk: UInt32) -> Bool { chunk + 1 == chunks }

    /// In bytes, as it is stored. The chunk must be one of the file's.
    public func sealedLength(ofChunk chunk: UInt32) -> Int {
        isLast(chunk)
            ? Int(sealedLength - UInt64(chunk) * UInt64(Self.sealedChunkLength)) : Self.sealedChunkLength
    }

    /// The chunks of a blob, which must be one of the file's.
    public func chunks(ofBlob blob: UInt32) -> Range<UInt32> {
        let first = blob * Self.chunksPerBlob
        return first..<min(first + Self.chunksPerBlob, chunks)
    }

    /// Of all these chunks as they are stored.
    public func sealedLength(of range: Range<UInt32>) -> Int {
        guard let last = range.last else { return 0 }
        return Int(last - range.lowerBound) * Self.sealedChunkLength + sealedLength(ofChunk: last)
    }
}
