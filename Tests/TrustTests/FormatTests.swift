import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Formats")
struct FormatTests {
    @Test("encodings are pinned, keys and signatures included")
    func golden() throws {
        let world = try World()
        let newcomer = try world.verify(world.chain)
        let countersignature = try Countersignature.issue(for: newcomer, by: world.operatorKey, random: world.random)
        let receipt = try RedemptionReceipt.issue(
            bubble: world.bubble, invitation: world.link.keys.id, memberKey: world.memberKey.publicKey,
            time: world.now, nodeKey: Secret([UInt8](repeating: 9, count: 32)))
        let safety = SafetyNumber(newcomer, try world.verify(world.operatorChain))
        var cache = ChainCache(authority: world.authority)
        try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        let pinned: [(what: String, is: String, shouldBe: String)] = [
            (
                "authority hash", hex(world.authority.hash),
                "033372b41a96ce5fc1f8cc6d7b8951f35333e420978967166847842df9f469fd"
            ),
            ("member id", hex(newcomer.member.bytes), "e85562e17aeee2261daf6dc5d50d8c8a"),
            (
                "link", String(decoding: world.link.text, as: UTF8.self),
                "https://localhost:8443/"
                    + "#AfNwtXk84YV4lmVPyZKVz9leor6ejK3WCFwgOKgu0qoqAzNytBqWzl_B-Mxte4lR81Mz5CCXiWcWaEeELfn0af0"
            ),
            ("invitation id", hex(world.link.keys.id.bytes), "b7854bf026b91ed85c5bba2bb274f8e1"),
            (
                "operator's chain", digest(world.operatorChain.encoded),
                "d14b23923f47a1be292c1ff451e918f890f13956705f6ccb4f4fd7625c4ed0a3"
            ),
            (
                "newcomer's chain", digest(world.chain.encoded),
                "c85f5415d29d72ba4cd9e37f99fa281df6aa9903dde8aea74625e16e82eba01e"
            ),
            (
                "leaf identity", digest(newcomer.leafIdentity.encoded),
                "aeda76582982cb61f6880df15e9244b1ca609677b818fe2fa7a85537bb6ab0a8"
            ),
            (
                "countersignature", digest(countersignature.encoded),
                "8a5bc0cbb756b7dbca219b10a3f43e1ddda1264c623a49355fec0141f27fbb29"
            ),
            ("receipt", digest(receipt.encoded), "d0108f2cfce86132c023006aee2f6237a46f50e76c66c4e923be9521320aa927"),
            (
                "redemption", digest(Redemption(chain: world.chain, keys: world.link.keys).encoded),
                "7d990c037bbf3fe8584ca88aa54cc28c5b3fa1bad800e184e7cff248b232c67b"
            ),
            (
                "safety number", String(decoding: safety.digits, as: UTF8.self),
                "618815455980943360744694048331864944023275617047061719492707"
            ),
            ("chain cache", digest(cache.encoded), "d8340b8f764a7994be9c919fe33cf8dc78a401282a0de9606abe931e7abf1175"),
            (
                "bubble state", digest(try world.state(version: 1).signed.encoded),
                "d38b0860b504889ac637ea4ac50eba0d151aca5930a2e89ca2ecee30a4deaab6"
            ),
            (
                "bundle", digest(try world.bundle().seal(world.link.keys, random: world.random)),
                "ce5af952e2bcdb1c940768ebfa44a210d50201d7e7838d3159414cd9123da25e"
            ),
        ]
        for (what, value, expected) in pinned { #expect(value == expected, "\(what)") }
    }

    @Test("certificates have the documented length")
    func lengths() throws {
        let world = try World()
        let key = 32 + 1952
        let signature = 64 + 3309
        #expect(world.operatorChain.member.encoded.count == 1 + 16 + 1 + 16 + key + 1 + 16 + signature)
        #expect(world.invitation.encoded.count == 1 + 16 + 17 + 16 + key + 1 + 16 + signature)
        #expect(world.chain.device.encoded.count == 1 + 16 + 16 + 16 + 32 + 32 + 4 + 1 + 16 + signature)
    }

    @Test("every decoder refuses mutated input, or reads what has that one encoding")
    func fuzzing() throws {
        let world = try World()
        let countersignature = try Countersignature.issue(
            for: world.verify(world.chain), by: world.operatorKey, random: world.random)
        let receipt = try RedemptionReceipt.issue(
            bubble: world.bubble, invitation: world.link.keys.id, memberKey: world.memberKey.publicKey,
            time: world.now, nodeKey: Secret([UInt8](repeating: 9, count: 32)))
        var revoked = world.noneRevoked
        for _ in 0..<3 { revoked.revoke(DeviceID.generate(world.random)) }
        var cache = ChainCache(authority: world.authority)
        try cache.insert(world.chain, now: world.now, revoked: world.noneRevoked)
        var ledger = InvitationLedger()
        try ledger.record(world.link.keys.id, memberKey: world.memberKey.publicKey)

        try fuzz(Authority.self, world.authority.encoded)
        try fuzz(MemberCertificate.self, world.chain.member.encoded)
        try fuzz(InvitationCertificate.self, world.invitation.encoded)
        try fuzz(DeviceCertificate.self, world.chain.device.encoded)
        try fuzz(CertificateChain.self, world.chain.encoded)
        try fuzz(LeafIdentity.self, try world.verify(world.chain).leafIdentity.encoded)
        try fuzz(SignedBubbleState.self, try world.state(version: 2, policy: [1], revoked: revoked).signed.encoded)
        try fuzz(RevocationList.self, revoked.encoded)
        try fuzz(InvitationBundle.self, try world.bundle().encoded)
        try fuzz(MailboxCapability.self, try world.bundle().mailbox.encoded)
        try fuzz(Redemption.self, Redemption(chain: world.chain, keys: world.link.keys).encoded)
        try fuzz(RedemptionReceipt.self, receipt.encoded)
        try fuzz(Countersignature.self, countersignature.encoded)
        try fuzz(ChainCache.self, cache.encoded)
        try fuzz(InvitationLedger.self, ledger.encoded)
        try fuzz(Rights.self, Rights.mayInvite.encoded)
        try fuzz(Validity.self, Validity(from: 1, until: 2).encoded)
    }

    private func fuzz<Value: WireCodable>(_ type: Value.Type, _ valid: [UInt8], rounds: Int = 600) throws {
        let random = Randomness(seed: valid)
        #expect(try Value(decoding: valid).encoded == valid)
        for _ in 0..<rounds {
            var bytes = valid
            switch random.number(below: 4) {
            case 0: bytes = [UInt8](bytes[..<Int(random.number(below: UInt32(bytes.count)))])
            case 1: bytes += random.bytes(1 + Int(random.number(below: 8)))
            case 2:
                let start = Int(random.number(below: UInt32(bytes.count)))
                bytes.replaceSubrange(start..<min(bytes.count, start + 4), with: random.bytes(4))
            default:
                for _ in 0...random.number(below: 5) {
                    bytes[Int(random.number(below: UInt32(min(bytes.count, 100))))] = random.bytes(1)[0]
                }
            }
            if let value = try? Value(decoding: bytes), value.encoded != bytes {
                Issue.record("\(type) reads \(hex([UInt8](bytes.prefix(64)))) as something else")
                return
            }
        }
    }
}
