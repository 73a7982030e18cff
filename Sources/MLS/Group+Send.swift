import CryptoPrimitives
import WireFormat

/// A proposal to make.
public enum ProposalRequest: Sendable {
    case add(KeyPackage)
    /// A leaf index; one's own, to leave: another member has to commit it.
    case remove(UInt32)
    /// Fresh keys for one's own leaf.
    case update
}

extension Group {
    /// Encrypts application data for the group.
    ///
    /// The group has changed afterwards: store it before the message is sent, or a key could be used twice.
    ///
    /// - Parameters:
    ///   - authenticatedData: sent along in the clear, authenticated.
    ///   - size: pads the encrypted content (data, signature and their lengths) to at least this many bytes.
    /// - Returns: an encoded MLSMessage(PrivateMessage).
    /// - Throws: ``MLSError/commitRequired`` while proposals wait, ``MLSError/inactive``, or what the signer throws.
    public mutating func encrypt(
        _ data: [UInt8], authenticatedData: [UInt8] = [], paddingTo size: Int? = nil, signer: some LeafSigner,
        random: Randomness
    ) throws(MLSError) -> [UInt8] {
        guard isActive else { throw .inactive }
        // RFC 9420 §12.4: a member that has observed valid proposals sends a commit before application data.
        guard proposals.isEmpty else { throw .commitRequired }
        let message = try current.frame(
            .application(data), authenticatedData: authenticatedData, as: .privateMessage, signer: signer)
        return try current.protect(message, paddedTo: size ?? 0, random).encoded
    }

    /// Proposes a change, for another member to commit. The proposal is this group's own pending one, too.
    ///
    /// - Returns: an encoded MLSMessage.
    public mutating func propose(
        _ request: ProposalRequest, authenticatedData: [UInt8] = [], publicly: Bool = false, signer: some LeafSigner,
        random: Randomness, accept: LeafAcceptance
    ) throws(MLSError) -> [UInt8] {
        guard isActive else { throw .inactive }
        var group = self
        let proposal: Proposal
        switch request {
        case .add(let keyPackage):
            proposal = .add(keyPackage)
        case .remove(let leaf):
            proposal = .remove(leaf)
        case .update:
            guard var node = member(at: ownLeaf) else { throw .noSuchMember }
            let keys = try current.algorithms.generateKeyPair(random)
            node.encryptionKey = keys.publicKey
            node.source = .update
            try node.sign(at: LeafNode.Position(groupID: groupID, leaf: ownLeaf), by: signer)
            group.ownUpdates.append(OwnUpdate(node: node, leafKey: keys.privateKey))
            proposal = .update(node)
        }
        let alone = try ProposalList(
            [SentProposal(proposal: proposal, sender: .member(ownLeaf))], committer: .max, in: current,
            accept: accept)
        _ = try current.apply(alone)
        let message = try group.current.frame(
            .proposal(proposal), authenticatedData: authenticatedData,
            as: publicly ? .publicMessage : .privateMessage, signer: signer)
        try group.remember(proposal, message)
        let encoded = try group.current.protect(message, random).encoded
        self = group
        return encoded
    }
}

extension Epoch {
    /// Frames and signs content of this member's.
    package func frame(
        _ content: FramedContent.Content, authenticatedData: [UInt8], as format: MessageFormat,
        signer: some LeafSigner
    ) throws(MLSError) -> AuthenticatedContent {
        try AuthenticatedContent(
            signing: FramedContent(
                groupID: context.groupID, epoch: context.epoch, sender: .member(ownLeaf),
                authenticatedData: authenticatedData, content: content),
            as: format, in: context, by: signer)
    }

    /// Protects this member's message as its wire format says, which the signature covers. A PrivateMessage uses up a key.
    package mutating func protect(
        _ message: AuthenticatedContent, paddedTo size: Int = 0, _ random: Randomness
    ) throws(MLSError) -> MLSMessage {
        if message.format == .publicMessage {
            return .publicMessage(
                try PublicMessage(message, membershipKey: secrets.membershipKey, context: context, algorithms))
        }
        let (generation, key) = try messageKeys.next(ownLeaf, message.content.content.type, algorithms)
        return .privateMessage(
            try PrivateMessage(
                message, generation: generation, key: key, senderDataSecret: secrets.senderDataSecret,
                paddedTo: size, algorithms, random))
    }
}
