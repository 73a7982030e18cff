import CryptoPrimitives
import MLS
import WireFormat

/// A leaf node with whatever a malicious client would like to put in, properly signed unless spoiled.
struct ForgedLeaf {
    var encryptionKey: [UInt8]
    var signatureKey: [UInt8]
    var credential: Credential
    var capabilities: Capabilities
    var source: LeafNode.Source
    var extensions = Extensions()
    var groupID: [UInt8] = []
    var leaf: UInt32 = 0
    var spoilsSignature = false

    init(_ party: Party, source: LeafNode.Source) throws {
        encryptionKey = try Algorithms(party.suite).generateKeyPair(party.random).publicKey
        signatureKey = party.signatureKey
        credential = party.credential
        capabilities = Capabilities(suite: party.suite)
        self.source = source
    }

    func node(signer: SoftwareSigner) throws -> LeafNode {
        var writer = WireWriter()
        writer.write(opaque: encryptionKey)
        writer.write(opaque: signatureKey)
        writer.write(credential)
        writer.write(capabilities)
        var position = WireWriter()
        switch source {
        case .keyPackage(let lifetime):
            writer.write(UInt8(1))
            writer.write(lifetime.notBefore)
            writer.write(lifetime.notAfter)
        case .update:
            writer.write(UInt8(2))
            position.write(opaque: groupID)
            position.write(leaf)
        case .commit(let parentHash):
            writer.write(UInt8(3))
            writer.write(opaque: parentHash)
            position.write(opaque: groupID)
            position.write(leaf)
        }
        writer.write(extensions)
        var signature = try signer.sign(label: "LeafNodeTBS", writer.bytes + position.bytes)
        if spoilsSignature { signature[0] ^= 1 }
        writer.write(opaque: signature)
        return try LeafNode(decoding: writer.bytes)
    }
}

/// The same for a key package.
struct ForgedKeyPackage {
    var version: UInt16 = 1
    var suite: CipherSuite
    var initKey: [UInt8]
    var leaf: ForgedLeaf
    var extensions = Extensions()
    var spoilsSignature = false

    init(_ party: Party) throws {
        suite = party.suite
        initKey = try Algorithms(party.suite).generateKeyPair(party.random).publicKey
        leaf = try ForgedLeaf(party, source: .keyPackage(.always))
    }

    func keyPackage(signer: SoftwareSigner) throws -> KeyPackage {
        var writer = WireWriter()
        writer.write(version)
        writer.write(suite)
        writer.write(opaque: initKey)
        writer.write(try leaf.node(signer: signer))
        writer.write(extensions)
        var signature = try signer.sign(label: "KeyPackageTBS", writer.bytes)
        if spoilsSignature { signature[0] ^= 1 }
        writer.write(opaque: signature)
        return try KeyPackage(decoding: writer.bytes)
    }
}

extension Party {
    /// Sends whatever it likes, as the member it is, and keeps no account of it.
    ///
    /// - Parameter skipped: how many handshake keys not to use.
    func forge(
        _ content: FramedContent.Content, as format: MessageFormat = .privateMessage, generation skipped: Int = 0
    ) throws -> [UInt8] {
        var epoch = try state.current
        for _ in 0..<skipped { _ = try epoch.messageKeys.next(epoch.ownLeaf, .commit, epoch.algorithms) }
        var message = try epoch.frame(content, authenticatedData: [], as: format, signer: signer)
        // Nobody but a real commit has the right one.
        if content.type == .commit { message.auth.confirmationTag = [UInt8](repeating: 0, count: 32) }
        return try epoch.protect(message, random).encoded
    }

    func forgeCommit(_ proposals: [Proposal], path: UpdatePath? = nil) throws -> [UInt8] {
        try forge(.commit(Commit(proposals: proposals.map { .proposal($0) }, path: path)))
    }

    /// A path that is right for the tree as it is.
    func path(_ change: (inout UpdatePath) throws -> Void = { _ in }) throws -> UpdatePath {
        let epoch = try state.current
        var tree = epoch.tree
        var context = epoch.context
        context.epoch += 1
        guard let node = tree.leaf(at: epoch.ownLeaf) else { throw NotInGroup() }
        var path = try tree.createPath(
            from: epoch.ownLeaf, leaf: node, added: [], context: context, epoch.algorithms, signer: signer,
            random: random
        ).path
        try change(&path)
        return path
    }
}
