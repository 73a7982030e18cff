import CryptoPrimitives
import WireFormat

/// The secrets of an epoch that stay for as long as the epoch is current (RFC 9420 §8).
package struct EpochSecrets: Sendable {
    package var senderDataSecret: Secret
    package var exporterSecret: Secret
    package var externalSecret: Secret
    package var membershipKey: Secret
    package var resumptionSecret: Secret
    package var epochAuthenticator: Secret
    /// What the next epoch starts from.
    package var initSecret: Secret
}

/// One run of the key schedule (RFC 9420 §8). Its intermediate values live as long as this does.
package struct KeySchedule: Sendable {
    package let joinerSecret: Secret
    package let welcomeSecret: Secret
    package let confirmationKey: Secret
    /// The root of the secret tree.
    package let encryptionSecret: Secret
    package let secrets: EpochSecrets

    /// From the previous epoch, as its members do.
    package init(
        initSecret: Secret, commitSecret: Secret, preSharedKeySecret: Secret, context: GroupContext,
        _ algorithms: Algorithms
    ) {
        let joiner = algorithms.expandWithLabel(
            algorithms.extract(salt: initSecret, commitSecret), "joiner", context.encoded, algorithms.hashLength)
        self.init(joinerSecret: joiner, preSharedKeySecret: preSharedKeySecret, context: context, algorithms)
    }

    /// From the joiner secret, as a new member does.
    package init(
        joinerSecret: Secret, preSharedKeySecret: Secret, context: GroupContext, _ algorithms: Algorithms
    ) {
        let member = algorithms.extract(salt: joinerSecret, preSharedKeySecret)
        self.init(
            epochSecret: algorithms.expandWithLabel(member, "epoch", context.encoded, algorithms.hashLength),
            joinerSecret: joinerSecret, welcomeSecret: algorithms.deriveSecret(member, "welcome"), algorithms)
    }

    /// From a random epoch secret, as the creator of a group does (§11).
    init(creating epochSecret: Secret, _ algorithms: Algorithms) {
        self.init(
            epochSecret: epochSecret, joinerSecret: algorithms.zeroSecret, welcomeSecret: algorithms.zeroSecret,
            algorithms)
    }

    private init(epochSecret: Secret, joinerSecret: Secret, welcomeSecret: Secret, _ algorithms: Algorithms) {
        self.joinerSecret = joinerSecret
        self.welcomeSecret = welcomeSecret
        confirmationKey = algorithms.deriveSecret(epochSecret, "confirm")
        encryptionSecret = algorithms.deriveSecret(epochSecret, "encryption")
        secrets = EpochSecrets(
            senderDataSecret: algorithms.deriveSecret(epochSecret, "sender data"),
            exporterSecret: algorithms.deriveSecret(epochSecret, "exporter"),
            externalSecret: algorithms.deriveSecret(epochSecret, "external"),
            membershipKey: algorithms.deriveSecret(epochSecret, "membership"),
            resumptionSecret: algorithms.deriveSecret(epochSecret, "resumption"),
            epochAuthenticator: algorithms.deriveSecret(epochSecret, "authentication"),
            initSecret: algorithms.deriveSecret(epochSecret, "init"))
    }

    /// What a joiner needs before it knows the group context: it is inside what this opens (§12.4.3.1).
    package static func welcomeSecret(
        joinerSecret: Secret, preSharedKeySecret: Secret, _ algorithms: Algorithms
    ) -> Secret {
        algorithms.deriveSecret(algorithms.extract(salt: joinerSecret, preSharedKeySecret), "welcome")
    }
}

extension EpochSecrets {
    /// `MLS-Exporter` (RFC 9420 §8.5).
    package func export(label: [UInt8], context: [UInt8], length: Int, _ algorithms: Algorithms) -> Secret {
        algorithms.expandWithLabel(
            algorithms.deriveSecret(exporterSecret, Label(label)), "exported", algorithms.hash.hash(context), length)
    }

    /// The key pair that joiners without a Welcome encapsulate to (RFC 9420 §8.3).
    package func externalKeyPair(_ algorithms: Algorithms) throws(MLSError) -> KEMKeyPair {
        try algorithms.deriveKeyPair(externalSecret)
    }
}

/// The running hash over a group's commits (RFC 9420 §8.2).
package enum TranscriptHash {
    /// - Parameters:
    ///   - interim: the interim hash of the epoch in which the commit was sent.
    ///   - commit: the commit's message, of which wire format, content and signature are covered.
    package static func confirmed(
        after interim: [UInt8], commit: AuthenticatedContent, _ algorithms: Algorithms
    ) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: interim)
        writer.write(commit.format.rawValue)
        writer.write(commit.content)
        writer.write(opaque: commit.auth.signature)
        return algorithms.hash.hash(writer.bytes)
    }

    package static func interim(
        confirmed: [UInt8], confirmationTag: [UInt8], _ algorithms: Algorithms
    ) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: confirmed)
        writer.write(opaque: confirmationTag)
        return algorithms.hash.hash(writer.bytes)
    }
}

extension EpochSecrets: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(secret: senderDataSecret)
        writer.write(secret: exporterSecret)
        writer.write(secret: externalSecret)
        writer.write(secret: membershipKey)
        writer.write(secret: resumptionSecret)
        writer.write(secret: epochAuthenticator)
        writer.write(secret: initSecret)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        senderDataSecret = try reader.readSecret()
        exporterSecret = try reader.readSecret()
        externalSecret = try reader.readSecret()
        membershipKey = try reader.readSecret()
        resumptionSecret = try reader.readSecret()
        epochAuthenticator = try reader.readSecret()
        initSecret = try reader.readSecret()
    }
}

extension WireWriter {
    /// A secret in the clear: only for state that is sealed before it is stored.
    mutating func write(secret: Secret) {
        var bytes = secret.exposed
        write(opaque: bytes)
        wipe(&bytes)
    }
}

extension WireReader {
    mutating func readSecret() throws(WireError) -> Secret {
        var bytes = try readOpaque()
        defer { wipe(&bytes) }
        return Secret(bytes)
    }
}
