import CryptoPrimitives
import WireFormat

/// The public side of a group's ratchet tree (RFC 9420 §4.1, §7).
///
/// Leaf `i` is node `2i` of the array form that hashes, paths and messages use; parents are the odd nodes.
package struct RatchetTree: Sendable {
    /// The most leaves a tree may have room for: a bound on what a stranger's tree can cost.
    package static let maximumLeaves: UInt32 = 1 << 16

    /// As many as the shape has leaves; nil is a blank.
    private var leaves: [LeafNode?]
    /// One fewer; parent `i` is node `2i + 1`.
    private var parents: [ParentNode?]
    /// Tree hashes by node, as far as they are known: an empty one is computed when it is needed. A change to a node
    /// empties those of its ancestors, so that hashing after a commit costs one path and not the whole tree.
    var hashes: [[UInt8]]

    package var shape: TreeShape { TreeShape(holding: UInt32(leaves.count)) }

    /// A tree of one member.
    package init(leaf: LeafNode) {
        leaves = [leaf]
        parents = []
        hashes = [[]]
    }

    // MARK: Reading

    package func leaf(at index: UInt32) -> LeafNode? {
        index < UInt32(leaves.count) ? leaves[Int(index)] : nil
    }

    /// - Parameter node: an odd node.
    func parent(at node: UInt32) -> ParentNode? {
        let index = Int(node / 2)
        return index < parents.count ? parents[index] : nil
    }

    package func isBlank(_ node: UInt32) -> Bool {
        node % 2 == 0 ? leaf(at: node / 2) == nil : parent(at: node) == nil
    }

    func encryptionKey(of node: UInt32) -> [UInt8]? {
        node % 2 == 0 ? leaf(at: node / 2)?.encryptionKey : parent(at: node)?.encryptionKey
    }

    /// Runs `body` on each member's leaf, in order.
    func forEachMember<Failure: Error>(_ body: (UInt32, LeafNode) throws(Failure) -> Void) throws(Failure) {
        for index in leaves.indices {
            if let leaf = leaves[index] { try body(UInt32(index), leaf) }
        }
    }

    func forEachParent<Failure: Error>(_ body: (UInt32, ParentNode) throws(Failure) -> Void) throws(Failure) {
        for index in parents.indices {
            if let parent = parents[index] { try body(UInt32(2 * index + 1), parent) }
        }
    }

    package var memberCount: Int {
        var count = 0
        for leaf in leaves where leaf != nil { count += 1 }
        return count
    }

    /// The nodes that together reach every member below `node` (RFC 9420 §4.1.1).
    package func resolution(of node: UInt32) -> [UInt32] {
        var result: [UInt32] = []
        appendResolution(of: node, to: &result)
        return result
    }

    private func appendResolution(of node: UInt32, to result: inout [UInt32]) {
        if node % 2 == 0 {
            if leaf(at: node / 2) != nil { result.append(node) }
        } else if let parent = parent(at: node) {
            result.append(node)
            for leaf in parent.unmergedLeaves { result.append(2 * leaf) }
        } else if let left = TreeShape.left(of: node), let right = TreeShape.right(of: node) {
            appendResolution(of: left, to: &result)
            appendResolution(of: right, to: &result)
        }
    }

    private func hasMembers(below node: UInt32) -> Bool {
        // A non-blank parent always has a member below it: removing the last one blanks it.
        if !isBlank(node) { return true }
        guard let left = TreeShape.left(of: node), let right = TreeShape.right(of: node) else { return false }
        return hasMembers(below: left) || hasMembers(below: right)
    }

    /// A node of a direct path, with its child off the path.
    package struct PathStep: Equatable, Sendable {
        package let node: UInt32
        package let copathChild: UInt32
    }

    /// The direct path of a leaf without the nodes whose child on the copath has an empty resolution (RFC 9420 §4.1.2).
    package func filteredDirectPath(ofLeaf leaf: UInt32) -> [PathStep] {
        let shape = shape
        var steps: [PathStep] = []
        var child = 2 * leaf
        while let parent = shape.parent(of: child), let sibling = shape.sibling(of: child) {
            if hasMembers(below: sibling) { steps.append(PathStep(node: parent, copathChild: sibling)) }
            child = parent
        }
        return steps
    }

    // MARK: Changing

    /// Adds a member at the leftmost blank leaf (RFC 9420 §12.1.1).
    ///
    /// - Returns: its leaf index.
    /// - Throws: ``TreeFault/tooLarge``.
    @discardableResult
    package mutating func add(_ leaf: LeafNode) throws(MLSError) -> UInt32 {
        let index = try leftmostBlankLeaf()
        for node in shape.directPath(ofLeaf: index) {
            let position = Int(node / 2)
            guard var parent = parents[position] else { continue }
            parents[position] = nil
            let insertion = parent.unmergedLeaves.firstIndex { $0 > index } ?? parent.unmergedLeaves.count
            parent.unmergedLeaves.insert(index, at: insertion)
            parents[position] = parent
        }
        setLeaf(leaf, at: index)
        return index
    }

    /// The leaf that the next member gets; the tree is extended if there is none (§7.7).
    mutating func leftmostBlankLeaf() throws(MLSError) -> UInt32 {
        for index in leaves.indices where leaves[index] == nil { return UInt32(index) }
        let count = leaves.count
        guard UInt32(count) < Self.maximumLeaves else { throw .invalidTree(.tooLarge) }
        leaves.append(contentsOf: [LeafNode?](repeating: nil, count: count))
        parents.append(contentsOf: [ParentNode?](repeating: nil, count: count))
        hashes.append(contentsOf: [[UInt8]](repeating: [], count: 2 * count))
        return UInt32(count)
    }

    /// Replaces a member's leaf by its Update (RFC 9420 §12.1.2).
    package mutating func update(_ leaf: LeafNode, at index: UInt32) {
        setLeaf(leaf, at: index)
        blankDirectPath(ofLeaf: index)
    }

    /// Removes a member (RFC 9420 §12.1.3).
    package mutating func remove(_ index: UInt32) {
        setLeaf(nil, at: index)
        blankDirectPath(ofLeaf: index)
    }

    /// Drops the right half of the tree as long as nobody is there (§7.7).
    package mutating func truncate() {
        while leaves.count > 1 {
            let half = leaves.count / 2
            for index in half..<leaves.count where leaves[index] != nil { return }
            leaves.removeLast(half)
            parents.removeLast(half)
            hashes.removeLast(2 * half)
        }
    }

    mutating func setLeaf(_ leaf: LeafNode?, at index: UInt32) {
        leaves[Int(index)] = leaf
        forgetHashes(from: 2 * index)
    }

    mutating func setParent(_ parent: ParentNode?, at node: UInt32) {
        parents[Int(node / 2)] = parent
        forgetHashes(from: node)
    }

    mutating func blankDirectPath(ofLeaf index: UInt32) {
        for node in shape.directPath(ofLeaf: index) { parents[Int(node / 2)] = nil }
        forgetHashes(from: 2 * index)
    }

    /// Empties the hashes that depend on a node.
    private mutating func forgetHashes(from node: UInt32) {
        let shape = shape
        var current: UInt32? = node
        while let next = current {
            hashes[Int(next)] = []
            current = shape.parent(of: next)
        }
    }
}

// MARK: - Encoding

extension RatchetTree: WireEncodable, WireDecodable {
    /// `optional<Node> ratchet_tree<V>` (RFC 9420 §12.4.3.3), without the blanks after the last node.
    package func encode(into writer: inout WireWriter) {
        var count = shape.nodeCount
        while count > 0, isBlank(count - 1) { count -= 1 }
        writer.writeVector { writer in
            for node in 0..<count {
                if node % 2 == 0 {
                    let leaf = leaf(at: node / 2)
                    writer.write(leaf != nil)
                    if let leaf {
                        writer.write(UInt8(1))
                        writer.write(leaf)
                    }
                } else {
                    let parent = parent(at: node)
                    writer.write(parent != nil)
                    if let parent {
                        writer.write(UInt8(2))
                        writer.write(parent)
                    }
                }
            }
        }
    }

    /// Decoded is not validated: a joiner checks it against its GroupInfo with ``validate(in:_:accept:)``.
    package init(from reader: inout WireReader) throws(WireError) {
        var nodes = try reader.readSlice()
        leaves = []
        parents = []
        var lastIsBlank = true
        while !nodes.isAtEnd {
            guard leaves.count < Self.maximumLeaves || leaves.count > parents.count else { throw .tooLong }
            let isLeaf = leaves.count == parents.count
            lastIsBlank = try !nodes.readBool()
            if lastIsBlank {
                if isLeaf { leaves.append(nil) } else { parents.append(nil) }
            } else {
                // Leaves are the even nodes, and only they.
                guard try nodes.readUInt8() == (isLeaf ? 1 : 2) else { throw .invalidValue }
                if isLeaf { leaves.append(try nodes.read()) } else { parents.append(try nodes.read()) }
            }
        }
        // RFC 9420 §12.4.3.3: the last node is not blank. This also refuses an empty tree.
        guard !lastIsBlank else { throw .invalidValue }
        let shape = TreeShape(holding: UInt32(max(leaves.count, parents.count + 1)))
        let count = Int(shape.leafCount)
        leaves.append(contentsOf: [LeafNode?](repeating: nil, count: count - leaves.count))
        parents.append(contentsOf: [ParentNode?](repeating: nil, count: count - 1 - parents.count))
        hashes = [[UInt8]](repeating: [], count: 2 * count - 1)
        // An unmerged leaf is below its parent (§12.4.3.1). Checked first of all, because every walk relies on it.
        for index in parents.indices {
            guard let parent = parents[index] else { continue }
            for leaf in parent.unmergedLeaves where !TreeShape.isLeaf(leaf, below: UInt32(2 * index + 1)) {
                throw .invalidValue
            }
        }
    }
}
