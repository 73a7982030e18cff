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
        /// Its number was another's: the sender's storage was set back, and it has to number it anew.
        case numberUsed
    }

    /// The number of messages whose ids are remembered. A message that was given up and is sent again has a new number and
    /// its old id; one of a sender whose storage was set back has a used number and another id.
    private static let remembered = 512
    private static let prefixLength = 8

    /// Up to here everything was received, or will never come.
    package private(set) var have = Have(sequence: 0, id: noConversation)
    /// The beginnings of the last messages' ids.
    private var prefixes: [[UInt8]] = []

    package init() {}

    package func verdict(on content: Content) -> Verdict {
        if content.sequence > have.sequence { return content.sequence == have.sequence + 1 ? .next : .early }
        let isRecent = have.sequence - content.sequence < UInt64(Self.remembered)
        return isRecent && !knows(content.id) ? .numberUsed : .duplicate
    }

    /// Whether a message of this id was received, under whatever number.
    package func knows(_ id: [UInt8]) -> Bool {
        let prefix = [UInt8](id.prefix(Self.prefixLength))
        return prefixes.contains(prefix)
    }

    /// The awaited message was received.
    package mutating func advance(to content: Content) {
        have.sequence = content.sequence
        have.id = content.id
        have.refused.removeAll { $0 == content.id }
        prefixes.append([UInt8](content.id.prefix(Self.prefixLength)))
        if prefixes.count > Self.remembered { prefixes.removeFirst() }
    }

    /// The messages up to this number will not come.
    package mutating func skip(through sequence: UInt64) {
        guard sequence > have.sequence else { return }
        have.sequence = sequence
        have.id = noConversation
    }

    /// The message has to come again under another number.
    package mutating func refuse(_ content: Content) {
        guard !have.refused.contains(content.id) else { return }
        have.refused.append(content.id)
        if have.refused.count > Have.refusedLimit { have.refused.removeFirst() }
    }
}

extension ReceivedLog: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(have)
        writer.writeVector { writer in
            for prefix in prefixes { writer.write(fixed: prefix) }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        have = try reader.read()
        var slice = try reader.readSlice()
        while !slice.isAtEnd { prefixes.append(try slice.readFixed(Self.prefixLength)) }
    }
}
