import WireFormat

/// RFC 9420 §6.
package enum ContentType: UInt8, Sendable {
    case application = 1
    case proposal = 2
    case commit = 3
}

/// RFC 9420 §17.2.
package enum MessageFormat: UInt16, Sendable {
    case publicMessage = 1
    case privateMessage = 2
    case welcome = 3
    case groupInfo = 4
    case keyPackage = 5
}

/// Who sent a message (RFC 9420 §6).
package enum Sender: Equatable, Sendable {
    /// A leaf index.
    case member(UInt32)
    /// An index into the `external_senders` extension.
    case external(UInt32)
    case newMemberProposal
    case newMemberCommit
}

/// What a message says, before it is protected (RFC 9420 §6).
package struct FramedContent: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case application([UInt8])
        case proposal(Proposal)
        case commit(Commit)

        package var type: ContentType {
            switch self {
            case .application: return .application
            case .proposal: return .proposal
            case .commit: return .commit
            }
        }
    }

    package var groupID: [UInt8]
    package var epoch: UInt64
    package var sender: Sender
    package var authenticatedData: [UInt8]
    package var content: Content

    package init(
        groupID: [UInt8], epoch: UInt64, sender: Sender, authenticatedData: [UInt8], content: Content
    ) {
        self.groupID = groupID
        self.epoch = epoch
        self.sender = sender
        self.authenticatedData = authenticatedData
        self.content = content
    }
}

/// What authenticates a message's content (RFC 9420 §6.1).
package struct ContentAuth: Equatable, Sendable {
    package var signature: [UInt8]
    /// In commits, and only there.
    package var confirmationTag: [UInt8]?
}

/// A message's content with its authentication, as it is before and after protection (RFC 9420 §6). Decoded is not
/// verified: see ``VerifiedContent``.
package struct AuthenticatedContent: Equatable, Sendable {
    package var format: MessageFormat
    package var content: FramedContent
    package var auth: ContentAuth
}

extension Sender: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        switch self {
        case .member(let leaf):
            writer.write(UInt8(1))
            writer.write(leaf)
        case .external(let index):
            writer.write(UInt8(2))
            writer.write(index)
        case .newMemberProposal:
            writer.write(UInt8(3))
        case .newMemberCommit:
            writer.write(UInt8(4))
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 1: self = .member(try reader.readUInt32())
        case 2: self = .external(try reader.readUInt32())
        case 3: self = .newMemberProposal
        case 4: self = .newMemberCommit
        default: throw .invalidValue
        }
    }
}

extension FramedContent.Content {
    /// The content alone: its type stands before it or elsewhere.
    func encode(into writer: inout WireWriter) {
        switch self {
        case .application(let data): writer.write(opaque: data)
        case .proposal(let proposal): writer.write(proposal)
        case .commit(let commit): writer.write(commit)
        }
    }

    init(_ type: ContentType, from reader: inout WireReader) throws(WireError) {
        switch type {
        case .application: self = .application(try reader.readOpaque())
        case .proposal: self = .proposal(try reader.read())
        case .commit: self = .commit(try reader.read())
        }
    }
}

extension ContentType: WireDecodable {}

extension FramedContent: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(opaque: groupID)
        writer.write(epoch)
        writer.write(sender)
        writer.write(opaque: authenticatedData)
        writer.write(content.type.rawValue)
        content.encode(into: &writer)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        groupID = try reader.readOpaque()
        epoch = try reader.readUInt64()
        sender = try reader.read()
        authenticatedData = try reader.readOpaque()
        content = try Content(try ContentType(from: &reader), from: &reader)
    }
}

extension ContentAuth {
    func encode(into writer: inout WireWriter) {
        writer.write(opaque: signature)
        if let confirmationTag { writer.write(opaque: confirmationTag) }
    }

    /// Whether there is a confirmation tag follows from the content's type.
    init(_ type: ContentType, from reader: inout WireReader) throws(WireError) {
        signature = try reader.readOpaque()
        confirmationTag = type == .commit ? try reader.readOpaque() : nil
    }
}

extension AuthenticatedContent: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(format.rawValue)
        writer.write(content)
        auth.encode(into: &writer)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        guard let format = MessageFormat(rawValue: try reader.readUInt16()),
            format == .publicMessage || format == .privateMessage
        else { throw .invalidValue }
        self.format = format
        content = try reader.read()
        auth = try ContentAuth(content.content.type, from: &reader)
    }
}

extension AuthenticatedContent {
    /// `ProposalRef` (RFC 9420 §5.2).
    func proposalReference(_ algorithms: Algorithms) -> [UInt8] {
        algorithms.referenceHash(label: "MLS 1.0 Proposal Reference", encoded)
    }
}
