import CryptoPrimitives
import NodeClient
import NodeProtocol
import Testing
import Trust
import WireFormat

/// A bubble on a node, with its operator's one device.
struct TestBubble: Sendable {
    let authority: Authority
    let device: DeviceID
    let session: SigningKeyPair

    /// Claims a fresh node with its operator invitation.
    init(claiming link: String, over connection: NodeConnection) async throws {
        let random = Randomness.system()
        let link = try InvitationLink(parsing: [UInt8](link.utf8))
        let key = try HybridSigningKey.generate(random)
        let member = try HybridSigningKey.generate(random)
        authority = Authority(bubble: BubbleID.generate(random), key: key.publicKey)
        device = DeviceID.generate(random)
        session = try SignatureScheme.ed25519.generate(random)

        let guest = try await NodeSession.guest(over: connection, origin: link.origin)
        let time = guest.nodeTime
        let rights: Rights = [.operator, .mayInvite]
        let chain = CertificateChain(
            member: try MemberCertificate.issue(
                to: member.publicKey, rights: rights, validity: Validity(from: time), bubble: authority.bubble, by: key,
                random: random),
            device: try DeviceCertificate.issue(
                device: device, leafKey: SignatureScheme.ed25519.generate(random).publicKey,
                sessionKey: session.publicKey, generation: 1, rights: rights, validity: Validity(from: time),
                bubble: authority.bubble, by: member, random: random))
        let state = try BubbleState.issue(
            version: 1, nodeKey: guest.nodeKey, revoked: RevocationList(bubble: authority.bubble), issued: time,
            by: key,
            random: random)
        let answer = try await guest.ask(
            .claim(
                token: link.keys.redemptionProof, authority: authority.encoded, bubbleState: state.signed.encoded,
                chain: chain.encoded))
        try #require(answer == .done)
        await guest.close()
    }

    init(claiming node: LocalNode) async throws {
        try await self.init(claiming: try #require(node.links.first), over: try await node.connect())
    }

    func session(over connection: NodeConnection, origin: String) async throws -> NodeSession {
        try await NodeSession.device(
            device, of: authority.bubble, sessionKey: session.privateKey, over: connection, origin: origin)
    }

    func session(on node: LocalNode) async throws -> NodeSession {
        try await session(over: try await node.connect(), origin: node.origin)
    }
}

/// A mailbox of random name.
struct TestMailbox: Sendable {
    let id = Randomness.system().bytes(16)
    let deliveryKey = Randomness.system().bytes(32)

    init(of session: NodeSession) async throws {
        let answer = try await session.ask(
            .createMailbox(mailbox: id, deliveryKeyHash: HashAlgorithm.sha256.hash(deliveryKey)))
        try #require(answer == .done)
    }

    func delivery(_ envelope: [UInt8], transient: Bool = false, at time: UInt64) -> Request {
        .deliver(
            mailbox: id, deliveryKey: deliveryKey, transient: transient, expires: time + 86_400 * 7, envelope: envelope)
    }
}
