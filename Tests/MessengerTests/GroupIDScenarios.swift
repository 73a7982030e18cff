import CryptoPrimitives
import MLS
import Messenger
import NodeProtocol
import Simulator
import Testing
import Trust
import WireFormat

/// RFC 9420 §12.4.3.1: "verify that the group_id is unique among the groups that the client is currently participating in".
@Suite("A newcomer who begins a group under the id of another conversation's")
struct GroupIDScenarios {
    private struct Signer: LeafSigner {
        let key: SigningKeyPair

        func sign(_ message: [UInt8]) throws(MLSError) -> [UInt8] {
            do throws(CryptoError) {
                return try SignatureScheme.ed25519.sign(message, with: key.privateKey)
            } catch {
                throw .signingFailed
            }
        }
    }

    private let other = [UInt8](repeating: 5, count: 16)

    @Test("is not taken in, and swallows no message of that conversation", arguments: [true, false])
    func stolen(isGreetingOfThatGroup: Bool) throws {
        let world = try World.acquainted(2, seed: 811)
        world.cutDirectPaths()
        let text = try #require(world.invite(by: 0))
        let link = try InvitationLink(parsing: text.utf8)
        let opened = try #require(world.open(link))
        world.write(from: 1, to: 0)
        world.pass(seconds: 30)
        let message = try #require(world.message(inLastEnvelopeFrom: 1, to: opened.mailbox))
        let stolen = try #require(MessageHeader.peek(message)?.groupID)
        let introduction = try self.introduction(
            to: world, link, opened, groupID: stolen, greetingOf: isGreetingOfThatGroup ? stolen : other)
        world.deliver(.introduction(introduction), to: opened.mailbox, from: 1)
        world.pass(seconds: 30)
        #expect(world.conversations(of: 0) == 1)
        #expect(!world.warnings(of: 0).isEmpty)
        for _ in 0..<2 {
            world.write(2, from: 1, to: 0)
            world.pass(seconds: 60)
            #expect(world.states(of: 1, with: 0).allSatisfy { $0 == .delivered })
            // The conversations are loaded in another order.
            world.leave(0)
            world.comeBack(0)
        }
        #expect(world.read(0, from: 1) == 5)
        #expect(world.conversations(of: 0) == 1)
    }

    @Test("is taken in under an id of its own")
    func own() throws {
        let world = try World.acquainted(2, seed: 812)
        let text = try #require(world.invite(by: 0))
        let link = try InvitationLink(parsing: text.utf8)
        let opened = try #require(world.open(link))
        let introduction = try self.introduction(to: world, link, opened, groupID: other, greetingOf: other)
        world.deliver(.introduction(introduction), to: opened.mailbox, from: 1)
        world.pass(seconds: 30)
        #expect(world.conversations(of: 0) == 2)
    }

    /// What a newcomer sends who keeps to every rule but this one.
    private func introduction(
        to world: World, _ link: InvitationLink, _ opened: OpenedInvitation, groupID: [UInt8],
        greetingOf greetingGroup: [UInt8]
    ) throws -> [UInt8] {
        let random = Randomness(seed: [9])
        let bubble = opened.authority.bubble
        let member = try HybridSigningKey.generate(random)
        let leaf = try SignatureScheme.ed25519.generate(random)
        let session = try SignatureScheme.ed25519.generate(random)
        let chain = opened.chain(
            member: try MemberCertificate.issue(
                to: member.publicKey, redeeming: opened.certificate, with: link.keys, now: world.seconds, random: random
            ),
            device: try DeviceCertificate.issue(
                device: .generate(random), leafKey: leaf.publicKey, sessionKey: session.publicKey, generation: 1,
                rights: [], validity: Validity(from: world.seconds), bubble: bubble, by: member, random: random))
        let redemption = Redemption(chain: chain, keys: link.keys)
        guard
            case .redeemed(let receipt)? = world.ask(
                asGuest: .redeem(invitation: link.keys.id.bytes, redemption: redemption.encoded))
        else { throw NotRedeemed() }
        var chains = ChainCache(authority: opened.authority)
        let identity = try chains.insert(chain, now: world.seconds, revoked: opened.state.revoked).leafIdentity

        func begin(_ id: [UInt8]) throws -> (welcome: [UInt8], greeting: [UInt8]) {
            let signer = Signer(key: leaf)
            var group = try Group.create(
                groupID: id, suite: .xwing, credential: .basic(identity: identity.encoded),
                signatureKey: leaf.publicKey, signer: signer, random: random)
            let keyPackage = try KeyPackage(decoding: opened.keyPackage)
            let pending = try group.commit(adding: [keyPackage], signer: signer, random: random, accept: { _ in true })
            try group.merge(pending)
            let greeting = try group.encrypt(firstContent(opened, random), signer: signer, random: random)
            return (try #require(pending.welcome), greeting)
        }
        let begun = try begin(groupID)
        let greeting = groupID == greetingGroup ? begun.greeting : try begin(greetingGroup).greeting
        // Documentation/PROTOCOL.md, "Introduction".
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(true)
        writer.write(fixed: link.keys.id.bytes)
        writer.write(fixed: receipt)
        writer.write(UInt32(0))
        writer.write(fixed: chain.encoded)
        writer.write(opaque: begun.welcome)
        writer.write(opaque: greeting)
        return writer.bytes
    }

    /// A greeting, which names the inviter's own mailbox as the newcomer's.
    private func firstContent(_ opened: OpenedInvitation, _ random: Randomness) -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(1))
        writer.write(fixed: random.bytes(16))
        for _ in 0..<3 { writer.write(UInt64(0)) }
        writer.write(UInt8(8))
        writer.write(fixed: random.bytes(16))
        writer.write(text: "Mallory")
        writer.write(fixed: opened.mailbox.encoded)
        writer.write(UInt64(0))
        writer.write(fixed: [UInt8](repeating: 0, count: 16))
        writer.write(opaque: [])
        return writer.bytes
    }

    private struct NotRedeemed: Error {}
}
