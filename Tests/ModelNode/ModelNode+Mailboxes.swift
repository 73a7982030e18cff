import CryptoPrimitives
import NodeProtocol

extension ModelNode {
    mutating func createMailbox(_ id: [UInt8], deliveryKeyHash: [UInt8], by device: [UInt8]) throws(Refusal) -> Response
    {
        if let mailbox = state.mailboxes[id] {
            guard mailbox.owner == device, mailbox.deliveryKeyHash == deliveryKeyHash else { throw .conflict }
            return .done
        }
        let owned = state.mailboxes.values.count { $0.owner == device }
        guard owned < limits.mailboxesPerDevice else { throw .quotaExceeded }
        state.mailboxes[id] = ModelState.Mailbox(owner: device, deliveryKeyHash: deliveryKeyHash)
        return .done
    }

    mutating func rotateDeliveryKey(_ id: [UInt8], to hash: [UInt8], by device: [UInt8]) throws(Refusal) -> Response {
        _ = try ownMailbox(id, of: device)
        state.mailboxes[id]?.deliveryKeyHash = hash
        return .done
    }

    func fetchEnvelopes(_ id: [UInt8], after: UInt64, limit: UInt16, by device: [UInt8]) throws(Refusal) -> Response {
        guard limit > 0 else { throw .malformed }
        let waiting = try ownMailbox(id, of: device).envelopes.filter { $0.stored.sequence > after }
        let count = min(Int(limit), Limits.envelopesPerFetch)
        return .envelopes(waiting.prefix(count).map { $0.stored }, more: waiting.count > count)
    }

    mutating func acknowledge(_ id: [UInt8], through: UInt64, by device: [UInt8]) throws(Refusal) -> Response {
        _ = try ownMailbox(id, of: device)
        state.mailboxes[id]?.envelopes.removeAll { $0.stored.sequence <= through }
        return .done
    }

    mutating func deliver(
        _ envelope: [UInt8], to id: [UInt8], deliveryKey: [UInt8], transient: Bool, expires: UInt64, now: UInt64
    ) throws(Refusal) -> Response {
        guard Limits.envelopeLengths.contains(envelope.count) else { throw .malformed }
        let expires = try expiry(expires, longest: Limits.envelopeLifetime, now: now)
        let mailbox = try mailbox(id, deliveryKey: deliveryKey)
        if transient {
            guard !connections(of: mailbox.owner).isEmpty else { throw .recipientAway }
            push(.envelope(mailbox: id, sequence: 0, envelope: envelope), to: mailbox.owner)
            return .done
        }
        guard mailbox.envelopes.count < limits.mailboxEnvelopes,
            mailbox.byteCount + envelope.count <= limits.mailboxBytes
        else { throw .mailboxFull }
        let sequence = mailbox.lastSequence + 1
        state.mailboxes[id]?.lastSequence = sequence
        state.mailboxes[id]?.envelopes.append(
            ModelState.Mailbox.Envelope(
                stored: StoredEnvelope(sequence: sequence, envelope: envelope), expires: expires))
        push(.envelope(mailbox: id, sequence: sequence, envelope: envelope), to: mailbox.owner)
        return .done
    }

    mutating func publishKeyPackages(_ keyPackages: [[UInt8]], for id: [UInt8], by device: [UInt8]) throws(Refusal)
        -> Response
    {
        _ = try ownMailbox(id, of: device)
        state.mailboxes[id]?.keyPackages = keyPackages
        return .done
    }

    mutating func takeKeyPackage(of id: [UInt8], deliveryKey: [UInt8]) throws(Refusal) -> Response {
        let keyPackages = try mailbox(id, deliveryKey: deliveryKey).keyPackages
        guard let first = keyPackages.first else { return .keyPackage(nil) }
        if keyPackages.count > 1 { state.mailboxes[id]?.keyPackages.removeFirst() }
        return .keyPackage(first)
    }

    /// A mailbox, for its owner. Another's is unknown, as one that does not exist.
    private func ownMailbox(_ id: [UInt8], of device: [UInt8]) throws(Refusal) -> ModelState.Mailbox {
        guard let mailbox = state.mailboxes[id], mailbox.owner == device else { throw .unknownMailbox }
        return mailbox
    }

    /// A mailbox, for whoever holds its delivery key.
    private func mailbox(_ id: [UInt8], deliveryKey: [UInt8]) throws(Refusal) -> ModelState.Mailbox {
        guard let mailbox = state.mailboxes[id] else { throw .unknownMailbox }
        guard HashAlgorithm.sha256.hash(deliveryKey) == mailbox.deliveryKeyHash else { throw .wrongDeliveryKey }
        return mailbox
    }
}
