import CryptoPrimitives
import WireFormat

/// A commit that was verified, with all that it changes. Nothing has changed until it is merged, so the application can
/// still refuse it.
public struct StagedCommit: Sendable {
    /// The leaf of the member that committed; for an external commit, the joiner's new leaf.
    public let committer: UInt32
    /// Whether the committer joined by this very commit (RFC 9420 §12.4.3.2).
    public let isExternal: Bool
    /// New members. An external commit's joiner is among them.
    public let added: [Member]
    /// Those removed, as they were. In a resync this is the joiner's old leaf, to be compared with its new one.
    public let removed: [Member]
    /// Members whose leaf changed, by their Update or as the committer.
    public let updated: [MemberUpdate]
    /// What the committer sent along in the clear, authenticated.
    public let authenticatedData: [UInt8]
    /// The next epoch's number.
    public let epoch: UInt64

    /// The extensions of the next epoch's context, or nil if the commit removes this member.
    public var extensions: Extensions? { next?.context.extensions }

    /// Nil if the commit removes this member.
    let next: Epoch?
    /// The interim transcript hash of the epoch the commit was made for.
    let base: [UInt8]

    /// Whether the commit removes this member.
    public var removesSelf: Bool { next == nil }

    /// A secret of the next epoch (RFC 9420 §8.5), or nil if the commit removes this member.
    public func export(label: [UInt8], context: [UInt8], length: Int) -> Secret? {
        next?.export(label: label, context: context, length: length)
    }

    /// The next epoch's authenticator, or nil if the commit removes this member.
    public var epochAuthenticator: [UInt8]? { next?.secrets.epochAuthenticator.exposed }
}

/// A commit that this member made, and that is not merged before it is known to be the one the group takes.
public struct PendingCommit: Sendable {
    /// The encoded MLSMessage for the group.
    public let message: [UInt8]
    /// The encoded MLSMessage with the Welcome for all added members, to be sent only after the commit was accepted.
    public let welcome: [UInt8]?
    /// What the commit changes.
    public let staged: StagedCommit

    /// The next epoch's number.
    public var epoch: UInt64 { staged.epoch }
}

/// An external commit of this client's, and the group as it will be once the commit was accepted.
public struct ExternalJoin: Sendable {
    /// The encoded MLSMessage (a PublicMessage) for the group.
    public let message: [UInt8]
    public let group: Group
}

extension MemberUpdate: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(leaf)
        writer.write(old)
        writer.write(new)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        leaf = try reader.readUInt32()
        old = try reader.read()
        new = try reader.read()
    }
}

extension StagedCommit: WireEncodable, WireDecodable {
    /// Holds secrets in the clear: seal it before storing it.
    public func encode(into writer: inout WireWriter) {
        writer.write(committer)
        writer.write(isExternal)
        writer.write(vector: added)
        writer.write(vector: removed)
        writer.write(vector: updated)
        writer.write(opaque: authenticatedData)
        writer.write(epoch)
        writer.write(optional: next)
        writer.write(opaque: base)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        committer = try reader.readUInt32()
        isExternal = try reader.readBool()
        added = try reader.readVector()
        removed = try reader.readVector()
        updated = try reader.readVector()
        authenticatedData = try reader.readOpaque()
        epoch = try reader.readUInt64()
        next = try reader.readOptional()
        base = try reader.readOpaque()
    }
}

extension PendingCommit: WireEncodable, WireDecodable {
    /// Holds secrets in the clear: seal it before storing it.
    public func encode(into writer: inout WireWriter) {
        writer.write(opaque: message)
        writer.write(welcome != nil)
        if let welcome { writer.write(opaque: welcome) }
        writer.write(staged)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        message = try reader.readOpaque()
        welcome = try reader.readBool() ? try reader.readOpaque() : nil
        staged = try reader.read()
    }
}

extension ExternalJoin: WireEncodable, WireDecodable {
    /// Holds secrets in the clear: seal it before storing it.
    public func encode(into writer: inout WireWriter) {
        writer.write(opaque: message)
        writer.write(group)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        message = try reader.readOpaque()
        group = try reader.read()
    }
}
