import WireFormat

extension Input: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .start(let origin, let header, let throttle, let deviceSegment):
            writer.write(UInt8(0))
            writer.write(origin)
            writer.write(opaque: header)
            writer.write(opaque: throttle)
            writer.write(fixed: deviceSegment)
        case .openLink(let value):
            writer.write(UInt8(1))
            writer.write(value)
        case .enrol(let displayName, let passphraseSegment):
            writer.write(UInt8(2))
            writer.write(displayName)
            writer.write(fixed: passphraseSegment)
        case .unlock(let passphraseSegment, let records):
            writer.write(UInt8(3))
            writer.write(fixed: passphraseSegment)
            writer.write(vector: records)
        case .lock:
            writer.write(UInt8(4))
        case .nodeConnected:
            writer.write(UInt8(5))
        case .nodeDisconnected:
            writer.write(UInt8(6))
        case .nodeFrame(let value):
            writer.write(UInt8(7))
            writer.write(opaque: value)
        case .channelState(let device, let state, let path):
            writer.write(UInt8(8))
            writer.write(fixed: device)
            writer.write(state.rawValue)
            writer.write(path.rawValue)
        case .channelMessage(let device, let value):
            writer.write(UInt8(9))
            writer.write(fixed: device)
            writer.write(opaque: value)
        case .localSignal(let device, let kind, let value):
            writer.write(UInt8(10))
            writer.write(fixed: device)
            writer.write(kind.rawValue)
            writer.write(value)
        case .records(let value):
            writer.write(UInt8(11))
            writer.write(vector: value)
        case .tick:
            writer.write(UInt8(12))
        case .invite(let validForSeconds):
            writer.write(UInt8(13))
            writer.write(validForSeconds)
        case .withdrawInvitation(let value):
            writer.write(UInt8(14))
            writer.write(fixed: value)
        case .openConversation(let value):
            writer.write(UInt8(15))
            writer.write(fixed: value)
        case .olderMessages(let conversation):
            writer.write(UInt8(16))
            writer.write(fixed: conversation)
        case .closeConversation:
            writer.write(UInt8(17))
        case .send(let conversation, let value):
            writer.write(UInt8(18))
            writer.write(fixed: conversation)
            writer.write(value)
        case .reveal(let conversation, let message):
            writer.write(UInt8(19))
            writer.write(fixed: conversation)
            writer.write(fixed: message)
        case .verified(let member, let value):
            writer.write(UInt8(20))
            writer.write(fixed: member)
            writer.write(value)
        case .rename(let value):
            writer.write(UInt8(21))
            writer.write(value)
        case .petname(let member, let value):
            writer.write(UInt8(22))
            writer.write(fixed: member)
            writer.write(value)
        case .settings(let value):
            writer.write(UInt8(23))
            writer.write(value)
        case .recoveryFileSaved:
            writer.write(UInt8(24))
        case .recoveryFile(let passphraseSegment):
            writer.write(UInt8(25))
            writer.write(fixed: passphraseSegment)
        case .changePassphrase(let old, let new):
            writer.write(UInt8(26))
            writer.write(fixed: old)
            writer.write(fixed: new)
        case .retry(let conversation, let message):
            writer.write(UInt8(27))
            writer.write(fixed: conversation)
            writer.write(fixed: message)
        case .channelFingerprintMismatch(let device):
            writer.write(UInt8(28))
            writer.write(fixed: device)
        case .prepareFile(let conversation, let ticket, let value):
            writer.write(UInt8(30))
            writer.write(fixed: conversation)
            writer.write(ticket)
            writer.write(value)
        case .fileSealed(let file, let hash):
            writer.write(UInt8(31))
            writer.write(fixed: file)
            writer.write(fixed: hash)
        case .fileFailed(let file, let value):
            writer.write(UInt8(32))
            writer.write(fixed: file)
            writer.write(value.rawValue)
        case .fileReceived(let file):
            writer.write(UInt8(33))
            writer.write(fixed: file)
        case .fileBytes(let file, let from, let value):
            writer.write(UInt8(34))
            writer.write(fixed: file)
            writer.write(from)
            writer.write(opaque: value)
        case .pauseFile(let message, let value):
            writer.write(UInt8(35))
            writer.write(fixed: message)
            writer.write(value)
        case .cancelFile(let message):
            writer.write(UInt8(36))
            writer.write(fixed: message)
        case .openFile(let conversation, let message, let value):
            writer.write(UInt8(37))
            writer.write(fixed: conversation)
            writer.write(fixed: message)
            writer.write(value.rawValue)
        case .readableCopy(let message, let isKept):
            writer.write(UInt8(38))
            writer.write(fixed: message)
            writer.write(isKept)
        case .fileProgress(let file, let chunks):
            writer.write(UInt8(39))
            writer.write(fixed: file)
            writer.write(chunks)
        case .call(let conversation, let video):
            writer.write(UInt8(50))
            writer.write(fixed: conversation)
            writer.write(video)
        case .answerCall(let call, let video):
            writer.write(UInt8(51))
            writer.write(fixed: call)
            writer.write(video)
        case .declineCall(let call):
            writer.write(UInt8(52))
            writer.write(fixed: call)
        case .hangUp(let call):
            writer.write(UInt8(53))
            writer.write(fixed: call)
        case .callSignal(let call, let kind, let text):
            writer.write(UInt8(54))
            writer.write(fixed: call)
            writer.write(kind.rawValue)
            writer.write(text)
        case .callMedia(let call, let state):
            writer.write(UInt8(55))
            writer.write(fixed: call)
            writer.write(state.rawValue)
        case .callsSupported(let support):
            writer.write(UInt8(56))
            writer.write(support.rawValue)
        case .relayRefused(let username):
            writer.write(UInt8(57))
            writer.write(username)
        case .draft(let conversation, let text):
            writer.write(UInt8(58))
            writer.write(fixed: conversation)
            writer.write(text)
        case .voiceDraft(let conversation, let voice):
            writer.write(UInt8(59))
            writer.write(fixed: conversation)
            writer.write(optional: voice)
        case .hide(let conversation, let message):
            writer.write(UInt8(60))
            writer.write(fixed: conversation)
            writer.write(fixed: message)
        case .unmask(let conversation, let isUnmasked):
            writer.write(UInt8(61))
            writer.write(fixed: conversation)
            writer.write(isUnmasked)
        case .showInvitation(let id):
            writer.write(UInt8(62))
            writer.write(fixed: id)
        case .labelInvitation(let id, let label):
            writer.write(UInt8(63))
            writer.write(fixed: id)
            writer.write(label)
        case .beginAttempt:
            writer.write(UInt8(70))
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .start(
                origin: try reader.read(), header: try reader.readOpaque(), throttle: try reader.readOpaque(),
                deviceSegment: try reader.readFixed(32))
        case 1: self = .openLink(try reader.read())
        case 2: self = .enrol(displayName: try reader.read(), passphraseSegment: try reader.readFixed(32))
        case 3: self = .unlock(passphraseSegment: try reader.readFixed(32), records: try reader.readVector())
        case 4: self = .lock
        case 5: self = .nodeConnected
        case 6: self = .nodeDisconnected
        case 7: self = .nodeFrame(try reader.readOpaque())
        case 8:
            self = .channelState(
                device: try reader.readFixed(16), state: try ChannelState(from: &reader),
                path: try ChannelPath(from: &reader))
        case 9: self = .channelMessage(device: try reader.readFixed(16), try reader.readOpaque())
        case 10:
            self = .localSignal(
                device: try reader.readFixed(16), kind: try SignalKind(from: &reader), try reader.read())
        case 11: self = .records(try reader.readVector())
        case 12: self = .tick
        case 13: self = .invite(validForSeconds: try reader.readUInt32())
        case 14: self = .withdrawInvitation(try reader.readFixed(16))
        case 15: self = .openConversation(try reader.readFixed(16))
        case 16: self = .olderMessages(conversation: try reader.readFixed(16))
        case 17: self = .closeConversation
        case 18: self = .send(conversation: try reader.readFixed(16), try reader.read())
        case 19: self = .reveal(conversation: try reader.readFixed(16), message: try reader.readFixed(16))
        case 20: self = .verified(member: try reader.readFixed(16), try reader.readBool())
        case 21: self = .rename(try reader.read())
        case 22: self = .petname(member: try reader.readFixed(16), try reader.read())
        case 23: self = .settings(try reader.read())
        case 24: self = .recoveryFileSaved
        case 25: self = .recoveryFile(passphraseSegment: try reader.readFixed(32))
        case 26: self = .changePassphrase(old: try reader.readFixed(32), new: try reader.readFixed(32))
        case 27: self = .retry(conversation: try reader.readFixed(16), message: try reader.readFixed(16))
        case 28: self = .channelFingerprintMismatch(device: try reader.readFixed(16))
        case 30:
            self = .prepareFile(
                conversation: try reader.readFixed(16), ticket: try reader.readUInt32(), try reader.read())
        case 31: self = .fileSealed(file: try reader.readFixed(16), hash: try reader.readFixed(32))
        case 32: self = .fileFailed(file: try reader.readFixed(16), try FileFault(from: &reader))
        case 33: self = .fileReceived(file: try reader.readFixed(16))
        case 34:
            self = .fileBytes(
                file: try reader.readFixed(16), from: try reader.readUInt32(), try reader.readOpaque())
        case 35: self = .pauseFile(message: try reader.readFixed(16), try reader.readBool())
        case 36: self = .cancelFile(message: try reader.readFixed(16))
        case 37:
            self = .openFile(
                conversation: try reader.readFixed(16), message: try reader.readFixed(16),
                try FilePurpose(from: &reader))
        case 38: self = .readableCopy(message: try reader.readFixed(16), isKept: try reader.readBool())
        case 39: self = .fileProgress(file: try reader.readFixed(16), chunks: try reader.readUInt32())
        case 50: self = .call(conversation: try reader.readFixed(16), video: try reader.readBool())
        case 51: self = .answerCall(try reader.readFixed(16), video: try reader.readBool())
        case 52: self = .declineCall(try reader.readFixed(16))
        case 53: self = .hangUp(try reader.readFixed(16))
        case 54:
            self = .callSignal(
                try reader.readFixed(16), kind: try CallSignalKind(from: &reader), try reader.read())
        case 55: self = .callMedia(try reader.readFixed(16), try CallMediaState(from: &reader))
        case 56: self = .callsSupported(try CallSupport(from: &reader))
        case 57: self = .relayRefused(username: try reader.read())
        case 58: self = .draft(conversation: try reader.readFixed(16), try reader.read())
        case 59: self = .voiceDraft(conversation: try reader.readFixed(16), try reader.readOptional())
        case 60: self = .hide(conversation: try reader.readFixed(16), message: try reader.readFixed(16))
        case 61: self = .unmask(conversation: try reader.readFixed(16), try reader.readBool())
        case 62: self = .showInvitation(try reader.readFixed(16))
        case 63: self = .labelInvitation(try reader.readFixed(16), try reader.read())
        case 70: self = .beginAttempt
        default: throw .invalidValue
        }
    }
}

extension StoredRecord: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: key)
        writer.write(opaque: value)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(key: try reader.readFixed(32), value: try reader.readOpaque())
    }
}

extension Settings: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(revealSeconds)
        writer.write(idleLockSeconds)
        writer.write(readReceipts)
        writer.write(relayOnly)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            revealSeconds: try reader.readUInt16(), idleLockSeconds: try reader.readUInt16(),
            readReceipts: try reader.readBool(), relayOnly: try reader.readBool())
    }
}

extension ReadRecord: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(store.rawValue)
        writer.write(fixed: key)
        writer.write(value != nil)
        if let value { writer.write(opaque: value) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let store = try Store(from: &reader)
        let key = try reader.readFixed(32)
        let isPresent = try reader.readBool()
        self.init(store: store, key: key, value: try isPresent ? reader.readOpaque() : nil)
    }
}
