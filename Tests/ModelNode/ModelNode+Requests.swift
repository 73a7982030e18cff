import NodeProtocol

extension ModelNode {
    mutating func answer(guest request: Request, now: UInt64) -> Response {
        do throws(Refusal) {
            switch request {
            case .claim(let token, let authority, let bubbleState, let chain):
                return try claim(token: token, authority: authority, bubbleState: bubbleState, chain: chain, now: now)
            case .invitationBundle(let invitation):
                return .invitationBundle(try openInvitation(invitation, now: now).bundle)
            case .redeem(let invitation, let redemption):
                return try redeem(invitation, redemption, now: now)
            default:
                throw .notPermitted
            }
        } catch {
            return .refused(error)
        }
    }

    mutating func answer(device: [UInt8], _ request: Request, on connection: Connection, now: UInt64) -> Response {
        do throws(Refusal) {
            switch request {
            case .claim, .invitationBundle, .redeem:
                throw .notPermitted
            case .bubbleState:
                return try bubbleState()
            case .publishBubbleState(let bytes):
                return try publishBubbleState(bytes)
            case .putInvitation(let invitation, let verifier, let expires, let bundle):
                return try putInvitation(
                    invitation, verifier: verifier, expires: expires, bundle: bundle, by: device, now: now)
            case .withdrawInvitation(let invitation):
                return try withdrawInvitation(invitation, by: device)
            case .createMailbox(let mailbox, let deliveryKeyHash):
                return try createMailbox(mailbox, deliveryKeyHash: deliveryKeyHash, by: device)
            case .rotateDeliveryKey(let mailbox, let deliveryKeyHash):
                return try rotateDeliveryKey(mailbox, to: deliveryKeyHash, by: device)
            case .fetchEnvelopes(let mailbox, let after, let limit):
                return try fetchEnvelopes(mailbox, after: after, limit: limit, by: device)
            case .acknowledge(let mailbox, let through):
                return try acknowledge(mailbox, through: through, by: device)
            case .deliver(let mailbox, let deliveryKey, let transient, let expires, let envelope):
                return try deliver(
                    envelope, to: mailbox, deliveryKey: deliveryKey, transient: transient, expires: expires, now: now)
            case .putBlob(let blob, let expires, let bytes):
                return try putBlob(blob, expires: expires, bytes, by: device, now: now)
            case .fetchBlob(let blob):
                guard let found = state.blobs[blob] else { throw .unknownBlob }
                return .blob(found.bytes)
            case .deleteBlob(let blob):
                return try deleteBlob(blob)
            case .publishKeyPackages(let mailbox, let keyPackages):
                return try publishKeyPackages(keyPackages, for: mailbox, by: device)
            case .takeKeyPackage(let mailbox, let deliveryKey):
                return try takeKeyPackage(of: mailbox, deliveryKey: deliveryKey)
            case .createSlot(let slot, let tokenHash):
                return try createSlot(slot, tokenHash: tokenHash, by: device, now: now)
            case .commit(let slot, let position, let token, let nextTokenHash, let sealedCommit):
                return try commit(
                    sealedCommit, to: slot, position: position, token: token, nextTokenHash: nextTokenHash, by: device,
                    now: now)
            case .fetchCommit(let slot, let position, let token):
                return try fetchCommit(slot, position: position, token: token)
            case .putCheckpoint(let checkpoint):
                if let seen = seenCheckpoints[connection], seen != state.checkpoints[device] { throw .conflict }
                state.checkpoints[device] = checkpoint
                seenCheckpoints[connection] = .some(checkpoint)
                return .done
            case .checkpoint:
                seenCheckpoints[connection] = .some(state.checkpoints[device])
                return .checkpoint(state.checkpoints[device])
            case .relayCredential:
                return relayCredential(of: device, now: now)
            }
        } catch {
            return .refused(error)
        }
    }

    /// The simulated network has no relay that would look at it: a user name of the convention's form, and a password.
    private func relayCredential(of device: [UInt8], now: UInt64) -> Response {
        let expires = now + Limits.relayCredentialLifetime
        return .relayCredential(
            RelayCredential(
                username: [UInt8]("\(expires):".utf8) + device.map { 0x61 + $0 & 15 },
                password: [UInt8](repeating: 0x62, count: 28), expires: expires, udpPort: 3_478, tcpPort: 3_478))
    }

    /// The last second of something's life: what was asked for, cut to the longest allowed.
    ///
    /// - Throws: ``Refusal/malformed`` when it has already passed.
    func expiry(_ asked: UInt64, longest: UInt64, now: UInt64) throws(Refusal) -> UInt64 {
        guard asked > now else { throw .malformed }
        return min(asked, now + longest)
    }
}
