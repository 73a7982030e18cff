import CryptoPrimitives
import WireFormat

extension LeafNode {
    /// The checks of RFC 9420 §7.3 that concern the leaf alone.
    ///
    /// - Parameter usingKey: also try the HPKE key, which costs an encapsulation: nobody could commit with a bad one in the
    ///   tree. Left out when a joiner checks a whole tree, whose leaves the group has checked one by one.
    func validateAlone(
        groupID: [UInt8], leaf: UInt32, usingKey: Bool = true, _ algorithms: Algorithms
    ) throws(MLSError) {
        // §10: the leaf is valid for the cipher suite, including its keys.
        let kem = algorithms.hpke.kem
        guard encryptionKey.count == kem.publicKeyLength, !usingKey || kem.isValidPublicKey(encryptionKey) else {
            throw .invalidLeafNode(.encryptionKey)
        }
        // The signature on the LeafNode is valid using signature_key.
        guard hasValidSignature(groupID: groupID, leaf: leaf, algorithms) else {
            throw .invalidLeafNode(.signature)
        }
        // §7.2, "the client MUST list all values for the respective parameters that it supports", and §11.1, "all members of
        // the group need to support the cipher suite and protocol version in use", bind the client that makes the leaf: §7.3 has
        // no step that looks for them in capabilities, and a leaf that is valid for the suite supports it. Who lists less is a
        // member all the same.
        // The ID for each extension is listed in capabilities.extensions; §7.2: so is the leaf's own credential type.
        guard extensions.areSupported(by: capabilities.extensions) else {
            throw .invalidLeafNode(.extensionNotSupported)
        }
        guard capabilities.credentials.contains(credential.type) else {
            throw .invalidLeafNode(.credentialTypeNotSupported)
        }
        // The lifetime is an interval. Whether now is in it is the application's to say: see LeafAcceptance.
        if let lifetime, lifetime.notBefore > lifetime.notAfter { throw .invalidLeafNode(.lifetime) }
    }

    /// Verifies that the leaf is compatible with the group's parameters (RFC 9420 §7.3, §11.1, §13.4).
    func validateCapabilities(_ extensions: Extensions, _ required: RequiredCapabilities?) throws(MLSError) {
        if let required, !capabilities.satisfy(required) { throw .invalidLeafNode(.missingRequiredCapability) }
        guard extensions.areSupported(by: capabilities.extensions) else {
            throw .invalidLeafNode(.extensionNotSupported)
        }
    }
}

extension RatchetTree {
    /// The checks of RFC 9420 §7.3 that compare leaves with the rest of the tree they stand in: unique keys, and
    /// credential types that everyone supports.
    ///
    /// - Parameter indexes: the leaves that are new.
    func validateAmongMembers(_ indexes: [UInt32]) throws(MLSError) {
        guard !indexes.isEmpty else { return }
        // With many new leaves, comparing each with each would be quadratic.
        var signatureKeys: Set<[UInt8]> = []
        var encryptionKeys: Set<[UInt8]> = []
        for index in indexes {
            guard let leaf = leaf(at: index) else { continue }
            guard signatureKeys.insert(leaf.signatureKey).inserted else {
                throw .invalidLeafNode(.duplicateSignatureKey)
            }
            guard encryptionKeys.insert(leaf.encryptionKey).inserted else {
                throw .invalidLeafNode(.duplicateEncryptionKey)
            }
        }
        let new = Set(indexes)
        var typesInUse: [CredentialType] = []
        var newTypes: [CredentialType] = []
        try forEachMember { (index, leaf) throws(MLSError) in
            let isNew = new.contains(index)
            if !isNew {
                if signatureKeys.contains(leaf.signatureKey) { throw .invalidLeafNode(.duplicateSignatureKey) }
                if encryptionKeys.contains(leaf.encryptionKey) { throw .invalidLeafNode(.duplicateEncryptionKey) }
            } else if !newTypes.contains(leaf.credential.type) {
                newTypes.append(leaf.credential.type)
            }
            if !typesInUse.contains(leaf.credential.type) { typesInUse.append(leaf.credential.type) }
        }
        // The credential type is supported by all members, and the new leaf supports those of all members.
        try forEachMember { (index, leaf) throws(MLSError) in
            for type in new.contains(index) ? typesInUse : newTypes
            where !leaf.capabilities.credentials.contains(type) {
                throw .invalidLeafNode(.credentialTypeNotSupported)
            }
        }
    }

    /// Validates a tree received on joining, all of it (RFC 9420 §12.4.3.1, "verify the integrity of the ratchet tree").
    ///
    /// - Parameters:
    ///   - own: the joiner's own leaf, about which `accept` is not asked.
    mutating func validate(
        in context: GroupContext, own: UInt32?, _ algorithms: Algorithms, accept: LeafAcceptance
    ) throws(MLSError) {
        // The tree hash matches the tree_hash field in GroupInfo.
        guard treeHash(algorithms.hash) == context.treeHash else { throw .invalidTree(.treeHash) }
        // Keys are unique, and unmerged leaves where they may be.
        try validateStructure()
        // Each non-empty parent node is parent-hash valid.
        guard hasValidParentHashes(algorithms.hash) else { throw .invalidTree(.parentHash) }
        // Each non-empty leaf node is valid according to §7.3.
        let required = try context.requiredCapabilities()
        try forEachMember { (index, leaf) throws(MLSError) in
            try leaf.validateAlone(groupID: context.groupID, leaf: index, usingKey: false, algorithms)
            try leaf.validateCapabilities(context.extensions, required)
            if index != own, !accept(leaf) { throw .credentialRefused }
        }
    }

    private func validateStructure() throws(MLSError) {
        var keys: Set<[UInt8]> = []
        var signatureKeys: Set<[UInt8]> = []
        var typesInUse: [CredentialType] = []
        try forEachMember { (_, leaf) throws(MLSError) in
            guard keys.insert(leaf.encryptionKey).inserted else { throw .invalidLeafNode(.duplicateEncryptionKey) }
            guard signatureKeys.insert(leaf.signatureKey).inserted else {
                throw .invalidLeafNode(.duplicateSignatureKey)
            }
            if !typesInUse.contains(leaf.credential.type) { typesInUse.append(leaf.credential.type) }
        }
        try forEachMember { (_, leaf) throws(MLSError) in
            for type in typesInUse where !leaf.capabilities.credentials.contains(type) {
                throw .invalidLeafNode(.credentialTypeNotSupported)
            }
        }
        let shape = shape
        try forEachParent { (node, parent) throws(MLSError) in
            // The encryption key in the parent node does not appear in any other node of the tree.
            guard keys.insert(parent.encryptionKey).inserted else { throw .invalidTree(.duplicateKey) }
            for unmerged in parent.unmergedLeaves {
                // The entry represents a non-blank leaf node (decoding saw to it that it is a descendant).
                guard leaf(at: unmerged) != nil else {
                    throw .invalidTree(.unmergedLeaves)
                }
                // Every non-blank node in between also has an entry for the leaf node.
                var current = 2 * unmerged
                while let above = shape.parent(of: current), above != node {
                    if let between = self.parent(at: above),
                        !TreeShape.contains(unmerged, in: between.unmergedLeaves)
                    {
                        throw .invalidTree(.unmergedLeaves)
                    }
                    current = above
                }
            }
        }
    }
}
