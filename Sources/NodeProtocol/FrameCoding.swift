import WireFormat

extension ClientFrame: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .hello(let version, let role, let bubble, let device, let nonce):
            writer.write(UInt8(0))
            writer.write(version)
            writer.write(role.rawValue)
            writer.write(fixed: bubble)
            writer.write(fixed: device)
            writer.write(fixed: nonce)
        case .authenticate(let signature):
            writer.write(UInt8(1))
            writer.write(fixed: signature)
        case .request(let id, let request):
            writer.write(UInt8(2))
            writer.write(id)
            writer.write(request)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            let version = try reader.readUInt16()
            let role = try SessionRole(from: &reader)
            self = .hello(
                version: version, role: role, bubble: try reader.readFixed(16), device: try reader.readFixed(16),
                nonce: try reader.readFixed(32))
        case 1: self = .authenticate(signature: try reader.readFixed(64))
        case 2: self = .request(id: try reader.readUInt32(), try reader.read())
        default: throw .invalidValue
        }
    }
}

extension NodeFrame: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .challenge(let version, let nodeKey, let nonce, let signature, let time):
            writer.write(UInt8(0))
            writer.write(version)
            writer.write(fixed: nodeKey)
            writer.write(fixed: nonce)
            writer.write(fixed: signature)
            writer.write(time)
        case .established:
            writer.write(UInt8(1))
        case .response(let id, let response):
            writer.write(UInt8(2))
            writer.write(id)
            writer.write(response)
        case .push(let push):
            writer.write(UInt8(3))
            writer.write(push)
        case .goodbye(let refusal):
            writer.write(UInt8(4))
            writer.write(refusal.rawValue)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .challenge(
                version: try reader.readUInt16(), nodeKey: try reader.readFixed(32), nonce: try reader.readFixed(32),
                signature: try reader.readFixed(64), time: try reader.readUInt64())
        case 1: self = .established
        case 2: self = .response(id: try reader.readUInt32(), try reader.read())
        case 3: self = .push(try reader.read())
        case 4: self = .goodbye(try reader.read())
        default: throw .invalidValue
        }
    }
}

extension Push: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .envelope(let mailbox, let sequence, let envelope):
            writer.write(UInt8(0))
            writer.write(fixed: mailbox)
            writer.write(sequence)
            writer.write(opaque: envelope)
        case .bubbleState(let version):
            writer.write(UInt8(1))
            writer.write(version)
        case .invitationRedeemed(let invitation):
            writer.write(UInt8(2))
            writer.write(fixed: invitation)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .envelope(
                mailbox: try reader.readFixed(16), sequence: try reader.readUInt64(), envelope: try reader.readOpaque())
        case 1: self = .bubbleState(version: try reader.readUInt64())
        case 2: self = .invitationRedeemed(invitation: try reader.readFixed(16))
        default: throw .invalidValue
        }
    }
}

extension Refusal: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(rawValue)
    }
}

extension StoredEnvelope: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(sequence)
        writer.write(opaque: envelope)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(sequence: try reader.readUInt64(), envelope: try reader.readOpaque())
    }
}
