import CryptoPrimitives
import WireFormat

/// What the recipient of a file has to know of it. The file's id is the id of the message that says this.
package struct FileAnnouncement: Equatable {
    /// A single component of a path, fit for any system (``FileName``).
    package var name: Text
    /// A media type without parameters, or empty.
    package var type: Text
    package var geometry: FileGeometry
    /// Used for this file only.
    package var key: Secret
    /// Over its sealed chunks (``FileStream``).
    package var hash: [UInt8]
    package var kind: FileKind
    /// Of a voice message, as its waveform.
    package var durationMs: UInt32
    package var waveform: [UInt8]

    package static let nameLimit = 255
    package static let typeLimit = 127
    package static let waveformLimit = 128
    package static let keyLength = 32
}

/// What one side tells the other of a file.
package struct FileStatus: Equatable {
    package enum News: Equatable {
        /// The recipient has it and has checked its hash.
        case received
        /// By its sender, or declined by its recipient.
        case cancelled
        /// Its sealed chunks are at the node, in blobs with these ids, in order.
        case atNode(blobs: [[UInt8]])
    }

    /// The file.
    package var message: [UInt8]
    package var news: News

    package static let blobsLimit = 512
}

/// What one side asks of the other while there is a channel between them.
package struct FileRequest: Equatable {
    package enum Wish: Equatable {
        /// The chunks from this one on.
        case chunks(from: UInt32)
        /// No more chunks until the side that says this resumes.
        case pause
        /// Chunks may be asked for again.
        case resume
    }

    /// The file.
    package var message: [UInt8]
    package var wish: Wish
}

extension FileAnnouncement: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(type)
        writer.write(geometry.size)
        writer.write(fixed: key.exposed)
        writer.write(fixed: hash)
        writer.write(kind.rawValue)
        writer.write(durationMs)
        writer.write(opaque: waveform)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        name = try reader.readText(upTo: Self.nameLimit)
        type = try reader.readText(upTo: Self.typeLimit)
        guard let geometry = FileGeometry(size: try reader.readUInt64()) else { throw .invalidValue }
        self.geometry = geometry
        key = Secret(try reader.readFixed(Self.keyLength))
        hash = try reader.readFixed(32)
        kind = try FileKind(from: &reader)
        durationMs = try reader.readUInt32()
        waveform = try reader.readOpaque(limit: Self.waveformLimit)
    }
}

extension FileStatus: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(fixed: message)
        switch news {
        case .received: writer.write(UInt8(0))
        case .cancelled: writer.write(UInt8(1))
        case .atNode(let blobs):
            writer.write(UInt8(2))
            writer.writeVector { writer in
                for blob in blobs { writer.write(fixed: blob) }
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        message = try reader.readFixed(16)
        switch try reader.readUInt8() {
        case 0: news = .received
        case 1: news = .cancelled
        case 2:
            var slice = try reader.readSlice()
            var blobs: [[UInt8]] = []
            while !slice.isAtEnd {
                guard blobs.count < Self.blobsLimit else { throw .tooLong }
                blobs.append(try slice.readFixed(32))
            }
            news = .atNode(blobs: blobs)
        default: throw .invalidValue
        }
    }
}

extension FileRequest: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(fixed: message)
        switch wish {
        case .chunks(let from):
            writer.write(UInt8(0))
            writer.write(from)
        case .pause: writer.write(UInt8(1))
        case .resume: writer.write(UInt8(2))
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        message = try reader.readFixed(16)
        switch try reader.readUInt8() {
        case 0: wish = .chunks(from: try reader.readUInt32())
        case 1: wish = .pause
        case 2: wish = .resume
        default: throw .invalidValue
        }
    }
}
