import WireFormat

extension CallAction: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .start(let call, let device, let polite, let video, let relayOnly, let keys):
            writer.write(UInt8(0))
            writer.write(fixed: call)
            writer.write(fixed: device)
            writer.write(polite)
            writer.write(video)
            writer.write(relayOnly)
            writer.write(optional: keys)
        case .signal(let call, let kind, let value):
            writer.write(UInt8(1))
            writer.write(fixed: call)
            writer.write(kind.rawValue)
            writer.write(value)
        case .end(let call):
            writer.write(UInt8(2))
            writer.write(fixed: call)
        case .receiveKey(let call, let key):
            writer.write(UInt8(3))
            writer.write(fixed: call)
            writer.write(key)
        case .sendKey(let call, let key):
            writer.write(UInt8(4))
            writer.write(fixed: call)
            writer.write(key)
        case .forgetKey(let call, let id):
            writer.write(UInt8(5))
            writer.write(fixed: call)
            writer.write(id)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .start(
                call: try reader.readFixed(16), device: try reader.readFixed(16), polite: try reader.readBool(),
                video: try reader.readBool(), relayOnly: try reader.readBool(), keys: try reader.readOptional())
        case 1:
            self = .signal(
                call: try reader.readFixed(16), kind: try CallSignalKind(from: &reader), try reader.read())
        case 2: self = .end(call: try reader.readFixed(16))
        case 3: self = .receiveKey(call: try reader.readFixed(16), try reader.read())
        case 4: self = .sendKey(call: try reader.readFixed(16), try reader.read())
        case 5: self = .forgetKey(call: try reader.readFixed(16), id: try reader.readUInt8())
        default: throw .invalidValue
        }
    }
}

extension CallKey: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(id)
        writer.write(fixed: key)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(id: try reader.readUInt8(), key: try reader.readFixed(32))
    }
}

extension CallKeys: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(send)
        writer.write(receive)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(send: try reader.read(), receive: try reader.read())
    }
}

extension CallSummary: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: call)
        writer.write(fixed: conversation)
        writer.write(isOwn)
        writer.write(video)
        writer.write(encryption.rawValue)
        writer.write(state.rawValue)
        writer.write(reason.rawValue)
        writer.write(startedMs)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            call: try reader.readFixed(16), conversation: try reader.readFixed(16), isOwn: try reader.readBool(),
            video: try reader.readBool(), encryption: try CallEncryption(from: &reader),
            state: try CallState(from: &reader), reason: try CallReason(from: &reader),
            startedMs: try reader.readUInt64())
    }
}
