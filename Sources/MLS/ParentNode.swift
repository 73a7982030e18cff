import WireFormat

/// A node of the ratchet tree above the leaves (RFC 9420 §7.1).
package struct ParentNode: Equatable, Sendable {
    var encryptionKey: [UInt8]
    var parentHash: [UInt8]
    /// Leaves below that do not know this node's private key, in increasing order.
    var unmergedLeaves: [UInt32]
}

extension ParentNode: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(opaque: encryptionKey)
        writer.write(opaque: parentHash)
        writer.writeVector { writer in
            for leaf in unmergedLeaves { writer.write(leaf) }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        encryptionKey = try reader.readOpaque()
        parentHash = try reader.readOpaque()
        unmergedLeaves = []
        var leaves = try reader.readSlice()
        while !leaves.isAtEnd {
            let leaf = try leaves.readUInt32()
            // RFC 9420 §7.1: sorted in increasing order.
            if let last = unmergedLeaves.last, last >= leaf { throw .invalidValue }
            unmergedLeaves.append(leaf)
        }
    }
}
