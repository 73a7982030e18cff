import CryptoPrimitives
import WireFormat

/// The vault, open: seals records, signs, and never gives a key out.
///
/// An object of this class is made by ``create(segments:random:)`` or ``unlock(_:segments:)`` and lives until ``lock()``,
/// which overwrites every key it holds. Unlocking again makes a new one.
///
/// Not this layer's concern: where the header and the sealed records are stored, and that nobody puts an older version of
/// one in its place.
public final class HSM {
    /// 16 bytes that name the vault, as in its ``VaultHeader``.
    public let vaultID: [UInt8]
    /// None once locked.
    private var purposeKeys: PurposeKeys?
    /// The private keys that can be signed with, by public key.
    var signingKeys: [[UInt8]: Secret] = [:]
    var hybridKeys: [[UInt8]: HybridSigningKey] = [:]

    private init(root: Secret, identity: VaultIdentity) {
        vaultID = identity.vaultID
        purposeKeys = PurposeKeys(root: root, identity: identity)
    }

    /// A new vault.
    ///
    /// - Parameter segments: the passphrase's, then the device's.
    /// - Returns: the vault, unlocked, and its header, to be stored before anything that the vault seals.
    /// - Throws: ``HSMError/invalidSegments``.
    public static func create(segments: [Segment], random: Randomness) throws(HSMError)
        -> (hsm: HSM, header: VaultHeader)
    {
        let identity = VaultIdentity(random: random)
        let root = random.secret(RootSlot.rootLength)
        let slot = try RootSlot(root: root, segments: segments, identity: identity, generation: 0, random: random)
        return (HSM(root: root, identity: identity), VaultHeader(identity: identity, generation: 0, current: slot))
    }

    /// Opens a vault.
    ///
    /// - Throws: ``HSMError/wrongSegments``, and nothing else.
    public static func unlock(_ header: VaultHeader, segments: [Segment]) throws(HSMError) -> HSM {
        HSM(root: try openRoot(header, segments), identity: header.identity)
    }

    /// Seals the root under other segments: a new passphrase, another device key. Records stay as they are. Whoever has
    /// the old segments and an old header still gets the root.
    ///
    /// - Parameters:
    ///   - old: the segments that open the vault now. Asked for although the vault may be unlocked: an unattended screen is
    ///     not enough to take a vault over.
    ///   - new: the ones that will.
    /// - Throws: ``HSMError/wrongSegments`` for `old`, ``HSMError/invalidSegments`` for `new`.
    public static func rekey(_ header: VaultHeader, from old: [Segment], to new: [Segment], random: Randomness)
        throws(HSMError) -> Rekey
    {
        let root = try openRoot(header, old)
        let generation = header.generation + 1
        let slot = try RootSlot(
            root: root, segments: new, identity: header.identity, generation: generation, random: random)
        return Rekey(
            staged: VaultHeader(
                identity: header.identity, generation: header.generation, current: header.current, next: slot),
            switched: VaultHeader(identity: header.identity, generation: generation, current: slot))
    }

    private static func openRoot(_ header: VaultHeader, _ segments: [Segment]) throws(HSMError) -> Secret {
        try header.current.open(segments, identity: header.identity, generation: header.generation)
    }

    /// Whether the keys are gone.
    public var isLocked: Bool { purposeKeys == nil }

    /// Overwrites every key. Each operation throws ``HSMError/locked`` from now on.
    public func lock() {
        purposeKeys = nil
        signingKeys = [:]
        hybridKeys = [:]
    }

    /// - Throws: ``HSMError/locked``.
    func unlockedKeys() throws(HSMError) -> PurposeKeys {
        guard let purposeKeys else { throw .locked }
        return purposeKeys
    }
}

/// A change of segments, in two steps. Each header is stored durably, in this order, in the place of the one before; whenever
/// the power fails, exactly one set of segments opens what is stored.
public struct Rekey: Sendable {
    /// The old segments still count; the new slot is written beside.
    public let staged: VaultHeader
    /// The new segments count; the old slot is gone.
    public let switched: VaultHeader
}

/// What the root is used for: one key for each purpose. The root itself is not kept.
struct PurposeKeys {
    /// Wraps the records' own keys.
    let records: Secret
    /// Hashes storage keys.
    let index: Secret
    /// Seals signing keys.
    let signing: Secret

    init(root: Secret, identity: VaultIdentity) {
        let prk = HKDF.extract(.sha512, salt: identity.salt, ikm: root)
        func key(_ purpose: StaticString) -> Secret {
            HKDF.expand(.sha512, prk: prk, info: label(purpose) + identity.vaultID, length: 32)
        }
        records = key("CryptPeer vault records 1")
        index = key("CryptPeer vault index 1")
        signing = key("CryptPeer vault signing keys 1")
    }
}
