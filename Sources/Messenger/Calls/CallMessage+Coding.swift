import WireFormat

// Bodies 12 and 13 are both messages of a call's stream; the latter holds its signals.
extension CallMessage {
    func encode(into writer: inout WireWriter) {
        guard case .signal(let kind, let isLast, let piece) = word else {
            writer.write(UInt8(12))
            writeStream(into: &writer)
            let (what, video, support) = word.fields
            writer.write(what)
            writer.write(video)
            writer.write(support.rawValue)
            if case .answer(_, _, let nonce) = word { writer.write(fixed: nonce) }
            return
        }
        writer.write(UInt8(13))
        writeStream(into: &writer)
        writer.write(kind.rawValue)
        writer.write(isLast)
        writer.write(opaque: piece)
    }

    private func writeStream(into writer: inout WireWriter) {
        writer.write(fixed: call)
        writer.write(number)
        writer.write(received)
    }

    /// Body 12.
    init(wordFrom reader: inout WireReader) throws(WireError) {
        call = try reader.readFixed(16)
        number = try reader.readUInt32()
        received = try reader.readUInt32()
        word = try CallWord(from: &reader)
        // Only these two may stand outside the order.
        guard number > 0 ? word != .alive : word == .alive || word == .hangUp else { throw .invalidValue }
    }

    /// Body 13.
    init(signalFrom reader: inout WireReader) throws(WireError) {
        call = try reader.readFixed(16)
        number = try reader.readUInt32()
        received = try reader.readUInt32()
        word = .signal(
            kind: try CallSignalKind(from: &reader), isLast: try reader.readBool(),
            piece: try reader.readOpaque(limit: Self.pieceLimit))
        guard number > 0 else { throw .invalidValue }
    }
}

extension CallWord {
    /// What a word without a signal says: which it is, and what only some of them mean.
    fileprivate var fields: (what: UInt8, video: Bool, support: CallSupport) {
        switch self {
        case .ring(let video, let support): (0, video, support)
        case .ringing(let support): (1, false, support)
        case .answer(let video, let support, _): (2, video, support)
        case .decline: (3, false, .unknown)
        case .busy: (4, false, .unknown)
        case .hangUp: (5, false, .unknown)
        case .alive, .signal: (6, false, .unknown)
        case .unable: (7, false, .unknown)
        case .moved: (8, false, .unknown)
        }
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        let what = try reader.readUInt8()
        let video = try reader.readBool()
        let support = try CallSupport(from: &reader)
        switch what {
        case 0: self = .ring(video: video, support)
        case 1: self = .ringing(support)
        case 2: self = .answer(video: video, support, nonce: try reader.readFixed(16))
        case 3: self = .decline
        case 4: self = .busy
        case 5: self = .hangUp
        case 6: self = .alive
        case 7: self = .unable
        case 8: self = .moved
        default: throw .invalidValue
        }
    }
}

extension MissedCall: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(fixed: call)
        writer.write(video)
        writer.write(time)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        call = try reader.readFixed(16)
        video = try reader.readBool()
        time = try reader.readUInt64()
    }
}
