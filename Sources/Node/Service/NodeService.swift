import CryptoPrimitives
import NodeProtocol
import Synchronization
import Trust
import WireFormat

/// What the node does when it is asked: the protocol's rules over the store. It knows no socket.
///
/// Each topic's requests are an extension in a file of its own.
final class NodeService: Sendable {
    let store: any Store
    let identity: NodeIdentity
    let sessions: SessionRegistry
    let metrics: NodeMetrics
    let quotas: ServiceBounds.Quotas
    /// nil: the relay is switched off.
    let desk: CredentialDesk?
    /// Seconds since 1970.
    let clock: @Sendable () -> UInt64
    /// The same, as far as they have passed: by it what is stored ends.
    let retention: @Sendable () -> UInt64
    /// Whose node it is; nil until somebody claims it.
    private let owner: Mutex<Bubble?>
    let depositTag = DepositTag()

    /// Who is asking.
    enum Party: Sendable {
        case guest
        case device(DeviceRecord, SeenCheckpoint)
    }

    /// An outcome on its way back to the session that asked.
    typealias Reply = @Sendable (Response) -> Void

    init(
        store: any Store, identity: NodeIdentity, owner: Bubble?, sessions: SessionRegistry, metrics: NodeMetrics,
        quotas: ServiceBounds.Quotas, desk: CredentialDesk?, clock: @escaping @Sendable () -> UInt64,
        retention: @escaping @Sendable () -> UInt64
    ) {
        self.store = store
        self.identity = identity
        self.sessions = sessions
        self.metrics = metrics
        self.quotas = quotas
        self.desk = desk
        self.clock = clock
        self.retention = retention
        self.owner = Mutex(owner)
    }

    var bubble: Bubble? { owner.withLock { $0 } }

    /// Takes note of a bubble state that is durable by now, unless a newer one was first.
    func adopt(_ bubble: Bubble) {
        owner.withLock { owner in
            if let held = owner, held.state.version >= bubble.state.version { return }
            owner = bubble
        }
    }

    /// Answers one request. The outcome of a change is told when it is durable.
    func answer(_ request: Request, from party: Party, reply: @escaping Reply) {
        switch party {
        case .guest: answerGuest(request, reply: reply)
        case .device(let device, let seen): answer(request, from: device, seen, reply: reply)
        }
    }

    private func answerGuest(_ request: Request, reply: @escaping Reply) {
        switch request {
        case .claim(let token, let authority, let bubbleState, let chain):
            claim(Claim(token: token, authority: authority, bubbleState: bubbleState, chain: chain), reply: reply)
        case .invitationBundle(let invitation):
            invitationBundle(invitation, reply: reply)
        case .redeem(let invitation, let redemption):
            redeem(invitation, with: redemption, reply: reply)
        default:
            reply(.refused(.notPermitted))
        }
    }

    private func answer(
        _ request: Request, from device: DeviceRecord, _ seen: SeenCheckpoint, reply: @escaping Reply
    ) {
        switch request {
        case .claim, .invitationBundle, .redeem:
            reply(.refused(.notPermitted))
        case .bubbleState:
            read(reply) { .bubbleState(try $0.bubbleState() ?? []) }
        case .publishBubbleState(let state):
            publish(bubbleState: state, reply: reply)
        case .putInvitation(let invitation, let verifier, let expires, let bundle):
            putInvitation(invitation, verifier: verifier, expires: expires, bundle: bundle, by: device, reply: reply)
        case .withdrawInvitation(let invitation):
            withdrawInvitation(invitation, by: device, reply: reply)
        case .createMailbox(let mailbox, let deliveryKeyHash):
            createMailbox(mailbox, deliveryKeyHash: deliveryKeyHash, of: device, reply: reply)
        case .rotateDeliveryKey(let mailbox, let deliveryKeyHash):
            rotateDeliveryKey(mailbox, deliveryKeyHash: deliveryKeyHash, of: device, reply: reply)
        case .fetchEnvelopes(let mailbox, let after, let limit):
            fetchEnvelopes(mailbox, after: after, limit: limit, of: device, reply: reply)
        case .acknowledge(let mailbox, let through):
            acknowledge(mailbox, through: through, of: device, reply: reply)
        case .deliver(let mailbox, let deliveryKey, let transient, let expires, let envelope):
            let delivery = Delivery(mailbox: mailbox, deliveryKey: deliveryKey, expires: expires, envelope: envelope)
            if transient { handOver(delivery, reply: reply) } else { deliver(delivery, reply: reply) }
        case .putBlob(let blob, let expires, let bytes):
            putBlob(blob, expires: expires, bytes: bytes, by: device, reply: reply)
        case .fetchBlob(let blob):
            fetchBlob(blob, reply: reply)
        case .deleteBlob(let blob):
            deleteBlob(blob, reply: reply)
        case .publishKeyPackages(let mailbox, let keyPackages):
            publishKeyPackages(keyPackages, mailbox: mailbox, of: device, reply: reply)
        case .takeKeyPackage(let mailbox, let deliveryKey):
            takeKeyPackage(mailbox, deliveryKey: deliveryKey, reply: reply)
        case .createSlot(let slot, let tokenHash):
            createSlot(slot, tokenHash: tokenHash, by: device, reply: reply)
        case .commit(let slot, let position, let token, let nextTokenHash, let sealedCommit):
            let record = CommitRecord(
                tokenHash: hash(token), nextTokenHash: nextTokenHash, sealed: sealedCommit)
            commit(record, slot: slot, position: position, by: device, reply: reply)
        case .fetchCommit(let slot, let position, let token):
            fetchCommit(slot, position: position, token: token, reply: reply)
        case .putCheckpoint(let checkpoint):
            change(.storing(checkpoint.count), reply) { store in
                guard seen.isCurrent(try store.checkpoint(of: device.device)) else { throw Refusal.conflict }
                try store.put(checkpoint: checkpoint, of: device.device)
                seen.note(checkpoint)
                return .done
            }
        case .checkpoint:
            read(reply) { store in
                let checkpoint = try store.checkpoint(of: device.device)
                seen.note(checkpoint)
                return .checkpoint(checkpoint)
            }
        case .relayCredential:
            reply(relayCredential(for: device))
        }
    }

    private func relayCredential(for device: DeviceRecord) -> Response {
        guard let desk else { return .refused(.unavailable) }
        let now = clock()
        let credential = desk.credential(for: device, unixTime: now) { bubble?.admits($0, now: now) == true }
        return credential.map { .relayCredential($0) } ?? .refused(.notPermitted)
    }

    // MARK: - Steps that every topic takes

    /// A change whose outcome is the answer.
    func change(
        _ cost: ChangeCost, _ reply: @escaping Reply, _ body: @escaping @Sendable (any StoreChanges) throws -> Response
    ) {
        store.change(cost, body) { reply($0.response) }
    }

    func read(_ reply: @escaping Reply, _ body: @escaping @Sendable (any StoreReads) throws -> Response) {
        store.read(body) { reply($0.response) }
    }

    func hash(_ bytes: [UInt8]) -> [UInt8] {
        HashAlgorithm.sha256.hash(bytes)
    }

    /// When something is to be deleted: as asked, within the longest life.
    ///
    /// An expiry of a day and more is kept to the hour, so that it does not tell when its owner was at work.
    ///
    /// - Throws: ``NodeProtocol/Refusal/malformed`` for what has expired already.
    func expiry(_ requested: UInt64, lifetime: UInt64, now: UInt64) throws(Refusal) -> UInt64 {
        guard requested > now else { throw .malformed }
        let latest = now + lifetime
        let expiry = min(requested, latest)
        guard expiry - now >= 86_400 else { return expiry }
        let hour: UInt64 = 3_600
        let later = (expiry / hour + 1) * hour
        return later <= latest ? later : expiry / hour * hour
    }
}

extension Result<Response, Refusal> {
    var response: Response {
        switch self {
        case .success(let response): response
        case .failure(let refusal): .refused(refusal)
        }
    }
}
