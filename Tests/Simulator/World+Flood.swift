import CryptoPrimitives
import Messenger
import ModelNode
import NodeProtocol
import Trust
import WireFormat

// A contact that does its worst with what every contact has: the right to write to a mailbox.
extension World {
    /// What the node answers somebody whom it does not know.
    public func ask(asGuest request: Request) -> Response? {
        let guest: UInt32 = .max
        defer { node.disconnect(guest) }
        let zeros = [UInt8](repeating: 0, count: 16)
        let hello = ClientFrame.hello(
            version: nodeProtocolVersion, role: .guest, bubble: zeros, device: zeros,
            nonce: chance.bytes(SessionTranscript.nonceLength))
        _ = node.receive(hello.encoded, on: guest, now: now / 1_000)
        for output in node.receive(ClientFrame.request(id: 1, request).encoded, on: guest, now: now / 1_000) {
            if case .send(.response(_, let response), _) = output { return response }
        }
        return nil
    }

    /// What an invitation link opens.
    public func open(_ link: InvitationLink) -> OpenedInvitation? {
        guard case .invitationBundle(let sealed)? = ask(asGuest: .invitationBundle(invitation: link.keys.id.bytes))
        else { return nil }
        return try? InvitationBundle.open(sealed, link: link, now: now / 1_000)
    }

    /// Where the maker of an invitation may be written to: what the link opens, as any contact has it.
    public func mailbox(behind link: Text) -> MailboxCapability? {
        guard let link = try? InvitationLink(parsing: link.utf8) else { return nil }
        return open(link)?.mailbox
    }

    /// The MLS message in a person's last envelope, as whoever can open the mailbox's envelopes sees it.
    public func message(inLastEnvelopeFrom person: Int, to mailbox: MailboxCapability) -> [UInt8]? {
        guard case .message(let message)? = Envelope.open(browsers[person].lastEnvelope, of: mailbox) else {
            return nil
        }
        return message
    }

    /// Puts something of a person's own making into a mailbox.
    package func deliver(_ content: EnvelopeContent, to mailbox: MailboxCapability, from person: Int) {
        let random = Randomness(seed: World.bytes(of: plan.seed) + World.bytes(of: now) + [4])
        var content = content
        guard let link = browsers[person].link else { return violate("nobody delivers") }
        if !Envelope.holds(content), let (reference, sealed) = Envelope.sealBlob(content, random: random) {
            let request = Request.putBlob(blob: reference.id, expires: now / 1_000 + 86_400, bytes: sealed)
            arriveAtNode(ClientFrame.request(id: .max, request).encoded, on: link)
            content = .blob(reference)
        }
        guard let envelope = Envelope.seal(content, to: mailbox, random: random) else {
            return violate("what is delivered is too long")
        }
        let request = Request.deliver(
            mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed, transient: false,
            expires: now / 1_000 + 86_400, envelope: envelope)
        arriveAtNode(ClientFrame.request(id: .max, request).encoded, on: link)
    }

    /// Envelopes that name blobs which the node does not have.
    public func flood(_ mailbox: MailboxCapability, from person: Int, envelopes: Int) {
        let random = Randomness(seed: World.bytes(of: plan.seed) + World.bytes(of: now) + [3])
        for _ in 0..<envelopes {
            // A blob's id, key and hash.
            guard let link = browsers[person].link,
                let content = try? EnvelopeContent(decoding: [1] + random.bytes(96)),
                let envelope = Envelope.seal(content, to: mailbox, random: random)
            else { return violate("nobody floods") }
            let request = Request.deliver(
                mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed, transient: false,
                expires: now / 1_000 + 86_400, envelope: envelope)
            // The answers mean nothing to the page, which has not asked.
            arriveAtNode(ClientFrame.request(id: .max, request).encoded, on: link)
        }
    }

    /// Takes every KeyPackage that the node has for a person.
    public func takeKeyPackages(_ mailbox: MailboxCapability, from person: Int) {
        guard let link = browsers[person].link else { return violate("nobody takes") }
        let request = Request.takeKeyPackage(mailbox: mailbox.mailbox, deliveryKey: mailbox.deliveryKey.exposed)
        for _ in 0..<Limits.keyPackagesPerDevice {
            arriveAtNode(ClientFrame.request(id: .max, request).encoded, on: link)
        }
    }
}
