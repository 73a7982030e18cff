import WireFormat

extension FileAction: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .seal(let file, let ticket, let storage, let key, let size):
            writer.write(UInt8(0))
            writer.write(fixed: file)
            writer.write(ticket)
            writer.write(fixed: storage)
            writer.write(fixed: key)
            writer.write(size)
        case .send(let device, let file, let storage, let chunks):
            writer.write(UInt8(1))
            writer.write(fixed: device)
            writer.write(fixed: file)
            writer.write(fixed: storage)
            writer.write(chunks)
        case .receive(let device, let file, let storage, let key, let size, let hash):
            writer.write(UInt8(2))
            writer.write(fixed: device)
            writer.write(fixed: file)
            writer.write(fixed: storage)
            writer.write(fixed: key)
            writer.write(size)
            writer.write(fixed: hash)
        case .stop(let file):
            writer.write(UInt8(3))
            writer.write(fixed: file)
        case .read(let file, let storage, let from, let count):
            writer.write(UInt8(4))
            writer.write(fixed: file)
            writer.write(fixed: storage)
            writer.write(from)
            writer.write(count)
        case .store(let file, let storage, let key, let size, let hash, let from, let chunks):
            writer.write(UInt8(5))
            writer.write(fixed: file)
            writer.write(fixed: storage)
            writer.write(fixed: key)
            writer.write(size)
            writer.write(fixed: hash)
            writer.write(from)
            writer.write(opaque: chunks)
        case .delete(let file, let storage):
            writer.write(UInt8(6))
            writer.write(fixed: file)
            writer.write(fixed: storage)
        case .open(let file, let storage, let key, let size, let name, let type, let purpose):
            writer.write(UInt8(7))
            writer.write(fixed: file)
            writer.write(fixed: storage)
            writer.write(fixed: key)
            writer.write(size)
            writer.write(name)
            writer.write(type)
            writer.write(purpose.rawValue)
        case .inventory(let files):
            writer.write(UInt8(8))
            writer.write(vector: files)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .seal(
                file: try reader.readFixed(16), ticket: try reader.readUInt32(), storage: try reader.readFixed(16),
                key: try reader.readFixed(32), size: try reader.readUInt64())
        case 1:
            self = .send(
                device: try reader.readFixed(16), file: try reader.readFixed(16), storage: try reader.readFixed(16),
                chunks: try reader.readUInt32())
        case 2:
            self = .receive(
                device: try reader.readFixed(16), file: try reader.readFixed(16), storage: try reader.readFixed(16),
                key: try reader.readFixed(32), size: try reader.readUInt64(), hash: try reader.readFixed(32))
        case 3: self = .stop(file: try reader.readFixed(16))
        case 4:
            self = .read(
                file: try reader.readFixed(16), storage: try reader.readFixed(16), from: try reader.readUInt32(),
                count: try reader.readUInt32())
        case 5:
            self = .store(
                file: try reader.readFixed(16), storage: try reader.readFixed(16), key: try reader.readFixed(32),
                size: try reader.readUInt64(), hash: try reader.readFixed(32), from: try reader.readUInt32(),
                chunks: try reader.readOpaque())
        case 6: self = .delete(file: try reader.readFixed(16), storage: try reader.readFixed(16))
        case 7:
            self = .open(
                file: try reader.readFixed(16), storage: try reader.readFixed(16), key: try reader.readFixed(32),
                size: try reader.readUInt64(), name: try reader.read(), type: try reader.read(),
                purpose: try FilePurpose(from: &reader))
        case 8: self = .inventory(try reader.readVector())
        default: throw .invalidValue
        }
    }
}

extension StoredFile: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: file)
        writer.write(fixed: storage)
        writer.write(length)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            file: try reader.readFixed(16), storage: try reader.readFixed(16), length: try reader.readUInt64())
    }
}

extension FileDescription: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(type)
        writer.write(size)
        writer.write(kind.rawValue)
        writer.write(durationMs)
        writer.write(opaque: waveform)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            name: try reader.read(), type: try reader.read(), size: try reader.readUInt64(),
            kind: try FileKind(from: &reader), durationMs: try reader.readUInt32(), waveform: try reader.readOpaque())
    }
}

extension FileSummary: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(type)
        writer.write(size)
        writer.write(kind.rawValue)
        writer.write(durationMs)
        writer.write(opaque: waveform)
        writer.write(state.rawValue)
        writer.write(chunks)
        writer.write(hasReadableCopy)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            name: try reader.read(), type: try reader.read(), size: try reader.readUInt64(),
            kind: try FileKind(from: &reader), durationMs: try reader.readUInt32(), waveform: try reader.readOpaque(),
            state: try FileState(from: &reader), chunks: try reader.readUInt32(),
            hasReadableCopy: try reader.readBool())
    }
}
