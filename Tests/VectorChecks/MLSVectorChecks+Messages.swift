import CryptoPrimitives
import MLS
import WireFormat

extension MLSVectorChecks {
    /// What message-protection.json has for all messages of a case.
    private struct Protection {
        let algorithms: Algorithms
        let context: GroupContext
        let signer: VectorSigner
        let signatureKey: [UInt8]
        let encryptionSecret: Secret
        let senderDataSecret: Secret
        let membershipKey: Secret
        let random: Randomness
        /// "In all of these tests, use the member with LeafIndex 1 as the sender."
        let sender: UInt32 = 1
    }

    /// Kind 107, message-protection.json.
    static func messageProtection(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let groupID = try reader.bytes()
        let epoch = try reader.uint64()
        let treeHash = try reader.bytes()
        let context = GroupContext(
            suite: algorithms.suite, groupID: groupID, epoch: epoch, treeHash: treeHash,
            confirmedTranscriptHash: try reader.bytes())
        let signer = VectorSigner(scheme: algorithms.signature, privateKey: try reader.signatureKey(algorithms))
        let protection = Protection(
            algorithms: algorithms, context: context, signer: signer, signatureKey: try reader.bytes(),
            encryptionSecret: try reader.secret(), senderDataSecret: try reader.secret(),
            membershipKey: try reader.secret(), random: Randomness(seed: groupID))

        let proposal = try decode(Proposal.self, try reader.bytes(), "proposal")
        try check(.proposal(proposal), public: try reader.bytes(), private: try reader.bytes(), protection)
        let commit = try decode(Commit.self, try reader.bytes(), "commit")
        try check(.commit(commit), public: try reader.bytes(), private: try reader.bytes(), protection)
        let application = try reader.bytes()
        try check(.application(application), public: nil, private: try reader.bytes(), protection)
    }

    private static func check(
        _ content: FramedContent.Content, public publicBytes: [UInt8]?, private privateBytes: [UInt8],
        _ protection: Protection
    ) throws(VectorFailure) {
        if let publicBytes {
            try expect(try openPublic(publicBytes, protection) == content, "pub: another content")
            let own = try attempt("protecting as a PublicMessage fails") { () throws(MLSError) in
                MLSMessage.publicMessage(
                    try PublicMessage(
                        try sign(content, .publicMessage, protection), membershipKey: protection.membershipKey,
                        context: protection.context, protection.algorithms)
                ).encoded
            }
            try expect(try openPublic(own, protection) == content, "our own pub: another content")
            var forged = own
            forged[forged.count - 1] ^= 1
            try expect((try? openPublic(forged, protection)) == nil, "a forged membership tag passes")
        } else {
            let isRefused: Bool
            do {
                _ = try PublicMessage(
                    try sign(content, .publicMessage, protection), membershipKey: protection.membershipKey,
                    context: protection.context, protection.algorithms)
                isRefused = false
            } catch {
                isRefused = error == .unexpectedMessage
            }
            try expect(isRefused, "application data as a PublicMessage is not refused")
        }
        try expect(try openPrivate(privateBytes, protection) == content, "priv: another content")
        let own = try attempt("protecting as a PrivateMessage fails") { () throws(MLSError) in
            var keys = SecretTree(encryptionSecret: protection.encryptionSecret, leafCount: 2)
            let message = try sign(content, .privateMessage, protection)
            let (generation, key) = try keys.next(protection.sender, content.type, protection.algorithms)
            return MLSMessage.privateMessage(
                try PrivateMessage(
                    message, generation: generation, key: key, senderDataSecret: protection.senderDataSecret,
                    paddedTo: 512, protection.algorithms, protection.random)
            ).encoded
        }
        try expect(try openPrivate(own, protection) == content, "our own priv: another content")
    }

    private static func sign(
        _ content: FramedContent.Content, _ format: MessageFormat, _ protection: Protection
    ) throws(MLSError) -> AuthenticatedContent {
        var message = try AuthenticatedContent(
            signing: FramedContent(
                groupID: protection.context.groupID, epoch: protection.context.epoch,
                sender: .member(protection.sender), authenticatedData: [1, 2, 3], content: content),
            as: format, in: protection.context, by: protection.signer)
        // Any bytes do: its value is not checked in these vectors.
        if content.type == .commit { message.auth.confirmationTag = protection.context.treeHash }
        return message
    }

    private static func openPublic(
        _ bytes: [UInt8], _ protection: Protection
    ) throws(VectorFailure) -> FramedContent.Content {
        guard case .publicMessage(let message) = try decode(MLSMessage.self, bytes, "pub does not decode") else {
            throw VectorFailure("pub is not a PublicMessage")
        }
        return try attempt("pub does not verify") { () throws(MLSError) in
            let content = try message.unprotected(
                membershipKey: protection.membershipKey, context: protection.context, protection.algorithms)
            return try VerifiedContent(
                content, by: protection.signatureKey, in: protection.context, protection.algorithms
            ).content
        }
    }

    private static func openPrivate(
        _ bytes: [UInt8], _ protection: Protection
    ) throws(VectorFailure) -> FramedContent.Content {
        guard case .privateMessage(let message) = try decode(MLSMessage.self, bytes, "priv does not decode") else {
            throw VectorFailure("priv is not a PrivateMessage")
        }
        return try attempt("priv does not open") { () throws(MLSError) in
            let algorithms = protection.algorithms
            var keys = SecretTree(encryptionSecret: protection.encryptionSecret, leafCount: 2)
            let senderData = try message.senderData(protection.senderDataSecret, algorithms)
            guard senderData.leaf == protection.sender else { throw .unauthorizedSender }
            let key = try keys.take(
                senderData.leaf, message.contentType, generation: senderData.generation, algorithms)
            let content = try message.decrypted(senderData, key: key, algorithms)
            return try VerifiedContent(
                content, by: protection.signatureKey, in: protection.context, algorithms
            ).content
        }
    }

    /// Kind 108, messages.json: each field decodes, and encodes to the same bytes.
    static func messages(_ reader: inout CaseReader) throws(VectorFailure) {
        func message(_ name: StaticString) throws(VectorFailure) -> MLSMessage {
            try decode(MLSMessage.self, try reader.bytes(), name)
        }
        try expect(try message("mls_welcome").format == .welcome, "mls_welcome")
        try expect(try message("mls_group_info").format == .groupInfo, "mls_group_info")
        try expect(try message("mls_key_package").format == .keyPackage, "mls_key_package")
        _ = try decode(RatchetTree.self, try reader.bytes(), "ratchet_tree")
        _ = try decode(GroupSecrets.self, try reader.bytes(), "group_secrets")

        // The bodies of proposals come without their type.
        func proposal(_ type: ProposalType, _ name: StaticString) throws(VectorFailure) {
            var writer = WireWriter()
            writer.write(type.rawValue)
            writer.write(fixed: try reader.bytes())
            try expect(try decode(Proposal.self, writer.bytes, name).type == type, name)
        }
        try proposal(.add, "add_proposal")
        try proposal(.update, "update_proposal")
        try proposal(.remove, "remove_proposal")
        try proposal(.preSharedKey, "pre_shared_key_proposal")
        try proposal(.reInit, "re_init_proposal")
        try proposal(.externalInit, "external_init_proposal")
        try proposal(.groupContextExtensions, "group_context_extensions_proposal")
        _ = try decode(Commit.self, try reader.bytes(), "commit")

        func publicMessage(_ type: ContentType, _ name: StaticString) throws(VectorFailure) {
            guard case .publicMessage(let message) = try message(name), message.content.content.type == type else {
                throw VectorFailure(name)
            }
        }
        try publicMessage(.application, "public_message_application")
        try publicMessage(.proposal, "public_message_proposal")
        try publicMessage(.commit, "public_message_commit")
        try expect(try message("private_message").format == .privateMessage, "private_message")
    }

    /// Kind 112, welcome.json.
    static func welcome(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let initKey = try reader.hpkeKey(algorithms)
        let signerKey = try reader.bytes()
        guard case .keyPackage(let keyPackage) = try decode(MLSMessage.self, try reader.bytes(), "key_package"),
            case .welcome(let welcome) = try decode(MLSMessage.self, try reader.bytes(), "welcome")
        else { throw VectorFailure("not a key package and a Welcome") }
        let secrets = try attempt("the group secrets do not open") { () throws(MLSError) in
            try welcome.groupSecrets(for: keyPackage, initKey: initKey, algorithms)
        }
        let groupInfo = try attempt("the GroupInfo does not open") { () throws(MLSError) in
            let welcomeSecret = KeySchedule.welcomeSecret(
                joinerSecret: secrets.joinerSecret, preSharedKeySecret: algorithms.zeroSecret, algorithms)
            return try welcome.groupInfo(welcomeSecret: welcomeSecret, algorithms)
        }
        try expect(groupInfo.hasValidSignature(by: signerKey, algorithms), "the GroupInfo's signature")
        let schedule = KeySchedule(
            joinerSecret: secrets.joinerSecret, preSharedKeySecret: algorithms.zeroSecret, context: groupInfo.context,
            algorithms)
        try expectEqual(
            algorithms.mac(schedule.confirmationKey, groupInfo.context.confirmedTranscriptHash),
            groupInfo.confirmationTag, "confirmation_tag")
    }
}
