import CryptoPrimitives
import Trust
import WireFormat

/// Writes certificates by hand, from the documented format, so that they can say and be signed what the module would not.
struct Forge {
    var context: String
    var content: WireWriter
    let random: Randomness

    enum Issuer {
        case authority
        case id([UInt8])

        func encode(into writer: inout WireWriter) {
            switch self {
            case .authority:
                writer.write(UInt8(0))
            case .id(let bytes):
                writer.write(UInt8(1))
                writer.write(fixed: bytes)
            }
        }
    }

    static func member(
        _ key: HybridPublicKey, in world: World, issuer: Issuer = .authority, id: MemberID? = nil, rights: UInt8 = 0,
        from start: UInt64 = World.start + 100, until end: UInt64 = .max, bubble: BubbleID? = nil
    ) -> Forge {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(bubble ?? world.bubble)
        issuer.encode(into: &writer)
        writer.write(id ?? MemberID(of: key, bubble: bubble ?? world.bubble))
        writer.write(fixed: key.bytes)
        writer.write(rights)
        writer.write(start)
        writer.write(end)
        return Forge(context: "CryptPeer member certificate 1", content: writer, random: world.random)
    }

    static func invitation(
        _ keys: InvitationKeys, in world: World, issuer: Issuer = .authority, rights: UInt8 = 0,
        from start: UInt64 = World.start, until end: UInt64 = World.start + World.week, bubble: BubbleID? = nil
    ) throws -> Forge {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(bubble ?? world.bubble)
        issuer.encode(into: &writer)
        writer.write(keys.id)
        writer.write(fixed: try keys.signingKey().publicKey.bytes)
        writer.write(rights)
        writer.write(start)
        writer.write(end)
        return Forge(context: "CryptPeer invitation certificate 1", content: writer, random: world.random)
    }

    static func device(
        of member: MemberID, in world: World, rights: UInt8 = 0, from start: UInt64 = World.start,
        until end: UInt64 = .max, bubble: BubbleID? = nil
    ) -> Forge {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(bubble ?? world.bubble)
        writer.write(member)
        writer.write(fixed: [UInt8](repeating: 9, count: 16 + 32 + 32))
        writer.write(UInt32(0))
        writer.write(rights)
        writer.write(start)
        writer.write(end)
        return Forge(context: "CryptPeer device certificate 1", content: writer, random: world.random)
    }

    func signature(by key: HybridSigningKey) throws -> [UInt8] {
        try key.sign(content.bytes, context: ascii(context), random: random).bytes
    }

    func signed<Certificate: WireDecodable>(by key: HybridSigningKey, as type: Certificate.Type = Certificate.self)
        throws -> Certificate
    {
        try Certificate(decoding: content.bytes + (try signature(by: key)))
    }

    /// The Ed25519 signature of one key with the ML-DSA-65 signature of another.
    func signed<Certificate: WireDecodable>(
        ed25519: HybridSigningKey, mldsa: HybridSigningKey, as type: Certificate.Type = Certificate.self
    ) throws -> Certificate {
        let signature = try self.signature(by: ed25519)[..<64] + self.signature(by: mldsa)[64...]
        return try Certificate(decoding: content.bytes + signature)
    }
}
