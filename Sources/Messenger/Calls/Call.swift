/// A call of one conversation, from ringing until both sides know that it is over. It lives in memory only: after a reload
/// it is gone, and the other side is told so when it asks.
final class Call {
    let id: [UInt8]
    let conversation: [UInt8]
    /// Whether we called.
    let isOwn: Bool
    /// Whether the caller wants to see and be seen.
    let video: Bool
    /// When it began to ring, here or there.
    let begun: UInt64

    var state: CallState
    var reason = CallReason.none
    /// When `state` was entered.
    var since: UInt64
    /// When the media first flowed. 0: never.
    var started: UInt64 = 0
    /// What the other device has said in this call.
    var peerSupport = CallSupport.unknown
    /// When anything of the other side's last came.
    var heard: UInt64
    /// When to say next that we are there, unless something else is said. Only while the other side cannot see it otherwise.
    var aliveAt: UInt64?
    /// When to confirm what has come.
    var confirmAt: UInt64?
    var stream = CallStream()
    /// Pieces of a signal whose last has not come. nil: it has become too long, and its end is awaited.
    var signal: [UInt8]? = []
    /// The answer's, which the keys depend on. Empty before.
    var nonce: [UInt8] = []
    /// The keys that the host has, once the call is answered and if frames are encrypted.
    var keys: CallEpoch?
    /// Whether the host has a connection for it.
    var isStarted = false

    init(id: [UInt8], conversation: [UInt8], isOwn: Bool, video: Bool, state: CallState, now: UInt64) {
        self.id = id
        self.conversation = conversation
        self.isOwn = isOwn
        self.video = video
        self.state = state
        begun = now
        since = now
        heard = now
    }

    var isOver: Bool { state == .over }
    /// Ringing on either side.
    var isRinging: Bool { state == .calling || state == .ringingThere || state == .ringingHere }
}

/// Of which epoch the host has the keys.
struct CallEpoch {
    var group: [UInt8]
    var epoch: UInt64
    /// The KID of the other side's frames in it.
    var receiveID: UInt8
    /// Whether our frames are encrypted in it: the peer is known to have its keys.
    var isSending: Bool
    /// The number of our word that we have entered it.
    var moved: UInt32?
    /// KIDs of former epochs, under which frames may still come.
    var former: [UInt8] = []
    /// When those are to be forgotten.
    var forgetAt: UInt64?
}

extension Call {
    /// The argument of ``Notice/call``: what kind of call it was, how many seconds it lasted and why it ended.
    func notice(at now: UInt64) -> Text {
        let seconds = started == 0 ? 0 : (now - min(now, started)) / 1000
        let kind: Text = video ? "video" : "voice"
        let bytes = kind.utf8 + [0x20] + Self.decimal(seconds) + [0x20] + Self.decimal(UInt64(reason.rawValue))
        return Text(validating: bytes) ?? kind
    }

    private static func decimal(_ number: UInt64) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        return digits.reversed()
    }
}
