import CryptoPrimitives
import MLS
import Trust

// The keys of a call's frames (RFC 9605 §5.2): from the exporter of the conversation's epoch, for this answer to
// this call and for one direction.
extension Account {
    /// The low bits of an epoch's number that a KID has; the direction stands above them. A side that was away may be many
    /// epochs behind.
    private static let epochBits: UInt8 = 6
    /// How long frames under the former key may be under way after the peer has the new one, in milliseconds.
    private static let overlap: UInt64 = 5_000

    func encryption(of call: Call) -> CallEncryption {
        guard callSupport == .frames else { return .none }
        let peer =
            call.peerSupport == .unknown
            ? conversation(call.conversation)?.peerCalls ?? .unknown : call.peerSupport
        switch peer {
        case .frames: return .frames
        case .unknown: return .unknown
        case .none, .media, .noConnections: return .none
        }
    }

    /// The host makes its connection, with the keys of the epoch that we are in.
    func start(_ call: Call, video: Bool) {
        guard let conversation = conversation(call.conversation), let contact = contact(conversation.peer) else {
            return end(call, .lost)
        }
        call.isStarted = true
        var keys: CallKeys?
        if encryption(of: call) == .frames {
            guard let current = conversation.current else { return end(call, .lost) }
            let received = key(of: call, isOurs: false, in: current)
            keys = CallKeys(send: key(of: call, isOurs: true, in: current), receive: received)
            call.keys = CallEpoch(
                group: current.group.groupID, epoch: current.group.epoch, receiveID: received.id, isSending: true)
        }
        effects.output.calls.append(
            .start(
                call: call.id, device: contact.identity.device.bytes, polite: !call.isOwn, video: video,
                relayOnly: record.settings.relayOnly, keys: keys))
    }

    /// Follows the conversation into its next epoch. The new key opens frames at once; it encrypts them once the peer has
    /// spoken in the epoch, so that no frame comes too early for the other side.
    func updateKeys(of call: Call) {
        guard let keys = call.keys, let current = conversation(call.conversation)?.current else { return }
        if keys.epoch != current.group.epoch || keys.group != current.group.groupID {
            enterEpoch(of: current, call, after: keys)
        }
        if call.keys?.isSending == false, current.seen?.epoch == current.group.epoch {
            call.keys?.isSending = true
            effects.output.calls.append(.sendKey(call: call.id, key(of: call, isOurs: true, in: current)))
        }
        forgetFormer(of: call)
    }

    private func enterEpoch(of current: ConversationGroup, _ call: Call, after keys: CallEpoch) {
        let received = key(of: call, isOurs: false, in: current)
        effects.output.calls.append(.receiveKey(call: call.id, received))
        // A KID that comes again has a new key now (RFC 9605 §5.2).
        let former = (keys.former + [keys.receiveID]).filter { $0 != received.id }
        call.keys = CallEpoch(
            group: current.group.groupID, epoch: current.group.epoch, receiveID: received.id, isSending: false,
            former: former)
        // Said in the new epoch: a peer that reads it has its keys, and knows that we have them.
        call.keys?.moved = say(.moved, in: call)
    }

    /// Once the peer has our word that we are in the epoch, it encrypts with the epoch's key.
    private func forgetFormer(of call: Call) {
        guard let keys = call.keys, !keys.former.isEmpty, let moved = keys.moved, call.stream.isConfirmed(moved) else {
            return
        }
        guard let time = keys.forgetAt else {
            call.keys?.forgetAt = effects.now + Self.overlap
            return effects.wake(at: effects.now + Self.overlap)
        }
        guard isDue(time) else { return }
        for id in keys.former { effects.output.calls.append(.forgetKey(call: call.id, id: id)) }
        call.keys?.former = []
        call.keys?.forgetAt = nil
    }

    private func key(of call: Call, isOurs: Bool, in current: ConversationGroup) -> CallKey {
        let direction: UInt8 = isOurs == call.isOwn ? 0 : 1
        let secret = current.group.export(
            label: label("CryptPeer call 1"), context: call.id + call.nonce + [direction], length: 32)
        let epoch = UInt8(truncatingIfNeeded: current.group.epoch) & (1 << Self.epochBits - 1)
        return CallKey(id: direction << Self.epochBits | epoch, key: secret.exposed)
    }

    /// Has the conversation move to its next epoch as soon as it can.
    func renewKeys(after call: Call) {
        guard let conversation = conversation(call.conversation), conversation.current != nil else { return }
        conversation.groups[0].sinceCommit = .max / 2
        touch(conversation)
    }
}
