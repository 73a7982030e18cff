import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// A bubble on the node under test: its authority, its operator, and the means to enrol others with valid chains.
final class ConformanceBubble {
    let node: any ConformanceNode
    let random = Randomness.system()
    let operatorLink: InvitationLink
    let authorityKey: HybridSigningKey
    let authority: Authority
    let operatorKeys: ConformanceKeys

    init(on node: any ConformanceNode) async throws {
        self.node = node
        operatorLink = try InvitationLink(parsing: [UInt8](try await node.operatorLink.utf8))
        authorityKey = try HybridSigningKey.generate(random)
        authority = Authority(bubble: BubbleID.generate(random), key: authorityKey.publicKey)
        operatorKeys = try ConformanceKeys(random)
    }

    // Sessions.

    func connect() async throws -> ConformanceSession {
        ConformanceSession(try await node.connect())
    }

    func guest() async throws -> ConformanceSession {
        let session = try await connect()
        let zeros = [UInt8](repeating: 0, count: 16)
        _ = try await session.greet(
            as: .guest, bubble: zeros, device: zeros, origin: operatorLink.origin, random: random)
        try expect(try await session.nextFrame(), is: .established)
        return session
    }

    func session(of device: ConformanceDevice) async throws -> ConformanceSession {
        let session = try await connect()
        let transcript = try await session.greet(
            as: .device, bubble: authority.bubble.bytes, device: device.id.bytes, origin: operatorLink.origin,
            random: random)
        let signature = try SignatureScheme.ed25519.sign(
            transcript.bytes(role: .client), with: device.session.privateKey)
        try await session.send(.authenticate(signature: signature))
        try expect(try await session.nextFrame(), is: .established)
        return session
    }

    /// Whether the node takes the device: false when it says that it is not authenticated.
    func admits(_ device: ConformanceDevice) async throws -> Bool {
        let session = try await connect()
        let nonce = random.bytes(32)
        try await session.send(
            .hello(
                version: nodeProtocolVersion, role: .device, bubble: authority.bubble.bytes, device: device.id.bytes,
                nonce: nonce))
        var frame = try await session.nextFrame()
        if case .challenge(_, let key, let nodeNonce, _, _) = frame {
            let transcript = try SessionTranscript(
                bubble: authority.bubble, origin: operatorLink.origin, nodeKey: key, device: device.id,
                clientNonce: nonce, nodeNonce: nodeNonce)
            try await session.send(
                .authenticate(
                    signature: SignatureScheme.ed25519.sign(
                        transcript.bytes(role: .client), with: device.session.privateKey)))
            frame = try await session.nextFrame()
        }
        await session.close()
        if frame == .established { return true }
        try expect(frame, is: .goodbye(.notAuthenticated))
        return false
    }

    // Enrolment.

    /// The operator's claim of the node, with what a rule wants to be wrong.
    func claim(
        token: [UInt8]? = nil, authority: Authority? = nil, rights: Rights = [.operator, .mayInvite],
        stateSigner: HybridSigningKey? = nil, nodeKey: [UInt8]? = nil
    ) async throws -> Response {
        let guest = try await guest()
        let now = try await node.now()
        let state = try state(version: 1, nodeKey: nodeKey ?? guest.nodeKey, issued: now, signer: stateSigner)
        let response = try await guest.ask(
            .claim(
                token: token ?? operatorLink.keys.redemptionProof, authority: (authority ?? self.authority).encoded,
                bubbleState: state.encoded, chain: try operatorChain(rights: rights, now: now).encoded))
        await guest.close()
        return response
    }

    /// Claims the node; every rule beyond claiming starts here.
    func enrolOperator() async throws -> ConformanceDevice {
        try expect(try await claim(), is: .done, "the claim")
        return operatorKeys.device(try operatorChain(rights: [.operator, .mayInvite], now: try await node.now()))
    }

    private func operatorChain(rights: Rights, now: UInt64) throws -> CertificateChain {
        let member = try MemberCertificate.issue(
            to: operatorKeys.member.publicKey, rights: rights, validity: Validity(from: now - 60),
            bubble: authority.bubble, by: authorityKey, random: random)
        let device = try operatorKeys.certificate(
            rights: rights, bubble: authority.bubble, from: now - 60, random: random)
        return CertificateChain(member: member, device: device)
    }

    /// An invitation by this device, with its request for the node.
    func invitation(by inviter: ConformanceDevice, for seconds: UInt64 = 86_400) async throws -> ConformanceInvitation {
        let link = try InvitationLink.member(
            origin: operatorLink.origin, authorityHash: authority.hash, random: random)
        let now = try await node.now()
        let certificate = try InvitationCertificate.issue(
            for: link.keys, validity: Validity(from: now - 60, until: now + seconds), bubble: authority.bubble,
            by: inviter.member, signer: inviter.memberKey, random: random)
        return ConformanceInvitation(
            keys: link.keys, certificate: certificate, inviter: inviter, expires: now + seconds,
            bundle: random.bytes(8_192))
    }

    /// The chain that a newcomer makes with an opened invitation.
    func chain(for newcomer: ConformanceKeys, from invitation: ConformanceInvitation) async throws -> CertificateChain {
        let now = try await node.now()
        let member = try MemberCertificate.issue(
            to: newcomer.member.publicKey, redeeming: invitation.certificate, with: invitation.keys, now: now,
            random: random)
        let device = try newcomer.certificate(rights: [], bubble: authority.bubble, from: now, random: random)
        return CertificateChain(
            inviter: invitation.inviter.chain.member, invitation: invitation.certificate, member: member,
            device: device)
    }

    func redeem(_ invitation: ConformanceInvitation, chain: CertificateChain, keys: InvitationKeys? = nil) async throws
        -> Response
    {
        let guest = try await guest()
        let redemption = Redemption(chain: chain, keys: keys ?? invitation.keys)
        let response = try await guest.ask(.redeem(invitation: invitation.id, redemption: redemption.encoded))
        await guest.close()
        return response
    }

    /// Enrols a member through an invitation by this one.
    func enrol(by inviter: ConformanceDevice) async throws -> ConformanceDevice {
        let invitation = try await invitation(by: inviter)
        let session = try await session(of: inviter)
        try expect(try await session.ask(invitation.request), is: .done, "the invitation")
        await session.close()
        let keys = try ConformanceKeys(random)
        let chain = try await chain(for: keys, from: invitation)
        guard case .redeemed = try await redeem(invitation, chain: chain) else {
            throw ConformanceFailure.broken("an open invitation is redeemed", line: #line)
        }
        return keys.device(chain)
    }

    /// A bubble state of this authority.
    func state(
        version: UInt64, nodeKey: [UInt8], issued: UInt64, revoked: (inout RevocationList) -> Void = { _ in },
        signer: HybridSigningKey? = nil
    ) throws -> SignedBubbleState {
        var list = RevocationList(bubble: authority.bubble)
        revoked(&list)
        return try BubbleState.issue(
            version: version, nodeKey: nodeKey, revoked: list, issued: issued,
            by: signer ?? authorityKey, random: random
        ).signed
    }

    // Mailboxes.

    /// A mailbox of this session's device, made at the node.
    func mailbox(of session: ConformanceSession) async throws -> ConformanceMailbox {
        let mailbox = ConformanceMailbox(id: random.bytes(16), deliveryKey: random.bytes(32))
        try expect(try await session.ask(mailbox.creation), is: .done, "the mailbox")
        return mailbox
    }

    /// Random bytes of one of the three sizes.
    func envelope(_ length: Int = Limits.envelopeLengths[0]) -> [UInt8] {
        random.bytes(length)
    }
}

struct ConformanceInvitation {
    let keys: InvitationKeys
    let certificate: InvitationCertificate
    let inviter: ConformanceDevice
    let expires: UInt64
    let bundle: [UInt8]

    var id: [UInt8] { keys.id.bytes }
    var request: Request {
        .putInvitation(invitation: id, verifier: keys.redemptionVerifier, expires: expires, bundle: bundle)
    }
}

struct ConformanceMailbox {
    let id: [UInt8]
    let deliveryKey: [UInt8]

    var creation: Request { .createMailbox(mailbox: id, deliveryKeyHash: HashAlgorithm.sha256.hash(deliveryKey)) }

    func deliver(_ envelope: [UInt8], transient: Bool = false, expires: UInt64) -> Request {
        .deliver(mailbox: id, deliveryKey: deliveryKey, transient: transient, expires: expires, envelope: envelope)
    }

    func fetch(after: UInt64 = 0, limit: UInt16 = 32) -> Request {
        .fetchEnvelopes(mailbox: id, after: after, limit: limit)
    }
}
