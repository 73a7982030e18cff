import CryptoPrimitives
import WireFormat

/// A sender's chain of single-use keys for one content type (RFC 9420 §9.1).
package struct HashRatchet: Sendable {
    /// How far ahead of its last known position a sender may be: what is skipped must be derived, and kept (§15.3).
    package static let maximumSkip: UInt32 = 1_000

    /// The secret of the next generation.
    private var secret: Secret
    /// The next generation.
    package private(set) var generation: UInt32
    /// Keys of generations passed over, kept for messages that come late, oldest first.
    private var skipped: [SkippedKey]

    private struct SkippedKey: Sendable {
        let generation: UInt32
        let key: MessageKey
    }

    var skippedCount: Int { skipped.count }

    init(secret: Secret) {
        self.secret = secret
        generation = 0
        skipped = []
    }

    /// The next key, to send with. It is gone from here.
    ///
    /// - Throws: ``MLSError/generationsExhausted``.
    mutating func next(_ algorithms: Algorithms) throws(MLSError) -> MessageKey {
        guard generation < .max else { throw .generationsExhausted }
        let key = MessageKey(
            key: algorithms.deriveTreeSecret(secret, "key", generation: generation, algorithms.aead.keyLength),
            nonce: algorithms.deriveTreeSecret(secret, "nonce", generation: generation, algorithms.aead.nonceLength)
                .exposed)
        secret = algorithms.deriveTreeSecret(secret, "secret", generation: generation, algorithms.hashLength)
        generation += 1
        return key
    }

    /// The key of a generation, to receive with. It is gone from here.
    ///
    /// - Parameter room: how many skipped keys may be added before older ones make way.
    /// - Throws: ``MLSError/messageKeyUsed`` or ``MLSError/generationTooFar``.
    mutating func take(_ wanted: UInt32, room: Int, _ algorithms: Algorithms) throws(MLSError) -> MessageKey {
        if wanted < generation {
            guard let index = skipped.firstIndex(where: { $0.generation == wanted }) else { throw .messageKeyUsed }
            return skipped.remove(at: index).key
        }
        guard wanted - generation <= Self.maximumSkip else { throw .generationTooFar }
        let before = skipped.count
        while generation < wanted {
            let skippedGeneration = generation
            skipped.append(SkippedKey(generation: skippedGeneration, key: try next(algorithms)))
        }
        let key = try next(algorithms)
        let most = min(Int(Self.maximumSkip), before + max(room, 0))
        if skipped.count > most { skipped.removeFirst(skipped.count - most) }
        return key
    }
}

extension HashRatchet: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(secret: secret)
        writer.write(generation)
        writer.writeVector { writer in
            for entry in skipped {
                writer.write(entry.generation)
                writer.write(secret: entry.key.key)
                writer.write(opaque: entry.key.nonce)
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        secret = try reader.readSecret()
        generation = try reader.readUInt32()
        skipped = []
        var entries = try reader.readSlice()
        while !entries.isAtEnd {
            let generation = try entries.readUInt32()
            let key = try entries.readSecret()
            skipped.append(
                SkippedKey(generation: generation, key: MessageKey(key: key, nonce: try entries.readOpaque())))
        }
    }
}
