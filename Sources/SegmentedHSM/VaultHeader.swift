import CryptoPrimitives
import WireFormat

/// What stays the same through a vault's life.
struct VaultIdentity: Equatable, Sendable, WireCodable {
    static let idLength = 16
    static let saltLength = 32

    /// 16 random bytes.
    let vaultID: [UInt8]
    /// The salt of every derivation in this vault, 32 random bytes.
    let salt: [UInt8]

    init(random: Randomness) {
        vaultID = random.bytes(Self.idLength)
        salt = random.bytes(Self.saltLength)
    }

    func encode(into writer: inout WireWriter) {
        writer.write(fixed: vaultID)
        writer.write(fixed: salt)
    }

    init(from reader: inout WireReader) throws(WireError) {
        vaultID = try reader.readFixed(Self.idLength)
        salt = try reader.readFixed(Self.saltLength)
    }
}

/// The public part of a vault, stored in clear beside the sealed records.
///
/// There are two slots for the sealed root, and the generation says which one counts: an even generation the first, an odd
/// one the second. Changing a segment writes the other slot, which changes nothing yet, and then raises the generation.
public struct VaultHeader: Equatable, Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1

    let identity: VaultIdentity
    /// How often the segments were changed.
    let generation: UInt64
    /// The slot that this generation opens.
    let current: RootSlot
    /// The slot of the generation after this one, while a change of segments is under way.
    let next: RootSlot?

    init(identity: VaultIdentity, generation: UInt64, current: RootSlot, next: RootSlot? = nil) {
        self.identity = identity
        self.generation = generation
        self.current = current
        self.next = next
    }

    /// 16 bytes that name the vault.
    public var vaultID: [UInt8] { identity.vaultID }

    /// What to derive the passphrase's segment with before unlocking.
    public var passphraseParameters: PassphraseParameters { current.passphraseParameters }

    /// Whether this is the vault's device segment. Tells another browser's key apart from a wrong passphrase, without
    /// deriving anything from a passphrase.
    public func recognises(device: Secret) -> Bool {
        constantTimeEqual(current.deviceCheck, SegmentDescriptor.deviceCheck(of: device, in: identity))
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(identity)
        writer.write(generation)
        let even = generation.isMultiple(of: 2)
        writer.write(optional: even ? current : next)
        writer.write(optional: even ? next : current)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard try reader.readUInt8() == Self.formatVersion else { throw .invalidValue }
        identity = try reader.read()
        generation = try reader.readUInt64()
        let even = try reader.readOptional(RootSlot.self)
        let odd = try reader.readOptional(RootSlot.self)
        let slots = generation.isMultiple(of: 2) ? (even, odd) : (odd, even)
        // The last generation has no next one.
        guard let current = slots.0, generation < .max else { throw .invalidValue }
        self.current = current
        next = slots.1
    }
}
