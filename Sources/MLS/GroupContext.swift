import WireFormat

/// What the members of a group agree on in an epoch (RFC 9420 §8.1).
package struct GroupContext: Equatable, Sendable {
    package var suite: CipherSuite
    package var groupID: [UInt8]
    package var epoch: UInt64
    package var treeHash: [UInt8]
    package var confirmedTranscriptHash: [UInt8]
    package var extensions: Extensions

    package init(
        suite: CipherSuite, groupID: [UInt8], epoch: UInt64, treeHash: [UInt8], confirmedTranscriptHash: [UInt8],
        extensions: Extensions = Extensions()
    ) {
        self.suite = suite
        self.groupID = groupID
        self.epoch = epoch
        self.treeHash = treeHash
        self.confirmedTranscriptHash = confirmedTranscriptHash
        self.extensions = extensions
    }

    /// - Throws: ``MLSError/epochsExhausted``.
    func nextEpoch() throws(MLSError) -> UInt64 {
        guard epoch < .max else { throw .epochsExhausted }
        return epoch + 1
    }

    /// The content of the `required_capabilities` extension, if there is one (RFC 9420 §11.1).
    func requiredCapabilities() throws(MLSError) -> RequiredCapabilities? {
        guard let data = extensions[.requiredCapabilities] else { return nil }
        return try RequiredCapabilities.parse(data)
    }
}

extension GroupContext: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(ProtocolVersion.mls10.rawValue)
        writer.write(suite)
        writer.write(opaque: groupID)
        writer.write(epoch)
        writer.write(opaque: treeHash)
        writer.write(opaque: confirmedTranscriptHash)
        writer.write(extensions)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt16() == ProtocolVersion.mls10.rawValue else { throw .invalidValue }
        suite = try reader.read()
        groupID = try reader.readOpaque()
        epoch = try reader.readUInt64()
        treeHash = try reader.readOpaque()
        confirmedTranscriptHash = try reader.readOpaque()
        extensions = try reader.read()
    }
}
