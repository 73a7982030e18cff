import CryptoPrimitives
import WireFormat

/// A member's private keys in the ratchet tree: its leaf's, and those it knows of the nodes above (RFC 9420 §4.2).
package struct PrivateKeys: Sendable {
    package private(set) var leaf: Secret
    /// In order of node.
    private var parents: [NodeKey]

    private struct NodeKey: Sendable {
        var node: UInt32
        var key: Secret
    }

    package init(leaf: Secret) {
        self.leaf = leaf
        parents = []
    }

    /// The private key of a node, as the member at `own` knows it.
    func key(of node: UInt32, own: UInt32) -> Secret? {
        if node == 2 * own { return leaf }
        for entry in parents where entry.node == node { return entry.key }
        return nil
    }

    package mutating func set(_ key: Secret, at node: UInt32) {
        parents.removeAll { $0.node == node }
        let index = parents.firstIndex { $0.node > node } ?? parents.count
        parents.insert(NodeKey(node: node, key: key), at: index)
    }

    mutating func replaceLeaf(_ key: Secret) {
        leaf = key
    }

    /// Forgets the keys of nodes that are blank now (§7.5: outdated key pairs are deleted).
    mutating func forgetBlanks(in tree: RatchetTree) {
        parents.removeAll { tree.parent(at: $0.node) == nil }
    }

    /// Forgets the keys of nodes whose keys a path replaces.
    mutating func forget(_ nodes: [UInt32]) {
        parents.removeAll { nodes.contains($0.node) }
    }

    /// Whether each private key is that of the public key in the tree.
    package func match(_ tree: RatchetTree, own: UInt32, _ algorithms: Algorithms) throws(MLSError) -> Bool {
        guard try algorithms.publicKey(of: leaf) == tree.leaf(at: own)?.encryptionKey else { return false }
        for entry in parents {
            guard try algorithms.publicKey(of: entry.key) == tree.parent(at: entry.node)?.encryptionKey else {
                return false
            }
        }
        return true
    }
}

/// The secrets along a filtered direct path (RFC 9420 §7.4).
package struct PathSecrets: Sendable {
    /// One for each step it covers, lowest first.
    package private(set) var secrets: [Secret] = []
    package private(set) var keyPairs: [KEMKeyPair] = []
    /// `path_secret[n+1]`
    package private(set) var commitSecret: Secret

    /// Derives `count` path secrets, of which the first is given.
    package init(first: Secret, count: Int, _ algorithms: Algorithms) throws(MLSError) {
        commitSecret = first
        for _ in 0..<count {
            secrets.append(commitSecret)
            keyPairs.append(try algorithms.deriveKeyPair(algorithms.deriveSecret(commitSecret, "node")))
            commitSecret = algorithms.deriveSecret(commitSecret, "path")
        }
    }
}

/// What a member knows after making a path for a commit.
package struct CreatedPath: Sendable {
    package let path: UpdatePath
    package let keys: PrivateKeys
    package let commitSecret: Secret
    let steps: [RatchetTree.PathStep]
    let secrets: [Secret]

    /// The path secret of the lowest common ancestor of the committer and a new member (RFC 9420 §12.4.1).
    func secret(forAdded leaf: UInt32, committer: UInt32) -> Secret? {
        let ancestor = TreeShape.commonAncestor(ofLeaves: committer, leaf)
        for (step, secret) in zip(steps, secrets) where step.node == ancestor { return secret }
        return nil
    }
}

extension RatchetTree {
    /// Makes a fresh path for the leaf of the committer, puts it into the tree, and encrypts its secrets to everyone else
    /// (RFC 9420 §7.4 to §7.6).
    ///
    /// - Parameters:
    ///   - leaf: the committer's leaf as it shall be; its key, source and signature are set here.
    ///   - added: the leaves that the same commit adds, ascending. They get their secrets in the Welcome.
    ///   - context: the provisional group context, but for the tree hash.
    package mutating func createPath(
        from index: UInt32, leaf: LeafNode, added: [UInt32], context: GroupContext, _ algorithms: Algorithms,
        signer: some LeafSigner, random: Randomness
    ) throws(MLSError) -> CreatedPath {
        let steps = filteredDirectPath(ofLeaf: index)
        let first = random.secret(algorithms.hashLength)
        let derived = try PathSecrets(first: first, count: steps.count, algorithms)
        let leafKeys = try algorithms.generateKeyPair(random)

        var publicKeys: [[UInt8]] = []
        var keys = PrivateKeys(leaf: leafKeys.privateKey)
        for (step, pair) in zip(steps, derived.keyPairs) {
            publicKeys.append(pair.publicKey)
            keys.set(pair.privateKey, at: step.node)
        }
        let parentHash = setPath(ofLeaf: index, steps, keys: publicKeys, algorithms.hash)

        var leaf = leaf
        leaf.encryptionKey = leafKeys.publicKey
        leaf.source = .commit(parentHash: parentHash)
        try leaf.sign(at: LeafNode.Position(groupID: context.groupID, leaf: index), by: signer)
        setLeaf(leaf, at: index)

        var context = context
        context.treeHash = treeHash(algorithms.hash)
        let encodedContext = context.encoded
        var nodes: [UpdatePathNode] = []
        for (position, step) in steps.enumerated() {
            var plaintext = derived.secrets[position].exposed
            defer { wipe(&plaintext) }
            var sealed: [HPKECiphertext] = []
            for node in recipients(of: step, excluding: added) {
                guard let key = encryptionKey(of: node) else { throw .internalFailure }
                sealed.append(
                    try algorithms.encrypt(
                        to: key, label: "UpdatePathNode", context: encodedContext, plaintext, random))
            }
            nodes.append(UpdatePathNode(encryptionKey: publicKeys[position], encryptedPathSecrets: sealed))
        }
        return CreatedPath(
            path: UpdatePath(leafNode: leaf, nodes: nodes), keys: keys, commitSecret: derived.commitSecret,
            steps: steps, secrets: derived.secrets)
    }

    /// The nodes that a step's path secret is encrypted to (RFC 9420 §7.6).
    private func recipients(of step: PathStep, excluding added: [UInt32]) -> [UInt32] {
        var nodes = resolution(of: step.copathChild)
        if !added.isEmpty { nodes.removeAll { $0 % 2 == 0 && TreeShape.contains($0 / 2, in: added) } }
        return nodes
    }

    /// Puts a received path into the tree (RFC 9420 §7.5, "merges UpdatePath into the tree").
    ///
    /// - Throws: ``MLSError/invalidCommit(_:)``.
    package mutating func merge(_ path: UpdatePath, from index: UInt32, _ algorithms: Algorithms) throws(MLSError) {
        let steps = filteredDirectPath(ofLeaf: index)
        guard steps.count == path.nodes.count else { throw .invalidCommit(.pathLength) }
        try checkKeysAreNew(path)
        var keys: [[UInt8]] = []
        for node in path.nodes {
            // §7.6 asks for less. But to a key that is none nobody could encrypt the next path: one member would end the commits
            // of all that are not below it, who do not derive it themselves.
            guard algorithms.hpke.kem.isValidPublicKey(node.encryptionKey) else { throw .invalidKey }
            keys.append(node.encryptionKey)
        }
        let parentHash = setPath(ofLeaf: index, steps, keys: keys, algorithms.hash)
        // The parent_hash field of the leaf matches the parent hash for the first node in its filtered direct path.
        guard path.leafNode.source == .commit(parentHash: parentHash) else { throw .invalidCommit(.parentHash) }
        setLeaf(path.leafNode, at: index)
    }

    /// RFC 9420 §12.4.2: none of the public keys in the UpdatePath appear in any node of the new ratchet tree.
    private func checkKeysAreNew(_ path: UpdatePath) throws(MLSError) {
        var keys: Set<[UInt8]> = [path.leafNode.encryptionKey]
        for node in path.nodes {
            guard keys.insert(node.encryptionKey).inserted else { throw .invalidCommit(.pathKeysReused) }
        }
        try forEachMember { (_, leaf) throws(MLSError) in
            if keys.contains(leaf.encryptionKey) { throw .invalidCommit(.pathKeysReused) }
        }
        try forEachParent { (_, parent) throws(MLSError) in
            if keys.contains(parent.encryptionKey) { throw .invalidCommit(.pathKeysReused) }
        }
    }

    /// What decrypting a path gives a member.
    package struct OpenedPath: Sendable {
        package let keys: PrivateKeys
        /// The path secret that was decrypted.
        package let pathSecret: Secret
        package let commitSecret: Secret
    }

    /// Decrypts the path secret meant for a member, in the tree into which the path has been merged (RFC 9420 §7.5).
    ///
    /// - Parameters:
    ///   - own: the member's leaf, another than the committer's.
    ///   - added: the leaves that the same commit adds, ascending.
    ///   - context: the provisional group context.
    /// - Throws: ``MLSError/invalidCommit(_:)`` or ``MLSError/decryptionFailed``.
    package func open(
        _ path: UpdatePath, from committer: UInt32, own: UInt32, keys: PrivateKeys, added: [UInt32],
        context: GroupContext, _ algorithms: Algorithms
    ) throws(MLSError) -> OpenedPath {
        let steps = filteredDirectPath(ofLeaf: committer)
        guard steps.count == path.nodes.count else { throw .invalidCommit(.pathLength) }
        var opened: (position: Int, secret: Secret)?
        for (position, step) in steps.enumerated() {
            let recipients = recipients(of: step, excluding: added)
            let sealed = path.nodes[position].encryptedPathSecrets
            // §7.6: as many ciphertexts as the resolution has nodes.
            guard sealed.count == recipients.count else { throw .invalidCommit(.pathLength) }
            guard TreeShape.isLeaf(own, below: step.copathChild) else { continue }
            for (index, node) in recipients.enumerated() {
                guard let key = keys.key(of: node, own: own) else { continue }
                var plaintext = try algorithms.decrypt(
                    sealed[index], with: key, label: "UpdatePathNode", context: context.encoded)
                opened = (position, Secret(plaintext))
                wipe(&plaintext)
                break
            }
        }
        guard let opened else { throw .decryptionFailed }
        let derived = try PathSecrets(first: opened.secret, count: steps.count - opened.position, algorithms)
        var keys = keys
        keys.forget(shape.directPath(ofLeaf: committer))
        for (offset, pair) in derived.keyPairs.enumerated() {
            let position = opened.position + offset
            // The derived public keys are those sent in the UpdatePath.
            guard pair.publicKey == path.nodes[position].encryptionKey else {
                throw .invalidCommit(.pathKeysMismatched)
            }
            keys.set(pair.privateKey, at: steps[position].node)
        }
        return OpenedPath(keys: keys, pathSecret: opened.secret, commitSecret: derived.commitSecret)
    }

    /// The keys a new member derives from the path secret in its Welcome (RFC 9420 §12.4.3.1).
    ///
    /// - Throws: ``CommitFault/pathKeysMismatched`` unless they are those in the tree.
    func keys(
        ofJoiner own: UInt32, leafKey: Secret, pathSecret: Secret, committer: UInt32, _ algorithms: Algorithms
    ) throws(MLSError) -> PrivateKeys {
        var keys = PrivateKeys(leaf: leafKey)
        let ancestor = TreeShape.commonAncestor(ofLeaves: own, committer)
        var nodes: [UInt32] = []
        for step in filteredDirectPath(ofLeaf: committer) where step.node == ancestor || !nodes.isEmpty {
            nodes.append(step.node)
        }
        guard !nodes.isEmpty else { throw .invalidCommit(.pathKeysMismatched) }
        let derived = try PathSecrets(first: pathSecret, count: nodes.count, algorithms)
        for (node, pair) in zip(nodes, derived.keyPairs) {
            guard pair.publicKey == parent(at: node)?.encryptionKey else {
                throw .invalidCommit(.pathKeysMismatched)
            }
            keys.set(pair.privateKey, at: node)
        }
        return keys
    }
}

extension PrivateKeys: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(secret: leaf)
        writer.writeVector { writer in
            for entry in parents {
                writer.write(entry.node)
                writer.write(secret: entry.key)
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        leaf = try reader.readSecret()
        parents = []
        var entries = try reader.readSlice()
        while !entries.isAtEnd {
            let node = try entries.readUInt32()
            parents.append(NodeKey(node: node, key: try entries.readSecret()))
        }
    }
}
