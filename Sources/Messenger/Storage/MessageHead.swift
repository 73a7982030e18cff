import WireFormat

/// What the list of messages shows of one without opening it. Sealed apart from the text.
struct MessageHead: Equatable {
    var id: [UInt8]
    var isOwn: Bool
    var time: UInt64
    /// Its place in the conversation on this device.
    var order: UInt64
    var state: MessageState
    var kind: MessageKind
    var notice: Notice
    var failure: Problem
    /// A notice's argument.
    var argument: Text
    /// Whether the user has revealed it until they hide it.
    var isKept = false

    static func text(id: [UInt8], isOwn: Bool, time: UInt64, order: UInt64, state: MessageState) -> MessageHead {
        MessageHead(
            id: id, isOwn: isOwn, time: time, order: order, state: state, kind: .text, notice: .none, failure: .none,
            argument: .empty)
    }
}

extension MessageHead: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: id)
        writer.write(isOwn)
        writer.write(time)
        writer.write(order)
        writer.write(state.rawValue)
        writer.write(kind.rawValue)
        writer.write(notice.rawValue)
        writer.write(failure.rawValue)
        writer.write(argument)
        writer.write(isKept)
    }

    init(from reader: inout WireReader) throws(WireError) {
        id = try reader.readFixed(16)
        isOwn = try reader.readBool()
        // What was stored before times were looked at on arrival may be anything.
        time = min(try reader.readUInt64(), Body.timeLimit)
        order = try reader.readUInt64()
        state = try MessageState(from: &reader)
        kind = try MessageKind(from: &reader)
        notice = try Notice(from: &reader)
        failure = try Problem(from: &reader)
        argument = try reader.read()
        // Heads from before this choice end here.
        if !reader.isAtEnd { isKept = try reader.readBool() }
    }
}
