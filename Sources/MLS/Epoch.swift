import CryptoPrimitives
import WireFormat

/// A member, by its place in the tree. A leaf index means somebody only within one epoch.
public struct Member: Equatable, Sendable {
    public let leaf: UInt32
    public let node: LeafNode
}

/// One epoch of a group, as one member sees it.
package struct Epoch: Sendable {
    package let algorithms: Algorithms
    package var context: GroupContext
    package var tree: RatchetTree
    package let ownLeaf: UInt32
    package internal(set) var keys: PrivateKeys
    package var secrets: EpochSecrets
    package var messageKeys: SecretTree
    /// Of the commit that began this epoch.
    let confirmationTag: [UInt8]
    let interimTranscriptHash: [UInt8]
    /// Set if that commit asked for another group to be made in place of this one: nothing is sent any more.
    let reInit: ReInit?

    init(
        context: GroupContext, tree: RatchetTree, ownLeaf: UInt32, keys: PrivateKeys, schedule: KeySchedule,
        confirmationTag: [UInt8], reInit: ReInit?, _ algorithms: Algorithms
    ) {
        self.algorithms = algorithms
        self.context = context
        self.tree = tree
        self.ownLeaf = ownLeaf
        self.keys = keys
        self.confirmationTag = confirmationTag
        self.reInit = reInit
        secrets = schedule.secrets
        messageKeys = SecretTree(encryptionSecret: schedule.encryptionSecret, leafCount: tree.shape.leafCount)
        interimTranscriptHash = TranscriptHash.interim(
            confirmed: context.confirmedTranscriptHash, confirmationTag: confirmationTag, algorithms)
    }

    var members: [Member] {
        var members: [Member] = []
        tree.forEachMember { index, node in members.append(Member(leaf: index, node: node)) }
        return members
    }

    func export(label: [UInt8], context: [UInt8], length: Int) -> Secret {
        secrets.export(label: label, context: context, length: length, algorithms)
    }

    /// Describes this epoch to joiners, signed by this member.
    func groupInfo(
        includingTree: Bool, externalPub: Bool, signer: some LeafSigner
    ) throws(MLSError) -> GroupInfo {
        var extensions = Extensions()
        if includingTree { extensions[.ratchetTree] = tree.encoded }
        if externalPub {
            var writer = WireWriter()
            writer.write(opaque: try secrets.externalKeyPair(algorithms).publicKey)
            extensions[.externalPub] = writer.bytes
        }
        return try GroupInfo(
            context: context, extensions: extensions, confirmationTag: confirmationTag, leaf: ownLeaf, signer: signer)
    }
}

extension Epoch: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(context)
        writer.write(tree)
        writer.write(ownLeaf)
        writer.write(keys)
        writer.write(secrets)
        writer.write(messageKeys)
        writer.write(opaque: confirmationTag)
        writer.write(opaque: interimTranscriptHash)
        writer.write(optional: reInit)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        context = try reader.read()
        tree = try reader.read()
        ownLeaf = try reader.readUInt32()
        keys = try reader.read()
        secrets = try reader.read()
        messageKeys = try reader.read()
        confirmationTag = try reader.readOpaque()
        interimTranscriptHash = try reader.readOpaque()
        reInit = try reader.readOptional()
        do {
            algorithms = try Algorithms(context.suite)
        } catch {
            throw .invalidValue
        }
        guard tree.leaf(at: ownLeaf) != nil else { throw .invalidValue }
    }
}

/// What is kept of an epoch after the next has begun, to open application messages that come late.
package struct PastEpoch: Sendable {
    struct Sender: Sendable {
        let leaf: UInt32
        let signatureKey: [UInt8]
        let credential: Credential
    }

    let context: GroupContext
    /// The members then, in order of leaf.
    let senders: [Sender]
    let ownLeaf: UInt32
    let senderDataSecret: Secret
    /// Empty once it is forgotten.
    var resumptionSecret: Secret
    package internal(set) var messageKeys: SecretTree

    init(_ epoch: Epoch) {
        context = epoch.context
        ownLeaf = epoch.ownLeaf
        senderDataSecret = epoch.secrets.senderDataSecret
        resumptionSecret = epoch.secrets.resumptionSecret
        var senders: [Sender] = []
        epoch.tree.forEachMember { index, node in
            senders.append(Sender(leaf: index, signatureKey: node.signatureKey, credential: node.credential))
        }
        self.senders = senders
        messageKeys = epoch.messageKeys
        messageKeys.retire(own: epoch.ownLeaf, members: senders.map { $0.leaf }, epoch.algorithms)
    }

    func sender(at leaf: UInt32) -> Sender? {
        for sender in senders where sender.leaf == leaf { return sender }
        return nil
    }
}

extension PastEpoch: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(context)
        writer.writeVector { writer in
            for sender in senders {
                writer.write(sender.leaf)
                writer.write(opaque: sender.signatureKey)
                writer.write(sender.credential)
            }
        }
        writer.write(ownLeaf)
        writer.write(secret: senderDataSecret)
        writer.write(secret: resumptionSecret)
        writer.write(messageKeys)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        context = try reader.read()
        var entries = try reader.readSlice()
        var senders: [Sender] = []
        while !entries.isAtEnd {
            let leaf = try entries.readUInt32()
            let signatureKey = try entries.readOpaque()
            senders.append(Sender(leaf: leaf, signatureKey: signatureKey, credential: try entries.read()))
        }
        self.senders = senders
        ownLeaf = try reader.readUInt32()
        senderDataSecret = try reader.readSecret()
        resumptionSecret = try reader.readSecret()
        messageKeys = try reader.read()
    }
}

extension Member: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(leaf)
        writer.write(node)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        leaf = try reader.readUInt32()
        node = try reader.read()
    }
}
