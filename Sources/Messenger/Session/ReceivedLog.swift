import WireFormat

/// Which of the peer's numbered messages have been received.
struct ReceivedLog: Equatable {
    enum Verdict: Equatable {
        /// The one that was awaited.
        case next
        /// Received before.
        case duplicate
        /// An earlier one is missing.
        case early
    }

    /// So many message ids are remembered: a message that was given up and is sent again has a new number, but its id.
    private static let remembered = 256

    /// Up to here everything was received, or will never come.
    private(set) var have = Have.nothing
    private var ids: [[UInt8]] = []

    init() {}

    func verdict(on content: Content) -> Verdict {
        if content.sequence <= have.sequence { return .duplicate }
        return content.sequence == have.sequence + 1 ? .next : .early
    }

    /// Whether a message of this id was received, under whatever number.
    func knows(_ id: [UInt8]) -> Bool {
        ids.contains(id)
    }

    /// The awaited message was received.
    mutating func advance(to content: Content) {
        have = Have(sequence: content.sequence, id: content.id)
        ids.append(content.id)
        if ids.count > Self.remembered { ids.removeFirst() }
    }

    /// The messages up to this number will not come.
    mutating func skip(through sequence: UInt64) {
        guard sequence > have.sequence else { return }
        have = Have(sequence: sequence, id: noConversation)
    }
}

extension ReceivedLog: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(have)
        writer.write(identifiers: ids)
    }

    init(from reader: inout WireReader) throws(WireError) {
        have = try reader.read()
        ids = try reader.readIdentifiers(limit: Self.remembered)
    }
}
