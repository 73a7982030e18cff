/// The shape of a tree stored as an array (RFC 9420 Appendix C): leaf `i` is node `2i`, parents lie in between. An index
/// stays the same when the tree grows or shrinks.
package struct TreeShape: Equatable, Sendable {
    /// A power of two: trees are always full (§7.7).
    package let leafCount: UInt32

    /// The smallest full tree with room for `leaves`, at least one.
    package init(holding leaves: UInt32) {
        var count: UInt32 = 1
        while count < leaves, count < 1 << 30 { count <<= 1 }
        leafCount = count
    }

    package var nodeCount: UInt32 { 2 * leafCount - 1 }
    package var root: UInt32 { leafCount - 1 }

    package func contains(node: UInt32) -> Bool { node < nodeCount }

    package func parent(of node: UInt32) -> UInt32? {
        guard node != root, contains(node: node) else { return nil }
        let level = Self.level(node)
        let bit = (node >> (level + 1)) & 1
        return (node | (1 << level)) ^ (bit << (level + 1))
    }

    package func sibling(of node: UInt32) -> UInt32? {
        guard let parent = parent(of: node), let left = Self.left(of: parent), let right = Self.right(of: parent) else {
            return nil
        }
        return node < parent ? right : left
    }

    /// The nodes from a leaf's parent up to the root.
    func directPath(ofLeaf leaf: UInt32) -> [UInt32] {
        var path: [UInt32] = []
        var node = 2 * leaf
        while let parent = parent(of: node) {
            path.append(parent)
            node = parent
        }
        return path
    }

    /// Leaves are level 0, their parents level 1, and so on.
    package static func level(_ node: UInt32) -> UInt32 {
        UInt32((~node).trailingZeroBitCount)
    }

    package static func left(of node: UInt32) -> UInt32? {
        let level = level(node)
        return level == 0 ? nil : node ^ (1 << (level - 1))
    }

    package static func right(of node: UInt32) -> UInt32? {
        let level = level(node)
        return level == 0 ? nil : node ^ (3 << (level - 1))
    }

    /// The indexes of the leaves below a node (or the leaf itself).
    static func leaves(below node: UInt32) -> Range<UInt32> {
        let width: UInt32 = 1 << level(node)
        let first = (node - (width - 1)) / 2
        return first..<first + width
    }

    /// Whether the leaf is below `node`, or is it.
    static func isLeaf(_ leaf: UInt32, below node: UInt32) -> Bool {
        leaves(below: node).contains(leaf)
    }

    /// Whether an ascending list of leaf indexes has this one. The lists of a hostile tree are as long as it is wide.
    static func contains(_ leaf: UInt32, in ascending: [UInt32]) -> Bool {
        var low = 0
        var high = ascending.count
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] == leaf { return true }
            if ascending[middle] < leaf { low = middle + 1 } else { high = middle }
        }
        return false
    }

    /// The lowest node with both leaves below it.
    static func commonAncestor(ofLeaves first: UInt32, _ second: UInt32) -> UInt32 {
        var (x, y) = (2 * first, 2 * second)
        var level: UInt32 = 0
        while x != y {
            x >>= 1
            y >>= 1
            level += 1
        }
        return level == 0 ? x : (x << level) + (1 << (level - 1)) - 1
    }
}
