import CryptoPrimitives
import WireFormat

extension RatchetTree {
    /// The tree hash of the root (RFC 9420 §7.8).
    package mutating func treeHash(_ hash: HashAlgorithm) -> [UInt8] {
        treeHash(of: shape.root, hash)
    }

    /// The tree hash of a node, from what is known of the nodes below it.
    package mutating func treeHash(of node: UInt32, _ hash: HashAlgorithm) -> [UInt8] {
        let known = hashes[Int(node)]
        if !known.isEmpty { return known }
        let result: [UInt8]
        if let left = TreeShape.left(of: node), let right = TreeShape.right(of: node) {
            let leftHash = treeHash(of: left, hash)
            let rightHash = treeHash(of: right, hash)
            result = hash.hash(parentHashInput(parent(at: node), leftHash, rightHash))
        } else {
            result = hash.hash(leafHashInput(node / 2, leaf(at: node / 2)))
        }
        hashes[Int(node)] = result
        return result
    }

    /// The tree hash of a node in the tree without some leaves: they are blank, and unmerged nowhere (§7.9).
    ///
    /// - Parameter leaves: in increasing order.
    mutating func originalTreeHash(of node: UInt32, without leaves: [UInt32], _ hash: HashAlgorithm) -> [UInt8] {
        let below = TreeShape.leaves(below: node)
        var affected: [UInt32] = []
        for leaf in leaves where below.contains(leaf) { affected.append(leaf) }
        guard !affected.isEmpty else { return treeHash(of: node, hash) }
        guard let left = TreeShape.left(of: node), let right = TreeShape.right(of: node) else {
            return hash.hash(leafHashInput(node / 2, nil))
        }
        let leftHash = originalTreeHash(of: left, without: affected, hash)
        let rightHash = originalTreeHash(of: right, without: affected, hash)
        var parent = parent(at: node)
        parent?.unmergedLeaves.removeAll { TreeShape.contains($0, in: affected) }
        return hash.hash(parentHashInput(parent, leftHash, rightHash))
    }

    /// `TreeHashInput` of a leaf.
    private func leafHashInput(_ index: UInt32, _ leaf: LeafNode?) -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(index)
        writer.write(optional: leaf)
        return writer.bytes
    }

    /// `TreeHashInput` of a parent.
    private func parentHashInput(_ parent: ParentNode?, _ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(2))
        writer.write(optional: parent)
        writer.write(opaque: left)
        writer.write(opaque: right)
        return writer.bytes
    }
}

// MARK: - Parent hashes

extension RatchetTree {
    /// `Hash(ParentHashInput)` of a parent node with its copath child's original tree hash (RFC 9420 §7.9).
    static func parentHash(of parent: ParentNode, siblingHash: [UInt8], _ hash: HashAlgorithm) -> [UInt8] {
        var writer = WireWriter()
        writer.write(opaque: parent.encryptionKey)
        writer.write(opaque: parent.parentHash)
        writer.write(opaque: siblingHash)
        return hash.hash(writer.bytes)
    }

    /// Puts new keys on a leaf's filtered direct path, with the parent hashes that follow, and blanks the rest of the
    /// direct path (RFC 9420 §7.5).
    ///
    /// - Parameter keys: one for each step.
    /// - Returns: the parent hash for the leaf itself.
    mutating func setPath(
        ofLeaf leaf: UInt32, _ steps: [PathStep], keys: [[UInt8]], _ hash: HashAlgorithm
    ) -> [UInt8] {
        blankDirectPath(ofLeaf: leaf)
        var parentHash: [UInt8] = []
        // From the root down: each hash covers the nodes above it.
        for (step, key) in zip(steps, keys).reversed() {
            let parent = ParentNode(encryptionKey: key, parentHash: parentHash, unmergedLeaves: [])
            setParent(parent, at: step.node)
            parentHash = Self.parentHash(of: parent, siblingHash: treeHash(of: step.copathChild, hash), hash)
        }
        return parentHash
    }

    /// Whether every parent node was set by a member's commit (RFC 9420 §7.9.2), top down: each has exactly one
    /// descendant whose parent hash is valid with respect to it.
    package mutating func hasValidParentHashes(_ hash: HashAlgorithm) -> Bool {
        for node in 0..<shape.nodeCount where node % 2 == 1 {
            guard let parent = parent(at: node) else { continue }
            guard let left = TreeShape.left(of: node), let right = TreeShape.right(of: node) else { return false }
            let links =
                linkedDescendants(of: parent, child: left, sibling: right, hash)
                + linkedDescendants(of: parent, child: right, sibling: left, hash)
            guard links == 1 else { return false }
        }
        return true
    }

    /// How many nodes below `child` have a parent hash that is valid with respect to `parent`.
    private mutating func linkedDescendants(
        of parent: ParentNode, child: UInt32, sibling: UInt32, _ hash: HashAlgorithm
    ) -> Int {
        let resolution = resolution(of: child)
        let below = TreeShape.leaves(below: child)
        var unmerged: [UInt32] = []
        for leaf in parent.unmergedLeaves where below.contains(leaf) { unmerged.append(2 * leaf) }
        // D is in the resolution of C, and P's unmerged leaves under C are that resolution without D: so the resolution
        // has one node more, which is D.
        guard resolution.count == unmerged.count + 1 else { return 0 }
        var candidate: UInt32?
        var index = 0
        for node in resolution.sorted() {
            if index < unmerged.count, unmerged[index] == node {
                index += 1
            } else if candidate == nil {
                candidate = node
            } else {
                return 0
            }
        }
        guard let candidate, let claimed = parentHash(of: candidate) else { return 0 }
        let siblingHash = originalTreeHash(of: sibling, without: parent.unmergedLeaves, hash)
        return claimed == Self.parentHash(of: parent, siblingHash: siblingHash, hash) ? 1 : 0
    }

    /// The `parent_hash` field of a node, where it has one.
    private func parentHash(of node: UInt32) -> [UInt8]? {
        if node % 2 == 1 { return parent(at: node)?.parentHash }
        if case .commit(let parentHash)? = leaf(at: node / 2)?.source { return parentHash }
        return nil
    }
}
