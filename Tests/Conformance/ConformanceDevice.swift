import CryptoPrimitives
import Trust

/// A device with all its keys and its certificate chain.
struct ConformanceDevice {
    let id: DeviceID
    let memberKey: HybridSigningKey
    let session: SigningKeyPair
    let chain: CertificateChain

    var member: MemberID { chain.member.member }
}

/// The keys of a device before it has a chain.
struct ConformanceKeys {
    let id: DeviceID
    let member: HybridSigningKey
    let leaf: SigningKeyPair
    let session: SigningKeyPair

    init(id: DeviceID? = nil, _ random: Randomness) throws {
        self.id = id ?? DeviceID.generate(random)
        member = try HybridSigningKey.generate(random)
        leaf = try SignatureScheme.ed25519.generate(random)
        session = try SignatureScheme.ed25519.generate(random)
    }

    func certificate(rights: Rights, bubble: BubbleID, from: UInt64, random: Randomness) throws -> DeviceCertificate {
        try DeviceCertificate.issue(
            device: id, leafKey: leaf.publicKey, sessionKey: session.publicKey, generation: 1, rights: rights,
            validity: Validity(from: from), bubble: bubble, by: member, random: random)
    }

    func device(_ chain: CertificateChain) -> ConformanceDevice {
        ConformanceDevice(id: id, memberKey: member, session: session, chain: chain)
    }
}
