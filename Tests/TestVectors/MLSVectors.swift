import Foundation

/// The MLS working group's vectors: each file's cases as the bytes that `MLSVectorChecks` reads.
public enum MLSVectors {
    /// What a file comes to.
    public struct File: Sendable {
        public let cases: [VectorCase]
        /// How many cases were left out for each suite that this implementation does not have.
        public let skipped: [Int: Int]
    }

    /// Every vector file there is a check for.
    public static let names = [
        "tree-math", "deserialization", "crypto-basics", "key-schedule", "psk_secret", "secret-tree",
        "transcript-hashes", "message-protection", "messages", "tree-operations", "tree-validation", "treekem",
        "welcome", "passive-client-welcome", "passive-client-handling-commit", "passive-client-random",
    ]

    /// The suites of RFC 9420 that are implemented: those with Curve448 are not.
    public static let suites = [1, 2, 3, 5, 7]

    /// - Parameter folder: the one that holds the files.
    public static func load(_ name: String, from folder: URL) throws -> File {
        let data = try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
        guard let list = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] else {
            throw VectorFileError.unexpectedShape(name)
        }
        var cases: [VectorCase] = []
        var skipped: [Int: Int] = [:]
        for (index, object) in list.enumerated() {
            let fields = JSONFields(object, path: "\(name)[\(index)]")
            if object["cipher_suite"] != nil {
                let suite = try fields.number("cipher_suite")
                guard suites.contains(suite) else {
                    skipped[suite, default: 0] += 1
                    continue
                }
            }
            let (kind, bytes) = try encode(name, fields)
            cases.append(VectorCase(name: "\(name)[\(index)]", kind: kind, bytes: bytes))
        }
        return File(cases: cases, skipped: skipped)
    }

    private static func encode(_ name: String, _ fields: JSONFields) throws -> (UInt16, [UInt8]) {
        var writer = FieldWriter()
        switch name {
        case "tree-math":
            for key in ["n_leaves", "n_nodes", "root"] { writer.uint32(try fields.number(key)) }
            for key in ["left", "right", "parent", "sibling"] {
                let entries = try fields.list(key)
                try writer.vector { writer in
                    for entry in entries { try writer.optionalUInt32(entry, "\(fields.path).\(key)") }
                }
            }
            return (100, writer.bytes)
        case "deserialization":
            writer.opaque(try fields.hex("vlbytes_header"))
            writer.uint32(try fields.number("length"))
            return (101, writer.bytes)
        case "messages":
            for key in [
                "mls_welcome", "mls_group_info", "mls_key_package", "ratchet_tree", "group_secrets", "add_proposal",
                "update_proposal", "remove_proposal", "pre_shared_key_proposal", "re_init_proposal",
                "external_init_proposal", "group_context_extensions_proposal", "commit", "public_message_application",
                "public_message_proposal", "public_message_commit", "private_message",
            ] { writer.opaque(try fields.hex(key)) }
            return (108, writer.bytes)
        default:
            break
        }
        writer.uint16(try fields.number("cipher_suite"))
        return (try encodeSuiteCase(name, fields, &writer), writer.bytes)
    }

    private static func encodeSuiteCase(
        _ name: String, _ fields: JSONFields, _ writer: inout FieldWriter
    ) throws -> UInt16 {
        switch name {
        case "crypto-basics":
            try cryptoBasics(fields, &writer)
            return 102
        case "key-schedule":
            try keySchedule(fields, &writer)
            return 103
        case "psk_secret":
            let keys = try fields.objects("psks")
            try writer.vector { writer in
                for key in keys { try writer.hex(key, ["psk_id", "psk", "psk_nonce"]) }
            }
            try writer.hex(fields, ["psk_secret"])
            return 104
        case "secret-tree":
            try secretTree(fields, &writer)
            return 105
        case "transcript-hashes":
            try writer.hex(
                fields,
                [
                    "confirmation_key", "authenticated_content", "interim_transcript_hash_before",
                    "confirmed_transcript_hash_after", "interim_transcript_hash_after",
                ])
            return 106
        case "message-protection":
            try writer.hex(fields, ["group_id"])
            writer.uint64(try fields.number("epoch"))
            try writer.hex(
                fields,
                [
                    "tree_hash", "confirmed_transcript_hash", "signature_priv", "signature_pub", "encryption_secret",
                    "sender_data_secret", "membership_key", "proposal", "proposal_pub", "proposal_priv", "commit",
                    "commit_pub", "commit_priv", "application", "application_priv",
                ])
            return 107
        case "tree-operations":
            try writer.hex(fields, ["tree_before", "proposal"])
            writer.uint32(try fields.number("proposal_sender"))
            try writer.hex(fields, ["tree_hash_before", "tree_after", "tree_hash_after"])
            return 109
        case "tree-validation":
            try treeValidation(fields, &writer)
            return 110
        case "treekem":
            try treeKEM(fields, &writer)
            return 111
        case "welcome":
            try writer.hex(fields, ["init_priv", "signer_pub", "key_package", "welcome"])
            return 112
        case "passive-client-welcome", "passive-client-handling-commit", "passive-client-random":
            try passiveClient(fields, &writer)
            return 113
        default:
            throw VectorFileError.unexpectedShape(name)
        }
    }

    private static func cryptoBasics(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        let reference = try fields.object("ref_hash")
        writer.opaque(try reference.text("label"))
        try writer.hex(reference, ["value", "out"])
        let expand = try fields.object("expand_with_label")
        try writer.hex(expand, ["secret"])
        writer.opaque(try expand.text("label"))
        try writer.hex(expand, ["context"])
        writer.uint16(try expand.number("length"))
        try writer.hex(expand, ["out"])
        let derive = try fields.object("derive_secret")
        try writer.hex(derive, ["secret"])
        writer.opaque(try derive.text("label"))
        try writer.hex(derive, ["out"])
        let tree = try fields.object("derive_tree_secret")
        try writer.hex(tree, ["secret"])
        writer.opaque(try tree.text("label"))
        writer.uint32(try tree.number("generation"))
        writer.uint16(try tree.number("length"))
        try writer.hex(tree, ["out"])
        let sign = try fields.object("sign_with_label")
        try writer.hex(sign, ["priv", "pub", "content"])
        writer.opaque(try sign.text("label"))
        try writer.hex(sign, ["signature"])
        let encrypt = try fields.object("encrypt_with_label")
        try writer.hex(encrypt, ["priv", "pub"])
        writer.opaque(try encrypt.text("label"))
        try writer.hex(encrypt, ["context", "plaintext", "kem_output", "ciphertext"])
    }

    private static func keySchedule(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        try writer.hex(fields, ["group_id", "initial_init_secret"])
        let epochs = try fields.objects("epochs")
        try writer.vector { writer in
            for epoch in epochs {
                try writer.hex(
                    epoch,
                    [
                        "tree_hash", "confirmed_transcript_hash", "commit_secret", "psk_secret", "group_context",
                        "joiner_secret", "welcome_secret", "init_secret", "sender_data_secret", "encryption_secret",
                        "exporter_secret", "epoch_authenticator", "external_secret", "confirmation_key",
                        "membership_key", "resumption_psk", "external_pub",
                    ])
                let exporter = try epoch.object("exporter")
                writer.opaque(try exporter.text("label"))
                try writer.hex(exporter, ["context"])
                writer.uint32(try exporter.number("length"))
                try writer.hex(exporter, ["secret"])
            }
        }
    }

    private static func secretTree(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        let senderData = try fields.object("sender_data")
        try writer.hex(senderData, ["sender_data_secret", "ciphertext", "key", "nonce"])
        try writer.hex(fields, ["encryption_secret"])
        guard let leaves = try fields.list("leaves") as? [[[String: Any]]] else {
            throw VectorFileError.unexpectedShape(fields.path)
        }
        writer.uint32(leaves.count)
        try writer.vector { writer in
            for leaf in leaves {
                try writer.vector { writer in
                    for entry in leaf {
                        let keys = JSONFields(entry, path: "\(fields.path).leaves")
                        writer.uint32(try keys.number("generation"))
                        try writer.hex(
                            keys, ["handshake_key", "handshake_nonce", "application_key", "application_nonce"])
                    }
                }
            }
        }
    }

    private static func treeValidation(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        try writer.hex(fields, ["tree", "group_id"])
        guard let resolutions = try fields.list("resolutions") as? [[Int]],
            let hashes = try fields.list("tree_hashes") as? [String]
        else { throw VectorFileError.unexpectedShape(fields.path) }
        try writer.vector { writer in
            for resolution in resolutions {
                try writer.vector { writer in
                    for node in resolution { writer.uint32(node) }
                }
            }
        }
        try writer.vector { writer in
            for hash in hashes { writer.opaque(try bytes(hex: hash, "\(fields.path).tree_hashes")) }
        }
    }

    private static func treeKEM(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        try writer.hex(fields, ["group_id"])
        writer.uint64(try fields.number("epoch"))
        try writer.hex(fields, ["confirmed_transcript_hash", "ratchet_tree"])
        let leaves = try fields.objects("leaves_private")
        try writer.vector { writer in
            for leaf in leaves {
                writer.uint32(try leaf.number("index"))
                try writer.hex(leaf, ["encryption_priv", "signature_priv"])
                let secrets = try leaf.objects("path_secrets")
                try writer.vector { writer in
                    for secret in secrets {
                        writer.uint32(try secret.number("node"))
                        try writer.hex(secret, ["path_secret"])
                    }
                }
            }
        }
        let paths = try fields.objects("update_paths")
        try writer.vector { writer in
            for path in paths {
                writer.uint32(try path.number("sender"))
                try writer.hex(path, ["update_path"])
                let secrets = try path.list("path_secrets")
                try writer.vector { writer in
                    for secret in secrets {
                        writer.optionalOpaque(
                            try (secret as? String).map { try bytes(hex: $0, "\(path.path).path_secrets") })
                    }
                }
                try writer.hex(path, ["commit_secret", "tree_hash_after"])
            }
        }
    }

    private static func passiveClient(_ fields: JSONFields, _ writer: inout FieldWriter) throws {
        let keys = try fields.objects("external_psks")
        try writer.vector { writer in
            for key in keys { try writer.hex(key, ["psk_id", "psk"]) }
        }
        try writer.hex(fields, ["key_package", "signature_priv", "encryption_priv", "init_priv", "welcome"])
        writer.optionalOpaque(try fields.optionalHex("ratchet_tree"))
        try writer.hex(fields, ["initial_epoch_authenticator"])
        let epochs = try fields.objects("epochs")
        try writer.vector { writer in
            for epoch in epochs {
                guard let proposals = try epoch.list("proposals") as? [String] else {
                    throw VectorFileError.unexpectedShape(epoch.path)
                }
                try writer.vector { writer in
                    for proposal in proposals { writer.opaque(try bytes(hex: proposal, "\(epoch.path).proposals")) }
                }
                try writer.hex(epoch, ["commit", "epoch_authenticator"])
            }
        }
    }
}
