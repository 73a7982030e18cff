import WireFormat

/// A proposal in a commit: itself, or the hash of the message that brought it (RFC 9420 §12.4).
package enum ProposalOrRef: Equatable, Sendable {
    case proposal(Proposal)
    case reference([UInt8])
}

/// The public keys and encrypted path secrets for one node of the committer's filtered direct path (RFC 9420 §7.6).
package struct UpdatePathNode: Equatable, Sendable {
    package var encryptionKey: [UInt8]
    /// One for each node of the copath child's resolution, members added by the same commit left out.
    package var encryptedPathSecrets: [HPKECiphertext]
}

/// The committer's new leaf and the new keys above it (RFC 9420 §7.6).
package struct UpdatePath: Equatable, Sendable {
    package var leafNode: LeafNode
    package var nodes: [UpdatePathNode]
}

/// What starts a new epoch (RFC 9420 §12.4).
package struct Commit: Equatable, Sendable {
    package var proposals: [ProposalOrRef]
    package var path: UpdatePath?

    package init(proposals: [ProposalOrRef], path: UpdatePath?) {
        self.proposals = proposals
        self.path = path
    }
}

extension ProposalOrRef: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        switch self {
        case .proposal(let proposal):
            writer.write(UInt8(1))
            writer.write(proposal)
        case .reference(let reference):
            writer.write(UInt8(2))
            writer.write(opaque: reference)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 1: self = .proposal(try reader.read())
        case 2: self = .reference(try reader.readOpaque())
        default: throw .invalidValue
        }
    }
}

extension UpdatePathNode: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(opaque: encryptionKey)
        writer.write(vector: encryptedPathSecrets)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        encryptionKey = try reader.readOpaque()
        encryptedPathSecrets = try reader.readVector()
    }
}

extension UpdatePath: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(leafNode)
        writer.write(vector: nodes)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        leafNode = try reader.read()
        nodes = try reader.readVector()
    }
}

extension Commit: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(vector: proposals)
        writer.write(optional: path)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        proposals = try reader.readVector()
        path = try reader.readOptional()
    }
}
