import CryptoPrimitives
import MLS
import WireFormat

extension MLSVectorChecks {
    /// Kind 109, tree-operations.json.
    static func treeOperations(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        var tree = try decode(RatchetTree.self, try reader.bytes(), "tree_before")
        let proposal = try decode(Proposal.self, try reader.bytes(), "proposal")
        let sender = try reader.uint32()
        try expectEqual(tree.treeHash(algorithms.hash), try reader.bytes(), "tree_hash_before")
        try attempt("the proposal cannot be applied") { () throws(MLSError) in
            switch proposal {
            case .add(let keyPackage):
                try tree.add(keyPackage.leafNode)
            case .update(let leaf):
                tree.update(leaf, at: sender)
            case .remove(let leaf):
                tree.remove(leaf)
                tree.truncate()
            default:
                throw .unexpectedMessage
            }
        }
        try expectEqual(tree.encoded, try reader.bytes(), "tree_after")
        let hash = try reader.bytes()
        try expectEqual(tree.treeHash(algorithms.hash), hash, "tree_hash_after")
        // The cached hashes that the change left behind are those of the tree as it is.
        var fresh = try decode(RatchetTree.self, tree.encoded, "tree_after does not decode")
        try expectEqual(fresh.treeHash(algorithms.hash), hash, "tree_hash_after, computed afresh")
    }

    /// Kind 110, tree-validation.json.
    static func treeValidation(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        var tree = try decode(RatchetTree.self, try reader.bytes(), "tree")
        let groupID = try reader.bytes()
        let resolutions = try reader.list { reader throws(VectorFailure) in
            try reader.list { reader throws(VectorFailure) in try reader.uint32() }
        }
        let hashes = try reader.list { reader throws(VectorFailure) in try reader.bytes() }
        try expect(resolutions.count == Int(tree.shape.nodeCount), "one resolution for each node")
        try expect(hashes.count == resolutions.count, "one hash for each node")
        for node in 0..<tree.shape.nodeCount {
            try expect(tree.resolution(of: node) == resolutions[Int(node)], "resolutions")
            try expectEqual(tree.treeHash(of: node, algorithms.hash), hashes[Int(node)], "tree_hashes")
        }
        try expect(tree.hasValidParentHashes(algorithms.hash), "parent hashes")
        for leaf in 0..<tree.shape.leafCount {
            guard let node = tree.leaf(at: leaf) else { continue }
            try expect(node.hasValidSignature(groupID: groupID, leaf: leaf, algorithms), "a leaf's signature")
        }
    }

    /// What treekem.json has for one member.
    private struct PrivateLeaf {
        let index: UInt32
        let keys: PrivateKeys
        let signer: VectorSigner
    }

    /// Kind 111, treekem.json.
    static func treeKEM(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let groupID = try reader.bytes()
        let epoch = try reader.uint64()
        let confirmedTranscriptHash = try reader.bytes()
        let tree = try decode(RatchetTree.self, try reader.bytes(), "ratchet_tree")
        let leaves = try reader.list { reader throws(VectorFailure) in
            try privateLeaf(&reader, tree, algorithms)
        }
        var context = GroupContext(
            suite: algorithms.suite, groupID: groupID, epoch: epoch, treeHash: [],
            confirmedTranscriptHash: confirmedTranscriptHash)
        let random = Randomness(seed: groupID)
        _ = try reader.list { reader throws(VectorFailure) in
            let sender = try reader.uint32()
            let path = try decode(UpdatePath.self, try reader.bytes(), "update_path")
            let pathSecrets = try reader.list { reader throws(VectorFailure) in try reader.optionalBytes() }
            let commitSecret = try reader.bytes()
            var updated = tree
            try attempt("update_path is not parent-hash valid") { () throws(MLSError) in
                try updated.merge(path, from: sender, algorithms)
            }
            context.treeHash = updated.treeHash(algorithms.hash)
            try expectEqual(context.treeHash, try reader.bytes(), "tree_hash_after")
            for leaf in leaves where leaf.index != sender {
                let opened = try open(path, from: sender, leaf, updated, context, algorithms)
                try expect(
                    Int(leaf.index) < pathSecrets.count && pathSecrets[Int(leaf.index)] == opened.pathSecret.exposed,
                    "path_secrets")
                try expectEqual(opened.commitSecret, commitSecret, "commit_secret")
            }
            try ownPath(from: sender, tree, leaves, context, algorithms, random)
        }
    }

    private static func privateLeaf(
        _ reader: inout CaseReader, _ tree: RatchetTree, _ algorithms: Algorithms
    ) throws(VectorFailure) -> PrivateLeaf {
        let index = try reader.uint32()
        var keys = PrivateKeys(leaf: try reader.hpkeKey(algorithms))
        let signer = VectorSigner(scheme: algorithms.signature, privateKey: try reader.signatureKey(algorithms))
        _ = try reader.list { reader throws(VectorFailure) in
            let node = try reader.uint32()
            let pathSecret = try reader.secret()
            let pair = try attempt("a path secret gives no key") { () throws(MLSError) in
                try algorithms.deriveKeyPair(algorithms.deriveSecret(pathSecret, "node"))
            }
            keys.set(pair.privateKey, at: node)
        }
        let isConsistent = try attempt("a private key is none") { () throws(MLSError) in
            try keys.match(tree, own: index, algorithms)
        }
        try expect(isConsistent, "the private state is not consistent with ratchet_tree")
        return PrivateLeaf(index: index, keys: keys, signer: signer)
    }

    private static func open(
        _ path: UpdatePath, from sender: UInt32, _ leaf: PrivateLeaf, _ tree: RatchetTree, _ context: GroupContext,
        _ algorithms: Algorithms
    ) throws(VectorFailure) -> RatchetTree.OpenedPath {
        try attempt("the path does not open") { () throws(MLSError) in
            let opened = try tree.open(
                path, from: sender, own: leaf.index, keys: leaf.keys, added: [], context: context, algorithms)
            guard try opened.keys.match(tree, own: leaf.index, algorithms) else { throw .mismatchedKey }
            return opened
        }
    }

    /// A path of our own making, which every other member opens.
    private static func ownPath(
        from sender: UInt32, _ tree: RatchetTree, _ leaves: [PrivateLeaf], _ context: GroupContext,
        _ algorithms: Algorithms, _ random: Randomness
    ) throws(VectorFailure) {
        var created = tree
        var index = 0
        while index < leaves.count, leaves[index].index != sender { index += 1 }
        guard index < leaves.count, let node = tree.leaf(at: sender) else {
            throw VectorFailure("the sender is not a member")
        }
        let signer = leaves[index].signer
        let path = try attempt("no path can be made") { () throws(MLSError) in
            try created.createPath(
                from: sender, leaf: node, added: [], context: context, algorithms, signer: signer, random: random)
        }
        var merged = tree
        try attempt("our own path does not merge") { () throws(MLSError) in
            try merged.merge(path.path, from: sender, algorithms)
        }
        var context = context
        context.treeHash = merged.treeHash(algorithms.hash)
        try expectEqual(merged.encoded, created.encoded, "our own path makes two trees")
        for leaf in leaves where leaf.index != sender {
            let opened = try open(path.path, from: sender, leaf, merged, context, algorithms)
            try expectEqual(opened.commitSecret, path.commitSecret.exposed, "our own commit secret")
        }
    }
}
