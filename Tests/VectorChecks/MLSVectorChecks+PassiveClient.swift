import CryptoPrimitives
import MLS
import WireFormat

extension MLSVectorChecks {
    /// Kind 113, passive-client-welcome.json, passive-client-handling-commit.json and passive-client-random.json.
    static func passiveClient(_ reader: inout CaseReader) throws(VectorFailure) {
        let algorithms = try reader.algorithms()
        let keys = try reader.list { reader throws(VectorFailure) in
            (id: try reader.bytes(), secret: try reader.secret())
        }
        let find = { (id: PreSharedKeyID) -> Secret? in
            guard case .external(let name) = id.kind else { return nil }
            for key in keys where key.id == name { return key.secret }
            return nil
        }
        guard case .keyPackage(let keyPackage) = try decode(MLSMessage.self, try reader.bytes(), "key_package") else {
            throw VectorFailure("key_package is none")
        }
        let signatureKey = try reader.signatureKey(algorithms)
        let leafKey = try reader.hpkeKey(algorithms)
        let initKey = try reader.hpkeKey(algorithms)
        try checkKeys(of: keyPackage, signatureKey: signatureKey, leafKey: leafKey, initKey: initKey, algorithms)

        let welcome = try reader.bytes()
        let tree = try reader.optionalBytes()
        var group = try attempt("the Welcome is refused") { () throws(MLSError) in
            try Group.join(
                welcome, with: KeyPackageBundle(keyPackage: keyPackage, initKey: initKey, leafKey: leafKey),
                ratchetTree: tree, preSharedKey: find, accept: { _ in true })
        }
        try expectEqual(group.epochAuthenticator, try reader.bytes(), "initial_epoch_authenticator")

        let epochs = try reader.list { reader throws(VectorFailure) in
            let proposals = try reader.list { reader throws(VectorFailure) in try reader.bytes() }
            let commit = try reader.bytes()
            return (proposals: proposals, commit: commit, authenticator: try reader.bytes())
        }
        for epoch in epochs {
            for proposal in epoch.proposals {
                let received = try attempt("a proposal is refused") { () throws(MLSError) in
                    try group.process(
                        proposal, externalCommits: .any, preSharedKey: find, accept: { _ in true })
                }
                guard case .proposal = received else { throw VectorFailure("a proposal is something else") }
            }
            // The state survives being stored between any two messages.
            group = try decode(Group.self, group.encoded, "the group's state does not decode")
            let received = try attempt("a commit is refused") { () throws(MLSError) in
                try group.process(epoch.commit, externalCommits: .any, preSharedKey: find, accept: { _ in true })
            }
            guard case .commit(let staged) = received else { throw VectorFailure("a commit is something else") }
            try attempt("a commit does not merge") { () throws(MLSError) in
                try group.merge(try StagedCommit.reread(staged))
            }
            try expectEqual(group.epochAuthenticator, epoch.authenticator, "epoch_authenticator")
        }
    }

    private static func checkKeys(
        of keyPackage: KeyPackage, signatureKey: Secret, leafKey: Secret, initKey: Secret, _ algorithms: Algorithms
    ) throws(VectorFailure) {
        let publicSignatureKey: [UInt8]
        do {
            publicSignatureKey = try algorithms.signature.publicKey(of: signatureKey)
        } catch {
            throw VectorFailure("signature_priv is no key")
        }
        try expectEqual(publicSignatureKey, keyPackage.leafNode.signatureKey, "signature_priv")
        let leaf = try attempt("encryption_priv is no key") { () throws(MLSError) in
            try algorithms.publicKey(of: leafKey)
        }
        try expectEqual(leaf, keyPackage.leafNode.encryptionKey, "encryption_priv")
        let initial = try attempt("init_priv is no key") { () throws(MLSError) in
            try algorithms.publicKey(of: initKey)
        }
        try expectEqual(initial, keyPackage.initKey, "init_priv")
    }
}

extension StagedCommit {
    /// The same, stored and read again.
    fileprivate static func reread(_ staged: StagedCommit) throws(MLSError) -> StagedCommit {
        do {
            return try StagedCommit(decoding: staged.encoded)
        } catch {
            throw .malformed(error)
        }
    }
}
