import CryptoPrimitives
import MLS
import Testing
import WireFormat

/// A group that does not exist, described to a joiner by somebody who can sign for one of its members. Whatever is not
/// changed is right: hashes and signatures follow the change.
private struct ForgedGroup {
    enum Node {
        case blank
        case given(LeafNode)
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
    var epoch: UInt64 = 7
    /// Who signs the GroupInfo, if not the inviter.
    var infoSigner: SoftwareSigner?
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
            case .given(let node):
                inner.write(true)
                inner.write(UInt8(1))
                inner.write(node)
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
        try [0, 1, 0, 4] + groupInfo(tag: [3]).bytes
    }

    private func groupInfo(
        tag confirmationTag: [UInt8]
    ) throws -> (bytes: [UInt8], context: GroupContext) {
        let encodedTree = try tree()
        var hash = treeHash
        if hash == nil, var tree = try? RatchetTree(decoding: encodedTree) { hash = tree.treeHash(.sha256) }
        let context = GroupContext(
            suite: groupSuite, groupID: [1], epoch: epoch, treeHash: hash ?? [], confirmedTranscriptHash: [2],
            extensions: extensions)
        var info = WireWriter()
        info.write(context)
        var infoExtensions = Extensions()
        if hasTree { infoExtensions[.ratchetTree] = encodedTree }
        infoExtensions[.externalPub] = externalPub
        info.write(infoExtensions)
        info.write(opaque: confirmationTag)
        info.write(signer)
        var signature = try (infoSigner ?? inviter.signer).sign(label: "GroupInfoTBS", info.bytes)
        if spoilsSignature { signature[0] ^= 1 }
        info.write(opaque: signature)
        return (info.bytes, context)
    }

    /// What a Welcome to this group has besides the group.
    struct Invitation {
        var pathSecret: Secret?
        var preSharedKeys: [PreSharedKey] = []
        var ids: [PreSharedKeyID] = []
        var spoilsTag = false
        var suite: CipherSuite?
    }

    /// A Welcome for a client whose leaf is in the tree.
    func welcome(for keyPackage: KeyPackage, _ invitation: Invitation = Invitation()) throws -> [UInt8] {
        let algorithms = try Algorithms(suite)
        let joinerSecret = Secret([UInt8](repeating: 9, count: 32))
        let preSharedKeySecret = try algorithms.preSharedKeySecret(invitation.preSharedKeys)
        let schedule = KeySchedule(
            joinerSecret: joinerSecret, preSharedKeySecret: preSharedKeySecret,
            context: try groupInfo(tag: []).context, algorithms)
        var tag = algorithms.mac(schedule.confirmationKey, [2])
        if invitation.spoilsTag { tag[0] ^= 1 }
        let encryptedGroupInfo = try algorithms.aead.seal(
            key: algorithms.expandWithLabel(schedule.welcomeSecret, "key", [], algorithms.aead.keyLength),
            nonce: algorithms.expandWithLabel(schedule.welcomeSecret, "nonce", [], 12).exposed,
            plaintext: try groupInfo(tag: tag).bytes, aad: [])
        var secrets = WireWriter()
        secrets.write(opaque: joinerSecret.exposed)
        secrets.write(invitation.pathSecret != nil)
        if let pathSecret = invitation.pathSecret { secrets.write(opaque: pathSecret.exposed) }
        secrets.write(vector: invitation.ids)
        let sealed = try algorithms.encrypt(
            to: keyPackage.initKey, label: "Welcome", context: encryptedGroupInfo, secrets.bytes, inviter.random)
        var welcome = WireWriter()
        welcome.write(fixed: [0, 1, 0, 3])
        welcome.write(invitation.suite ?? suite)
        welcome.writeVector { writer in
            writer.write(opaque: keyPackage.reference(algorithms))
            writer.write(sealed)
        }
        welcome.write(opaque: encryptedGroupInfo)
        return welcome.bytes
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

    @Test("cannot welcome anybody to a group that is not sound (§12.4.3.1)")
    func welcomes() throws {
        let joiner = try Party("joiner", suite: .x25519AES128)
        let keyPackage = try joiner.keyPackage()
        let secret = Secret([UInt8](repeating: 4, count: 32))
        func use(_ kind: PreSharedKeyID.Kind, nonce: Int = 32, times: Int = 1) -> ForgedGroup.Invitation {
            var invitation = ForgedGroup.Invitation()
            for number in 0..<times {
                invitation.ids.append(
                    PreSharedKeyID(kind: kind, nonce: [UInt8](repeating: UInt8(number), count: nonce)))
            }
            invitation.preSharedKeys = invitation.ids.map { PreSharedKey(id: $0, secret: secret) }
            return invitation
        }
        let branch = PreSharedKeyID.Kind.resumption(.branch, groupID: [5], epoch: 3)
        var spoilt = ForgedGroup.Invitation()
        spoilt.spoilsTag = true
        var wrongPath = ForgedGroup.Invitation()
        wrongPath.pathSecret = secret
        var otherSuite = ForgedGroup.Invitation()
        otherSuite.suite = .x25519ChaCha20
        let plain = ForgedGroup.Invitation()
        let cases: [(MLSError?, ForgedGroup.Invitation, (inout ForgedGroup) -> Void)] = [
            (nil, plain, { _ in }),
            // §7.3 has no step for the suites that a member lists.
            (nil, plain, { $0.second { $0.capabilities.suites = [] } }),
            (nil, use(.external(id: [1])), { _ in }),
            (nil, use(branch), { $0.epoch = 1 }),
            (.invalidConfirmationTag, spoilt, { _ in }),
            (.notAddressed, otherSuite, { _ in }),
            (.notAddressed, plain, { $0.nodes.removeLast(2) }),
            (.invalidGroupInfo(.signature), plain, { $0.signer = 2 }),
            (.invalidTree(.treeHash), plain, { $0.treeHash = [1] }),
            (.unsupportedCipherSuite, plain, { $0.groupSuite = .x25519ChaCha20 }),
            (.invalidCommit(.pathKeysMismatched), wrongPath, { _ in }),
            (.invalidProposals(.preSharedKeyNonce), use(.external(id: [1]), nonce: 31), { _ in }),
            (.invalidProposals(.preSharedKeyUsage), use(branch, times: 2), { $0.epoch = 1 }),
            (.invalidGroupInfo(.epoch), use(branch), { _ in }),
        ]
        for (index, (error, invitation, change)) in cases.enumerated() {
            var group = try ForgedGroup()
            group.nodes += [.blank, .given(keyPackage.leafNode)]
            change(&group)
            let bundle = try #require(joiner.bundle)
            let welcome = try group.welcome(for: keyPackage, invitation)
            let join = {
                try Group.join(welcome, with: bundle, preSharedKey: { _ in secret }, accept: { _ in true })
            }
            if let error {
                #expect(throws: error, "\(index)") { try join() }
            } else {
                #expect(try join().ownLeaf == 2, "\(index)")
            }
        }
    }

    @Test("cannot welcome a client as the one who welcomes, nor with another's private key")
    func ownWelcome() throws {
        let joiner = try Party("joiner", suite: .x25519AES128)
        let keyPackage = try joiner.keyPackage()
        var group = try ForgedGroup()
        group.nodes[2] = .given(keyPackage.leafNode)
        group.signer = 1
        // The joiner's own signature over a GroupInfo: nobody else can make one.
        group.infoSigner = joiner.signer
        let bundle = try #require(joiner.bundle)
        #expect(throws: MLSError.notAddressed) {
            try Group.join(try group.welcome(for: keyPackage), with: bundle, accept: { _ in true })
        }
        group.signer = 0
        group.infoSigner = nil
        let welcome = try group.welcome(for: keyPackage)
        // The bundle ends with the leaf's private key.
        var bytes = bundle.encoded
        bytes[bytes.count - 5] ^= 1
        let spoilt = try KeyPackageBundle(decoding: bytes)
        #expect(throws: MLSError.mismatchedKey) { try Group.join(welcome, with: spoilt, accept: { _ in true }) }
        _ = try Group.join(welcome, with: bundle, accept: { _ in true })
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
