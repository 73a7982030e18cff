import WireFormat

/// Which of the peer's numbered messages have been received.
package struct ReceivedLog: Equatable {
    package enum Verdict: Equatable {
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
    package private(set) var have = Have.nothing
    private var ids: [[UInt8]] = []

    package init() {}

    package func verdict(on content: Content) -> Verdict {
        if content.sequence <= have.sequence { return .duplicate }
        return content.sequence == have.sequence + 1 ? .next : .early
    }

    /// Whether a message of this id was received, under whatever number.
    package func knows(_ id: [UInt8]) -> Bool {
        ids.contains(id)
    }

    /// The awaited message was received.
    package mutating func advance(to content: Content) {
        have = Have(sequence: content.sequence, id: content.id)
        ids.append(content.id)
        if ids.count > Self.remembered { ids.removeFirst() }
    }

    /// The messages up to this number will not come.
    package mutating func skip(through sequence: UInt64) {
        guard sequence > have.sequence else { return }
        have = Have(sequence: sequence, id: noConversation)
    }
}

extension ReceivedLog: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(have)
        writer.write(identifiers: ids)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        have = try reader.read()
        ids = try reader.readIdentifiers(limit: Self.remembered)
    }
}
