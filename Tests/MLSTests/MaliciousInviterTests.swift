import CryptoPrimitives
import MLS
import Testing
import WireFormat

/// A group that does not exist, described to a joiner by somebody who can sign for one of its members. Whatever is not
/// changed is right: hashes and signatures follow the change.
private struct ForgedGroup {
    enum Node {
        case blank
        case leaf(ForgedLeaf, SoftwareSigner)
        case parent(key: [UInt8], hash: [UInt8], unmerged: [UInt32])
    }

    let suite = CipherSuite.x25519AES128
    var nodes: [Node]
    var extensions = Extensions()
    var groupSuite = CipherSuite.x25519AES128
    var signer: UInt32 = 0
    var treeHash: [UInt8]?
    var spoilsSignature = false
    var hasTree = true
    var externalPub: [UInt8]?
    let inviter: Party

    /// Two members, neither of whom has committed yet.
    init() throws {
        inviter = try Party("inviter", suite: suite)
        var first = try ForgedLeaf(inviter, source: .keyPackage(.always))
        first.groupID = [1]
        let other = try Party("other", suite: suite)
        let second = try ForgedLeaf(other, source: .keyPackage(.always))
        nodes = [.leaf(first, inviter.signer), .blank, .leaf(second, other.signer)]
        var key = WireWriter()
        key.write(opaque: first.encryptionKey)
        externalPub = key.bytes
    }

    /// Changes the second member's leaf.
    mutating func second(_ change: (inout ForgedLeaf) -> Void) {
        guard case .leaf(var leaf, let signer) = nodes[2] else { return }
        change(&leaf)
        nodes[2] = .leaf(leaf, signer)
    }

    var firstLeaf: ForgedLeaf? {
        if case .leaf(let leaf, _) = nodes[0] { return leaf }
        return nil
    }

    private func tree() throws -> [UInt8] {
        var inner = WireWriter()
        for node in nodes {
            switch node {
            case .blank:
                inner.write(false)
            case .leaf(let leaf, let signer):
                inner.write(true)
                inner.write(UInt8(1))
                inner.write(try leaf.node(signer: signer))
            case .parent(let key, let hash, let unmerged):
                inner.write(true)
                inner.write(UInt8(2))
                inner.write(opaque: key)
                inner.write(opaque: hash)
                inner.writeVector { writer in for leaf in unmerged { writer.write(leaf) } }
            }
        }
        var writer = WireWriter()
        writer.write(opaque: inner.bytes)
        return writer.bytes
    }

    func groupInfo() throws -> [UInt8] {
        let encodedTree = try tree()
        var hash = treeHash
        if hash == nil, var tree = try? RatchetTree(decoding: encodedTree) { hash = tree.treeHash(.sha256) }
        var info = WireWriter()
        info.write(
            GroupContext(
                suite: groupSuite, groupID: [1], epoch: 7, treeHash: hash ?? [], confirmedTranscriptHash: [2],
                extensions: extensions))
        var infoExtensions = Extensions()
        if hasTree { infoExtensions[.ratchetTree] = encodedTree }
        infoExtensions[.externalPub] = externalPub
        info.write(infoExtensions)
        info.write(opaque: [3])
        info.write(signer)
        var signature = try inviter.signer.sign(label: "GroupInfoTBS", info.bytes)
        if spoilsSignature { signature[0] ^= 1 }
        info.write(opaque: signature)
        return [0, 1, 0, 4] + info.bytes
    }
}

@Suite("A malicious inviter")
struct MaliciousInviterTests {
    @Test("cannot describe a group that is not sound (§7.9.2, §12.4.3)")
    func groups() throws {
        let other = ExtensionType(rawValue: 0xF00)
        let key = try Algorithms(.x25519AES128).generateKeyPair(Randomness(seed: [1])).publicKey
        let cases: [(MLSError, (inout ForgedGroup) throws -> Void)] = [
            (.invalidGroupInfo(.signature), { $0.spoilsSignature = true }),
            (.invalidGroupInfo(.signature), { $0.signer = 1 }),
            (.invalidGroupInfo(.signer), { $0.signer = 2 }),
            (.invalidGroupInfo(.signer), { $0.signer = .max }),
            (.invalidGroupInfo(.treeMissing), { $0.hasTree = false }),
            (.invalidGroupInfo(.externalPubMissing), { $0.externalPub = nil }),
            (.malformed(.truncated), { $0.externalPub = [9] }),
            (.malformed(.trailingBytes), { $0.externalPub = [0, 0] }),
            (.invalidKey, { $0.externalPub = [1, 7] }),
            (.unsupportedCipherSuite, { $0.groupSuite = CipherSuite(rawValue: 4) }),
            (.invalidLeafNode(.versionOrSuiteNotSupported), { $0.groupSuite = .x25519ChaCha20 }),
            (.invalidTree(.treeHash), { $0.treeHash = [UInt8](repeating: 1, count: 32) }),
            (.malformed(.invalidValue), { $0.nodes.append(.blank) }),
            (.malformed(.invalidValue), { $0.nodes = [] }),
            (.malformed(.invalidValue), { $0.nodes[1] = $0.nodes[0] }),
            (.malformed(.invalidValue), { $0.nodes[2] = .parent(key: key, hash: [], unmerged: []) }),
            (.malformed(.invalidValue), { $0.nodes[1] = .parent(key: key, hash: [], unmerged: [2]) }),
            (.malformed(.invalidValue), { $0.nodes[1] = .parent(key: key, hash: [], unmerged: [1, 0]) }),
            (.malformed(.invalidValue), { $0.nodes[1] = .parent(key: key, hash: [], unmerged: [1, 1]) }),
            // A parent that no member's commit has set.
            (.invalidTree(.parentHash), { $0.nodes[1] = .parent(key: key, hash: [], unmerged: []) }),
            (.invalidTree(.parentHash), { $0.nodes[1] = .parent(key: key, hash: [], unmerged: [1]) }),
            (
                .invalidTree(.duplicateKey),
                {
                    $0.nodes[1] = .parent(key: $0.firstLeaf?.encryptionKey ?? [], hash: [], unmerged: [])
                }
            ),
            // An unmerged leaf that is blank; one that a node in between does not list.
            (
                .invalidTree(.unmergedLeaves),
                {
                    let third = try Party("third", suite: $0.suite)
                    $0.nodes.append(.parent(key: key, hash: [], unmerged: [3]))
                    $0.nodes.append(.leaf(try ForgedLeaf(third, source: .keyPackage(.always)), third.signer))
                }
            ),
            (
                .invalidTree(.unmergedLeaves),
                {
                    $0.nodes[1] = .parent(key: key, hash: [], unmerged: [])
                    let third = try Party("third", suite: $0.suite)
                    $0.nodes.append(.parent(key: third.random.bytes(32), hash: [], unmerged: [1]))
                    $0.nodes.append(.leaf(try ForgedLeaf(third, source: .keyPackage(.always)), third.signer))
                }
            ),
            (.invalidLeafNode(.signature), { $0.second { $0.spoilsSignature = true } }),
            (
                .invalidLeafNode(.signature),
                {
                    $0.second {
                        $0.source = .commit(parentHash: [])
                        $0.groupID = [1]
                    }
                }
            ),
            (
                .invalidLeafNode(.duplicateEncryptionKey),
                {
                    let key = $0.firstLeaf?.encryptionKey ?? []
                    $0.second { $0.encryptionKey = key }
                }
            ),
            (.invalidLeafNode(.duplicateSignatureKey), { $0.nodes[2] = try $0.again() }),
            (.invalidLeafNode(.extensionNotSupported), { $0.second { $0.extensions[other] = [] } }),
            (.invalidLeafNode(.extensionNotSupported), { $0.extensions[other] = [] }),
            (.invalidLeafNode(.versionOrSuiteNotSupported), { $0.second { $0.capabilities.suites = [] } }),
            (.invalidLeafNode(.credentialTypeNotSupported), { $0.second { $0.capabilities.credentials = [] } }),
            (
                .invalidLeafNode(.credentialTypeNotSupported),
                {
                    $0.second {
                        $0.credential = .x509(certificates: [])
                        $0.capabilities.credentials = [.basic, .x509]
                    }
                }
            ),
            (
                .invalidLeafNode(.missingRequiredCapability),
                {
                    $0.extensions[.requiredCapabilities] =
                        RequiredCapabilities(extensionTypes: [], proposalTypes: [], credentialTypes: [.x509]).encoded
                }
            ),
            (
                .invalidLeafNode(.missingRequiredCapability),
                {
                    $0.extensions[.requiredCapabilities] =
                        RequiredCapabilities(
                            extensionTypes: [], proposalTypes: [ProposalType(rawValue: 0xF00)], credentialTypes: []
                        ).encoded
                }
            ),
        ]
        for (index, (error, change)) in cases.enumerated() {
            var group = try ForgedGroup()
            try change(&group)
            let joiner = try Party("joiner", suite: group.suite)
            let info = try group.groupInfo()
            #expect(throws: error, "\(index)") { try externalJoin(joiner, groupInfo: info, replacing: nil) }
        }
        // Without a change the description is taken, and the joiner's place is the next leaf.
        let joiner = try Party("joiner", suite: .x25519AES128)
        let join = try externalJoin(joiner, groupInfo: try ForgedGroup().groupInfo(), replacing: nil)
        #expect(join.group.ownLeaf == 2)
        #expect(throws: MLSError.noSuchMember) {
            try externalJoin(joiner, groupInfo: try ForgedGroup().groupInfo(), replacing: 9)
        }
    }

    @Test("cannot exhaust the count of epochs")
    func epochs() throws {
        let parties = try makeGroup(["alice", "bob"], suite: .x25519AES128)
        // A state at the last epoch there is.
        var encoded = try parties[0].state.encoded
        let context = try parties[0].state.current.context
        var last = context
        last.epoch = .max
        #expect(Array(encoded[1..<1 + context.encoded.count]) == context.encoded)
        encoded.replaceSubrange(1..<1 + context.encoded.count, with: last.encoded)
        parties[0].group = try Group(decoding: encoded)
        #expect(throws: MLSError.epochsExhausted) { try parties[0].commit() }
    }
}

extension ForgedGroup {
    /// The inviter's leaf a second time, under another encryption key.
    fileprivate func again() throws -> Node {
        .leaf(try ForgedLeaf(inviter, source: .keyPackage(.always)), inviter.signer)
    }
}
