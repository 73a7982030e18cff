import WireFormat

/// Any message of MLS, as it travels (RFC 9420 §6).
package enum MLSMessage: Equatable, Sendable {
    case publicMessage(PublicMessage)
    case privateMessage(PrivateMessage)
    case welcome(Welcome)
    case groupInfo(GroupInfo)
    case keyPackage(KeyPackage)

    package var format: MessageFormat {
        switch self {
        case .publicMessage: return .publicMessage
        case .privateMessage: return .privateMessage
        case .welcome: return .welcome
        case .groupInfo: return .groupInfo
        case .keyPackage: return .keyPackage
        }
    }
}

extension MLSMessage: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(ProtocolVersion.mls10.rawValue)
        writer.write(format.rawValue)
        switch self {
        case .publicMessage(let message): writer.write(message)
        case .privateMessage(let message): writer.write(message)
        case .welcome(let welcome): writer.write(welcome)
        case .groupInfo(let groupInfo): writer.write(groupInfo)
        case .keyPackage(let keyPackage): writer.write(keyPackage)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt16() == ProtocolVersion.mls10.rawValue,
            let format = MessageFormat(rawValue: try reader.readUInt16())
        else { throw .invalidValue }
        switch format {
        case .publicMessage: self = .publicMessage(try reader.read())
        case .privateMessage: self = .privateMessage(try reader.read())
        case .welcome: self = .welcome(try reader.read())
        case .groupInfo: self = .groupInfo(try reader.read())
        case .keyPackage:
            let keyPackage: KeyPackage = try reader.read()
            // RFC 9420 §10: the key package's version is the message's.
            guard keyPackage.version == .mls10 else { throw .invalidValue }
            self = .keyPackage(keyPackage)
        }
    }
}

/// What a message says of itself before anything is decrypted or checked: enough to route it, and not to be trusted.
public struct MessageHeader: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        case application, proposal, commit
    }

    public let kind: Kind
    public let groupID: [UInt8]
    public let epoch: UInt64

    /// - Returns: nil unless the bytes begin like a public or private message.
    public static func peek(_ message: [UInt8]) -> MessageHeader? {
        var reader = WireReader(message)
        do {
            return try MessageHeader(from: &reader)
        } catch {
            return nil
        }
    }

    private init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt16() == ProtocolVersion.mls10.rawValue else { throw .invalidValue }
        let format = MessageFormat(rawValue: try reader.readUInt16())
        guard format == .publicMessage || format == .privateMessage else { throw .invalidValue }
        groupID = try reader.readOpaque()
        epoch = try reader.readUInt64()
        if format == .publicMessage {
            _ = try Sender(from: &reader)
            _ = try reader.readOpaque()
        }
        switch try ContentType(from: &reader) {
        case .application: kind = .application
        case .proposal: kind = .proposal
        case .commit: kind = .commit
        }
    }
}
