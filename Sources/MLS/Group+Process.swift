import CryptoPrimitives
import WireFormat

/// Which external commits a member takes (RFC 9420 §12.4.3.2).
public enum ExternalCommitPolicy: Sendable {
    case refuse
    /// Only those that remove exactly one member: an old leaf of the joiner's. That the two are one device is for the
    /// application to check, in ``StagedCommit/removed`` and ``StagedCommit/added``, before it merges.
    case resync
    case any
}

/// What a member does with others' proposals (RFC 9420 §12.1).
public enum ProposalPolicy: Sendable {
    /// Keeps them for the next commit. Until then no application data can be sent (§12.4).
    case keep
    /// Nobody in this group proposes: a proposal is refused, and its key is not used up.
    case refuse
}

/// What a message turned out to be.
public enum Received: Sendable {
    case application(Application)
    /// To be merged when the application agrees.
    case commit(StagedCommit)
    /// Kept for a later commit.
    case proposal(ReceivedProposal)
}

/// Application data, with who sent it.
public struct Application: Equatable, Sendable {
    /// The sender's leaf index in that epoch. It may be somebody else's by now.
    public let leaf: UInt32
    /// The sender's credential and signature key in that epoch.
    public let credential: Credential
    public let signatureKey: [UInt8]
    public let epoch: UInt64
    /// The message's number among the sender's application messages of that epoch.
    public let generation: UInt32
    public let data: [UInt8]
    /// What the sender sent along in the clear, authenticated.
    public let authenticatedData: [UInt8]
}

/// A proposal of another member's.
public struct ReceivedProposal: Equatable, Sendable {
    public let leaf: UInt32
    public let proposal: Proposal
    public let authenticatedData: [UInt8]
}

extension Group {
    /// Processes an encoded PublicMessage or PrivateMessage.
    ///
    /// Application data and proposals use up their message key; a commit changes nothing before it is merged. A message
    /// that is refused changes nothing at all, so that a forgery cannot burn the key of the true message.
    ///
    /// - Parameters:
    ///   - proposals: what becomes of a proposal that stands alone. Those inside a commit are part of it.
    ///   - preSharedKey: finds external pre-shared keys that a commit uses.
    ///   - accept: asked about each leaf that the message brings.
    /// - Throws: ``MLSError/epochNotReached(_:)`` for a message to be kept for later; any other error is a refusal.
    public mutating func process(
        _ message: [UInt8], externalCommits: ExternalCommitPolicy = .resync, proposals policy: ProposalPolicy = .keep,
        preSharedKey: PreSharedKeyLookup = { _ in nil }, accept: LeafAcceptance
    ) throws(MLSError) -> Received {
        switch try MLSMessage.parse(message) {
        case .publicMessage(let message):
            return try process(
                message, externalCommits: externalCommits, policy, preSharedKey: preSharedKey, accept: accept)
        case .privateMessage(let message):
            return try process(message, policy, preSharedKey: preSharedKey, accept: accept)
        case .welcome, .groupInfo, .keyPackage:
            throw .unexpectedMessage
        }
    }

    // MARK: PrivateMessage (RFC 9420 §6.3)

    private mutating func process(
        _ message: PrivateMessage, _ policy: ProposalPolicy, preSharedKey: PreSharedKeyLookup, accept: LeafAcceptance
    ) throws(MLSError) -> Received {
        guard message.groupID == groupID else { throw .wrongGroup }
        // The type is authenticated with the content (§6.3.2), so that another one would not open.
        if policy == .refuse, message.contentType == .proposal { throw .unexpectedMessage }
        if message.epoch == epoch, !isRemoved {
            var messageKeys = current.messageKeys
            let (verified, generation, sender) = try current.open(message, &messageKeys)
            switch verified.content {
            case .application(let data):
                current.messageKeys = messageKeys
                return .application(
                    Application(
                        leaf: sender.leaf, credential: sender.node.credential,
                        signatureKey: sender.node.signatureKey, epoch: message.epoch, generation: generation,
                        data: data, authenticatedData: message.authenticatedData))
            case .proposal(let proposal):
                let received = try cache(proposal, verified, accept: accept)
                current.messageKeys = messageKeys
                return received
            case .commit(let commit):
                // The key is used up by merging, which ends the epoch.
                return .commit(
                    try stage(
                        commit, verified, externalCommits: .refuse, preSharedKey: preSharedKey, accept: accept))
            }
        }
        guard message.epoch <= epoch else {
            if isRemoved { throw .inactive }
            throw .epochNotReached(message.epoch)
        }
        return .application(try openPast(message))
    }

    private mutating func openPast(_ message: PrivateMessage) throws(MLSError) -> Application {
        for index in past.indices where past[index].context.epoch == message.epoch {
            guard message.contentType == .application else { break }
            var messageKeys = past[index].messageKeys
            let opened = try past[index].open(message, &messageKeys, current.algorithms)
            past[index].messageKeys = messageKeys
            return opened
        }
        throw .epochExpired(message.epoch)
    }

    // MARK: PublicMessage (RFC 9420 §6.2)

    private mutating func process(
        _ message: PublicMessage, externalCommits: ExternalCommitPolicy, _ policy: ProposalPolicy,
        preSharedKey: PreSharedKeyLookup, accept: LeafAcceptance
    ) throws(MLSError) -> Received {
        guard message.content.groupID == groupID else { throw .wrongGroup }
        guard !isRemoved else { throw .inactive }
        guard message.content.epoch <= epoch else { throw .epochNotReached(message.content.epoch) }
        guard message.content.epoch == epoch else { throw .epochExpired(message.content.epoch) }
        let content = try message.unprotected(
            membershipKey: current.secrets.membershipKey, context: current.context, current.algorithms)
        let verified = try current.verify(content)
        switch verified.content {
        case .application:
            // §6: application data is always encrypted.
            throw .unexpectedMessage
        case .proposal(let proposal):
            guard policy == .keep else { throw .unexpectedMessage }
            return try cache(proposal, verified, accept: accept)
        case .commit(let commit):
            return .commit(
                try stage(
                    commit, verified, externalCommits: externalCommits, preSharedKey: preSharedKey, accept: accept))
        }
    }

    // MARK: Proposals (RFC 9420 §12.1)

    /// Keeps a proposal for a commit, after the checks that need no other proposals.
    private mutating func cache(
        _ proposal: Proposal, _ verified: VerifiedContent, accept: LeafAcceptance
    ) throws(MLSError) -> Received {
        guard isActive else { throw .inactive }
        guard case .member(let leaf) = verified.sender else { throw .unauthorizedSender }
        // A proposal that no commit could cover is refused now. The committer it is checked for is nobody: a member may
        // propose its own removal, for another to commit.
        let alone = try ProposalList(
            [SentProposal(proposal: proposal, sender: verified.sender)], committer: .max, in: current, accept: accept)
        _ = try current.apply(alone)
        try remember(proposal, verified.message)
        return .proposal(
            ReceivedProposal(
                leaf: leaf, proposal: proposal, authenticatedData: verified.message.content.authenticatedData))
    }

    mutating func remember(_ proposal: Proposal, _ message: AuthenticatedContent) throws(MLSError) {
        let reference = message.proposalReference(current.algorithms)
        for known in proposals where known.reference == reference { return }
        guard proposals.count < 4_096 else { throw .invalidProposals(.tooMany) }
        proposals.append(
            CachedProposal(
                reference: reference, sent: SentProposal(proposal: proposal, sender: message.content.sender)))
    }
}

extension Epoch {
    /// Decrypts and verifies a message of this epoch.
    fileprivate func open(
        _ message: PrivateMessage, _ messageKeys: inout SecretTree
    ) throws(MLSError) -> (VerifiedContent, generation: UInt32, sender: Member) {
        let senderData = try message.senderData(secrets.senderDataSecret, algorithms)
        guard senderData.leaf != ownLeaf else { throw .ownMessage }
        // RFC 9420 §6.3.2: the leaf index identifies a non-blank node.
        guard let node = tree.leaf(at: senderData.leaf) else { throw .unauthorizedSender }
        let key = try messageKeys.take(
            senderData.leaf, message.contentType, generation: senderData.generation, algorithms)
        let content = try message.decrypted(senderData, key: key, algorithms)
        let verified = try VerifiedContent(content, by: node.signatureKey, in: context, algorithms)
        return (verified, senderData.generation, Member(leaf: senderData.leaf, node: node))
    }

    /// Verifies a PublicMessage with the key that its sender's type demands (RFC 9420 §6.1).
    fileprivate func verify(_ message: AuthenticatedContent) throws(MLSError) -> VerifiedContent {
        switch message.content.sender {
        case .member(let leaf):
            guard leaf != ownLeaf else { throw .ownMessage }
            guard let node = tree.leaf(at: leaf) else { throw .unauthorizedSender }
            return try VerifiedContent(message, by: node.signatureKey, in: context, algorithms)
        case .newMemberCommit:
            // The key in the LeafNode of the Commit's path.
            guard case .commit(let commit) = message.content.content else { throw .unauthorizedSender }
            guard let path = commit.path else { throw .invalidCommit(.pathMissing) }
            return try VerifiedContent(message, by: path.leafNode.signatureKey, in: context, algorithms)
        case .external, .newMemberProposal:
            // §12.1.8: proposals from outside the group have to be authorised, and nothing here authorises any.
            throw .unauthorizedSender
        }
    }
}

extension PastEpoch {
    fileprivate func open(
        _ message: PrivateMessage, _ messageKeys: inout SecretTree, _ algorithms: Algorithms
    ) throws(MLSError) -> Application {
        let senderData = try message.senderData(senderDataSecret, algorithms)
        guard senderData.leaf != ownLeaf else { throw .ownMessage }
        guard let sender = sender(at: senderData.leaf) else { throw .unauthorizedSender }
        let key = try messageKeys.take(
            senderData.leaf, .application, generation: senderData.generation, algorithms)
        let content = try message.decrypted(senderData, key: key, algorithms)
        let verified = try VerifiedContent(content, by: sender.signatureKey, in: context, algorithms)
        guard case .application(let data) = verified.content else { throw .unexpectedMessage }
        return Application(
            leaf: sender.leaf, credential: sender.credential, signatureKey: sender.signatureKey,
            epoch: message.epoch, generation: senderData.generation, data: data,
            authenticatedData: message.authenticatedData)
    }
}
