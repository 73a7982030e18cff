import CryptoPrimitives
import MLS
import Testing
import WireFormat

/// What only a member could send, because it is properly signed and encrypted, and what is refused all the same. Each line
/// stands for a clause of RFC 9420.
@Suite("A malicious member")
struct MaliciousMemberTests {
    let suite = CipherSuite.x25519AES128

    private func group() throws -> (mallory: Party, victim: Party) {
        let parties = try makeGroup(["mallory", "bob", "carol"], suite: suite)
        return (parties[0], parties[1])
    }

    @Test("cannot have a bad key package added (§7.3, §10.1)")
    func keyPackages() throws {
        let (mallory, victim) = try group()
        let other = ExtensionType(rawValue: 0xF00)
        let cases: [(MLSError, (inout ForgedKeyPackage) -> Void)] = [
            (.invalidKeyPackage(.versionOrSuite), { $0.version = 2 }),
            (.invalidKeyPackage(.versionOrSuite), { $0.suite = .x25519ChaCha20 }),
            (.invalidKeyPackage(.signature), { $0.spoilsSignature = true }),
            (.invalidKeyPackage(.sameKeys), { $0.initKey = $0.leaf.encryptionKey }),
            (.invalidKeyPackage(.initKey), { $0.initKey.removeLast() }),
            (.invalidLeafNode(.source), { $0.leaf.source = .update }),
            (.invalidLeafNode(.source), { $0.leaf.source = .commit(parentHash: []) }),
            (.invalidLeafNode(.signature), { $0.leaf.spoilsSignature = true }),
            (
                .invalidLeafNode(.lifetime),
                { $0.leaf.source = .keyPackage(Lifetime(notBefore: 2, notAfter: 1)) }
            ),
            (.invalidLeafNode(.encryptionKey), { $0.leaf.encryptionKey = [UInt8](repeating: 0, count: 32) }),
            (.invalidLeafNode(.encryptionKey), { $0.leaf.encryptionKey.append(1) }),
            (.invalidLeafNode(.extensionNotSupported), { $0.leaf.extensions[other] = [] }),
            (.invalidLeafNode(.credentialTypeNotSupported), { $0.leaf.capabilities.credentials = [.x509] }),
            // A type that not all members support.
            (
                .invalidLeafNode(.credentialTypeNotSupported),
                {
                    $0.leaf.capabilities.credentials = [.basic, .x509]
                    $0.leaf.credential = .x509(certificates: [])
                }
            ),
            // Keys that somebody has already.
            (
                .invalidLeafNode(.duplicateEncryptionKey),
                { [node = victim.group?.member(at: 2)] in $0.leaf.encryptionKey = node?.encryptionKey ?? [] }
            ),
        ]
        for (index, (error, change)) in cases.enumerated() {
            let stranger = try Party("stranger \(index)", suite: suite)
            var forged = try ForgedKeyPackage(stranger)
            change(&forged)
            let keyPackage = try forged.keyPackage(signer: stranger.signer)
            let proposal = try mallory.forge(.proposal(.add(keyPackage)))
            #expect(throws: error, "\(index)") { try victim.process(proposal) }
            let commit = try mallory.forgeCommit([.add(keyPackage)])
            #expect(throws: error, "\(index)") { try victim.process(commit) }
        }
        // The forgery itself is sound: without a change it is taken.
        let stranger = try Party("stranger", suite: suite)
        let sound = try ForgedKeyPackage(stranger).keyPackage(signer: stranger.signer)
        _ = try victim.process(try mallory.forge(.proposal(.add(sound))))
    }

    @Test(
        "may have a client added that lists less than it should: §7.3 and §10.1 do not look",
        arguments: [
            { $0.leaf.capabilities.suites = [.xwing] },
            { $0.leaf.capabilities.suites = [] },
            { $0.leaf.capabilities.versions = [] },
            { $0.extensions[ExtensionType(rawValue: 0xF00)] = [1] },
        ] as [@Sendable (inout ForgedKeyPackage) -> Void])
    func lenient(change: @Sendable (inout ForgedKeyPackage) -> Void) throws {
        let (mallory, victim) = try group()
        let stranger = try Party("stranger", suite: suite)
        var forged = try ForgedKeyPackage(stranger)
        change(&forged)
        let keyPackage = try forged.keyPackage(signer: stranger.signer)
        try keyPackage.validate()
        _ = try victim.process(try mallory.forge(.proposal(.add(keyPackage))))
    }

    @Test("proposes nothing where nobody proposes: nothing is kept, and data is sent on", arguments: [false, true])
    func refusedProposals(publicly: Bool) throws {
        let (mallory, victim) = try group()
        let before = try victim.state.encoded
        for proposal in [Proposal.remove(2), .remove(0)] {
            let message = try mallory.forge(
                .proposal(proposal), as: publicly ? .publicMessage : .privateMessage)
            #expect(throws: MLSError.unexpectedMessage) {
                try victim.with { try $0.process(message, proposals: .refuse, accept: { _ in true }) }
            }
        }
        #expect(try victim.state.encoded == before)
        #expect(try mallory.read(try victim.encrypt("as before")) == "as before")
        // Those inside a commit are part of it.
        let commit = try mallory.commit(removing: [2]).message
        let staged = try victim.with { try $0.process(commit, proposals: .refuse, accept: { _ in true }) }
        if case .commit(let staged) = staged {
            #expect(staged.removed.count == 1)
        } else {
            Issue.record("not a commit")
        }
    }

    @Test("cannot update to a bad leaf (§7.3, §12.1.2)")
    func updates() throws {
        let (mallory, victim) = try group()
        let cases: [(MLSError, (inout ForgedLeaf) -> Void)] = [
            (.invalidLeafNode(.source), { $0.source = .keyPackage(.always) }),
            (.invalidLeafNode(.source), { $0.source = .commit(parentHash: []) }),
            (.invalidLeafNode(.signature), { $0.spoilsSignature = true }),
            (.invalidLeafNode(.signature), { $0.groupID = [1] }),
            (.invalidLeafNode(.signature), { $0.leaf = 1 }),
            (
                .invalidLeafNode(.unchangedEncryptionKey),
                { [node = victim.group?.member(at: 0)] in $0.encryptionKey = node?.encryptionKey ?? [] }
            ),
            (
                .invalidLeafNode(.duplicateEncryptionKey),
                { [node = victim.group?.member(at: 2)] in $0.encryptionKey = node?.encryptionKey ?? [] }
            ),
        ]
        for (index, (error, change)) in cases.enumerated() {
            var forged = try ForgedLeaf(mallory, source: .update)
            forged.groupID = try mallory.state.groupID
            change(&forged)
            let node = try forged.node(signer: mallory.signer)
            #expect(throws: error, "\(index)") {
                try victim.process(try mallory.forge(.proposal(.update(node))))
            }
        }
        var sound = try ForgedLeaf(mallory, source: .update)
        sound.groupID = try mallory.state.groupID
        _ = try victim.process(try mallory.forge(.proposal(.update(try sound.node(signer: mallory.signer)))))
    }

    @Test("cannot commit a list of proposals that is not valid (§12.2)")
    func lists() throws {
        let (mallory, victim) = try group()
        let stranger = try Party("stranger", suite: suite)
        let add = Proposal.add(try stranger.keyPackage())
        let addAgain = Proposal.add(try stranger.keyPackage())
        var forgedUpdate = try ForgedLeaf(mallory, source: .update)
        forgedUpdate.groupID = try mallory.state.groupID
        let update = Proposal.update(try forgedUpdate.node(signer: mallory.signer))
        let reInit = Proposal.reInit(
            ReInit(groupID: [1], version: .mls10, suite: suite, extensions: Extensions()))
        let oldReInit = Proposal.reInit(
            ReInit(groupID: [1], version: ProtocolVersion(rawValue: 0), suite: suite, extensions: Extensions()))
        func key(_ usage: PreSharedKeyID.ResumptionUsage?, nonce: Int = 32) -> Proposal {
            .preSharedKey(
                PreSharedKeyID(
                    kind: usage.map { .resumption($0, groupID: [1], epoch: 1) } ?? .external(id: [1]),
                    nonce: [UInt8](repeating: 1, count: nonce)))
        }
        var requiring = Extensions()
        requiring[.requiredCapabilities] =
            RequiredCapabilities(
                extensionTypes: [ExtensionType(rawValue: 0xF00)], proposalTypes: [], credentialTypes: []
            ).encoded
        var malformed = Extensions()
        malformed[.requiredCapabilities] = [0x40]
        let cases: [(MLSError, [Proposal])] = [
            (.invalidProposals(.updateByCommitter), [update]),
            (.invalidProposals(.removeOfCommitter), [.remove(0)]),
            (.invalidProposals(.removeOfNobody), [.remove(3)]),
            (.invalidProposals(.removeOfNobody), [.remove(.max)]),
            (.invalidProposals(.severalForOneLeaf), [.remove(2), .remove(2)]),
            (.invalidLeafNode(.duplicateSignatureKey), [add, addAgain]),
            (.invalidLeafNode(.duplicateSignatureKey), [.add(try victim.keyPackage())]),
            (.invalidProposals(.duplicatePreSharedKey), [key(nil), key(nil)]),
            (.invalidProposals(.preSharedKeyNonce), [key(nil, nonce: 31)]),
            (.invalidProposals(.preSharedKeyUsage), [key(.reInit)]),
            (.invalidProposals(.preSharedKeyUsage), [key(.branch)]),
            (.missingPreSharedKey, [key(.application)]),
            (
                .invalidProposals(.severalGroupContextExtensions),
                [.groupContextExtensions(Extensions()), .groupContextExtensions(Extensions())]
            ),
            (.invalidLeafNode(.missingRequiredCapability), [.groupContextExtensions(requiring)]),
            (.malformed(.truncated), [.groupContextExtensions(malformed)]),
            (.invalidProposals(.reInitNotAlone), [reInit, add]),
            (.invalidProposals(.reInitNotAlone), [add, reInit]),
            (.invalidProposals(.reInitVersion), [oldReInit]),
            (.invalidProposals(.externalInitInMemberCommit), [.externalInit(kemOutput: [1])]),
            // §12.4: an empty list, and proposals of certain types, need a path.
            (.invalidCommit(.pathMissing), []),
            (.invalidCommit(.pathMissing), [.remove(2)]),
            (.invalidCommit(.pathMissing), [.groupContextExtensions(Extensions())]),
        ]
        for (index, (error, proposals)) in cases.enumerated() {
            let commit = try mallory.forgeCommit(proposals)
            #expect(throws: error, "\(index)") { try victim.process(commit) }
        }
        let unknown = try mallory.forge(
            .commit(Commit(proposals: [.reference([UInt8](repeating: 1, count: 32))], path: nil)))
        #expect(throws: MLSError.invalidProposals(.unknownReference)) { try victim.process(unknown) }
        // What is right but for its confirmation tag is refused for that.
        let sound = try mallory.forgeCommit([add])
        #expect(throws: MLSError.invalidConfirmationTag) { try victim.process(sound) }
    }

    @Test("cannot commit with a path that is not right (§7.5, §7.6, §12.4.2)")
    func paths() throws {
        let (mallory, victim) = try group()
        let sound = try mallory.path()
        #expect(throws: MLSError.invalidConfirmationTag) {
            try victim.process(try mallory.forgeCommit([], path: sound))
        }
        let carol = try #require(try victim.state.member(at: 2))
        let resign = { (path: inout UpdatePath, source: LeafNode.Source, key: [UInt8]?) in
            var forged = try ForgedLeaf(mallory, source: source)
            forged.encryptionKey = key ?? path.leafNode.encryptionKey
            forged.groupID = try mallory.state.groupID
            path.leafNode = try forged.node(signer: mallory.signer)
        }
        let cases: [(MLSError, (inout UpdatePath) throws -> Void)] = [
            (.invalidCommit(.pathLength), { $0.nodes.removeLast() }),
            (.invalidCommit(.pathLength), { $0.nodes.append($0.nodes[0]) }),
            (.invalidCommit(.pathLength), { $0.nodes[0].encryptedPathSecrets.removeLast() }),
            (
                .invalidCommit(.pathLength),
                { $0.nodes[1].encryptedPathSecrets.append($0.nodes[1].encryptedPathSecrets[0]) }
            ),
            (.invalidCommit(.pathKeysReused), { $0.nodes[0].encryptionKey = $0.nodes[1].encryptionKey }),
            (.invalidCommit(.pathKeysReused), { $0.nodes[0].encryptionKey = carol.encryptionKey }),
            (.invalidCommit(.pathKeysReused), { $0.nodes[0].encryptionKey = $0.leafNode.encryptionKey }),
            (.invalidKey, { $0.nodes[0].encryptionKey.append(0) }),
            // A point that nobody can encapsulate to.
            (.invalidKey, { $0.nodes[0].encryptionKey = [UInt8](repeating: 0, count: 32) }),
            (.invalidCommit(.parentHash), { $0.nodes[0].encryptionKey[0] ^= 1 }),
            (.invalidLeafNode(.source), { try resign(&$0, .update, nil) }),
            (.invalidLeafNode(.source), { try resign(&$0, .keyPackage(.always), nil) }),
            (.invalidCommit(.parentHash), { try resign(&$0, .commit(parentHash: [1]), nil) }),
            (
                .invalidLeafNode(.unchangedEncryptionKey),
                { try resign(&$0, $0.leafNode.source, try mallory.state.member(at: 0)?.encryptionKey) }
            ),
            (.invalidCommit(.pathKeysReused), { try resign(&$0, $0.leafNode.source, carol.encryptionKey) }),
            // Another's secret: it decrypts, and does not belong to the key in the path.
            (.decryptionFailed, { $0.nodes[0].encryptedPathSecrets = $0.nodes[1].encryptedPathSecrets }),
        ]
        for (index, (error, change)) in cases.enumerated() {
            let path = try mallory.path(change)
            let commit = try mallory.forgeCommit([], path: path)
            #expect(throws: error, "\(index)") { try victim.process(commit) }
        }
    }

    @Test("cannot pass off a path secret that is not the path's (§7.5)")
    func mismatchedSecret() throws {
        let (mallory, victim) = try group()
        let epoch = try mallory.state.current
        // The context that the secrets are encrypted under depends on the tree, which the victim computes from the keys: so
        // the path keeps its keys, and only the secret inside changes.
        let path = try mallory.path { path in
            var tree = epoch.tree
            try tree.merge(path, from: 0, epoch.algorithms)
            var context = epoch.context
            context.epoch += 1
            context.treeHash = tree.treeHash(epoch.algorithms.hash)
            let key = try #require(try victim.state.member(at: 1)).encryptionKey
            path.nodes[0].encryptedPathSecrets = [
                try epoch.algorithms.encrypt(
                    to: key, label: "UpdatePathNode", context: context.encoded, [UInt8](repeating: 7, count: 32),
                    mallory.random)
            ]
        }
        let commit = try mallory.forgeCommit([], path: path)
        #expect(throws: MLSError.invalidCommit(.pathKeysMismatched)) { try victim.process(commit) }
    }

    @Test("cannot speak for another, or in another format (§6.1)")
    func impersonation() throws {
        let (mallory, victim) = try group()
        var epoch = try mallory.state.current
        let content = FramedContent(
            groupID: epoch.context.groupID, epoch: epoch.context.epoch, sender: .member(2), authenticatedData: [],
            content: .application([1]))
        let signed = try AuthenticatedContent(
            signing: content, as: .privateMessage, in: epoch.context, by: mallory.signer)
        let (generation, key) = try epoch.messageKeys.next(2, .application, epoch.algorithms)
        let message = MLSMessage.privateMessage(
            try PrivateMessage(
                signed, generation: generation, key: key, senderDataSecret: epoch.secrets.senderDataSecret,
                epoch.algorithms, mallory.random)
        ).encoded
        #expect(throws: MLSError.invalidSignature) { try victim.process(message) }

        // A signature for one wire format does not serve the other.
        var framed = try epoch.frame(
            .proposal(.remove(2)), authenticatedData: [], as: .privateMessage, signer: mallory.signer)
        framed.format = .publicMessage
        let crossed = try epoch.protect(framed, mallory.random).encoded
        #expect(throws: MLSError.invalidSignature) { try victim.process(crossed) }

        // A leaf that is blank, or not in the tree.
        for leaf: UInt32 in [3, 4, .max] {
            let content = FramedContent(
                groupID: epoch.context.groupID, epoch: epoch.context.epoch, sender: .member(leaf),
                authenticatedData: [], content: .proposal(.remove(2)))
            let signed = try AuthenticatedContent(
                signing: content, as: .publicMessage, in: epoch.context, by: mallory.signer)
            let message = try epoch.protect(signed, mallory.random).encoded
            #expect(throws: MLSError.unauthorizedSender) { try victim.process(message) }
        }
    }

    @Test("cannot send application data unencrypted (§6)")
    func publicApplicationData() throws {
        let (mallory, victim) = try group()
        #expect(throws: MLSError.unexpectedMessage) { try mallory.forge(.application([1]), as: .publicMessage) }
        // Not even by hand.
        let epoch = try mallory.state.current
        let signed = try epoch.frame(
            .application([1]), authenticatedData: [], as: .publicMessage, signer: mallory.signer)
        let template = try epoch.frame(
            .proposal(.remove(2)), authenticatedData: [], as: .publicMessage, signer: mallory.signer)
        var message = try PublicMessage(
            template, membershipKey: epoch.secrets.membershipKey, context: epoch.context, epoch.algorithms)
        message.content = signed.content
        message.auth = signed.auth
        #expect(throws: MLSError.invalidMembershipTag) {
            try victim.process(MLSMessage.publicMessage(message).encoded)
        }
    }

    @Test("cannot hide anything in the padding (§6.3.1)")
    func padding() throws {
        let (mallory, victim) = try group()
        var epoch = try mallory.state.current
        let signed = try epoch.frame(
            .application([1]), authenticatedData: [], as: .privateMessage, signer: mallory.signer)
        let (_, key) = try epoch.messageKeys.next(0, .application, epoch.algorithms)
        var content = WireWriter()
        content.write(opaque: [1])
        content.write(opaque: signed.auth.signature)
        content.write(fixed: [0, 0, 1])
        var header = WireWriter()
        header.write(opaque: epoch.context.groupID)
        header.write(epoch.context.epoch)
        header.write(ContentType.application.rawValue)
        var aad = header
        aad.write(opaque: [])
        let suite = epoch.algorithms
        let ciphertext = try suite.aead.seal(key: key.key, nonce: key.nonce, plaintext: content.bytes, aad: aad.bytes)
        let senderKey = suite.senderDataKey(epoch.secrets.senderDataSecret, ciphertext: ciphertext)
        var senderData = WireWriter()
        senderData.write(fixed: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        let sealed = try suite.aead.seal(
            key: senderKey.key, nonce: senderKey.nonce, plaintext: senderData.bytes, aad: header.bytes)
        var message = WireWriter()
        message.write(UInt16(1))
        message.write(UInt16(2))
        message.write(fixed: aad.bytes)
        message.write(opaque: sealed)
        message.write(opaque: ciphertext)
        #expect(throws: MLSError.invalidPadding) { try victim.process(message.bytes) }
    }

    @Test("cannot keep others from committing by proposals that do not fit together")
    func conflictingProposals() throws {
        let (mallory, victim) = try group()
        let first = try Party("first", suite: suite)
        let second = try Party("second", suite: suite)
        var shared = try ForgedKeyPackage(second)
        let sound = try first.keyPackage()
        shared.leaf.encryptionKey = sound.leafNode.encryptionKey
        let clash = try shared.keyPackage(signer: second.signer)
        for request in [ProposalRequest.add(sound), .add(clash), .remove(2), .remove(2)] {
            let message = try mallory.with {
                try $0.propose(request, signer: mallory.signer, random: mallory.random, accept: { _ in true })
            }
            _ = try victim.process(message)
        }
        let pending = try victim.commit()
        #expect(pending.staged.removed.map(\.leaf) == [2])
        #expect(pending.staged.added.map(\.node) == [sound.leafNode])
        try mallory.apply(pending.message)
    }
}

@Suite("A malicious joiner")
struct MaliciousJoinerTests {
    let suite = CipherSuite.x25519AES128

    @Test("cannot join by a commit that is not an external one (§12.2, §12.4.3.2)")
    func externalCommits() throws {
        let parties = try makeGroup(["alice", "bob", "carol"], suite: suite)
        let eve = try Party("eve", suite: suite)
        let epoch = try parties[0].state.current
        let external = try epoch.secrets.externalKeyPair(epoch.algorithms)
        let sender = try epoch.algorithms.hpke.setupSender(to: external.publicKey, info: [], random: eve.random)
        let externalInit = Proposal.externalInit(kemOutput: sender.kemOutput)
        var tree = epoch.tree
        var context = epoch.context
        context.epoch += 1
        let node = try ForgedLeaf(eve, source: .commit(parentHash: [])).node(signer: eve.signer)
        tree.remove(2)
        let path = try tree.createPath(
            from: 2, leaf: node, added: [], context: context, epoch.algorithms, signer: eve.signer, random: eve.random
        ).path
        func message(_ proposals: [ProposalOrRef], _ path: UpdatePath?) throws -> [UInt8] {
            var signed = try AuthenticatedContent(
                signing: FramedContent(
                    groupID: context.groupID, epoch: epoch.context.epoch, sender: .newMemberCommit,
                    authenticatedData: [], content: .commit(Commit(proposals: proposals, path: path))),
                as: .publicMessage, in: epoch.context, by: eve.signer)
            signed.auth.confirmationTag = [UInt8](repeating: 0, count: 32)
            return MLSMessage.publicMessage(
                try PublicMessage(
                    signed, membershipKey: epoch.secrets.membershipKey, context: epoch.context, epoch.algorithms)
            ).encoded
        }
        let stranger = try Party("stranger", suite: suite)
        let cases: [(MLSError, [ProposalOrRef], UpdatePath?)] = [
            (.invalidProposals(.externalInitMissing), [.proposal(.remove(2))], path),
            (
                .invalidProposals(.notAllowedInExternalCommit),
                [.proposal(externalInit), .proposal(externalInit), .proposal(.remove(2))], path
            ),
            (
                .invalidProposals(.notAllowedInExternalCommit),
                [.proposal(externalInit), .proposal(.remove(2)), .proposal(.remove(1))], path
            ),
            (
                .invalidProposals(.notAllowedInExternalCommit),
                [.proposal(externalInit), .proposal(.remove(2)), .proposal(.add(try stranger.keyPackage()))], path
            ),
            (.invalidProposals(.removeOfNobody), [.proposal(externalInit), .proposal(.remove(3))], path),
            (.invalidProposals(.referenceInExternalCommit), [.proposal(externalInit), .reference([1])], path),
            (.invalidCommit(.pathMissing), [.proposal(externalInit), .proposal(.remove(2))], nil),
            (.invalidConfirmationTag, [.proposal(externalInit), .proposal(.remove(2))], path),
        ]
        for (index, (error, proposals, path)) in cases.enumerated() {
            let bytes = try message(proposals, path)
            #expect(throws: error, "\(index)") { try parties[0].process(bytes) }
        }
        // Nor may a stranger's proposal pass.
        let proposal = try AuthenticatedContent(
            signing: FramedContent(
                groupID: context.groupID, epoch: epoch.context.epoch, sender: .newMemberProposal,
                authenticatedData: [], content: .proposal(.add(try eve.keyPackage()))),
            as: .publicMessage, in: epoch.context, by: eve.signer)
        let bytes = MLSMessage.publicMessage(
            try PublicMessage(
                proposal, membershipKey: epoch.secrets.membershipKey, context: epoch.context, epoch.algorithms)
        ).encoded
        #expect(throws: MLSError.unauthorizedSender) { try parties[0].process(bytes) }
    }
}
