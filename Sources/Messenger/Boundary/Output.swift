/// What the engine asks of its host, in this order: all `writes` durable in one transaction, then everything else.
public struct Output: Equatable, Sendable {
    /// Committed in one transaction, durably, before the host acts on anything below.
    public var writes: [Write] = []
    /// Answered by ``Input/records(_:)``, all of one output in one input.
    public var reads: [Read] = []
    /// What to do about the connection to the node, before `toNode`.
    public var connection: ConnectionAction = .unchanged
    /// Binary WebSocket messages, in order. The engine sends only between `nodeConnected` and `nodeDisconnected`.
    public var toNode: [[UInt8]] = []
    /// What connections may use of the node's relay, those below and those that stand. nil: as before.
    public var relay: RelayAccess?
    public var channels: [ChannelAction] = []
    public var files: [FileAction] = []
    public var calls: [CallAction] = []
    public var events: [Event] = []
    /// When the engine wants a ``Input/tick``, in milliseconds since 1970. It replaces the previous answer.
    public var nextTimeout: UInt64?

    public init() {}
}

public enum Store: UInt8, Sendable {
    /// The two records that are read before unlocking: keys "header" and "throttle" in ASCII.
    case meta = 0
    /// Small sealed records, all given with ``Input/unlock(passphraseSegment:records:)``.
    case state = 1
    /// One sealed record per message, read in pages.
    case messages = 2
}

public struct Write: Equatable, Sendable {
    public let store: Store
    public let key: [UInt8]
    /// nil deletes the record.
    public let value: [UInt8]?

    public init(store: Store, key: [UInt8], value: [UInt8]?) {
        self.store = store
        self.key = key
        self.value = value
    }
}

public struct Read: Equatable, Sendable {
    public let store: Store
    public let key: [UInt8]

    public init(store: Store, key: [UInt8]) {
        self.store = store
        self.key = key
    }
}

public enum ConnectionAction: UInt8, Sendable {
    case unchanged = 0
    /// Keep a WebSocket to the origin's node open from now on, reconnecting with backoff.
    case open = 1
    /// Close it and do not reconnect.
    case close = 2
    /// Close it and connect again at once: the new connection is another session. Frames of the old one are dropped.
    case reopen = 3
}

/// What the host may use of the node's relay, which is at the origin's host. The host keeps it in memory only.
public enum RelayAccess: Equatable, Sendable {
    /// The node has none.
    case off
    /// The node gives us no right to it.
    case refused
    /// A user name and password of TURN's long-term mechanism (RFC 8489 §9.2).
    case granted(RelayGrant)
}

/// A credential for the relay. Before it ends, and when the relay refuses it (``Input/relayRefused(username:)``), the engine gives
/// another one, if the node can be reached.
public struct RelayGrant: Equatable, Sendable {
    public let username: Text
    public let password: Text
    /// When it ends, in milliseconds since 1970 by the host's clock.
    public let until: UInt64
    /// The ports of STUN and TURN over UDP and over TCP; 0 for none. Over TLS it is the origin's.
    public let udpPort: UInt16
    public let tcpPort: UInt16

    public init(username: Text, password: Text, until: UInt64, udpPort: UInt16, tcpPort: UInt16) {
        self.username = username
        self.password = password
        self.until = until
        self.udpPort = udpPort
        self.tcpPort = tcpPort
    }
}

/// What to do with the direct channel to a device.
public enum ChannelAction: Equatable, Sendable {
    /// Make an RTCPeerConnection; the initiator makes the DataChannel and the offers. `relayOnly`: none of this device's
    /// addresses may reach the peer.
    case connect(device: [UInt8], initiator: Bool, relayOnly: Bool)
    /// A signal of the peer's, authenticated by the conversation.
    case remoteSignal(device: [UInt8], kind: SignalKind, Text)
    case send(device: [UInt8], [UInt8])
    /// Also said where there is none: nobody is there, and that none came about is no fault of the network's.
    case close(device: [UInt8])
}
