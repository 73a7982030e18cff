import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

extension NodeService {
    func putInvitation(
        _ invitation: [UInt8], verifier: [UInt8], expires: UInt64, bundle: [UInt8], by device: DeviceRecord,
        reply: @escaping Reply
    ) {
        guard device.may(.mayInvite) else { return reply(.refused(.notPermitted)) }
        let now = clock()
        let bundleHash = hash(bundle)
        change(.storing(bundle.count), reply) { [self] store in
            let expiry = try expiry(expires, lifetime: Limits.invitationLifetime, now: now)
            if let held = try store.invitation(invitation) {
                let isSame =
                    held.device == device.device && held.verifier == verifier && held.bundleHash == bundleHash
                return isSame ? .done : .refused(.conflict)
            }
            guard try store.openInvitations(of: device.device, now: now) < quotas.invitationsPerDevice else {
                throw Refusal.quotaExceeded
            }
            // The node remembers withdrawn and expired invitations, too: their number has a bound as well.
            guard
                try store.invitations(of: device.device) < quotas.invitationsPerDevice * Limits.invitationsRemembered
            else { throw Refusal.quotaExceeded }
            try store.dropExpiredBundles(of: device.device, now: now)
            try store.put(
                InvitationRecord(
                    invitation: invitation, device: device.device, verifier: verifier, expires: expiry,
                    bundleHash: bundleHash, bundle: bundle, state: .open))
            return .done
        }
    }

    func withdrawInvitation(_ invitation: [UInt8], by device: DeviceRecord, reply: @escaping Reply) {
        change(.freeing, reply) { store in
            guard var held = try store.invitation(invitation), held.device == device.device else {
                throw Refusal.unknownInvitation
            }
            switch held.state {
            case .used: throw Refusal.invitationUsed
            case .withdrawn: return .done
            case .open:
                held.state = .withdrawn
                held.bundle = []
                try store.put(held)
                return .done
            }
        }
    }

    func invitationBundle(_ invitation: [UInt8], reply: @escaping Reply) {
        let now = clock()
        read(reply) { .invitationBundle(try Self.open(invitation, in: $0, now: now).bundle) }
    }

    func redeem(_ invitation: [UInt8], with bytes: [UInt8], reply: @escaping Reply) {
        let now = clock()
        guard let bubble else { return reply(.refused(.unknownInvitation)) }
        guard let redemption = try? Redemption(decoding: bytes),
            redemption.chain.invitation?.invitation.bytes == invitation
        else { return reply(.refused(.invalidCredential)) }
        let memberKeyHash = hash(redemption.chain.member.key.bytes)
        // Nobody without the link's proof makes the node verify a chain.
        store.read { store in
            try Self.redeemable(invitation, redemption, memberKeyHash, in: store, now: now).receipt
        } then: { [self] checked in
            switch checked {
            case .failure(let refusal): return reply(.refused(refusal))
            case .success(let receipt?): return reply(.redeemed(receipt: receipt))
            case .success(nil): break
            }
            verify { [self] () throws(Refusal) -> (DeviceRecord, [UInt8]) in
                try verifyRedemption(redemption, bubble: bubble, now: now)
            } then: { [self] verified in
                switch verified {
                case .failure(let refusal): reply(.refused(refusal))
                case .success((let device, let receipt)):
                    enrol(device, redemption, memberKeyHash, receipt, now: now, reply: reply)
                }
            }
        }
    }

    private func enrol(
        _ device: DeviceRecord, _ redemption: Redemption, _ memberKeyHash: [UInt8], _ receipt: [UInt8], now: UInt64,
        reply: @escaping Reply
    ) {
        guard let invitation = device.invitation else { return reply(.refused(.invalidCredential)) }
        store.change(.storing(receipt.count)) { store in
            var held = try Self.redeemable(invitation, redemption, memberKeyHash, in: store, now: now)
            // A second answer to the same newcomer, who asked twice.
            if let receipt = held.receipt { return (receipt, [UInt8]?.none) }
            // A device id belongs to one member for good.
            if let other = try store.device(device.device), other.member != device.member {
                throw Refusal.invalidCredential
            }
            held.state = .used
            held.bundle = []
            held.memberKeyHash = memberKeyHash
            held.receipt = receipt
            try store.put(held)
            try store.put(device)
            return (receipt, held.device)
        } then: { [self] outcome in
            reply(outcome.map { .redeemed(receipt: $0.0) }.response)
            if case .success((_, let inviter?)) = outcome {
                sessions.push(.invitationRedeemed(invitation: invitation), to: inviter)
            }
        }
    }

    private func verifyRedemption(_ redemption: Redemption, bubble: Bubble, now: UInt64) throws(Refusal) -> (
        DeviceRecord, [UInt8]
    ) {
        do {
            let device = try redemption.chain.verify(
                authority: bubble.authority, now: now, revoked: bubble.state.revoked)
            guard let invitation = device.invitation else { throw Refusal.invalidCredential }
            // To the hour: the receipt is kept, and need not tell when somebody came.
            let receipt = try RedemptionReceipt.issue(
                bubble: device.bubble, invitation: invitation, memberKey: device.memberKey, time: now / 3_600 * 3_600,
                nodeKey: identity.seed)
            return (DeviceRecord(device, chain: redemption.chain), receipt.encoded)
        } catch {
            throw .invalidCredential
        }
    }

    /// An invitation that this redemption may use, or has used: then it holds the receipt.
    private static func redeemable(
        _ invitation: [UInt8], _ redemption: Redemption, _ memberKeyHash: [UInt8], in store: any StoreReads, now: UInt64
    ) throws -> InvitationRecord {
        guard let held = try store.invitation(invitation) else { throw Refusal.unknownInvitation }
        if held.state == .used {
            guard held.memberKeyHash == memberKeyHash, redemption.matches(verifier: held.verifier) else {
                throw Refusal.invitationUsed
            }
            return held
        }
        let open = try open(invitation, in: store, now: now)
        guard redemption.matches(verifier: open.verifier) else { throw Refusal.invalidCredential }
        return open
    }

    private static func open(_ invitation: [UInt8], in store: any StoreReads, now: UInt64) throws -> InvitationRecord {
        guard let held = try store.invitation(invitation) else { throw Refusal.unknownInvitation }
        switch held.state {
        case .used: throw Refusal.invitationUsed
        case .withdrawn: throw Refusal.invitationWithdrawn
        case .open: break
        }
        guard held.expires > now else { throw Refusal.invitationExpired }
        return held
    }
}
