import CryptoPrimitives
import WireFormat

extension Group {
    /// Joins a group by a Welcome, in the order of RFC 9420 §12.4.3.1.
    ///
    /// The key package's private keys are used up: delete the bundle when the group is stored. That the group id is not
    /// that of a group this client is in already is for the application to check.
    ///
    /// - Parameters:
    ///   - welcome: the encoded MLSMessage.
    ///   - ratchetTree: the group's encoded tree, if the Welcome does not bring it.
    ///   - preSharedKey: finds the pre-shared keys that the Welcome names.
    ///   - accept: asked about every other member's leaf.
    public static func join(
        _ welcome: [UInt8], with bundle: KeyPackageBundle, ratchetTree: [UInt8]? = nil,
        preSharedKey: PreSharedKeyLookup = { _ in nil }, accept: LeafAcceptance
    ) throws(MLSError) -> Group {
        guard case .welcome(let welcome) = try MLSMessage.parse(welcome) else { throw .unexpectedMessage }
        // Identify an entry for this client's key package, of the same cipher suite.
        let algorithms = try Algorithms(welcome.suite)
        guard bundle.keyPackage.suite == welcome.suite else { throw .notAddressed }
        // Decrypt the group secrets.
        let secrets = try welcome.groupSecrets(for: bundle.keyPackage, initKey: bundle.initKey, algorithms)
        // Find the pre-shared keys; one of usage reinit or branch is the only such one.
        let preSharedKeys = try find(secrets.preSharedKeys, preSharedKey, algorithms)
        let preSharedKeySecret = try algorithms.preSharedKeySecret(preSharedKeys)
        // Decrypt the GroupInfo.
        let groupInfo = try welcome.groupInfo(
            welcomeSecret: KeySchedule.welcomeSecret(
                joinerSecret: secrets.joinerSecret, preSharedKeySecret: preSharedKeySecret, algorithms),
            algorithms)
        var tree = try groupInfo.verifiedTree(ratchetTree, algorithms)
        // Identify a leaf whose LeafNode is identical to the one in the KeyPackage.
        var own: UInt32?
        tree.forEachMember { index, node in
            if node == bundle.keyPackage.leafNode { own = index }
        }
        guard let own, own != groupInfo.signer else { throw .notAddressed }
        // Verify the integrity of the ratchet tree, and that this client supports every extension of the group (§13.4).
        let context = groupInfo.context
        try tree.validate(in: context, own: own, algorithms, accept: accept)

        // Construct the new group state.
        var keys = PrivateKeys(leaf: bundle.leafKey)
        if let pathSecret = secrets.pathSecret {
            keys = try tree.keys(
                ofJoiner: own, leafKey: bundle.leafKey, pathSecret: pathSecret, committer: groupInfo.signer,
                algorithms)
        }
        guard try keys.match(tree, own: own, algorithms) else { throw .mismatchedKey }
        let schedule = KeySchedule(
            joinerSecret: secrets.joinerSecret, preSharedKeySecret: preSharedKeySecret, context: context, algorithms)
        // Verify the confirmation tag.
        let tag = algorithms.mac(schedule.confirmationKey, context.confirmedTranscriptHash)
        guard constantTimeEqual(tag, groupInfo.confirmationTag) else { throw .invalidConfirmationTag }
        // With a key of usage reinit or branch, the epoch is 1. Whether the members are the old group's, the application
        // knows, which asked for the key.
        for id in secrets.preSharedKeys {
            if case .resumption(let usage, _, _) = id.kind, usage != .application, context.epoch != 1 {
                throw .invalidGroupInfo(.epoch)
            }
        }
        return Group(
            Epoch(
                context: context, tree: tree, ownLeaf: own, keys: keys, schedule: schedule, confirmationTag: tag,
                reInit: nil, algorithms))
    }

    private static func find(
        _ ids: [PreSharedKeyID], _ lookup: PreSharedKeyLookup, _ algorithms: Algorithms
    ) throws(MLSError) -> [PreSharedKey] {
        var keys: [PreSharedKey] = []
        var forNewGroup = 0
        for id in ids {
            if case .resumption(let usage, _, _) = id.kind, usage != .application { forNewGroup += 1 }
            guard id.nonce.count == algorithms.hashLength else { throw .invalidProposals(.preSharedKeyNonce) }
            guard let secret = lookup(id) else { throw .missingPreSharedKey }
            keys.append(PreSharedKey(id: id, secret: secret))
        }
        guard forNewGroup <= 1 else { throw .invalidProposals(.preSharedKeyUsage) }
        return keys
    }

    /// Joins by an external commit (RFC 9420 §12.4.3.2): a new client, or one that lost its state and replaces its old
    /// leaf.
    ///
    /// - Parameters:
    ///   - groupInfo: the encoded MLSMessage that a member made with ``groupInfo(includingTree:signer:)``.
    ///   - ratchetTree: the group's encoded tree, if the GroupInfo does not bring it.
    ///   - replaced: the leaf index of this client's old leaf.
    ///   - accept: asked about every member's leaf.
    public static func joinExternally(
        groupInfo: [UInt8], ratchetTree: [UInt8]? = nil, credential: Credential, signatureKey: [UInt8],
        replacing replaced: UInt32? = nil, authenticatedData: [UInt8] = [], signer: some LeafSigner,
        random: Randomness, accept: LeafAcceptance
    ) throws(MLSError) -> ExternalJoin {
        guard case .groupInfo(let groupInfo) = try MLSMessage.parse(groupInfo) else { throw .unexpectedMessage }
        let algorithms = try Algorithms(groupInfo.context.suite)
        guard let externalPub = groupInfo.extensions[.externalPub] else {
            throw .invalidGroupInfo(.externalPubMissing)
        }
        var keyReader = WireReader(externalPub)
        let externalKey = try decoding { () throws(WireError) in
            let key = try keyReader.readOpaque()
            try keyReader.finish()
            return key
        }
        var tree = try groupInfo.verifiedTree(ratchetTree, algorithms)
        let old = groupInfo.context
        try tree.validate(in: old, own: nil, algorithms, accept: accept)

        let (kemOutput, initSecret) = try algorithms.makeExternalInit(to: externalKey, random)
        var proposals: [ProposalOrRef] = [.proposal(.externalInit(kemOutput: kemOutput))]
        if let replaced {
            guard tree.leaf(at: replaced) != nil else { throw .noSuchMember }
            proposals.append(.proposal(.remove(replaced)))
            tree.remove(replaced)
            tree.truncate()
        }
        let own = try tree.leftmostBlankLeaf()
        var context = old
        context.epoch = try context.nextEpoch()
        let leaf = LeafNode(
            encryptionKey: [], signatureKey: signatureKey, credential: credential,
            capabilities: Capabilities(suite: old.suite, credentials: [credential.type]), source: .update,
            extensions: Extensions())
        try leaf.validateCapabilities(old.extensions, try old.requiredCapabilities())
        let path = try tree.createPath(
            from: own, leaf: leaf, added: [], context: context, algorithms, signer: signer, random: random)
        try tree.validateAmongMembers([own])
        context.treeHash = tree.treeHash(algorithms.hash)

        var message = try AuthenticatedContent(
            signing: FramedContent(
                groupID: old.groupID, epoch: old.epoch, sender: .newMemberCommit,
                authenticatedData: authenticatedData, content: .commit(Commit(proposals: proposals, path: path.path))),
            as: .publicMessage, in: old, by: signer)
        let interim = TranscriptHash.interim(
            confirmed: old.confirmedTranscriptHash, confirmationTag: groupInfo.confirmationTag, algorithms)
        context.confirmedTranscriptHash = TranscriptHash.confirmed(after: interim, commit: message, algorithms)
        let schedule = KeySchedule(
            initSecret: initSecret, commitSecret: path.commitSecret, preSharedKeySecret: algorithms.zeroSecret,
            context: context, algorithms)
        let tag = algorithms.mac(schedule.confirmationKey, context.confirmedTranscriptHash)
        message.auth.confirmationTag = tag
        // A joiner has no membership key, and its message no membership tag (§6.2).
        let encoded = MLSMessage.publicMessage(
            try PublicMessage(message, membershipKey: algorithms.zeroSecret, context: old, algorithms)
        ).encoded
        return ExternalJoin(
            message: encoded,
            group: Group(
                Epoch(
                    context: context, tree: tree, ownLeaf: own, keys: path.keys, schedule: schedule,
                    confirmationTag: tag, reInit: nil, algorithms)))
    }
}

extension GroupInfo {
    /// The ratchet tree that comes with a GroupInfo or beside it, after the GroupInfo's signature was checked with it. The
    /// tree itself is still to be validated.
    fileprivate func verifiedTree(_ separate: [UInt8]?, _ algorithms: Algorithms) throws(MLSError) -> RatchetTree {
        guard context.suite == algorithms.suite else { throw .unsupportedCipherSuite }
        guard let encoded = extensions[.ratchetTree] ?? separate else { throw .invalidGroupInfo(.treeMissing) }
        let tree = try RatchetTree.parse(encoded)
        // The public key is taken from the leaf with index signer. If the node is blank or if verification fails, return
        // an error.
        guard let signer = tree.leaf(at: signer) else { throw .invalidGroupInfo(.signer) }
        guard hasValidSignature(by: signer.signatureKey, algorithms) else { throw .invalidGroupInfo(.signature) }
        return tree
    }
}
