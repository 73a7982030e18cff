import CryptoPrimitives
import MLS
import WireFormat

extension MLSVectorChecks {
    /// Kind 100, tree-math.json.
    static func treeMath(_ reader: inout CaseReader) throws(VectorFailure) {
        let shape = TreeShape(holding: try reader.uint32())
        try expect(try reader.uint32() == shape.nodeCount, "n_nodes")
        try expect(try reader.uint32() == shape.root, "root")
        try relation(&reader, shape, "left") { TreeShape.left(of: $0) }
        try relation(&reader, shape, "right") { TreeShape.right(of: $0) }
        try relation(&reader, shape, "parent") { shape.parent(of: $0) }
        try relation(&reader, shape, "sibling") { shape.sibling(of: $0) }
    }

    private static func relation(
        _ reader: inout CaseReader, _ shape: TreeShape, _ name: StaticString, _ relation: (UInt32) -> UInt32?
    ) throws(VectorFailure) {
        let expected = try reader.list { reader throws(VectorFailure) in try reader.optionalUInt32() }
        try expect(expected.count == Int(shape.nodeCount), "one entry for each node")
        for (node, value) in expected.enumerated() {
            try expect(relation(UInt32(node)) == value, name)
        }
    }

    /// Kind 101, deserialization.json.
    static func deserialization(_ reader: inout CaseReader) throws(VectorFailure) {
        var header = WireReader(try reader.bytes())
        let expected = try reader.uint32()
        let length: Int
        do {
            length = try header.readLength()
        } catch {
            throw VectorFailure("the header is refused")
        }
        try expect(header.isAtEnd && length == Int(expected), "length")
    }

    /// Kind 102, crypto-basics.json.
    static func cryptoBasics(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()

        let referenceLabel = Label(try reader.bytes())
        let reference = algorithms.referenceHash(label: referenceLabel, try reader.bytes())
        try expectEqual(reference, try reader.bytes(), "ref_hash")

        let expandSecret = try reader.secret()
        let expandLabel = Label(try reader.bytes())
        let expandContext = try reader.bytes()
        let expandLength = Int(try reader.uint16())
        try expectEqual(
            algorithms.expandWithLabel(expandSecret, expandLabel, expandContext, expandLength), try reader.bytes(),
            "expand_with_label")

        let deriveSecret = try reader.secret()
        let deriveLabel = Label(try reader.bytes())
        try expectEqual(algorithms.deriveSecret(deriveSecret, deriveLabel), try reader.bytes(), "derive_secret")

        let treeSecret = try reader.secret()
        let treeLabel = Label(try reader.bytes())
        let generation = try reader.uint32()
        let treeLength = Int(try reader.uint16())
        try expectEqual(
            algorithms.deriveTreeSecret(treeSecret, treeLabel, generation: generation, treeLength),
            try reader.bytes(), "derive_tree_secret")

        try signWithLabel(&reader, algorithms)
        try encryptWithLabel(&reader, algorithms)
    }

    private static func signWithLabel(
        _ reader: inout CaseReader, _ algorithms: Algorithms
    ) throws(VectorFailure) {
        let signer = VectorSigner(scheme: algorithms.signature, privateKey: try reader.signatureKey(algorithms))
        let publicKey = try reader.bytes()
        let content = try reader.bytes()
        let label = Label(try reader.bytes())
        let signature = try reader.bytes()
        try expect(
            algorithms.verify(signature, label: label, over: content, by: publicKey), "the signature does not verify")
        let own = try attempt("signing fails") { () throws(MLSError) in try signer.sign(label: label, content) }
        try expect(
            algorithms.verify(own, label: label, over: content, by: publicKey), "our own signature does not verify")
        try expect(
            !algorithms.verify(own, label: label, over: content + [0], by: publicKey),
            "a signature of something else verifies")
    }

    private static func encryptWithLabel(
        _ reader: inout CaseReader, _ algorithms: Algorithms
    ) throws(VectorFailure) {
        let privateKey = try reader.hpkeKey(algorithms)
        let publicKey = try reader.bytes()
        let label = Label(try reader.bytes())
        let context = try reader.bytes()
        let plaintext = try reader.bytes()
        let kemOutput = try reader.bytes()
        let sealed = HPKECiphertext(kemOutput: kemOutput, ciphertext: try reader.bytes())
        let opened = try attempt("decryption fails") { () throws(MLSError) in
            try algorithms.decrypt(sealed, with: privateKey, label: label, context: context)
        }
        try expectEqual(opened, plaintext, "encrypt_with_label")
        let ownOpened = try attempt("our own ciphertext does not decrypt") { () throws(MLSError) in
            let own = try algorithms.encrypt(
                to: publicKey, label: label, context: context, plaintext, Randomness(seed: context))
            return try algorithms.decrypt(own, with: privateKey, label: label, context: context)
        }
        try expectEqual(ownOpened, plaintext, "our own ciphertext decrypts to something else")
    }

    /// Kind 103, key-schedule.json.
    static func keySchedule(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let groupID = try reader.bytes()
        var initSecret = try reader.secret()
        var epoch: UInt64 = 0
        _ = try reader.list { reader throws(VectorFailure) in
            let context = GroupContext(
                suite: algorithms.suite, groupID: groupID, epoch: epoch, treeHash: try reader.bytes(),
                confirmedTranscriptHash: try reader.bytes())
            let commitSecret = try reader.secret()
            let schedule = KeySchedule(
                initSecret: initSecret, commitSecret: commitSecret, preSharedKeySecret: try reader.secret(),
                context: context, algorithms)
            let secrets = schedule.secrets
            try expectEqual(context.encoded, try reader.bytes(), "group_context")
            try expectEqual(schedule.joinerSecret, try reader.bytes(), "joiner_secret")
            try expectEqual(schedule.welcomeSecret, try reader.bytes(), "welcome_secret")
            try expectEqual(secrets.initSecret, try reader.bytes(), "init_secret")
            try expectEqual(secrets.senderDataSecret, try reader.bytes(), "sender_data_secret")
            try expectEqual(schedule.encryptionSecret, try reader.bytes(), "encryption_secret")
            try expectEqual(secrets.exporterSecret, try reader.bytes(), "exporter_secret")
            try expectEqual(secrets.epochAuthenticator, try reader.bytes(), "epoch_authenticator")
            try expectEqual(secrets.externalSecret, try reader.bytes(), "external_secret")
            try expectEqual(schedule.confirmationKey, try reader.bytes(), "confirmation_key")
            try expectEqual(secrets.membershipKey, try reader.bytes(), "membership_key")
            try expectEqual(secrets.resumptionSecret, try reader.bytes(), "resumption_psk")
            let external = try attempt("external key pair") { () throws(MLSError) in
                try secrets.externalKeyPair(algorithms)
            }
            try expectEqual(external.publicKey, try reader.bytes(), "external_pub")
            let label = try reader.bytes()
            let exportContext = try reader.bytes()
            let length = Int(try reader.uint32())
            try expectEqual(
                secrets.export(label: label, context: exportContext, length: length, algorithms), try reader.bytes(),
                "exporter")
            initSecret = secrets.initSecret
            epoch += 1
        }
    }

    /// Kind 104, psk_secret.json.
    static func preSharedKeySecret(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let keys = try reader.list { reader throws(VectorFailure) in
            let id = try reader.bytes()
            let secret = try reader.secret()
            return PreSharedKey(
                id: PreSharedKeyID(kind: .external(id: id), nonce: try reader.bytes()), secret: secret)
        }
        let secret = try attempt("psk_secret") { () throws(MLSError) in try algorithms.preSharedKeySecret(keys) }
        try expectEqual(secret, try reader.bytes(), "psk_secret")
    }

    /// Kind 105, secret-tree.json.
    static func secretTree(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let senderDataSecret = try reader.secret()
        let senderDataKey = algorithms.senderDataKey(senderDataSecret, ciphertext: try reader.bytes())
        try expectEqual(senderDataKey.key, try reader.bytes(), "sender_data.key")
        try expectEqual(senderDataKey.nonce, try reader.bytes(), "sender_data.nonce")

        let encryptionSecret = try reader.secret()
        let leafCount = try reader.uint32()
        var tree = SecretTree(encryptionSecret: encryptionSecret, leafCount: leafCount)
        var leaf: UInt32 = 0
        _ = try reader.list { reader throws(VectorFailure) in
            _ = try reader.list { reader throws(VectorFailure) in
                let generation = try reader.uint32()
                // Proposals and commits share the handshake ratchet.
                for type in [ContentType.commit, .application] {
                    let key = try attempt("the key is refused") { () throws(MLSError) in
                        try tree.take(leaf, type, generation: generation, algorithms)
                    }
                    try expectEqual(key.key, try reader.bytes(), "key")
                    try expectEqual(key.nonce, try reader.bytes(), "nonce")
                }
            }
            leaf += 1
        }
        try expect(leaf == leafCount, "one entry for each leaf")
    }

    /// Kind 106, transcript-hashes.json.
    static func transcriptHashes(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let confirmationKey = try reader.secret()
        let message = try decode(AuthenticatedContent.self, try reader.bytes(), "authenticated_content")
        let before = try reader.bytes()
        let confirmed = try reader.bytes()
        guard case .commit = message.content.content, let tag = message.auth.confirmationTag else {
            throw VectorFailure("not a commit")
        }
        try expectEqual(
            TranscriptHash.confirmed(after: before, commit: message, algorithms), confirmed,
            "confirmed_transcript_hash_after")
        try expectEqual(algorithms.mac(confirmationKey, confirmed), tag, "confirmation_tag")
        try expectEqual(
            TranscriptHash.interim(confirmed: confirmed, confirmationTag: tag, algorithms), try reader.bytes(),
            "interim_transcript_hash_after")
    }
}
