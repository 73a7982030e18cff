import Glibc
import NodeProtocol

/// What a person decides about a node, and the bounds it puts on strangers.
public struct NodeConfiguration: Sendable {
    /// The folder that holds everything the node keeps.
    public var data: String
    /// The names and addresses under which it is reached, besides those of this machine. The first stands in links.
    public var hosts: [String] = []
    /// The TCP port of HTTPS; 0 lets the system choose.
    public var port: Int = 8443
    /// Where browsers reach it, `https://HOST:PORT`, if not at that port: behind a router or a proxy.
    public var publicOrigin: String?
    /// A certificate (with its chain) and its private key, as PEM files; nil: the node is its own authority.
    public var certificate: CertificateFiles?
    /// The port of `/metrics` on the loopback address; nil: no metrics.
    public var metricsPort: Int?
    /// STUN and TURN; nil: nothing is relayed.
    public var relay: RelayConfiguration?
    public var bounds = ServiceBounds()
    /// The web app's archive; nil: the one inside this executable.
    public var webApp: [UInt8]?
    /// Seconds since 1970.
    public var clock: @Sendable () -> UInt64 = { UInt64(clamping: time(nil)) }

    /// Whether the clock may be set while the node runs. Whoever gives it another one sets that as it likes.
    public var isClockSet = false

    public init(data: String) {
        self.data = data
    }

    public struct CertificateFiles: Sendable {
        public let certificate: String
        public let key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
}

/// What the node bears from one stranger and from all of them together, beyond the protocol's own `Limits`.
public struct ServiceBounds: Sendable {
    /// Open connections in total, and from one address: an IPv6 one counts as its /56, what a household gets, and all of
    /// a /48, what an organisation gets, have four times as much.
    public var connections = 16_384
    /// Whether an option named ``connections``: then the log says when the system allows fewer.
    public var areConnectionsNamed = false
    public var connectionsPerAddress = 512
    /// Relayed addresses in total, each a socket.
    public var relays = 4_096
    /// Streams of the relay's (TURN over TCP and TLS) in total, and from one address.
    public var streams = 4_096
    public var streamsPerAddress = 128
    /// WebSocket sessions from one address: a guest's, and any.
    public var guestsPerAddress = 32
    public var sessionsPerAddress = 256
    /// Sessions of one device. A newer one closes the oldest.
    public var sessionsPerDevice = 4
    /// Seconds from the connection to its first request, and from the WebSocket's opening to an established session.
    public var openingSeconds: Int64 = 10
    public var handshakeSeconds: Int64 = 10
    /// Seconds without a sign of life until the node asks for one, and until it gives up.
    public var pingSeconds: Int64 = 30
    public var silenceSeconds: Int64 = 75
    /// Seconds that a client has to begin taking an answer over HTTP, and how many bytes of it buy it each second more.
    public var answerSeconds: Int64 = 20
    public var answerBytesPerSecond = 50_000
    /// Bytes of answers that all clients together have not taken yet. Past that each is given less at a time.
    public var answerBytes = 64 << 20
    /// Requests over HTTP of one connection.
    public var httpRequests = RequestRate(burst: 400, perSecond: 100)
    /// Requests of a session: how many at once, and how many each second. A mebibyte counts as four requests more.
    public var deviceRequests = RequestRate(burst: 400, perSecond: 100)
    public var guestRequests = RequestRate(burst: 12, perSecond: 1)
    /// The most bytes that wait for a client to read them before it is let go.
    public var outgoingBytes = 4 << 20
    /// Requests of a session that are being worked on; more wait.
    public var requestsInFlight = 32
    /// Bytes of changes that wait to be written, from all sessions; more are refused.
    public var pendingBytes = 64 << 20
    public var quotas = Quotas()

    /// What one mailbox or one device may occupy: the protocol's `Limits`, unless a node is started with less.
    public struct Quotas: Sendable {
        public var mailboxEnvelopes = Limits.mailboxEnvelopes
        public var mailboxBytes = Limits.mailboxBytes
        public var blobBytesPerDevice = Limits.blobBytesPerDevice
        public var invitationsPerDevice = Limits.invitationsPerDevice
        public var mailboxesPerDevice = Limits.mailboxesPerDevice
        public var slotsPerDevice = Limits.slotsPerDevice

        public init() {}
    }

    public struct RequestRate: Sendable {
        public var burst: Double
        public var perSecond: Double

        public init(burst: Double, perSecond: Double) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

    public init() {}
}
