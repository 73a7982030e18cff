import CryptoPrimitives
import Messenger
import ModelNode
import NodeProtocol
import Trust
import WireFormat

// A contact that does its worst with what every contact has: the right to write to a mailbox.
extension World {
    /// Where the maker of an invitation may be written to: what the link opens, as any contact has it.
    public func mailbox(behind link: Text) -> MailboxCapability? {
        let guest: UInt32 = .max
        defer { node.disconnect(guest) }
        guard let link = try? InvitationLink(parsing: link.utf8) else { return nil }
        let zeros = [UInt8](repeating: 0, count: 16)
        let hello = ClientFrame.hello(
            version: nodeProtocolVersion, role: .guest, bubble: zeros, device: zeros,
            nonce: chance.bytes(SessionTranscript.nonceLength))
        _ = node.receive(hello.encoded, on: guest, now: now / 1_000)
        let request = ClientFrame.request(id: 1, .invitationBundle(invitation: link.keys.id.bytes))
        for output in node.receive(request.encoded, on: guest, now: now / 1_000) {
            guard case .send(.response(_, .invitationBundle(let sealed)), _) = output else { continue }
            return (try? InvitationBundle.open(sealed, link: link, now: now / 1_000))?.mailbox
        }
        return nil
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
