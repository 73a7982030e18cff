import CryptoPrimitives
import WireFormat

/// The message keys of an epoch: a tree of secrets under the encryption secret, with two ratchets at each leaf
/// (RFC 9420 §9). A secret is dropped as soon as what follows from it has been derived (§9.2).
package struct SecretTree: Sendable {
    /// How many skipped keys the whole tree keeps. A sender who skips more makes older ones of its own unusable.
    package static let maximumSkippedKeys = 20_000
    /// The same in a group of two: all of them are one sender's, and nobody else's messages come between.
    package static let maximumSkippedKeysOfTwo = 256

    private let shape: TreeShape
    /// Secrets of nodes whose children were not needed yet.
    private var nodes: [UInt32: Secret]
    private var ratchets: [UInt32: Ratchets]
    /// Skipped keys in all ratchets together.
    private var skippedCount: Int
    /// Set when the epoch has ended: handshake keys are not even derived any more.
    private var isPast = false

    /// A leaf's ratchets. Handshake keys are dropped when the epoch ends.
    private struct Ratchets: Sendable {
        var handshake: HashRatchet?
        var application: HashRatchet
    }

    /// - Parameter leafCount: of the ratchet tree.
    package init(encryptionSecret: Secret, leafCount: UInt32) {
        shape = TreeShape(holding: leafCount)
        nodes = [shape.root: encryptionSecret]
        ratchets = [:]
        skippedCount = 0
    }

    /// The generation that ``next(_:_:_:)`` gives next.
    func nextGeneration(_ leaf: UInt32, _ type: ContentType) -> UInt32 {
        guard let pair = ratchets[leaf] else { return 0 }
        return (type == .application ? pair.application.generation : pair.handshake?.generation) ?? 0
    }

    /// The next key to send with.
    package mutating func next(
        _ leaf: UInt32, _ type: ContentType, _ algorithms: Algorithms
    ) throws(MLSError) -> (generation: UInt32, key: MessageKey) {
        var ratchet = try ratchet(leaf, type, algorithms)
        let generation = ratchet.generation
        let key = try ratchet.next(algorithms)
        store(ratchet, leaf, type)
        return (generation, key)
    }

    /// The key of a received message. A caller that then cannot open the message keeps the tree as it was.
    ///
    /// - Throws: ``MLSError/messageKeyUsed``, ``MLSError/generationTooFar`` or ``MLSError/noSuchMember``.
    package mutating func take(
        _ leaf: UInt32, _ type: ContentType, generation: UInt32, _ algorithms: Algorithms
    ) throws(MLSError) -> MessageKey {
        var ratchet = try ratchet(leaf, type, algorithms)
        let before = ratchet.skippedCount
        let most = shape.leafCount <= 2 ? Self.maximumSkippedKeysOfTwo : Self.maximumSkippedKeys
        let room = most - skippedCount
        let key = try ratchet.take(generation, room: room, algorithms)
        skippedCount += ratchet.skippedCount - before
        store(ratchet, leaf, type)
        return key
    }

    /// Keeps what a past epoch is read with: the application keys of the other members.
    ///
    /// The secret of a leaf that has not spoken gives its handshake keys as well, and a node above it those of a whole
    /// subtree. So the application keys of all members are derived now, and what they come from is dropped.
    package mutating func retire(own leaf: UInt32, members: [UInt32], _ algorithms: Algorithms) {
        isPast = true
        for member in members where ratchets[member] == nil {
            do throws(MLSError) {
                try deriveLeaf(member, algorithms)
            } catch {
                // Nothing to derive them from: nothing to drop.
            }
        }
        nodes = [:]
        dropHandshakeKeys()
        dropLeaf(leaf)
    }

    private mutating func dropHandshakeKeys() {
        for leaf in [UInt32](ratchets.keys) {
            guard var pair = ratchets[leaf] else { continue }
            skippedCount -= pair.handshake?.skippedCount ?? 0
            pair.handshake = nil
            ratchets[leaf] = pair
        }
    }

    private mutating func dropLeaf(_ leaf: UInt32) {
        guard let pair = ratchets[leaf] else { return }
        skippedCount -= pair.application.skippedCount + (pair.handshake?.skippedCount ?? 0)
        ratchets[leaf] = nil
    }

    private mutating func ratchet(
        _ leaf: UInt32, _ type: ContentType, _ algorithms: Algorithms
    ) throws(MLSError) -> HashRatchet {
        if ratchets[leaf] == nil { try deriveLeaf(leaf, algorithms) }
        guard let pair = ratchets[leaf] else { throw .messageKeyUsed }
        if type == .application { return pair.application }
        guard let handshake = pair.handshake else { throw .messageKeyUsed }
        return handshake
    }

    private mutating func store(_ ratchet: HashRatchet, _ leaf: UInt32, _ type: ContentType) {
        if type == .application {
            ratchets[leaf]?.application = ratchet
        } else {
            ratchets[leaf]?.handshake = ratchet
        }
    }

    /// Derives a leaf's ratchets from the lowest secret above it, leaving the secrets of the siblings on the way.
    private mutating func deriveLeaf(_ leaf: UInt32, _ algorithms: Algorithms) throws(MLSError) {
        guard leaf < shape.leafCount else { throw .noSuchMember }
        var path: [UInt32] = [2 * leaf]
        path.append(contentsOf: shape.directPath(ofLeaf: leaf))
        // No secret above a leaf means that the leaf's ratchets existed, and were dropped.
        guard let start = path.firstIndex(where: { nodes[$0] != nil }) else { throw .messageKeyUsed }
        for index in stride(from: start, to: 0, by: -1) {
            let node = path[index]
            guard let secret = nodes[node], let left = TreeShape.left(of: node), let right = TreeShape.right(of: node)
            else { throw .internalFailure }
            nodes[left] = algorithms.expandWithLabel(secret, "tree", Label("left").bytes, algorithms.hashLength)
            nodes[right] = algorithms.expandWithLabel(secret, "tree", Label("right").bytes, algorithms.hashLength)
            nodes[node] = nil
        }
        guard let secret = nodes.removeValue(forKey: 2 * leaf) else { throw .internalFailure }
        ratchets[leaf] = Ratchets(
            handshake: isPast
                ? nil
                : HashRatchet(secret: algorithms.expandWithLabel(secret, "handshake", [], algorithms.hashLength)),
            application: HashRatchet(
                secret: algorithms.expandWithLabel(secret, "application", [], algorithms.hashLength)))
    }
}

extension SecretTree: WireEncodable, WireDecodable {
    /// In order of node and leaf, so that equal states have equal encodings.
    package func encode(into writer: inout WireWriter) {
        writer.write(shape.leafCount)
        writer.write(isPast)
        writer.writeVector { writer in
            for node in nodes.keys.sorted() {
                guard let secret = nodes[node] else { continue }
                writer.write(node)
                writer.write(secret: secret)
            }
        }
        writer.writeVector { writer in
            for leaf in ratchets.keys.sorted() {
                guard let pair = ratchets[leaf] else { continue }
                writer.write(leaf)
                writer.write(optional: pair.handshake)
                writer.write(pair.application)
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let leafCount = try reader.readUInt32()
        shape = TreeShape(holding: leafCount)
        guard shape.leafCount == leafCount else { throw .invalidValue }
        isPast = try reader.readBool()
        nodes = [:]
        ratchets = [:]
        skippedCount = 0
        var entries = try reader.readSlice()
        while !entries.isAtEnd {
            let node = try entries.readUInt32()
            nodes[node] = try entries.readSecret()
        }
        var pairs = try reader.readSlice()
        while !pairs.isAtEnd {
            let leaf = try pairs.readUInt32()
            let handshake: HashRatchet? = try pairs.readOptional()
            let pair = Ratchets(handshake: handshake, application: try pairs.read())
            skippedCount += pair.application.skippedCount + (handshake?.skippedCount ?? 0)
            ratchets[leaf] = pair
        }
    }
}
