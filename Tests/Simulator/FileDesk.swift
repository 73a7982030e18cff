import Messenger

/// What a browser's page has to do with files: the origin's private file system, which survives the page, and the work that
/// ends with it.
struct FileDesk {
    /// By storage.
    var disk: [[UInt8]: [UInt8]] = [:]
    /// Sealing, by file.
    var sealing: [[UInt8]: UInt32] = [:]
    var sending: [[UInt8]: Sending] = [:]
    var receiving: [[UInt8]: Receiving] = [:]
    /// What the engine waits for: it must never have more than one blob's bytes on their way.
    var reads = 0
    var stores = 0
    /// What was opened last, by file.
    var opened: [[UInt8]: (name: Text, bytes: [UInt8]?)] = [:]

    struct Sending {
        let device: [UInt8]
        let storage: [UInt8]
        /// Tells this attempt's chunks from those of another.
        let attempt: UInt32
        let chunks: UInt32
        var next: UInt32
        var acknowledged: UInt32
        var lastArrival: UInt64 = 0
    }

    struct Receiving {
        let device: [UInt8]
        let incoming: Incoming
    }

    /// A file that comes from the other side, one way or the other.
    struct Incoming {
        let storage: [UInt8]
        let key: [UInt8]
        let size: UInt64
        let hash: [UInt8]
    }

    /// The page is gone.
    mutating func endPage() {
        sealing = [:]
        sending = [:]
        receiving = [:]
        reads = 0
        stores = 0
        opened = [:]
    }

    /// A channel is gone, and the files' channels with it.
    mutating func endTransfers(with device: [UInt8]) {
        for file in sending.keys.filter({ sending[$0]?.device == device }) { sending[file] = nil }
        for file in receiving.keys.filter({ receiving[$0]?.device == device }) { receiving[file] = nil }
    }

    func chunks(in storage: [UInt8], of size: UInt64) -> UInt32 {
        guard let geometry = FileGeometry(size: size), let stored = disk[storage] else { return 0 }
        if UInt64(stored.count) == geometry.sealedLength { return geometry.chunks }
        return UInt32(stored.count / FileGeometry.sealedChunkLength)
    }
}

/// A file that a person has sent and that is therefore owed to another.
struct SentFile {
    /// Its ticket, and what its bytes follow from.
    let number: UInt32
    let sender: Int
    let recipient: Int
    let size: Int
    let name: Text
    /// The engine's.
    var id: [UInt8] = []
    var isAnnounced = false
    /// Somebody has tried to cancel it.
    var isCancelled = false

    /// Each byte says where it belongs.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        for index in bytes.indices {
            bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &* 7 &+ index >> 16 &+ Int(number))
        }
        for (index, byte) in World.canary.enumerated() where index < size { bytes[index] = byte }
        return bytes
    }
}
