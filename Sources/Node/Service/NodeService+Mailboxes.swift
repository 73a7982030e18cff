import CryptoPrimitives
import NodeProtocol

/// An envelope on its way into a mailbox.
struct Delivery: Sendable {
    let mailbox: [UInt8]
    let deliveryKey: [UInt8]
    let expires: UInt64
    let envelope: [UInt8]
}

extension NodeService {
    func createMailbox(
        _ mailbox: [UInt8], deliveryKeyHash: [UInt8], of device: DeviceRecord, reply: @escaping Reply
    ) {
        change(.storing(0), reply) { [quotas] store in
            if let held = try store.mailbox(mailbox) {
                let isSame = held.device == device.device && held.deliveryKeyHash == deliveryKeyHash
                return isSame ? .done : .refused(.conflict)
            }
            guard try store.mailboxes(of: device.device) < quotas.mailboxesPerDevice else {
                throw Refusal.quotaExceeded
            }
            try store.makeMailbox(mailbox, of: device.device, deliveryKeyHash: deliveryKeyHash)
            return .done
        }
    }

    func rotateDeliveryKey(
        _ mailbox: [UInt8], deliveryKeyHash: [UInt8], of device: DeviceRecord, reply: @escaping Reply
    ) {
        change(.freeing, reply) { store in
            try store.set(
                deliveryKeyHash: deliveryKeyHash, of: try Self.own(mailbox, of: device, in: store))
            return .done
        }
    }

    func fetchEnvelopes(
        _ mailbox: [UInt8], after sequence: UInt64, limit: UInt16, of device: DeviceRecord, reply: @escaping Reply
    ) {
        guard limit > 0 else { return reply(.refused(.malformed)) }
        let limit = min(Int(limit), Limits.envelopesPerFetch)
        let now = retention()
        read(reply) { store in
            let mailbox = try Self.own(mailbox, of: device, in: store)
            // One more than is sent tells whether there is more.
            let found = try store.envelopes(in: mailbox, after: sequence, limit: limit + 1, now: now)
            let sent = found.prefix(limit).map { StoredEnvelope(sequence: $0.sequence, envelope: $0.envelope) }
            return .envelopes(sent, more: found.count > limit)
        }
    }

    func acknowledge(_ mailbox: [UInt8], through sequence: UInt64, of device: DeviceRecord, reply: @escaping Reply) {
        change(.freeing, reply) { store in
            try store.deleteEnvelopes(in: try Self.own(mailbox, of: device, in: store), through: sequence)
            return .done
        }
    }

    /// Stores an envelope, then tells the mailbox's owner.
    func deliver(_ delivery: Delivery, reply: @escaping Reply) {
        let now = clock()
        store.change(.storing(delivery.envelope.count)) { [self] store in
            let (mailbox, expires) = try recipient(of: delivery, in: store, now: now)
            guard mailbox.count < quotas.mailboxEnvelopes,
                mailbox.bytes + delivery.envelope.count <= quotas.mailboxBytes
            else { throw Refusal.mailboxFull }
            try store.append(delivery.envelope, expires: expires, to: mailbox)
            return (mailbox.device, mailbox.nextSequence)
        } then: { [self] outcome in
            reply(outcome.map { _ in .done }.response)
            if case .success((let device, let sequence)) = outcome {
                metrics.envelopeStored()
                sessions.push(
                    .envelope(mailbox: delivery.mailbox, sequence: sequence, envelope: delivery.envelope), to: device)
            }
        }
    }

    /// Hands a transient envelope to the open sessions of the mailbox's owner. It is written nowhere.
    func handOver(_ delivery: Delivery, reply: @escaping Reply) {
        let now = clock()
        store.read { [self] store in
            try recipient(of: delivery, in: store, now: now).mailbox.device
        } then: { [self] outcome in
            switch outcome {
            case .failure(let refusal): reply(.refused(refusal))
            case .success(let device):
                let isTaken = sessions.push(
                    .envelope(mailbox: delivery.mailbox, sequence: 0, envelope: delivery.envelope), to: device)
                if isTaken { metrics.envelopeHandedOver() }
                reply(isTaken ? .done : .refused(.recipientAway))
            }
        }
    }

    func publishKeyPackages(
        _ keyPackages: [[UInt8]], mailbox: [UInt8], of device: DeviceRecord, reply: @escaping Reply
    ) {
        change(.storing(keyPackages.reduce(0) { $0 + $1.count }), reply) { store in
            try store.replaceKeyPackages(
                of: device.device, in: try Self.own(mailbox, of: device, in: store), by: keyPackages)
            return .done
        }
    }

    func takeKeyPackage(_ mailbox: [UInt8], deliveryKey: [UInt8], reply: @escaping Reply) {
        change(.freeing, reply) { [self] store in
            .keyPackage(try store.takeKeyPackage(from: try opened(mailbox, by: deliveryKey, in: store)))
        }
    }

    private func recipient(of delivery: Delivery, in store: any StoreReads, now: UInt64) throws -> (
        mailbox: MailboxRecord, expires: UInt64
    ) {
        guard Limits.envelopeLengths.contains(delivery.envelope.count) else { throw Refusal.malformed }
        let expires = try expiry(delivery.expires, lifetime: Limits.envelopeLifetime, now: now)
        return (try opened(delivery.mailbox, by: delivery.deliveryKey, in: store), expires)
    }

    private func opened(_ mailbox: [UInt8], by deliveryKey: [UInt8], in store: any StoreReads) throws -> MailboxRecord {
        guard let held = try store.mailbox(mailbox) else { throw Refusal.unknownMailbox }
        guard constantTimeEqual(hash(deliveryKey), held.deliveryKeyHash) else { throw Refusal.wrongDeliveryKey }
        return held
    }

    private static func own(_ mailbox: [UInt8], of device: DeviceRecord, in store: any StoreReads) throws
        -> MailboxRecord
    {
        guard let held = try store.mailbox(mailbox), held.device == device.device else { throw Refusal.unknownMailbox }
        return held
    }
}
