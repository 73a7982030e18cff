import WireFormat

extension Output: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(vector: writes)
        writer.write(vector: reads)
        writer.write(connection.rawValue)
        writer.writeVector { writer in
            for frame in toNode { writer.write(opaque: frame) }
        }
        writer.write(relay != nil)
        if let relay { writer.write(relay) }
        writer.write(vector: channels)
        writer.write(vector: files)
        writer.write(vector: calls)
        writer.write(items: events)
        writer.write(nextTimeout != nil)
        if let nextTimeout { writer.write(nextTimeout) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        writes = try reader.readVector()
        reads = try reader.readVector()
        connection = try ConnectionAction(from: &reader)
        var frames = try reader.readSlice()
        while !frames.isAtEnd { toNode.append(try frames.readOpaque()) }
        relay = try reader.readBool() ? try reader.read() : nil
        channels = try reader.readVector()
        files = try reader.readVector()
        calls = try reader.readVector()
        events = try reader.readItems()
        nextTimeout = try reader.readBool() ? try reader.readUInt64() : nil
    }
}

extension Write: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(store.rawValue)
        writer.write(opaque: key)
        writer.write(value != nil)
        if let value { writer.write(opaque: value) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let store = try Store(from: &reader)
        let key = try reader.readOpaque()
        self.init(store: store, key: key, value: try reader.readBool() ? try reader.readOpaque() : nil)
    }
}

extension Read: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(store.rawValue)
        writer.write(fixed: key)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(store: try Store(from: &reader), key: try reader.readFixed(32))
    }
}

extension RelayAccess: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .off: writer.write(UInt8(0))
        case .refused: writer.write(UInt8(1))
        case .granted(let grant):
            writer.write(UInt8(2))
            writer.write(grant.username)
            writer.write(grant.password)
            writer.write(grant.until)
            writer.write(grant.udpPort)
            writer.write(grant.tcpPort)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .off
        case 1: self = .refused
        case 2:
            self = .granted(
                RelayGrant(
                    username: try reader.read(), password: try reader.read(), until: try reader.readUInt64(),
                    udpPort: try reader.readUInt16(), tcpPort: try reader.readUInt16()))
        default: throw .invalidValue
        }
    }
}

extension ChannelAction: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .connect(let device, let initiator, let relayOnly):
            writer.write(UInt8(0))
            writer.write(fixed: device)
            writer.write(initiator)
            writer.write(relayOnly)
        case .remoteSignal(let device, let kind, let value):
            writer.write(UInt8(1))
            writer.write(fixed: device)
            writer.write(kind.rawValue)
            writer.write(value)
        case .send(let device, let value):
            writer.write(UInt8(2))
            writer.write(fixed: device)
            writer.write(opaque: value)
        case .close(let device):
            writer.write(UInt8(3))
            writer.write(fixed: device)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .connect(
                device: try reader.readFixed(16), initiator: try reader.readBool(), relayOnly: try reader.readBool())
        case 1:
            self = .remoteSignal(
                device: try reader.readFixed(16), kind: try SignalKind(from: &reader), try reader.read())
        case 2: self = .send(device: try reader.readFixed(16), try reader.readOpaque())
        case 3: self = .close(device: try reader.readFixed(16))
        default: throw .invalidValue
        }
    }
}
