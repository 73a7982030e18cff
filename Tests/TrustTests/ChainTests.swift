import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Verifying a chain")
struct ChainTests {
    @Test("who was invited is verified up to the authority")
    func invited() throws {
        let world = try World()
        let device = try world.verify(world.chain)
        #expect(device.bubble == world.bubble)
        #expect(device.member == MemberID(of: world.memberKey.publicKey, bubble: world.bubble))
        #expect(device.memberKey == world.memberKey.publicKey)
        #expect(device.device.bytes == [UInt8](repeating: 2, count: 16))
        #expect(device.leafKey == [UInt8](repeating: 0x12, count: 32))
        #expect(device.sessionKey == [UInt8](repeating: 0x22, count: 32))
        #expect(device.rights == [])
        #expect(device.invitation == world.link.keys.id)
        #expect(device.inviter == world.operatorChain.member.member)
        #expect(device.chainHash == HashAlgorithm.sha512.hash(world.chain.encoded))
    }

    @Test("the operator hangs straight on the authority")
    func enrolledDirectly() throws {
        let world = try World()
        let device = try world.verify(world.operatorChain)
        #expect(device.rights == [.mayInvite, .operator])
        #expect(device.invitation == nil && device.inviter == nil)
    }

    @Test("the authority itself may invite")
    func invitedByAuthority() throws {
        let world = try World()
        let invitation = try InvitationCertificate.issue(
            for: world.link.keys, validity: Validity(from: World.start, until: World.start + World.week),
            bubble: world.bubble, by: nil, signer: world.authorityKey, random: world.random)
        let chain = CertificateChain(invitation: invitation, member: world.chain.member, device: world.chain.device)
        let device = try world.verify(chain)
        #expect(device.invitation == world.link.keys.id)
        #expect(device.inviter == nil)
        // The operator's certificate has no business above it.
        let surplus = CertificateChain(
            inviter: world.operatorChain.member, invitation: invitation, member: world.chain.member,
            device: world.chain.device)
        #expect(throws: TrustError.wrongIssuer) { try world.verify(surplus) }
    }

    @Test("the longest chain stays below the size limit, and comes back from its encoding")
    func encoding() throws {
        let world = try World()
        let bytes = world.chain.encoded
        #expect(bytes.count <= CertificateChain.sizeLimit)
        #expect(try CertificateChain(decoding: bytes) == world.chain)
    }

    @Test("another authority, and the same key in another bubble, verify nothing")
    func wrongAuthority() throws {
        let world = try World()
        let other = try World(seed: "another")
        #expect(throws: TrustError.wrongBubble) {
            try world.chain.verify(authority: other.authority, now: world.now, revoked: other.noneRevoked)
        }
        let sameBubble = Authority(bubble: world.bubble, key: other.authorityKey.publicKey)
        #expect(throws: TrustError.invalidSignature) {
            try world.chain.verify(authority: sameBubble, now: world.now, revoked: world.noneRevoked)
        }
        let otherBubble = Authority(bubble: other.bubble, key: world.authorityKey.publicKey)
        #expect(throws: TrustError.wrongBubble) {
            try world.chain.verify(authority: otherBubble, now: world.now, revoked: other.noneRevoked)
        }
        #expect(throws: TrustError.wrongBubble) {
            try world.chain.verify(authority: world.authority, now: world.now, revoked: other.noneRevoked)
        }
    }

    @Test("each certificate must carry both signatures, of one key", arguments: Link.allCases)
    func bothSignatures(link: Link) throws {
        let world = try World()
        let stranger = try HybridSigningKey.generate(world.random)
        let forge = try link.forge(in: world)
        let signer = try link.signer(in: world)
        _ = try world.verify(try link.chain(in: world, forge.signature(by: signer), forge))
        #expect(throws: TrustError.invalidSignature) {
            try world.verify(try link.chain(in: world, forge.signature(by: stranger), forge))
        }
        for (ed25519, mldsa) in [(signer, stranger), (stranger, signer)] {
            let mixed = try forge.signature(by: ed25519)[..<64] + forge.signature(by: mldsa)[64...]
            #expect(throws: TrustError.invalidSignature) {
                try world.verify(try link.chain(in: world, [UInt8](mixed), forge))
            }
        }
    }

    @Test("a signature under another certificate's context is none", arguments: Link.allCases)
    func contexts(link: Link) throws {
        let world = try World()
        let signer = try link.signer(in: world)
        let contexts = [
            "CryptPeer member certificate 1", "CryptPeer invitation certificate 1", "CryptPeer device certificate 1",
            "CryptPeer bubble state 1", "CryptPeer countersignature 1", "",
        ]
        for context in contexts {
            var forge = try link.forge(in: world)
            guard context != forge.context else { continue }
            forge.context = context
            #expect(throws: TrustError.invalidSignature) {
                try world.verify(try link.chain(in: world, forge.signature(by: signer), forge))
            }
        }
    }

    @Test("a signature of another certificate of the same issuer is none")
    func swappedSignatures() throws {
        let world = try World()
        let other = try World.device(
            of: world.memberKey, rights: [], fill: 3, bubble: world.bubble, random: world.random)
        let length = HybridSignature.length
        let swapped = try DeviceCertificate(
            decoding: [UInt8](world.chain.device.encoded.dropLast(length)) + other.encoded.suffix(length))
        #expect(throws: TrustError.invalidSignature) { try world.verify(world.chain.replacingDevice(swapped)) }
        _ = try world.verify(world.chain.replacingDevice(other))
    }

    @Test("a chain changed at any byte is refused")
    func tampering() throws {
        let world = try World()
        let bytes = world.chain.encoded
        // Every byte of what is not key or signature; of those, every 97th.
        let keys = HybridPublicKey.length
        var indices = Set(stride(from: 0, to: bytes.count, by: 97))
        indices.formUnion(0..<40)
        indices.formUnion(40 + keys..<60 + keys)
        indices.formUnion((bytes.count - HybridSignature.length - 160)..<bytes.count - HybridSignature.length)
        for index in indices {
            var tampered = bytes
            tampered[index] ^= 1
            guard let chain = try? CertificateChain(decoding: tampered) else { continue }
            #expect(throws: TrustError.self, "byte \(index)") { try world.verify(chain) }
        }
    }

    @Test("mutated encodings are refused, or have one encoding")
    func fuzzing() throws {
        let world = try World()
        let bytes = world.chain.encoded
        let random = Randomness(seed: ascii("chain fuzz"))
        for _ in 0..<500 {
            var mutated = bytes
            for _ in 0...random.number(below: 4) {
                mutated[Int(random.number(below: 60))] = random.bytes(1)[0]
            }
            if random.number(below: 3) == 0 { mutated.removeLast(1 + Int(random.number(below: 9000))) }
            if let chain = try? CertificateChain(decoding: mutated) { #expect(chain.encoded == mutated) }
        }
        #expect(throws: WireError.trailingBytes) { try CertificateChain(decoding: bytes + [0]) }
        #expect(throws: WireError.truncated) { try CertificateChain(decoding: []) }
    }
}

/// The places of a chain in which a certificate can be forged, each under the keys that really stand above it.
enum Link: String, CaseIterable, Sendable {
    case inviter, invitation, member, device

    func forge(in world: World) throws -> Forge {
        switch self {
        case .inviter:
            .member(world.operatorKey.publicKey, in: world, rights: 3, from: World.start)
        case .invitation:
            try .invitation(world.link.keys, in: world, issuer: .id(world.operatorChain.member.member.bytes))
        case .member:
            .member(world.memberKey.publicKey, in: world, issuer: .id(world.link.keys.id.bytes))
        case .device:
            .device(of: world.chain.member.member, in: world)
        }
    }

    /// Who must sign it.
    func signer(in world: World) throws -> HybridSigningKey {
        switch self {
        case .inviter: world.authorityKey
        case .invitation: world.operatorKey
        case .member: try world.link.keys.signingKey()
        case .device: world.memberKey
        }
    }

    /// The world's chain with the forged certificate in its place.
    func chain(in world: World, _ signature: [UInt8], _ forge: Forge) throws -> CertificateChain {
        let bytes = forge.content.bytes + signature
        return CertificateChain(
            inviter: self == .inviter ? try MemberCertificate(decoding: bytes) : world.chain.inviter,
            invitation: self == .invitation ? try InvitationCertificate(decoding: bytes) : world.chain.invitation,
            member: self == .member ? try MemberCertificate(decoding: bytes) : world.chain.member,
            device: self == .device ? try DeviceCertificate(decoding: bytes) : world.chain.device)
    }
}
