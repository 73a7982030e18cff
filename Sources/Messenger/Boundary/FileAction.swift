/// What the engine asks of its host about files. `file` is the message's id, `storage` the name of what the host keeps of it:
/// sealed chunks one after the other (``FileGeometry``). The bytes themselves never come here, but for what goes through the
/// node.
public enum FileAction: Equatable, Sendable {
    /// Seals what the user picked, under `ticket`. Answered by ``Input/fileSealed(file:hash:)`` or
    /// ``Input/fileFailed(file:_:)``.
    case seal(file: [UInt8], ticket: UInt32, storage: [UInt8], key: [UInt8], size: UInt64)
    /// Streams a file of so many chunks to the device, through a channel of the file's own, on which the device says first from
    /// which chunk on. Where the file is being sent already, it begins anew.
    case send(device: [UInt8], file: [UInt8], storage: [UInt8], chunks: UInt32)
    /// Takes the file's chunks from the device. Answered at once by ``Input/fileProgress(file:chunks:)`` with the number of
    /// whole chunks that are stored already, from which on the sender is then asked; in the end by
    /// ``Input/fileReceived(file:)`` or ``Input/fileFailed(file:_:)``.
    case receive(device: [UInt8], file: [UInt8], storage: [UInt8], key: [UInt8], size: UInt64, hash: [UInt8])
    /// Ends the transfer. What is stored stays.
    case stop(file: [UInt8])
    /// Asks for sealed chunks that are to go through the node. Answered by ``Input/fileBytes(file:from:_:)``.
    case read(file: [UInt8], storage: [UInt8], from: UInt32, count: UInt32)
    /// Appends sealed chunks that came through the node, those that are stored already left out. Answered by
    /// ``Input/fileProgress(file:chunks:)``, or like ``receive(device:file:storage:key:size:hash:)`` in the end.
    case store(
        file: [UInt8], storage: [UInt8], key: [UInt8], size: UInt64, hash: [UInt8], from: UInt32, chunks: [UInt8])
    /// Ends the transfer and deletes what is stored.
    case delete(file: [UInt8], storage: [UInt8])
    /// Decrypts a whole file, for the user to see or to keep.
    case open(
        file: [UInt8], storage: [UInt8], key: [UInt8], size: UInt64, name: Text, type: Text, purpose: FilePurpose)
    /// After unlocking: all that is to be kept. The host deletes everything else.
    case inventory([StoredFile])
}

/// A file that the host keeps.
public struct StoredFile: Equatable, Sendable {
    public let file: [UInt8]
    public let storage: [UInt8]
    /// So many bytes must be there, or the host answers ``Input/fileFailed(file:_:)`` with ``FileFault/storage``. 0: the file
    /// may be incomplete or missing; if some of it is there, ``Input/fileProgress(file:chunks:)`` says how much.
    public let length: UInt64

    public init(file: [UInt8], storage: [UInt8], length: UInt64) {
        self.file = file
        self.storage = storage
        self.length = length
    }
}

public enum FilePurpose: UInt8, Sendable {
    /// To be shown, from memory.
    case view = 0
    /// To be kept as a readable copy outside the vault.
    case readableCopy = 1
}

/// What the user has picked to be sent, or has recorded.
public struct FileDescription: Equatable, Sendable {
    public let name: Text
    public let type: Text
    /// In bytes.
    public let size: UInt64
    public let kind: FileKind
    /// Of a voice message.
    public let durationMs: UInt32
    /// Of a voice message: one byte for each bar.
    public let waveform: [UInt8]

    public init(
        name: Text, type: Text, size: UInt64, kind: FileKind = .file, durationMs: UInt32 = 0, waveform: [UInt8] = []
    ) {
        self.name = name
        self.type = type
        self.size = size
        self.kind = kind
        self.durationMs = durationMs
        self.waveform = waveform
    }
}

public enum FileKind: UInt8, Sendable {
    case file = 0
    case voice = 1
}

/// Why the host could not do what it was asked.
public enum FileFault: UInt8, Sendable {
    /// There is no room for it.
    case full = 0
    /// What the user picked cannot be read any more.
    case unreadable = 1
    /// A chunk or the whole is not what its sender sealed.
    case damaged = 2
    /// What was stored is not there, or storing failed.
    case storage = 3
}

/// What is shown of a file beside its message.
public struct FileSummary: Equatable, Sendable {
    /// Of a voice message empty while masked, like `type`, `durationMs` and `waveform`.
    public let name: Text
    public let type: Text
    public let size: UInt64
    public let kind: FileKind
    public let durationMs: UInt32
    public let waveform: [UInt8]
    public let state: FileState
    /// How many of its chunks are where they are to go.
    public let chunks: UInt32
    /// Whether this device holds a readable copy, as far as we know.
    public let hasReadableCopy: Bool

    package init(
        name: Text, type: Text, size: UInt64, kind: FileKind, durationMs: UInt32, waveform: [UInt8], state: FileState,
        chunks: UInt32, hasReadableCopy: Bool
    ) {
        self.name = name
        self.type = type
        self.size = size
        self.kind = kind
        self.durationMs = durationMs
        self.waveform = waveform
        self.state = state
        self.chunks = chunks
        self.hasReadableCopy = hasReadableCopy
    }
}

/// How far a file is. Whether its announcement was sent, delivered and read is its message's state.
public enum FileState: UInt8, Sendable {
    case sealing = 0
    /// Nothing moves before both are there.
    case waiting = 1
    case moving = 2
    case pausedHere = 3
    case pausedThere = 4
    case atNode = 5
    /// The recipient has the whole file and has checked it.
    case complete = 6
    case failed = 7
    case cancelled = 8
}
