import STUN

/// The way to a client: with the server's end of it, the 5-tuple that an allocation belongs to (RFC 8656 §3.2).
public struct ClientPath: Hashable, Sendable, BitwiseCopyable {
    public let address: TransportAddress
    /// The server's end, numbered by the owner of the sockets: the socket that datagrams come to, or one stream.
    public let link: UInt32
    public let transport: ClientTransport

    public init(_ address: TransportAddress, link: UInt32, over transport: ClientTransport = .udp) {
        self.address = address
        self.link = link
        self.transport = transport
    }

    /// TCP, or TLS over it: the client is where it says it is, and ChannelData is padded.
    @inlinable
    public var isStream: Bool {
        // Not `!=`: this is asked for each datagram, from another module.
        if case .udp = transport { false } else { true }
    }
}

/// Time as the server is told it.
public struct Moment: Hashable, Sendable, BitwiseCopyable {
    /// Milliseconds of a clock that only goes forward, from anywhere.
    public var milliseconds: UInt64
    /// Seconds since 1970, which credentials end by.
    public var unixTime: UInt64

    public init(milliseconds: UInt64, unixTime: UInt64) {
        self.milliseconds = milliseconds
        self.unixTime = unixTime
    }

    var second: UInt64 { milliseconds / 1_000 }
}

/// The name of a relayed address's socket. One that was closed never means another one, whatever is opened after it.
public struct RelayID: Hashable, Sendable, BitwiseCopyable {
    /// 64 bits that hold all of it: what a poll set keeps beside a socket. Never below 2³², so that there is room for names
    /// of the owner's own.
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    init(index: UInt32, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(index) }

    var index: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
}

/// The owner of the sockets that peers see.
public protocol RelaySockets: AnyObject {
    /// Opens a UDP socket at that port of the family's relay address. What arrives there comes back with that name, in
    /// ``Server/receive(fromPeer:at:byteCount:datagrams:)``.
    ///
    /// - Returns: the owner's own number for it, such as its file descriptor; nil if the port cannot be had.
    func open(_ relay: RelayID, _ family: AddressFamily, port: UInt16) -> Int32?

    /// Closes it. Nothing more comes from it or goes to it.
    func close(_ socket: Int32)
}

/// What is to be done with what came from a client.
public enum ClientVerdict: Equatable, Sendable {
    /// Nothing.
    case discard(Discard)
    /// ``Server/answer`` goes back to the client.
    case answer
    /// Some of the bytes that came go to a peer.
    case relay(Relayed)
    /// Some of the bytes that came go to another client of this server, whose relayed address they were meant for.
    case deliver(Delivery, payload: Range<Int>)
}

/// Data on its way to a peer.
public struct Relayed: Equatable, Sendable {
    /// The owner's number of the socket from which it goes.
    public let socket: Int32
    public let peer: TransportAddress
    /// Where the data lies in what came from the client.
    public let payload: Range<Int>
    public let dontFragment: Bool
}

/// Data on its way to a client.
public struct Delivery: BitwiseCopyable, Equatable, Sendable {
    public let client: ClientPath
    /// What goes before the data.
    public let framing: Framing

    public init(client: ClientPath, framing: Framing) {
        self.client = client
        self.framing = framing
    }
}

/// What is to be done with what came from a peer.
public enum PeerVerdict: BitwiseCopyable, Equatable, Sendable {
    case discard(Discard)
    case deliver(Delivery)
}

/// Why something that came leads to nothing.
public enum Discard: Int, CaseIterable, Sendable, BitwiseCopyable {
    /// Neither STUN nor ChannelData, or not well formed.
    case malformed
    /// A message from a client with nothing allocated, longer than ``Server/longestOfStrangers``.
    case tooLong
    /// A response, an indication or a method that a server has no use for.
    case unexpected
    /// Data over a way that has no allocation.
    case noAllocation
    /// A channel number that is not bound.
    case noChannel
    /// A peer without a permission.
    case noPermission
    /// An address of this machine where no client of ours is.
    case ownAddress
    /// The user's or the server's bandwidth is used up.
    case bandwidth
    /// A stranger's network has been answered often enough.
    case strangerLimit
    /// A socket that is closed.
    case closedRelay
}
