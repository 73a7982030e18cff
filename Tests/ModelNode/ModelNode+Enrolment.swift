import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

extension ModelNode {
    mutating func claim(token: [UInt8], authority: [UInt8], bubbleState: [UInt8], chain: [UInt8], now: UInt64)
        throws(Refusal) -> Response
    {
        guard let authority = try? Authority(decoding: authority) else { throw .invalidCredential }
        if let bubble = state.bubble, bubble.authority != authority { throw .alreadyClaimed }
        guard HashAlgorithm.sha256.hash(token) == state.claimVerifier else { throw .wrongClaimToken }
        guard let chain = try? CertificateChain(decoding: chain),
            let first = verified(bubbleState, by: authority),
            let device = try? chain.verify(authority: authority, now: now, revoked: first.revoked),
            device.rights.contains(.operator), isFree(device)
        else { throw .invalidCredential }
        if state.bubble == nil { state.bubble = ModelState.Bubble(authority: authority, state: first) }
        state.devices[device.device.bytes] = device
        return .done
    }

    func bubbleState() throws(Refusal) -> Response {
        guard let bubble = state.bubble else { throw .unavailable }
        return .bubbleState(bubble.state.signed.encoded)
    }

    mutating func publishBubbleState(_ bytes: [UInt8]) throws(Refusal) -> Response {
        guard let bubble = state.bubble, let next = verified(bytes, by: bubble.authority) else {
            throw .invalidCredential
        }
        if next.signed == bubble.state.signed { return .done }
        guard next.version > bubble.state.version else { throw .staleBubbleState }
        state.bubble?.state = next
        for connection in sessions.keys.sorted() where sessions[connection]?.device != nil {
            outputs.append(.send(.push(.bubbleState(version: next.version)), to: connection))
        }
        return .done
    }

    /// The bubble's state, once there is a bubble.
    public var newestState: BubbleState? { state.bubble?.state }

    /// Takes a state of the authority's, as from the operator's client, and tells whoever is there.
    ///
    /// - Returns: nil if it is no newer one, or not signed by the authority.
    public mutating func publish(_ next: SignedBubbleState) -> [Output]? {
        outputs = []
        do throws(Refusal) {
            guard try publishBubbleState(next.encoded) == .done else { return nil }
        } catch {
            return nil
        }
        defer { outputs = [] }
        return outputs
    }

    mutating func putInvitation(
        _ id: [UInt8], verifier: [UInt8], expires: UInt64, bundle: [UInt8], by device: [UInt8], now: UInt64
    ) throws(Refusal) -> Response {
        guard let rights = state.devices[device]?.rights, rights.contains(.mayInvite) else { throw .notPermitted }
        if let invitation = state.invitations[id] {
            guard invitation.owner == device, invitation.verifier == verifier, invitation.bundle == bundle else {
                throw .conflict
            }
            return .done
        }
        let expires = try expiry(expires, longest: Limits.invitationLifetime, now: now)
        let open = state.invitations.values.count { invitation in
            guard case .open = invitation.progress else { return false }
            return invitation.owner == device && invitation.expires > now
        }
        let remembered = state.invitations.values.count { $0.owner == device }
        guard open < limits.invitationsPerDevice,
            remembered < limits.invitationsPerDevice * Limits.invitationsRemembered
        else { throw .quotaExceeded }
        state.invitations[id] = ModelState.Invitation(
            owner: device, verifier: verifier, expires: expires, bundle: bundle, progress: .open)
        return .done
    }

    mutating func withdrawInvitation(_ id: [UInt8], by device: [UInt8]) throws(Refusal) -> Response {
        guard let invitation = state.invitations[id], invitation.owner == device else { throw .unknownInvitation }
        if case .redeemed = invitation.progress { throw .invitationUsed }
        state.invitations[id]?.progress = .withdrawn
        return .done
    }

    /// An invitation that can be redeemed.
    func openInvitation(_ id: [UInt8], now: UInt64) throws(Refusal) -> ModelState.Invitation {
        guard let invitation = state.invitations[id] else { throw .unknownInvitation }
        switch invitation.progress {
        case .redeemed: throw .invitationUsed
        case .withdrawn: throw .invitationWithdrawn
        case .open:
            guard invitation.expires > now else { throw .invitationExpired }
            return invitation
        }
    }

    mutating func redeem(_ id: [UInt8], _ redemption: [UInt8], now: UInt64) throws(Refusal) -> Response {
        let redemption = try? Redemption(decoding: redemption)
        let memberKey = redemption?.chain.member.key
        if let memberKey, case .redeemed(memberKey.bytes, let receipt)? = state.invitations[id]?.progress {
            return .redeemed(receipt: receipt)
        }
        let invitation = try openInvitation(id, now: now)
        guard let redemption, let memberKey, redemption.matches(verifier: invitation.verifier),
            let bubble = state.bubble, let invitationID = try? InvitationID(id),
            let device = try? redemption.chain.verify(
                authority: bubble.authority, now: now, revoked: bubble.state.revoked),
            device.invitation == invitationID, isFree(device),
            let inviter = state.devices[invitation.owner], isInviter(inviter, of: device),
            let receipt = try? RedemptionReceipt.issue(
                bubble: bubble.authority.bubble, invitation: invitationID, memberKey: memberKey, time: now,
                nodeKey: keySeed)
        else { throw .invalidCredential }
        state.devices[device.device.bytes] = device
        state.invitations[id]?.progress = .redeemed(memberKey: memberKey.bytes, receipt: receipt.encoded)
        push(.invitationRedeemed(invitation: id), to: invitation.owner)
        return .redeemed(receipt: receipt.encoded)
    }

    /// A bubble state that this authority signed for this node.
    private func verified(_ bytes: [UInt8], by authority: Authority) -> BubbleState? {
        guard let signed = try? SignedBubbleState(decoding: bytes),
            let state = try? signed.verify(authority: authority), state.nodeKey == key
        else { return nil }
        return state
    }

    /// A device id belongs to one member for ever.
    private func isFree(_ device: VerifiedDevice) -> Bool {
        guard let known = state.devices[device.device.bytes] else { return true }
        return known.member == device.member
    }

    /// An invitation comes from a member with the right to, or straight from the authority, which the operator holds.
    private func isInviter(_ inviter: VerifiedDevice, of newcomer: VerifiedDevice) -> Bool {
        newcomer.inviter == nil ? inviter.rights.contains(.operator) : newcomer.inviter == inviter.member
    }
}
