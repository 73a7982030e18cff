/// Whether a device takes calls.
public enum CallSupport: UInt8, Sendable {
    /// It has not been heard of since unlocking.
    case unknown = 0
    case none = 1
    /// Calls whose media are encrypted between the two browsers by DTLS-SRTP only.
    case media = 2
    /// Every frame is encrypted a second time, under keys of the conversation (RFC 9605).
    case frames = 3
    /// None, and no channel either: its browser makes no connections to other devices. Everything goes through the node.
    case noConnections = 4
}

/// A message between the two RTCPeerConnections of a call, for perfect negotiation.
public enum CallSignalKind: UInt8, Sendable {
    /// A session description, as the JSON of an RTCSessionDescriptionInit.
    case description = 0
    /// A candidate, as the JSON of an RTCIceCandidateInit. Empty text: there are no more.
    case candidate = 1
}

/// What the host sees of a call's media.
public enum CallMediaState: UInt8, Sendable {
    case connected = 0
    /// Nothing comes for the moment; the host restarts ICE.
    case disconnected = 1
    case failed = 2
    /// The other end's DTLS fingerprint is not the one that it signalled.
    case fingerprintMismatch = 3
}

/// A key for the frames of one direction, and its KID (RFC 9605 §4.3).
public struct CallKey: Equatable, Sendable {
    public let id: UInt8
    /// 32 bytes.
    public let key: [UInt8]

    public init(id: UInt8, key: [UInt8]) {
        self.id = id
        self.key = key
    }
}

/// The first keys of a call. Each is given out once: a key that a sender has used must never begin again at counter 0.
public struct CallKeys: Equatable, Sendable {
    public let send: CallKey
    public let receive: CallKey

    public init(send: CallKey, receive: CallKey) {
        self.send = send
        self.receive = receive
    }
}

/// What to do about the RTCPeerConnection of a call.
public enum CallAction: Equatable, Sendable {
    /// The call was answered: make the connection. `video` is the local user's choice. `relayOnly`: none of this device's
    /// addresses may reach the peer. No keys: one of the two cannot encrypt frames.
    case start(call: [UInt8], device: [UInt8], polite: Bool, video: Bool, relayOnly: Bool, keys: CallKeys?)
    /// A signal of the peer's, authenticated by the conversation, in the order in which it was sent.
    case signal(call: [UInt8], kind: CallSignalKind, Text)
    /// Close the connection, stop what was captured for it and forget its keys.
    case end(call: [UInt8])
    /// From now on frames may come under this key too.
    case receiveKey(call: [UInt8], CallKey)
    /// Encrypt with this key from now on: the other side has it.
    case sendKey(call: [UInt8], CallKey)
    /// No frame comes any more under the key with this KID.
    case forgetKey(call: [UInt8], id: UInt8)
}

public enum CallState: UInt8, Sendable {
    /// We call, and have not heard that it rings there.
    case calling = 0
    case ringingThere = 1
    case ringingHere = 2
    /// Answered; the media are not there yet.
    case connecting = 3
    case inCall = 4
    case reconnecting = 5
    case over = 6
}

/// Why a call is over.
public enum CallReason: UInt8, Sendable {
    case none = 0
    case hungUp = 1
    case declined = 2
    case busy = 3
    case noAnswer = 4
    case answeredElsewhere = 5
    /// The other side vanished, or no path could be found.
    case lost = 6
    /// The peer could not be reached.
    case away = 7
    case fingerprintMismatch = 8
    /// Both called at the same time, and the other one's call goes on. Nothing to show.
    case replaced = 9
    /// The peer's device takes no calls.
    case unsupported = 10
}

/// Whether the frames of a call are encrypted.
public enum CallEncryption: UInt8, Sendable {
    case none = 0
    case frames = 1
    /// The peer has not said yet whether it can.
    case unknown = 2
}

/// A call, as the user sees it. Told each time something in it changes.
public struct CallSummary: Equatable, Sendable {
    public let call: [UInt8]
    public let conversation: [UInt8]
    /// Whether we called.
    public let isOwn: Bool
    /// Whether the caller wants to see and be seen.
    public let video: Bool
    public let encryption: CallEncryption
    public let state: CallState
    /// Once it is over.
    public let reason: CallReason
    /// When the media first flowed, in milliseconds since 1970. 0: not yet.
    public let startedMs: UInt64

    package init(
        call: [UInt8], conversation: [UInt8], isOwn: Bool, video: Bool, encryption: CallEncryption, state: CallState,
        reason: CallReason, startedMs: UInt64
    ) {
        self.call = call
        self.conversation = conversation
        self.isOwn = isOwn
        self.video = video
        self.encryption = encryption
        self.state = state
        self.reason = reason
        self.startedMs = startedMs
    }
}
