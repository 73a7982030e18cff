import CryptoPrimitives
import WireFormat

/// A file of a conversation, for as long as its message is there. Its key is in the message's own record, which is opened only
/// when the user wants to see the file; it is here too while the file is on its way.
struct FileRecord {
    enum Phase: UInt8 {
        /// Ours, and the host is sealing it. That ends with this run.
        case sealing = 0
        /// Announced, and the recipient does not have all of it, as far as we know.
        case offered = 1
        /// The recipient has it.
        case complete = 2
        case failed = 3
        case cancelled = 4
    }

    var conversation: [UInt8]
    /// The message's.
    var id: [UInt8]
    var isOwn: Bool
    /// When it was picked, or announced by its sender's clock, in milliseconds since 1970.
    var time: UInt64
    /// Its message's place in the log.
    var order: UInt64
    /// Both empty for a voice message, which is masked like a text, and for what was cancelled.
    var name: Text
    var type: Text
    var geometry: FileGeometry
    var kind: FileKind
    var phase: Phase
    /// What the host keeps of it goes by this name. Empty: nothing is kept.
    var storage: [UInt8]
    /// While it is offered: what seals its chunks, and what they must come to.
    var seal: FileSeal?
    /// By the user, on this device.
    var isPaused = false
    var hasReadableCopy = false
    /// Why it failed.
    var fault: Problem = .none
    /// Its blobs at the node. Where the file is not on its way any more: those that are still to be deleted.
    var blobs: [[UInt8]] = []
    /// How many of them the node has, if the file is ours.
    var blobsStored: UInt32 = 0

    // Of this run only.

    /// What is to be announced once it is sealed.
    var announcement: FileAnnouncement?
    /// How many chunks the recipient has stored, by its last word.
    var chunks: UInt32 = 0
    var activity = FileActivity.none
    /// When the activity began, or last came forward.
    var activeSince: UInt64 = 0
    /// How often in a row it was begun anew because it did not come forward.
    var stalls: UInt64 = 0
    /// The other side has paused it.
    var isPausedThere = false
    /// Since when it has been waiting for a channel.
    var waitingSince: UInt64?

    /// Every blob is at the node.
    var isAtNode: Bool { !blobs.isEmpty && (!isOwn || blobsStored == UInt32(blobs.count)) }

    var state: FileState {
        switch phase {
        case .sealing: .sealing
        case .complete: .complete
        case .failed: .failed
        case .cancelled: .cancelled
        case .offered:
            if isPaused {
                .pausedHere
            } else if isPausedThere {
                .pausedThere
            } else if activity != .none {
                .moving
            } else {
                isAtNode ? .atNode : .waiting
            }
        }
    }

    /// How many chunks are where they are to go.
    var chunksDone: UInt32 {
        if phase == .complete { return geometry.chunks }
        return isOwn && activity != .moving && blobsStored > 0
            ? min(blobsStored * FileGeometry.chunksPerBlob, geometry.chunks) : chunks
    }
}

/// What the host or the node is doing about a file.
enum FileActivity: Equatable {
    case none
    /// The host finds out how much of it is stored, before the sender is asked for the rest.
    case opening
    /// Its chunks go through a channel.
    case moving
    /// The host reads the next blob's chunks; the node stores them.
    case reading
    case putting
    /// The node hands out the next blob; the host stores its chunks.
    case fetching
    case storing
}

struct FileSeal: Equatable {
    var key: Secret
    var hash: [UInt8]
}

extension FileRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(fixed: id)
        writer.write(isOwn)
        writer.write(time)
        writer.write(order)
        writer.write(name)
        writer.write(type)
        writer.write(geometry.size)
        writer.write(kind.rawValue)
        writer.write(phase.rawValue)
        writer.write(opaque: storage)
        writer.write(optional: seal)
        writer.write(isPaused)
        writer.write(hasReadableCopy)
        writer.write(fault.rawValue)
        writer.writeVector { writer in
            for blob in blobs { writer.write(fixed: blob) }
        }
        writer.write(blobsStored)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        id = try reader.readFixed(16)
        isOwn = try reader.readBool()
        time = min(try reader.readUInt64(), Body.timeLimit)
        order = try reader.readUInt64()
        name = try reader.read()
        type = try reader.read()
        guard let geometry = FileGeometry(size: try reader.readUInt64()) else { throw .invalidValue }
        self.geometry = geometry
        kind = try FileKind(from: &reader)
        phase = try Phase(from: &reader)
        storage = try reader.readOpaque(limit: 16)
        seal = try reader.readOptional()
        isPaused = try reader.readBool()
        hasReadableCopy = try reader.readBool()
        fault = try Problem(from: &reader)
        var slice = try reader.readSlice()
        while !slice.isAtEnd { blobs.append(try slice.readFixed(32)) }
        blobsStored = try reader.readUInt32()
    }
}

extension FileSeal: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: key.exposed)
        writer.write(fixed: hash)
    }

    init(from reader: inout WireReader) throws(WireError) {
        key = Secret(try reader.readFixed(FileAnnouncement.keyLength))
        hash = try reader.readFixed(32)
    }
}
