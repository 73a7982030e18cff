import CryptoPrimitives
import WireFormat

/// A group, as one of its members sees it (RFC 9420).
///
/// A value: what fails leaves it as it was, and what ``process(_:externalCommits:preSharedKey:accept:)`` makes of a commit
/// changes nothing before it is merged. It owns the protocol's state and secrets. Storing them sealed, ordering commits,
/// the time, and who may be a member are not its concern.
public struct Group: Sendable {
    /// How many epochs before the current one can still be read.
    public static let retainedEpochs = 3

    package internal(set) var current: Epoch
    /// Latest first.
    package internal(set) var past: [PastEpoch] = []
    /// Proposals of this epoch that no commit has covered yet, in the order of their arrival.
    var proposals: [CachedProposal] = []
    /// The private keys of this member's Updates among them.
    var ownUpdates: [OwnUpdate] = []
    var isRemoved = false

    struct CachedProposal: Sendable {
        let reference: [UInt8]
        let sent: SentProposal
    }

    struct OwnUpdate: Sendable {
        let node: LeafNode
        let leafKey: Secret
    }

    init(_ epoch: Epoch) {
        current = epoch
    }

    /// Creates a group of one (RFC 9420 §11).
    ///
    /// - Parameters:
    ///   - groupID: unique; 32 random bytes will do.
    ///   - signatureKey: the public key that belongs to `signer`.
    ///   - lifetime: of the creator's leaf.
    ///   - extensions: of the group's context.
    /// - Throws: ``MLSError/unsupportedCipherSuite``, or what the signer throws.
    public static func create(
        groupID: [UInt8], suite: CipherSuite, credential: Credential, signatureKey: [UInt8],
        lifetime: Lifetime = .always, extensions: Extensions = Extensions(), signer: some LeafSigner,
        random: Randomness
    ) throws(MLSError) -> Group {
        let algorithms = try Algorithms(suite)
        let leafKeys = try algorithms.generateKeyPair(random)
        let leaf = try LeafNode(
            forKeyPackageOf: suite, encryptionKey: leafKeys.publicKey, signatureKey: signatureKey,
            credential: credential, lifetime: lifetime, signer: signer)
        var tree = RatchetTree(leaf: leaf)
        let context = GroupContext(
            suite: suite, groupID: groupID, epoch: 0, treeHash: tree.treeHash(algorithms.hash),
            confirmedTranscriptHash: [], extensions: extensions)
        try leaf.validateAlone(groupID: groupID, leaf: 0, algorithms)
        try leaf.validateCapabilities(extensions, try context.requiredCapabilities())
        let schedule = KeySchedule(creating: random.secret(algorithms.hashLength), algorithms)
        return Group(
            Epoch(
                context: context, tree: tree, ownLeaf: 0, keys: PrivateKeys(leaf: leafKeys.privateKey),
                schedule: schedule, confirmationTag: algorithms.mac(schedule.confirmationKey, []), reInit: nil,
                algorithms))
    }

    // MARK: Reading

    public var groupID: [UInt8] { current.context.groupID }
    public var suite: CipherSuite { current.context.suite }
    public var epoch: UInt64 { current.context.epoch }
    /// This member's leaf index.
    public var ownLeaf: UInt32 { current.ownLeaf }
    /// In order of leaf, this one included.
    public var members: [Member] { current.members }
    /// The extensions of the group's context.
    public var extensions: Extensions { current.context.extensions }

    public func member(at leaf: UInt32) -> LeafNode? {
        current.tree.leaf(at: leaf)
    }

    /// False after a commit was merged that removed this member, or that reinitialised the group: nothing can be sent.
    public var isActive: Bool { !isRemoved && current.reInit == nil }

    /// The group to be made in place of this one, if the last commit said so (RFC 9420 §11.2).
    public var reInit: ReInit? { current.reInit }

    /// Whether proposals wait for a commit: until then, no application data can be sent.
    public var hasPendingProposals: Bool { !proposals.isEmpty }

    /// Equal for members who share the same view of the group (RFC 9420 §8.7).
    public var epochAuthenticator: [UInt8] { current.secrets.epochAuthenticator.exposed }

    /// The generation that this member's next application message in this epoch will have.
    public var nextGeneration: UInt32 { current.messageKeys.nextGeneration(ownLeaf, .application) }

    /// The generation that this member's next handshake message in this epoch will have.
    public var nextHandshakeGeneration: UInt32 { current.messageKeys.nextGeneration(ownLeaf, .commit) }

    /// `MLS-Exporter` (RFC 9420 §8.5): a secret of this epoch for the application.
    ///
    /// - Parameter length: bytes, at most 255 times the suite's hash length.
    public func export(label: [UInt8], context: [UInt8], length: Int) -> Secret {
        current.export(label: label, context: context, length: length)
    }

    /// The encoded ratchet tree, for joiners whose Welcome or GroupInfo comes without it.
    public var ratchetTree: [UInt8] { current.tree.encoded }

    /// An encoded MLSMessage with a signed GroupInfo of this epoch, which lets a client join by an external commit
    /// (RFC 9420 §12.4.3). It is not public: the application chooses who gets it.
    public func groupInfo(includingTree: Bool = true, signer: some LeafSigner) throws(MLSError) -> [UInt8] {
        guard isActive else { throw .inactive }
        return MLSMessage.groupInfo(
            try current.groupInfo(includingTree: includingTree, externalPub: true, signer: signer)
        ).encoded
    }

    // MARK: Merging

    /// Makes a staged commit's epoch the current one. Of the old epoch, the application keys of the other members stay for
    /// ``retainedEpochs`` or until ``forgetPastEpochs()``, and its resumption secret for as long or until
    /// ``forgetResumptionSecrets()``; all else is dropped at once.
    ///
    /// - Throws: ``MLSError/staleCommit`` if the commit does not start from the current epoch.
    public mutating func merge(_ staged: StagedCommit) throws(MLSError) {
        guard !isRemoved, staged.base == current.interimTranscriptHash, staged.epoch == epoch &+ 1 else {
            throw .staleCommit
        }
        past.insert(PastEpoch(current), at: 0)
        if past.count > Self.retainedEpochs { past.removeLast(past.count - Self.retainedEpochs) }
        proposals = []
        ownUpdates = []
        if let next = staged.next {
            current = next
        } else {
            isRemoved = true
            current.eraseSecrets()
        }
    }

    /// Makes this member's own commit the current epoch, once it is known that the group takes it.
    ///
    /// - Throws: ``MLSError/staleCommit`` if the commit does not start from the current epoch.
    public mutating func merge(_ pending: PendingCommit) throws(MLSError) {
        try merge(pending.staged)
    }

    /// The resumption secret of an epoch that is still kept (RFC 9420 §8.6).
    func resumptionSecret(epoch: UInt64) -> Secret? {
        if epoch == self.epoch { return current.secrets.resumptionSecret }
        for entry in past where entry.context.epoch == epoch && !entry.resumptionSecret.exposed.isEmpty {
            return entry.resumptionSecret
        }
        return nil
    }

    // MARK: Forgetting

    /// Forgets all that late messages of earlier epochs are read with.
    public mutating func forgetPastEpochs() {
        past = []
    }

    /// Whether an earlier epoch can still be read.
    public var hasPastEpochs: Bool { !past.isEmpty }

    /// Forgets the resumption secrets of earlier epochs: for an application that injects none of them as a pre-shared key.
    public mutating func forgetResumptionSecrets() {
        for index in past.indices { past[index].resumptionSecret = Secret([]) }
    }
}

extension Epoch {
    /// Forgets what a removed member has no use for.
    fileprivate mutating func eraseSecrets() {
        let none = Secret([])
        keys = PrivateKeys(leaf: none)
        secrets = EpochSecrets(
            senderDataSecret: none, exporterSecret: none, externalSecret: none, membershipKey: none,
            resumptionSecret: none, epochAuthenticator: none, initSecret: none)
        messageKeys = SecretTree(encryptionSecret: none, leafCount: 1)
    }
}

extension Group: WireEncodable, WireDecodable {
    /// The format of the state. Another one is refused, not guessed at.
    private static var stateVersion: UInt8 { 1 }

    /// Holds secrets in the clear: seal it before storing it.
    public func encode(into writer: inout WireWriter) {
        writer.write(Self.stateVersion)
        writer.write(current)
        writer.write(vector: past)
        writer.writeVector { writer in
            for entry in proposals {
                writer.write(opaque: entry.reference)
                writer.write(entry.sent.proposal)
                writer.write(entry.sent.sender)
            }
        }
        writer.writeVector { writer in
            for update in ownUpdates {
                writer.write(update.node)
                writer.write(secret: update.leafKey)
            }
        }
        writer.write(isRemoved)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt8() == Self.stateVersion else { throw .invalidValue }
        current = try reader.read()
        past = try reader.readVector(limit: Self.retainedEpochs)
        var entries = try reader.readSlice()
        while !entries.isAtEnd {
            let reference = try entries.readOpaque()
            let proposal: Proposal = try entries.read()
            let sent = SentProposal(proposal: proposal, sender: try entries.read())
            proposals.append(CachedProposal(reference: reference, sent: sent))
        }
        var updates = try reader.readSlice()
        while !updates.isAtEnd {
            let node: LeafNode = try updates.read()
            ownUpdates.append(OwnUpdate(node: node, leafKey: try updates.readSecret()))
        }
        isRemoved = try reader.readBool()
    }
}
