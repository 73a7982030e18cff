import CryptoPrimitives
import NodeProtocol
import SegmentedHSM
import Trust
import WireFormat

// The session with the node, as guest while enrolling and as device from then on.
extension Account {
    /// Clocks that are further apart than this, in seconds, are worth a word.
    static let clockTolerance: Int64 = 12 * 3600

    var speaker: Speaker {
        guard record.phase == .enrolled else { return .guest }
        let hsm = vault.hsm
        let key = sessionKey
        return Speaker(role: .device, bubble: own.bubble, device: own.device, nodeKey: state.nodeKey) { message in
            do throws(HSMError) {
                return try hsm.sign(message, with: key)
            } catch {
                return nil
            }
        }
    }

    func receive(frame: [UInt8]) {
        switch link.receive(frame) {
        case .nothing: break
        case .established: established()
        case .response(let purpose, let response): take(response, for: purpose)
        case .push(let push): take(push)
        case .goodbye(let refusal): dismissed(refusal)
        case .wrongNodeKey:
            effects.warn(.nodeKeyChanged)
            effects.emit(.nodeStatus(.refused, reason: .notPermitted))
            effects.output.connection = .close
            reconnectAt = effects.now + Self.distrustPause
        case .forged:
            effects.warn(.forgedMessage)
        }
    }

    private func dismissed(_ refusal: Refusal) {
        switch refusal {
        case .notAuthenticated, .notPermitted: effects.emit(.nodeStatus(.refused, reason: .notPermitted))
        case .rateLimited: effects.emit(.nodeStatus(.refused, reason: .tooManyRequests))
        default: effects.emit(.nodeStatus(.refused, reason: .nodeUnreachable))
        }
    }

    /// A node that is not ours is left alone for so long, in milliseconds: what stands between may go away.
    private static let distrustPause: UInt64 = 60_000
    private static let busyPause: UInt64 = 5_000

    func disconnected() {
        link.disconnected()
        intake = Intake()
        nodeLost()
        for conversation in conversations {
            conversation.delivery = nil
            conversation.retryAt = 0
            conversation.waiting = []
            conversation.early.removeAll { $0.route == .transient }
            // The KeyPackage, if one was taken, is lost with the answer.
            if conversation.isRestarting { conversation.restartAt = effects.now }
            conversation.isRestarting = false
        }
        hasChangedList = true
        effects.emit(.nodeStatus(.connecting, reason: .none))
    }

    /// The session stands: everything that waits for the node is asked for again.
    private func established() {
        if let key = link.nodeKey, key != state.nodeKey {
            effects.warn(.nodeKeyChanged)
            effects.output.connection = .close
            reconnectAt = effects.now + Self.distrustPause
            return
        }
        if link.clockDifference.magnitude > Self.clockTolerance { effects.emit(.problem(.wrongClock)) }
        requestEnrolment()
        guard record.phase == .enrolled else { return }
        effects.emit(.nodeStatus(.connected, reason: .none))
        hasChangedList = true
        resume()
    }

    /// Asks the node to take us in, unless it has.
    func requestEnrolment() {
        switch record.phase {
        case .claiming(let token):
            link.send(
                .claim(
                    token: token, authority: record.authority.encoded, bubbleState: record.state.encoded,
                    chain: record.chain.encoded), for: .claim)
        case .redeeming(let invitation, let redemption):
            link.send(.redeem(invitation: invitation.bytes, redemption: redemption), for: .redeem)
        case .enrolled: break
        }
    }

    private func resume() {
        intake.began = effects.now
        // The node may have begun anew, with another secret; and channels begin right after this.
        requestRelay()
        link.send(
            .createMailbox(
                mailbox: record.mailbox.mailbox,
                deliveryKeyHash: HashAlgorithm.sha256.hash(record.mailbox.deliveryKey.exposed)), for: .createMailbox)
        link.send(.bubbleState, for: .readState)
        checkpointAt = 0
        hasSeenCheckpoint = false
        readCheckpoint()
        publishKeyPackages()
        runErrands()
        for conversation in conversations {
            createSlot(of: conversation)
            resumeCommit(of: conversation)
            conversation.channel.helloAt = effects.now
            conversation.channel.failures = 0
        }
        fetchMore()
    }

    private func take(_ push: Push) {
        switch push {
        case .envelope(let mailbox, let sequence, let envelope):
            pushed(mailbox: mailbox, sequence: sequence, envelope: envelope)
        case .bubbleState(let version):
            if version > state.version { link.send(.bubbleState, for: .readState) }
        case .invitationRedeemed:
            // Said to the user once the newcomer has introduced itself, with proof.
            break
        }
    }

    private func take(_ response: Response, for purpose: Purpose) {
        switch purpose {
        case .claim: claimed(response)
        case .redeem: redeemed(response)
        case .readState: stateRead(response)
        case .publishState, .deleteBlob, .openBundle: break
        case .acknowledge: acknowledge()
        case .createMailbox:
            // Nothing can reach us without it.
            if response != .done { reconnectAt = effects.now + Self.busyPause }
        case .publishKeyPackages: keyPackagesPublished(response)
        case .fetchEnvelopes:
            if case .envelopes(let envelopes, let more) = response {
                fetched(envelopes, more: more)
            } else {
                intake.isFetching = false
                intake.pausedUntil = effects.now + 2_000
            }
        case .fetchBlob(let id): fetchedBlob(response, id: id)
        case .putInvitation(let id): invitationPut(response, id: id)
        case .withdrawInvitation(let id): invitationWithdrawn(response, id: id)
        case .deliver(let id, let number): delivered(response, conversation: id, number: number)
        case .putBlob(let id, let number): blobStored(response, conversation: id, number: number)
        case .putFileBlob(let file, let blob): fileBlobStored(response, file: file, blob: blob)
        case .fetchFileBlob(let file, let index): fileBlobFetched(response, file: file, index: index)
        case .deliverTransient(let id): transientDelivered(response, conversation: id)
        case .createSlot(let id): slotCreated(response, conversation: id)
        case .commit(let id, let group, let epoch): committed(response, conversation: id, group: group, epoch: epoch)
        case .fetchCommit(let id, let epoch): commitFetched(response, conversation: id, epoch: epoch)
        case .takeKeyPackage(let id): keyPackageTaken(response, conversation: id)
        case .putCheckpoint(let counter): checkpointStored(response, counter: counter)
        case .readCheckpoint: checkpointRead(response)
        case .relayCredential: relayAnswered(response)
        case .probe: probeAnswered(response)
        }
    }

    // The bubble's state.

    private func stateRead(_ response: Response) {
        guard case .bubbleState(let bytes) = response else { return }
        do throws(TrustError) {
            let signed = try decodeState(bytes)
            let newer = try state.updated(by: signed, authority: record.authority)
            if newer.version < toldVersion { effects.warn(.olderBubbleState) }
            guard newer.version > state.version else { return }
            state = newer
            record.state = newer.signed
            hasChangedAccount = true
            hasChangedList = true
            noteRevocations(isNews: true)
            if let key = link.nodeKey, key != newer.nodeKey {
                effects.output.connection = .reopen
                link.speak(as: speaker)
            }
        } catch {
            effects.warn(.olderBubbleState)
        }
    }

    private func decodeState(_ bytes: [UInt8]) throws(TrustError) -> SignedBubbleState {
        do throws(WireError) {
            return try SignedBubbleState(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
    }

    /// A member has told us which state it knows.
    func compare(stateVersion version: UInt64, hash: [UInt8], in conversation: Conversation) {
        if version == state.version, hash != state.hash {
            effects.warn(.olderBubbleState, conversation: conversation.id)
        }
        guard version > state.version else { return }
        toldVersion = max(toldVersion, version)
        link.send(.bubbleState, for: .readState)
    }
}

extension Speaker {
    /// Nobody yet.
    static var guest: Speaker {
        Speaker(role: .guest, bubble: .zero, device: .zero, nodeKey: nil, sign: { _ in nil })
    }
}

extension Identifier {
    /// What a guest says in an identifier's place.
    static var zero: Identifier { make(noConversation) }

    private static func make(_ bytes: [UInt8]) -> Identifier {
        do throws(TrustError) {
            return try Identifier(bytes)
        } catch {
            preconditionFailure("sixteen bytes are an identifier")
        }
    }
}
