import CryptoPrimitives
import WireFormat

/// The chains that we have verified, by hash, and the check of every MLS leaf against them. A leaf whose chain is not here is
/// refused.
///
/// Seal it to store it: reading it back verifies no signature.
public struct ChainCache: WireCodable {
    private static let formatVersion: UInt8 = 1
    /// So many chains of one member are kept, of the highest generations. A member certifies itself as often as it likes; groups
    /// that are still read name the last few.
    public static let chainsPerMember = 4

    public let authority: Authority
    /// By chain hash.
    private var devices: [[UInt8]: VerifiedDevice] = [:]
    /// Who redeemed which invitation, by all the chains ever seen.
    private var ledger = InvitationLedger()

    public init(authority: Authority) {
        self.authority = authority
    }

    /// Verifies a chain and keeps the result.
    ///
    /// - Throws: what ``CertificateChain/verify(authority:now:revoked:)`` throws, and ``TrustError/invitationReused``.
    @discardableResult
    public mutating func insert(_ chain: CertificateChain, now: UInt64, revoked: RevocationList) throws(TrustError)
        -> VerifiedDevice
    {
        let device = try chain.verify(authority: authority, now: now, revoked: revoked)
        try keep(device)
        return device
    }

    /// Verifies a chain and keeps nothing of it: whoever sent it may have no business with us.
    ///
    /// - Throws: what ``insert(_:now:revoked:)`` throws.
    public func verify(_ chain: CertificateChain, now: UInt64, revoked: RevocationList) throws(TrustError)
        -> VerifiedDevice
    {
        let device = try chain.verify(authority: authority, now: now, revoked: revoked)
        var ledger = ledger
        if let invitation = device.invitation { try ledger.record(invitation, memberKey: device.memberKey) }
        return device
    }

    /// Keeps a device that ``verify(_:now:revoked:)`` has given. Of its member's chains the oldest makes way.
    ///
    /// - Throws: ``TrustError/invitationReused``.
    public mutating func keep(_ device: VerifiedDevice) throws(TrustError) {
        if let invitation = device.invitation {
            try ledger.record(invitation, memberKey: device.memberKey)
        }
        devices[device.chainHash] = device
        let kept = devices.values.filter { $0.member == device.member && $0.chainHash != device.chainHash }
            .sorted { ($1.generation, $1.chainHash[0]) < ($0.generation, $0.chainHash[0]) }
        for old in kept.dropFirst(Self.chainsPerMember - 1) { devices[old.chainHash] = nil }
    }

    /// How many chains are kept.
    public var count: Int { devices.count }

    /// Whether the bubble's state has taken out what a leaf's credential names. One whose chain is not kept any more is judged by
    /// its member and device.
    public func isRevoked(_ identity: LeafIdentity, by revoked: RevocationList) -> Bool {
        if revoked.count == 0 { return false }
        if let device = devices[identity.chainHash] { return device.isRevoked(by: revoked) }
        return revoked.contains(identity.member) || revoked.contains(identity.device)
    }

    /// The device that a leaf claims to be, whatever its validity now.
    ///
    /// - Throws: ``TrustError/unknownChain``; ``TrustError/identityMismatch`` if the leaf says other than the chain.
    public func device(for identity: LeafIdentity) throws(TrustError) -> VerifiedDevice {
        guard let device = devices[identity.chainHash] else { throw .unknownChain }
        guard device.leafIdentity == identity else { throw .identityMismatch }
        return device
    }

    /// The device behind an MLS leaf, if it counts now.
    ///
    /// - Parameters:
    ///   - identity: of the leaf's basic credential.
    ///   - leafKey: the leaf's signature key.
    ///   - now: seconds since 1970.
    public func check(identity: [UInt8], leafKey: [UInt8], now: UInt64, revoked: RevocationList) throws(TrustError)
        -> VerifiedDevice
    {
        let device = try device(for: try decode(identity))
        guard device.leafKey == leafKey else { throw .identityMismatch }
        try device.check(now: now, revoked: revoked)
        return device
    }

    /// Whether ``check(identity:leafKey:now:revoked:)`` has nothing against the leaf.
    public func accepts(identity: [UInt8], leafKey: [UInt8], now: UInt64, revoked: RevocationList) -> Bool {
        do throws(TrustError) {
            _ = try check(identity: identity, leafKey: leafKey, now: now, revoked: revoked)
            return true
        } catch {
            return false
        }
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(authority)
        writer.writeVector { writer in
            for hash in devices.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                devices[hash]?.encode(into: &writer)
            }
        }
        writer.write(ledger)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        authority = try reader.read()
        var slice = try reader.readSlice()
        var last: [UInt8] = []
        while !slice.isAtEnd {
            let device = try VerifiedDevice(from: &slice)
            guard device.bubble == authority.bubble, last.lexicographicallyPrecedes(device.chainHash) else {
                throw .invalidValue
            }
            last = device.chainHash
            devices[device.chainHash] = device
        }
        ledger = try reader.read()
    }
}
