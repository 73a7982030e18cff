import CryptoPrimitives
import WireFormat

/// What a commit may carry besides members that come and go.
public struct CommitOptions: Sendable {
    /// Pre-shared keys to inject, found by `preSharedKey`.
    public var preSharedKeys: [PreSharedKeyID] = []
    public var preSharedKey: @Sendable (PreSharedKeyID) -> Secret? = { _ in nil }
    /// New extensions for the group's context, in place of all it has.
    public var extensions: Extensions?
    /// Asks for another group to be made in place of this one. Cannot be combined with any other change.
    public var reInit: ReInit?
    /// A new credential for this member's leaf.
    public var credential: Credential?
    /// Sent along in the clear, authenticated.
    public var authenticatedData: [UInt8] = []
    /// Signed and not encrypted: for a delivery service that must read commits. This product's must not.
    public var asPublicMessage = false
    /// Whether the Welcome brings the ratchet tree. Without it, joiners need ``Group/ratchetTree`` from elsewhere.
    public var includesTree = true

    public init() {}
}

extension Group {
    /// Commits proposals: those that wait, and those given here.
    ///
    /// The group stays in its epoch until the result is merged. Only this member's handshake ratchet moves, so that no
    /// key is ever used twice: store the group with the pending commit before the message is sent.
    ///
    /// - Parameters:
    ///   - keyPackages: of clients to add. `accept` is asked about each, and checks that its lifetime includes now (§7.3).
    ///   - leaves: the leaf indexes of members to remove.
    ///   - update: renew this member's keys even where no proposal demands it.
    public mutating func commit(
        adding keyPackages: [KeyPackage] = [], removing leaves: [UInt32] = [], update: Bool = true,
        options: CommitOptions = CommitOptions(), signer: some LeafSigner, random: Randomness, accept: LeafAcceptance
    ) throws(MLSError) -> PendingCommit {
        guard isActive else { throw .inactive }
        let algorithms = current.algorithms
        // RFC 9420 §12.4.1: verify the list, and apply it.
        let inline = inlineProposals(adding: keyPackages, removing: leaves, options)
        let (selection, list, applied) = try choose(inline, options, accept: accept)
        let preSharedKeys = try find(list.preSharedKeys, options.preSharedKey)

        var context = current.context
        context.epoch = try context.nextEpoch()
        context.extensions = applied.extensions
        var tree = applied.tree
        var updated = applied.updated
        var added: [UInt32] = []
        for member in applied.added { added.append(member.leaf) }

        // Populate the path.
        var created: CreatedPath?
        var keys = current.keys
        if update || list.requiresPath || options.credential != nil {
            guard let old = member(at: ownLeaf) else { throw .noSuchMember }
            var leaf = old
            if let credential = options.credential { leaf.credential = credential }
            let path = try tree.createPath(
                from: ownLeaf, leaf: leaf, added: added, context: context, algorithms, signer: signer, random: random)
            try path.path.leafNode.validateAlone(groupID: groupID, leaf: ownLeaf, usingKey: false, algorithms)
            try path.path.leafNode.validateCapabilities(context.extensions, try context.requiredCapabilities())
            try tree.validateAmongMembers([ownLeaf])
            keys = path.keys
            updated.append(MemberUpdate(leaf: ownLeaf, old: old, new: path.path.leafNode))
            created = path
        }
        context.treeHash = tree.treeHash(algorithms.hash)

        // Frame and sign with the old context; then the transcript hash, the key schedule and the confirmation tag.
        var message = try current.frame(
            .commit(Commit(proposals: selection.entries, path: created?.path)),
            authenticatedData: options.authenticatedData,
            as: options.asPublicMessage ? .publicMessage : .privateMessage, signer: signer)
        context.confirmedTranscriptHash = TranscriptHash.confirmed(
            after: current.interimTranscriptHash, commit: message, algorithms)
        let schedule = KeySchedule(
            initSecret: current.secrets.initSecret, commitSecret: created?.commitSecret ?? algorithms.zeroSecret,
            preSharedKeySecret: try algorithms.preSharedKeySecret(preSharedKeys), context: context, algorithms)
        let tag = algorithms.mac(schedule.confirmationKey, context.confirmedTranscriptHash)
        message.auth.confirmationTag = tag
        let next = Epoch(
            context: context, tree: tree, ownLeaf: ownLeaf, keys: keys, schedule: schedule, confirmationTag: tag,
            reInit: list.reInit, algorithms)

        var welcome: [UInt8]?
        if !list.adds.isEmpty {
            welcome = try next.welcome(
                list.adds, at: added, schedule, created, preSharedKeys: list.preSharedKeys,
                includingTree: options.includesTree, signer: signer, random
            ).encoded
        }
        // Last, because it changes this group.
        let encoded = try current.protect(message, random).encoded
        return PendingCommit(
            message: encoded, welcome: welcome,
            staged: StagedCommit(
                committer: ownLeaf, isExternal: false, added: applied.added, removed: applied.removed,
                updated: updated, authenticatedData: options.authenticatedData, epoch: context.epoch, next: next,
                base: current.interimTranscriptHash))
    }

    private func inlineProposals(
        adding keyPackages: [KeyPackage], removing leaves: [UInt32], _ options: CommitOptions
    ) -> [Proposal] {
        var proposals: [Proposal] = []
        if let extensions = options.extensions { proposals.append(.groupContextExtensions(extensions)) }
        for leaf in leaves { proposals.append(.remove(leaf)) }
        for keyPackage in keyPackages { proposals.append(.add(keyPackage)) }
        for id in options.preSharedKeys { proposals.append(.preSharedKey(id)) }
        if let reInit = options.reInit { proposals.append(.reInit(reInit)) }
        return proposals
    }

    private struct Selection {
        var entries: [ProposalOrRef] = []
        var sent: [SentProposal] = []

        mutating func append(_ entry: ProposalOrRef, _ proposal: SentProposal) {
            entries.append(entry)
            sent.append(proposal)
        }
    }

    private typealias Choice = (selection: Selection, list: ProposalList, applied: AppliedProposals)

    /// The proposals to commit, validated and applied: all that are given here, and all that wait and go with them
    /// (RFC 9420 §12.2, §12.4).
    private func choose(
        _ inline: [Proposal], _ options: CommitOptions, accept: LeafAcceptance
    ) throws(MLSError) -> Choice {
        var waiting = Selection()
        for cached in byPreference { waiting.append(.reference(cached.reference), cached.sent) }
        do throws(MLSError) {
            return try validate(waiting, inline, options, accept: accept)
        } catch {
            guard !waiting.sent.isEmpty else { throw error }
        }
        // Not all of what waits goes together, as a member may have meant it. What was asked for here must be possible all
        // the same: so take of the others, one by one, what does.
        var fitting = Selection()
        var choice = try validate(fitting, inline, options, accept: accept)
        for (entry, sent) in zip(waiting.entries, waiting.sent) {
            var more = fitting
            more.append(entry, sent)
            do throws(MLSError) {
                choice = try validate(more, inline, options, accept: accept)
                fitting = more
            } catch {
                continue
            }
        }
        return choice
    }

    /// The proposals that wait, first those that §12.2 prefers: a Remove before an Update of the same leaf, the latest
    /// Update before earlier ones, and a ReInit, which stands alone, after everything.
    private var byPreference: [CachedProposal] {
        var removes: [CachedProposal] = []
        var updates: [CachedProposal] = []
        var others: [CachedProposal] = []
        var reInits: [CachedProposal] = []
        for cached in proposals {
            switch cached.sent.proposal {
            case .remove: removes.append(cached)
            case .update: updates.append(cached)
            case .reInit: reInits.append(cached)
            default: others.append(cached)
            }
        }
        return removes + updates.reversed() + others + reInits
    }

    private func validate(
        _ waiting: Selection, _ inline: [Proposal], _ options: CommitOptions, accept: LeafAcceptance
    ) throws(MLSError) -> Choice {
        var selection = waiting
        for proposal in inline {
            selection.append(.proposal(proposal), SentProposal(proposal: proposal, sender: .member(ownLeaf)))
        }
        let list = try ProposalList(selection.sent, committer: ownLeaf, in: current, accept: accept)
        _ = try find(list.preSharedKeys, options.preSharedKey)
        return (selection, list, try current.apply(list))
    }
}

extension Epoch {
    /// One Welcome to this epoch for all its new members (RFC 9420 §12.4.3.1).
    fileprivate func welcome(
        _ keyPackages: [KeyPackage], at leaves: [UInt32], _ schedule: KeySchedule, _ path: CreatedPath?,
        preSharedKeys: [PreSharedKeyID], includingTree: Bool, signer: some LeafSigner, _ random: Randomness
    ) throws(MLSError) -> MLSMessage {
        let groupInfo = try groupInfo(includingTree: includingTree, externalPub: false, signer: signer)
        let encryptedGroupInfo = try algorithms.seal(
            groupInfo.encoded, algorithms.welcomeKey(schedule.welcomeSecret), aad: [])
        var secrets: [Welcome.EncryptedSecrets] = []
        for (keyPackage, leaf) in zip(keyPackages, leaves) {
            var plaintext = GroupSecrets(
                joinerSecret: schedule.joinerSecret, pathSecret: path?.secret(forAdded: leaf, committer: ownLeaf),
                preSharedKeys: preSharedKeys
            ).encoded
            defer { wipe(&plaintext) }
            let sealed = try algorithms.encrypt(
                to: keyPackage.initKey, label: "Welcome", context: encryptedGroupInfo, plaintext, random)
            secrets.append(Welcome.EncryptedSecrets(newMember: keyPackage.reference(algorithms), sealed: sealed))
        }
        return .welcome(
            Welcome(suite: algorithms.suite, secrets: secrets, encryptedGroupInfo: encryptedGroupInfo))
    }
}
