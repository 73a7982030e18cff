import MLS
import Trust
import WireFormat

extension Conversation: WireEncodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: id)
        writer.write(peer)
        writer.write(vector: groups)
        writer.write(nextSequence)
        writer.write(received)
        writer.write(messageCount)
        writer.write(unread)
        writer.write(lastTime)
        writer.write(identifiers: owed.delivered)
        writer.write(identifiers: owed.read)
        writer.write(owed.progress)
        writer.write(identifiers: recentReads)
        writer.write(vector: awaitingRead)
        writer.write(commitHint != nil)
        if let commitHint {
            writer.write(fixed: commitHint.group)
            writer.write(opaque: commitHint.sealed)
        }
        writer.write(hasWarning)
        writer.write(isUnmasked)
    }

    static func decode(_ bytes: [UInt8]) throws(WireError) -> Conversation {
        var reader = WireReader(bytes)
        let conversation = Conversation(id: try reader.readFixed(16), peer: try reader.read())
        conversation.groups = try reader.readVector()
        conversation.nextSequence = try reader.readUInt64()
        conversation.received = try reader.read()
        conversation.messageCount = try reader.readUInt64()
        conversation.unread = try reader.readUInt32()
        conversation.lastTime = try reader.readUInt64()
        conversation.owed.delivered = try reader.readIdentifiers(limit: .max)
        conversation.owed.read = try reader.readIdentifiers(limit: .max)
        conversation.owed.progress = try reader.readBool()
        conversation.recentReads = try reader.readIdentifiers(limit: .max)
        conversation.awaitingRead = try reader.readVector()
        if try reader.readBool() {
            conversation.commitHint = (try reader.readFixed(16), try reader.readOpaque())
        }
        conversation.hasWarning = try reader.readBool()
        // Records from before this choice end here.
        if !reader.isAtEnd { conversation.isUnmasked = try reader.readBool() }
        try reader.finish()
        return conversation
    }
}

extension ConversationGroup: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(group)
        writer.write(instance)
        writer.write(fixed: slot)
        writer.write(mustCreateSlot)
        writer.write(optional: pending)
        writer.write(ceiling)
        writer.write(optional: seen)
        writer.write(sinceCommit)
        writer.write(lastCommit)
    }

    init(from reader: inout WireReader) throws(WireError) {
        group = try reader.read()
        instance = try reader.readUInt32()
        slot = try reader.readFixed(16)
        mustCreateSlot = try reader.readBool()
        pending = try reader.readOptional()
        ceiling = try reader.readUInt32()
        seen = try reader.readOptional()
        sinceCommit = try reader.readUInt32()
        lastCommit = try reader.readUInt64()
    }
}

extension SealedPendingCommit: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(commit)
        writer.write(opaque: sealed)
    }

    init(from reader: inout WireReader) throws(WireError) {
        commit = try reader.read()
        sealed = try reader.readOpaque()
    }
}

extension AwaitedRead: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: id)
        writer.write(order)
        writer.write(time)
    }

    init(from reader: inout WireReader) throws(WireError) {
        id = try reader.readFixed(16)
        order = try reader.readUInt64()
        time = try reader.readUInt64()
    }
}

extension OutboxItem: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(fixed: id)
        writer.write(sequence)
        writer.write(time)
        writer.write(order != nil)
        writer.write(order ?? 0)
        writer.write(state.rawValue)
        writer.write(body)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        id = try reader.readFixed(16)
        sequence = try reader.readUInt64()
        time = try reader.readUInt64()
        let isShown = try reader.readBool()
        let order = try reader.readUInt64()
        self.order = isShown ? order : nil
        state = try State(from: &reader)
        body = try reader.read()
    }
}

extension HeldMessage: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(content)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        content = try reader.read()
    }
}

extension PendingIntroduction: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(optional: redemption)
        writer.write(instance)
        writer.write(chain)
        writer.write(opaque: welcome)
        writer.write(sent)
        writer.write(attempts)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        redemption = try reader.readOptional()
        instance = try reader.readUInt32()
        chain = try reader.read()
        welcome = try reader.readOpaque()
        sent = try reader.readUInt64()
        attempts = try reader.readUInt8()
    }
}
