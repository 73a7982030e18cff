import WireFormat

extension Event: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .noVault:
            writer.write(UInt8(0))
        case .vault(let waitMs, let scrypt):
            writer.write(UInt8(1))
            writer.write(waitMs)
            writer.write(scrypt)
        case .newVaultParameters(let scrypt, let kind, let inviterName, let host):
            writer.write(UInt8(2))
            writer.write(scrypt)
            writer.write(kind.rawValue)
            writer.write(inviterName)
            writer.write(host)
        case .linkRefused(let value):
            writer.write(UInt8(3))
            writer.write(value.rawValue)
        case .enrolled:
            writer.write(UInt8(4))
        case .unlocked(let value):
            writer.write(UInt8(5))
            writer.write(value)
        case .unlockRefused(let waitMs):
            writer.write(UInt8(6))
            writer.write(waitMs)
        case .conversations(let value):
            writer.write(UInt8(7))
            writer.write(vector: value)
        case .messages(let conversation, let replaceAll, let hasOlder, let value):
            writer.write(UInt8(8))
            writer.write(fixed: conversation)
            writer.write(replaceAll)
            writer.write(hasOlder)
            writer.write(items: value)
        case .revealed(let conversation, let message, let text, let untilMs):
            writer.write(UInt8(9))
            writer.write(fixed: conversation)
            writer.write(fixed: message)
            writer.write(text)
            writer.write(untilMs)
        case .invitation(let invitation, let link, let expires):
            writer.write(UInt8(10))
            writer.write(fixed: invitation)
            writer.write(link)
            writer.write(expires)
        case .invitations(let value):
            writer.write(UInt8(11))
            writer.write(vector: value)
        case .safetyNumber(let member, let digits, let qr, let verified):
            writer.write(UInt8(12))
            writer.write(fixed: member)
            writer.write(digits)
            writer.write(opaque: qr)
            writer.write(verified)
        case .recoveryFile(let file, let code):
            writer.write(UInt8(13))
            writer.write(opaque: file)
            writer.write(code)
        case .nodeStatus(let value, let reason):
            writer.write(UInt8(14))
            writer.write(value.rawValue)
            writer.write(reason.rawValue)
        case .warning(let value, let conversation):
            writer.write(UInt8(15))
            writer.write(value.rawValue)
            writer.write(fixed: conversation)
        case .locked:
            writer.write(UInt8(16))
        case .problem(let value):
            writer.write(UInt8(17))
            writer.write(value.rawValue)
        case .call(let value):
            writer.write(UInt8(24))
            writer.write(value)
        case .resumed(let conversation, let drafts):
            writer.write(UInt8(25))
            writer.write(conversation != nil)
            if let conversation { writer.write(fixed: conversation) }
            writer.write(vector: drafts)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .noVault
        case 1: self = .vault(waitMs: try reader.readUInt64(), scrypt: try reader.read())
        case 2:
            self = .newVaultParameters(
                scrypt: try reader.read(), kind: try EnrolmentKind(from: &reader), inviterName: try reader.read(),
                host: try reader.read())
        case 3: self = .linkRefused(try Problem(from: &reader))
        case 4: self = .enrolled
        case 5: self = .unlocked(try reader.read())
        case 6: self = .unlockRefused(waitMs: try reader.readUInt64())
        case 7: self = .conversations(try reader.readVector())
        case 8:
            self = .messages(
                conversation: try reader.readFixed(16), replaceAll: try reader.readBool(),
                hasOlder: try reader.readBool(), try reader.readItems())
        case 9:
            self = .revealed(
                conversation: try reader.readFixed(16), message: try reader.readFixed(16), text: try reader.read(),
                untilMs: try reader.readUInt64())
        case 10:
            self = .invitation(
                invitation: try reader.readFixed(16), link: try reader.read(), expires: try reader.readUInt64())
        case 11: self = .invitations(try reader.readVector())
        case 12:
            self = .safetyNumber(
                member: try reader.readFixed(16), digits: try reader.read(), qr: try reader.readOpaque(),
                verified: try reader.readBool())
        case 13: self = .recoveryFile(file: try reader.readOpaque(), code: try reader.read())
        case 14: self = .nodeStatus(try NodeStatus(from: &reader), reason: try Problem(from: &reader))
        case 15: self = .warning(try Warning(from: &reader), conversation: try reader.readFixed(16))
        case 16: self = .locked
        case 17: self = .problem(try Problem(from: &reader))
        case 24: self = .call(try reader.read())
        case 25:
            let isOpen = try reader.readBool()
            self = .resumed(
                conversation: try isOpen ? reader.readFixed(16) : nil, drafts: try reader.readVector())
        default: throw .invalidValue
        }
    }
}
