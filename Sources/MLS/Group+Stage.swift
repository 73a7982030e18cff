import CryptoPrimitives
import WireFormat

// Processing a commit, in the order of RFC 9420 §12.4.2. That the epoch is the current one, and the signature, were
// checked before.

extension Group {
    func stage(
        _ commit: Commit, _ verified: VerifiedContent, externalCommits: ExternalCommitPolicy,
        preSharedKey: PreSharedKeyLookup, accept: LeafAcceptance
    ) throws(MLSError) -> StagedCommit {
        guard isActive else { throw .inactive }
        let isExternal = verified.sender == .newMemberCommit
        let sent = try resolve(commit.proposals, by: verified.sender)

        // Verify that the proposals vector is valid (§12.2).
        let list: ProposalList
        var committer: UInt32 = 0
        switch verified.sender {
        case .member(let leaf):
            committer = leaf
            list = try ProposalList(sent, committer: leaf, in: current, accept: accept)
        case .newMemberCommit:
            list = try ProposalList(external: sent, policy: externalCommits, in: current)
        case .external, .newMemberProposal:
            throw .unauthorizedSender
        }
        // Verify that all PreSharedKey proposals are available.
        let preSharedKeys = try find(list.preSharedKeys, preSharedKey)
        // Create the new ratchet tree and GroupContext by applying the list (§12.3).
        var applied = try current.apply(list)
        // Verify that the path value is populated if it has to be.
        guard commit.path != nil || !list.requiresPath else { throw .invalidCommit(.pathMissing) }

        var updated = applied.updated
        var added = applied.added
        var context = current.context
        context.epoch = try context.nextEpoch()
        context.extensions = applied.extensions
        if let path = commit.path {
            // If this is an external Commit, assign the sender the leftmost blank leaf.
            if isExternal {
                committer = try applied.tree.leftmostBlankLeaf()
                added.append(Member(leaf: committer, node: path.leafNode))
            } else if let old = current.tree.leaf(at: committer) {
                updated.append(MemberUpdate(leaf: committer, old: old, new: path.leafNode))
            }
            try validate(path, from: committer, isExternal: isExternal, applied, accept: accept)
            try applied.tree.merge(path, from: committer, current.algorithms)
            try applied.tree.validateAmongMembers([committer])
        }
        let staged = { (next: Epoch?) in
            StagedCommit(
                committer: committer, isExternal: isExternal, added: added, removed: applied.removed,
                updated: updated, authenticatedData: verified.message.content.authenticatedData,
                epoch: context.epoch, next: next, base: current.interimTranscriptHash)
        }
        // A removed member has no secrets of the new epoch, so there is nothing more that it could check.
        if list.removes.contains(ownLeaf) { return staged(nil) }

        context.treeHash = applied.tree.treeHash(current.algorithms.hash)
        let opened = try open(commit.path, from: committer, list, applied, context)
        // Update the transcript hashes, and run the key schedule.
        context.confirmedTranscriptHash = TranscriptHash.confirmed(
            after: current.interimTranscriptHash, commit: verified.message, current.algorithms)
        let schedule = KeySchedule(
            initSecret: try initSecret(list), commitSecret: opened.commitSecret,
            preSharedKeySecret: try current.algorithms.preSharedKeySecret(preSharedKeys), context: context,
            current.algorithms)
        // Verify the confirmation tag.
        let tag = current.algorithms.mac(schedule.confirmationKey, context.confirmedTranscriptHash)
        guard let claimed = verified.message.auth.confirmationTag, constantTimeEqual(tag, claimed) else {
            throw .invalidConfirmationTag
        }
        return staged(
            Epoch(
                context: context, tree: applied.tree, ownLeaf: ownLeaf, keys: opened.keys, schedule: schedule,
                confirmationTag: tag, reInit: list.reInit, current.algorithms))
    }

    /// The proposals that a commit covers. Those it only refers to were received before.
    private func resolve(
        _ entries: [ProposalOrRef], by committer: Sender
    ) throws(MLSError) -> [SentProposal] {
        var sent: [SentProposal] = []
        for entry in entries {
            switch entry {
            case .proposal(let proposal):
                sent.append(SentProposal(proposal: proposal, sender: committer))
            case .reference(let reference):
                // §12.4.3.2: an external commit does not include proposals by reference.
                guard committer != .newMemberCommit else { throw .invalidProposals(.referenceInExternalCommit) }
                guard let known = proposals.first(where: { $0.reference == reference }) else {
                    throw .invalidProposals(.unknownReference)
                }
                sent.append(known.sent)
            }
        }
        return sent
    }

    /// The pre-shared keys that a commit injects, in its order.
    func find(
        _ ids: [PreSharedKeyID], _ lookup: PreSharedKeyLookup
    ) throws(MLSError) -> [PreSharedKey] {
        var keys: [PreSharedKey] = []
        for id in ids {
            var secret: Secret?
            if case .resumption(_, groupID, let epoch) = id.kind { secret = resumptionSecret(epoch: epoch) }
            guard let secret = secret ?? lookup(id) else { throw .missingPreSharedKey }
            keys.append(PreSharedKey(id: id, secret: secret))
        }
        return keys
    }

    /// Validates the leaf of a commit's path (§7.3, §12.4.2).
    private func validate(
        _ path: UpdatePath, from committer: UInt32, isExternal: Bool, _ applied: AppliedProposals,
        accept: LeafAcceptance
    ) throws(MLSError) {
        // leaf_node_source is set to commit, and encryption_key differs from the committer's current one. An external
        // joiner that removes an old leaf of its own meets the same criteria as an Update of that leaf (§12.2).
        guard case .commit = path.leafNode.source else { throw .invalidLeafNode(.source) }
        let replaced = isExternal ? applied.removed.first?.node : current.tree.leaf(at: committer)
        try path.leafNode.validateAlone(groupID: groupID, leaf: committer, current.algorithms)
        guard path.leafNode.encryptionKey != replaced?.encryptionKey else {
            throw .invalidLeafNode(.unchangedEncryptionKey)
        }
        guard accept(path.leafNode) else { throw .credentialRefused }
        var context = current.context
        context.extensions = applied.extensions
        try path.leafNode.validateCapabilities(context.extensions, try context.requiredCapabilities())
    }

    private struct OpenedCommit {
        var keys: PrivateKeys
        var commitSecret: Secret
    }

    /// Brings this member's private keys up to the new tree, and gets the commit secret.
    ///
    /// - Parameter context: the provisional GroupContext: of the new epoch, with the old confirmed transcript hash.
    private func open(
        _ path: UpdatePath?, from committer: UInt32, _ list: ProposalList, _ applied: AppliedProposals,
        _ context: GroupContext
    ) throws(MLSError) -> OpenedCommit {
        var keys = current.keys
        // An Update of this member's own, committed by another, brings the key that was made with it.
        for update in list.updates where update.leaf == ownLeaf {
            guard let own = ownUpdates.first(where: { $0.node == update.node }) else {
                throw .invalidProposals(.unknownOwnUpdate)
            }
            keys.replaceLeaf(own.leafKey)
        }
        keys.forgetBlanks(in: applied.tree)
        guard let path else { return OpenedCommit(keys: keys, commitSecret: current.algorithms.zeroSecret) }
        var added: [UInt32] = []
        for member in applied.added { added.append(member.leaf) }
        let opened = try applied.tree.open(
            path, from: committer, own: ownLeaf, keys: keys, added: added, context: context, current.algorithms)
        return OpenedCommit(keys: opened.keys, commitSecret: opened.commitSecret)
    }

    /// The init secret that the next epoch starts from (§8, §8.3).
    private func initSecret(_ list: ProposalList) throws(MLSError) -> Secret {
        guard let kemOutput = list.externalInit else { return current.secrets.initSecret }
        let keys = try current.secrets.externalKeyPair(current.algorithms)
        return try current.algorithms.openExternalInit(kemOutput, privateKey: keys.privateKey)
    }
}
