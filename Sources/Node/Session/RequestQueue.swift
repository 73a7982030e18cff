import NodeProtocol

/// The requests of one session that wait for their turn, and those that are being worked on.
///
/// Requests take effect in the order they were sent. Reads run beside reads and changes follow each other into the store,
/// which keeps their order; a read waits for the changes before it, and a change for the reads. An answer is begun only when
/// there is room for it among what the client has not read yet.
struct RequestQueue {
    struct Item {
        let id: UInt32
        let request: Request
    }

    /// Empty and without memory of its own in an idle session.
    private var waiting: [Item] = []
    private var isReading = false
    private var running = 0
    /// The bytes that answers under way may have at most.
    private(set) var promised = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { waiting.isEmpty }
    /// Requests that were taken in and are not answered yet.
    var count: Int { waiting.count + running }

    mutating func append(_ item: Item) {
        waiting.append(item)
    }

    /// The next request to work on, if its time has come.
    ///
    /// - Parameter room: the bytes that the client may still be sent.
    mutating func next(room: Int) -> Item? {
        guard let item = waiting.first, running < limit, running == 0 || item.request.isReading == isReading,
            promised + item.request.answerLength <= room
        else { return nil }
        waiting.removeFirst()
        if waiting.isEmpty { waiting = [] }
        running += 1
        isReading = item.request.isReading
        promised += item.request.answerLength
        return item
    }

    mutating func finish(_ item: Item) {
        running -= 1
        promised -= item.request.answerLength
    }
}

extension Request {
    /// Whether it leaves the store as it is.
    var isReading: Bool {
        switch self {
        case .invitationBundle, .bubbleState, .fetchEnvelopes, .fetchBlob, .fetchCommit, .checkpoint, .relayCredential:
            true
        case .deliver(_, _, let transient, _, _): transient
        default: false
        }
    }

    /// The most bytes that its answer can have.
    var answerLength: Int {
        let frame = 64
        switch self {
        case .invitationBundle: return frame + Limits.bundleLength
        case .bubbleState: return frame + Limits.enrolmentLength
        case .fetchEnvelopes(_, _, let limit):
            return frame + min(Int(limit), Limits.envelopesPerFetch) * (Limits.envelopeLengths[2] + 16)
        case .fetchBlob, .fetchCommit: return frame + Limits.blobLength
        case .takeKeyPackage: return frame + Limits.keyPackageLength
        case .checkpoint: return frame + Limits.checkpointLength
        case .redeem, .relayCredential: return frame + 1_024
        default: return frame
        }
    }

    /// What it is called in the metrics.
    var kind: String {
        switch self {
        case .claim: "claim"
        case .invitationBundle: "invitation_bundle"
        case .redeem: "redeem"
        case .bubbleState: "bubble_state"
        case .publishBubbleState: "publish_bubble_state"
        case .putInvitation: "put_invitation"
        case .withdrawInvitation: "withdraw_invitation"
        case .createMailbox: "create_mailbox"
        case .rotateDeliveryKey: "rotate_delivery_key"
        case .fetchEnvelopes: "fetch_envelopes"
        case .acknowledge: "acknowledge"
        case .deliver: "deliver"
        case .putBlob: "put_blob"
        case .fetchBlob: "fetch_blob"
        case .deleteBlob: "delete_blob"
        case .publishKeyPackages: "publish_key_packages"
        case .takeKeyPackage: "take_key_package"
        case .createSlot: "create_slot"
        case .commit: "commit"
        case .fetchCommit: "fetch_commit"
        case .putCheckpoint: "put_checkpoint"
        case .checkpoint: "checkpoint"
        case .relayCredential: "relay_credential"
        }
    }
}
