import WireFormat

extension ScryptParameters: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(n)
        writer.write(r)
        writer.write(p)
        writer.write(opaque: salt)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            n: try reader.readUInt64(), r: try reader.readUInt32(), p: try reader.readUInt32(),
            salt: try reader.readOpaque())
    }
}

extension Profile: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(ownName)
        writer.write(fixed: ownMember)
        writer.write(isOperator)
        writer.write(mayInvite)
        writer.write(settings)
        writer.write(recoverySaved)
        writer.write(confirmed)
        writer.write(recoveryMade)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            ownName: try reader.read(), ownMember: try reader.readFixed(16), isOperator: try reader.readBool(),
            mayInvite: try reader.readBool(), settings: try reader.read(), recoverySaved: try reader.readBool(),
            confirmed: try reader.readBool(), recoveryMade: try reader.readUInt64())
    }
}

extension ConversationSummary: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(fixed: member)
        writer.write(fixed: device)
        writer.write(name)
        writer.write(selfName)
        writer.write(petname)
        writer.write(verified)
        writer.write(removed)
        writer.write(unread)
        writer.write(lastTime)
        writer.write(connection.rawValue)
        writer.write(nameCollision)
        writer.write(gap)
        writer.write(warning)
        writer.write(calls.rawValue)
        writer.write(unmasked)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            conversation: try reader.readFixed(16), member: try reader.readFixed(16), device: try reader.readFixed(16),
            name: try reader.read(), selfName: try reader.read(), petname: try reader.read(),
            verified: try reader.readBool(), removed: try reader.readBool(), unread: try reader.readUInt32(),
            lastTime: try reader.readUInt64(), connection: try ConnectionState(from: &reader),
            nameCollision: try reader.readBool(), gap: try reader.readBool(), warning: try reader.readBool(),
            calls: try CallSupport(from: &reader), unmasked: try reader.readBool())
    }
}

extension MessageSummary: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: id)
        writer.write(isOwn)
        writer.write(time)
        writer.write(order)
        writer.write(state.rawValue)
        writer.write(kind.rawValue)
        writer.write(notice.rawValue)
        writer.write(isMasked)
        writer.write(text)
        writer.write(failure.rawValue)
        writer.write(optional: file)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            id: try reader.readFixed(16), isOwn: try reader.readBool(), time: try reader.readUInt64(),
            order: try reader.readUInt64(), state: try MessageState(from: &reader),
            kind: try MessageKind(from: &reader), notice: try Notice(from: &reader), isMasked: try reader.readBool(),
            text: try reader.read(), failure: try Problem(from: &reader), file: try reader.readOptional())
    }
}

extension InvitationSummary: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: invitation)
        writer.write(created)
        writer.write(expires)
        writer.write(state.rawValue)
        writer.write(label)
        writer.write(guest)
        writer.write(isShowable)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            invitation: try reader.readFixed(16), created: try reader.readUInt64(), expires: try reader.readUInt64(),
            state: try InvitationState(from: &reader), label: try reader.read(), guest: try reader.read(),
            isShowable: try reader.readBool())
    }
}
