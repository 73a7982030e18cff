import Trust
import WireFormat

extension Content: WireCodable {
    private static let formatVersion: UInt8 = 1

    package func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(fixed: id)
        writer.write(sequence)
        writer.write(base)
        writer.write(time)
        writer.write(body)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt8() == Self.formatVersion else { throw .invalidValue }
        id = try reader.readFixed(16)
        sequence = try reader.readUInt64()
        base = try reader.readUInt64()
        time = try reader.readUInt64()
        body = try reader.read()
        guard body.isOrdered == (sequence > 0), base <= sequence || sequence == 0, sequence < Body.sequenceLimit else {
            throw .invalidValue
        }
    }
}

extension Body: WireCodable {
    package func encode(into writer: inout WireWriter) {
        switch self {
        case .text(let text):
            writer.write(UInt8(0))
            writer.write(text)
        case .profile(let name):
            writer.write(UInt8(1))
            writer.write(name)
        case .countersignature(let countersignature):
            writer.write(UInt8(2))
            writer.write(opaque: countersignature)
        case .mailbox(let mailbox):
            writer.write(UInt8(3))
            writer.write(mailbox)
        case .receipts(let receipts):
            writer.write(UInt8(4))
            writer.write(receipts.have)
            writer.write(optional: receipts.seen)
            writer.write(identifiers: receipts.delivered)
            writer.write(identifiers: receipts.read)
        case .hello(let hello):
            writer.write(UInt8(5))
            writer.write(hello.wantsAnswer)
            writer.write(hello.have)
            writer.write(optional: hello.seen)
            writer.write(hello.stateVersion)
            writer.write(fixed: hello.stateHash)
            writer.write(hello.calls.rawValue)
        case .signal(let session, let kind, let text):
            writer.write(UInt8(6))
            writer.write(fixed: session)
            writer.write(kind.rawValue)
            writer.write(text)
        case .resend(let from, let through):
            writer.write(UInt8(7))
            writer.write(from)
            writer.write(through)
        case .greeting(let greeting):
            writer.write(UInt8(8))
            writer.write(fixed: greeting.slot)
            writer.write(greeting.name)
            writer.write(greeting.mailbox)
            writer.write(greeting.have)
        case .file(let announcement):
            writer.write(UInt8(9))
            writer.write(announcement)
        case .fileStatus(let status):
            writer.write(UInt8(10))
            writer.write(status)
        case .fileRequest(let request):
            writer.write(UInt8(11))
            writer.write(request)
        case .call(let message):
            message.encode(into: &writer)
        case .missedCall(let missed):
            writer.write(UInt8(14))
            writer.write(missed)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .text(try reader.readText(upTo: Self.textLimit))
        case 1: self = .profile(name: try reader.readText(upTo: Self.nameLimit))
        case 2: self = .countersignature(try reader.readOpaque())
        case 3: self = .mailbox(try reader.read())
        case 4:
            self = .receipts(
                Receipts(
                    have: try reader.read(), seen: try reader.readOptional(),
                    delivered: try reader.readIdentifiers(limit: Self.receiptsLimit),
                    read: try reader.readIdentifiers(limit: Self.receiptsLimit)))
        case 5:
            self = .hello(
                Hello(
                    wantsAnswer: try reader.readBool(), have: try reader.read(), seen: try reader.readOptional(),
                    stateVersion: try reader.readUInt64(), stateHash: try reader.readFixed(32),
                    calls: try CallSupport(from: &reader)))
        case 6:
            self = .signal(
                session: try reader.readFixed(16), kind: try SignalKind(from: &reader),
                try reader.readText(upTo: Self.signalLimit))
        case 7: self = .resend(from: try reader.readUInt64(), through: try reader.readUInt64())
        case 8:
            self = .greeting(
                Greeting(
                    slot: try reader.readFixed(16), name: try reader.readText(upTo: Self.nameLimit),
                    mailbox: try reader.read(), have: try reader.read()))
        case 9: self = .file(try reader.read())
        case 10: self = .fileStatus(try reader.read())
        case 11: self = .fileRequest(try reader.read())
        case 12: self = .call(try CallMessage(wordFrom: &reader))
        case 13: self = .call(try CallMessage(signalFrom: &reader))
        case 14: self = .missedCall(try reader.read())
        default: throw .invalidValue
        }
    }
}

extension Seen: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(epoch)
        writer.write(generation)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        epoch = try reader.readUInt64()
        generation = try reader.readUInt32()
    }
}

extension Have: WireCodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(sequence)
        writer.write(fixed: id)
        writer.write(identifiers: refused)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        sequence = try reader.readUInt64()
        id = try reader.readFixed(16)
        refused = try reader.readIdentifiers(limit: Self.refusedLimit)
        guard sequence < Body.sequenceLimit else { throw .invalidValue }
    }
}

extension WireWriter {
    /// A vector of 16-byte identifiers.
    mutating func write(identifiers: [[UInt8]]) {
        writeVector { writer in
            for identifier in identifiers { writer.write(fixed: identifier) }
        }
    }
}

extension WireReader {
    mutating func readIdentifiers(limit: Int) throws(WireError) -> [[UInt8]] {
        var inner = try readSlice()
        var identifiers: [[UInt8]] = []
        while !inner.isAtEnd {
            guard identifiers.count < limit else { throw .tooLong }
            identifiers.append(try inner.readFixed(16))
        }
        return identifiers
    }

    mutating func readText(upTo limit: Int) throws(WireError) -> Text {
        guard let text = Text(validating: try readOpaque(limit: limit)) else { throw .invalidValue }
        return text
    }
}
