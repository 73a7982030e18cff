import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// What a lying node does to frames as they pass. The model node itself stays honest; every lie is one that the real wire
/// would carry.
struct Liar {
    let hostility: Hostility
    private var chance: Chance
    /// When the world heals.
    var isHonest = false
    /// Whether the node takes no checkpoint, as one that is too busy.
    var refusesCheckpoints = false
    /// Whether the node hands out no blob, as one that is too busy.
    var refusesBlobs = false
    /// Whether the node makes no slot, as one where the device's quota is full, and how often it was asked to.
    var refusesSlots = false
    private(set) var slotsAsked = 0
    /// Whether its answers to checkpoints get lost.
    var losesCheckpointAnswers = false
    private var lostAnswers: Set<Wire> = []
    /// The lengths of those that it was given.
    private(set) var checkpointLengths: Set<Int> = []
    /// How often it has lied.
    private(set) var lies = 0
    /// Envelopes seen, by mailbox, to be played again.
    private var envelopes: [[UInt8]: [[UInt8]]] = [:]
    private var keyPackages: [[UInt8]] = []
    private var states: [[UInt8]] = []
    private var bundles: [[UInt8]] = []
    private var checkpoints: [[UInt8]] = []
    /// Sealed commits, of every conversation.
    private var commits: [[UInt8]] = []
    /// Requests about commits that wait for their answer, by link and number.
    private var commitRequests: [Wire: CommitRequest] = [:]
    /// Answers that are kept back until the node says something else on that link.
    private var late: [UInt32: [NodeFrame]] = [:]

    private struct Wire: Hashable {
        let link: UInt32
        let id: UInt32
    }

    private enum CommitRequest {
        case commit
        case fetch
    }

    init(_ hostility: Hostility, chance: Chance) {
        self.hostility = hostility
        self.chance = chance
    }

    /// What becomes of a client's frame.
    enum Reception {
        /// The node gets these bytes.
        case passes([UInt8])
        /// The node never hears of it; the client gets this answer.
        case isAnswered(NodeFrame)
    }

    mutating func receive(_ bytes: [UInt8], on link: UInt32) -> Reception {
        guard let frame = try? ClientFrame(decoding: bytes), case .request(let id, let request) = frame else {
            return .passes(bytes)
        }
        if case .putCheckpoint(let checkpoint) = request {
            checkpointLengths.insert(checkpoint.count)
            if losesCheckpointAnswers { lostAnswers.insert(Wire(link: link, id: id)) }
            if refusesCheckpoints { return .isAnswered(.response(id: id, .refused(.rateLimited))) }
        }
        if case .fetchBlob = request, refusesBlobs { return .isAnswered(.response(id: id, .refused(.rateLimited))) }
        if case .createSlot = request {
            slotsAsked += 1
            if refusesSlots { return .isAnswered(.response(id: id, .refused(.quotaExceeded))) }
        }
        guard !hostility.isEmpty else { return .passes(bytes) }
        switch request {
        case .publishKeyPackages(_, let packages):
            keyPackages += packages
        case .putCheckpoint(let checkpoint):
            checkpoints.append(checkpoint)
        case .putInvitation(_, _, _, let bundle):
            bundles.append(bundle)
        case .commit(_, _, _, _, let sealed):
            commits.append(sealed)
            commitRequests[Wire(link: link, id: id)] = .commit
            if !isHonest, hostility.contains(.falseAcceptances), chance.oneIn(2) {
                lies += 1
                return .isAnswered(.response(id: id, .done))
            }
        case .fetchCommit:
            commitRequests[Wire(link: link, id: id)] = .fetch
        case .deliver(let mailbox, let key, let transient, let expires, var envelope):
            envelopes[mailbox, default: []].append(envelope)
            guard !isHonest else { break }
            if hostility.contains(.drops), chance.oneIn(4) {
                lies += 1
                return .isAnswered(.response(id: id, .done))
            }
            if hostility.contains(.edits), chance.oneIn(4) {
                lies += 1
                envelope[chance.below(envelope.count)] ^= UInt8(1) << UInt8(chance.below(8))
                let request = Request.deliver(
                    mailbox: mailbox, deliveryKey: key, transient: transient, expires: expires, envelope: envelope)
                return .passes(ClientFrame.request(id: id, request).encoded)
            }
        default: break
        }
        return .passes(bytes)
    }

    /// What the node says instead of a frame.
    mutating func twist(_ frame: NodeFrame, on link: UInt32) -> [NodeFrame] {
        if case .response(let id, _) = frame, lostAnswers.remove(Wire(link: link, id: id)) != nil { return [] }
        guard !hostility.isEmpty else { return [frame] }
        if case .response(_, .bubbleState(let state)) = frame { states.append(state) }
        let overdue = late.removeValue(forKey: link) ?? []
        if isHonest { return [frame] + overdue }
        if case .response(let id, let response) = frame,
            let request = commitRequests.removeValue(forKey: Wire(link: link, id: id)),
            let lie = lie(about: request, id: id, response, on: link)
        {
            lies += 1
            return lie + overdue
        }
        return twist(frame) + overdue
    }

    /// What the node says of a commit instead of the truth. nil: it says the truth.
    private mutating func lie(about request: CommitRequest, id: UInt32, _ response: Response, on link: UInt32)
        -> [NodeFrame]?
    {
        let truth = NodeFrame.response(id: id, response)
        if hostility.contains(.lateAnswers) {
            if chance.oneIn(3) { return [truth, truth] }
            if chance.oneIn(2) {
                late[link, default: []].append(truth)
                return []
            }
        }
        switch (request, response) {
        case (.commit, .done) where hostility.contains(.falseRefusals) && chance.oneIn(2):
            let refusals = [Refusal.wrongSlotToken, .unknownSlot, .slotTaken]
            return [.response(id: id, .refused(refusals[chance.below(refusals.count)]))]
        case (.fetch, .commit(let commit)) where hostility.contains(.otherCommits) && chance.oneIn(2):
            guard let other = chance.oneIn(3) ? nil : chance.pick(commits), other != commit else {
                return commit == nil ? nil : [.response(id: id, .commit(nil))]
            }
            return [.response(id: id, .commit(other))]
        case (.fetch, .commit) where hostility.contains(.hiddenCommits) && chance.oneIn(2):
            let refusals = [Refusal.wrongSlotToken, .unknownSlot, .slotTaken]
            return [.response(id: id, .refused(refusals[chance.below(refusals.count)]))]
        default:
            return nil
        }
    }

    private mutating func twist(_ frame: NodeFrame) -> [NodeFrame] {
        switch frame {
        case .push(.envelope(let mailbox, let sequence, let envelope)):
            return push(mailbox, sequence, envelope)
        case .response(let id, .envelopes(let stored, let more)):
            return [.response(id: id, .envelopes(twist(stored), more: more))]
        case .response(let id, .bubbleState(let state)):
            guard hostility.contains(.forgedStates), chance.oneIn(2) else { return [frame] }
            lies += 1
            if let old = states.first, old != state { return [.response(id: id, .bubbleState(old))] }
            var forged = state
            forged[chance.below(forged.count)] ^= 1
            return [.response(id: id, .bubbleState(forged))]
        case .response(let id, .keyPackage(let package?)):
            guard hostility.contains(.swappedKeyPackages), let other = chance.pick(keyPackages), other != package else {
                return [frame]
            }
            lies += 1
            return [.response(id: id, .keyPackage(other))]
        case .response(let id, .commit(let commit)):
            guard hostility.contains(.forgedCommits), chance.oneIn(3) else { return [frame] }
            lies += 1
            return [.response(id: id, .commit(chance.bytes(commit?.count ?? 900)))]
        case .response(let id, .blob(let blob)):
            guard hostility.contains(.edits), chance.oneIn(3) else { return [frame] }
            lies += 1
            return [.response(id: id, .blob(flipped(blob)))]
        case .response(let id, .invitationBundle(let bundle)):
            guard hostility.contains(.forgedBundles), chance.oneIn(2) else { return [frame] }
            lies += 1
            if chance.oneIn(2), let other = chance.pick(bundles), other != bundle {
                return [.response(id: id, .invitationBundle(other))]
            }
            return [.response(id: id, .invitationBundle(flipped(bundle)))]
        case .response(let id, .redeemed(let receipt)):
            guard hostility.contains(.forgedBundles), chance.oneIn(3) else { return [frame] }
            lies += 1
            return [.response(id: id, .redeemed(receipt: flipped(receipt)))]
        case .response(let id, .checkpoint(let checkpoint)):
            guard hostility.contains(.forgedCheckpoints), chance.oneIn(2) else { return [frame] }
            lies += 1
            let forged = [nil, chance.pick(checkpoints), checkpoint.map { flipped($0) }, chance.bytes(500)]
            return [.response(id: id, .checkpoint(forged[chance.below(4)]))]
        case .response where hostility.contains(.nonsense) && chance.oneIn(4):
            lies += 1
            return [nonsense(), frame]
        default:
            return [frame]
        }
    }

    private mutating func flipped(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [1] }
        var flipped = bytes
        flipped[chance.below(bytes.count)] ^= UInt8(1) << UInt8(chance.below(8))
        return flipped
    }

    private mutating func nonsense() -> NodeFrame {
        let id = UInt32(chance.below(60))
        switch chance.below(9) {
        case 0: return .response(id: id, .done)
        case 1:
            return .response(
                id: id, .envelopes([StoredEnvelope(sequence: .max, envelope: chance.bytes(1_024))], more: true))
        case 2: return .response(id: id, .blob(chance.bytes(2_000)))
        case 3: return .response(id: id, .commit(chance.bytes(50)))
        case 4: return .push(.envelope(mailbox: chance.bytes(16), sequence: 1, envelope: chance.bytes(1_024)))
        case 5: return .push(.invitationRedeemed(invitation: chance.bytes(16)))
        case 6: return .push(.bubbleState(version: .max))
        case 7: return .established
        default: return .response(id: .max, .refused(.conflict))
        }
    }

    private mutating func push(_ mailbox: [UInt8], _ sequence: UInt64, _ envelope: [UInt8]) -> [NodeFrame] {
        var frames: [NodeFrame] = [.push(.envelope(mailbox: mailbox, sequence: sequence, envelope: envelope))]
        if hostility.contains(.replays), chance.oneIn(3), let old = chance.pick(envelopes[mailbox] ?? []) {
            lies += 1
            frames.append(.push(.envelope(mailbox: mailbox, sequence: chance.oneIn(2) ? 0 : sequence, envelope: old)))
        }
        if hostility.contains(.insertions), chance.oneIn(4) {
            lies += 1
            frames.append(.push(.envelope(mailbox: mailbox, sequence: 0, envelope: chance.bytes(envelope.count))))
        }
        if hostility.contains(.forgedStates), chance.oneIn(6) { frames.append(.push(.bubbleState(version: 99))) }
        if hostility.contains(.reordering), chance.oneIn(2) { frames.reverse() }
        return frames
    }

    /// A fetch's answer in another order, or with something played again in place of what is stored.
    private mutating func twist(_ stored: [StoredEnvelope]) -> [StoredEnvelope] {
        var twisted = stored
        if hostility.contains(.reordering), stored.count > 1, chance.oneIn(2) {
            lies += 1
            let (first, second) = (chance.below(stored.count), chance.below(stored.count))
            twisted[first] = StoredEnvelope(sequence: stored[first].sequence, envelope: stored[second].envelope)
            twisted[second] = StoredEnvelope(sequence: stored[second].sequence, envelope: stored[first].envelope)
        }
        if hostility.contains(.replays), let last = stored.last, chance.oneIn(3) {
            lies += 1
            twisted.append(StoredEnvelope(sequence: last.sequence, envelope: last.envelope))
        }
        return twisted
    }
}
