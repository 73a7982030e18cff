import CryptoPrimitives
import STUN

/// A TURN server (RFC 8656) that is a STUN server too (RFC 8489): bytes, the ways they came and the time in; bytes, where
/// they go and sockets to open out. It reads no clock and owns no socket. One server belongs to one thread; several share
/// addresses by sharing a ``PortPool``.
///
/// Relayed data takes one look-up of the client and one of the channel (or of the peer), allocates nothing and is never
/// copied: a ``ClientVerdict`` or ``PeerVerdict`` says where which of the bytes go, and a ``Framing`` what goes before them.
///
/// Of what it keeps, everything that ends has its second in ``timers``: what ``advance(to:)`` has passed is gone, and no
/// other code looks whether something is still valid.
public struct Server: ~Copyable {
    var configuration: ServerConfiguration
    var policy: PeerPolicy
    let ports: PortPool
    let sockets: any RelaySockets
    let credentials: any CredentialSource
    let random: Randomness
    let nonces: Nonces
    let addressHash: AddressHash

    var now: Moment
    var timers: TimerWheel
    var strangers: StrangerLimit
    /// Wrong codes under a nonce that is valid at its address: nobody can cause them in another client's name.
    var forgeries: StrangerLimit
    /// What all users together may still relay in this second.
    var bytes: ByteBucket

    var allocations = Slab<Allocation>()
    /// Who made each allocation, at its number.
    var owners = ContiguousArray<Owner?>()
    var relays = Slab<Relay>()
    var permissions = Slab<Permission>()
    var channels = Slab<Channel>()
    var reservations = Slab<Reservation>()
    var users = Slab<User>()
    /// Whose number each user's is, at that number.
    var subjects = ContiguousArray<[UInt8]>()
    var userNumbers: [[UInt8]: UInt32] = [:]
    var reservationNumbers: [UInt64: UInt32] = [:]

    /// Allocations by the client's way.
    var byClient = IndexTable()
    /// Open relays by their address.
    var byRelayedAddress = IndexTable()
    /// Permissions by allocation and address.
    var byPermission = IndexTable()
    /// Channels by allocation and number, and by allocation and peer.
    var byNumber = IndexTable()
    var byPeer = IndexTable()

    /// The client that the last data came from, which is mostly the one that the next comes from.
    var lastClient: ClientPath?
    var lastAllocation = UInt32.none
    /// The generation of the relay opened last.
    var generation: UInt32 = 0
    /// Makes the transaction IDs of Data indications.
    var transactions: UInt64

    /// The message that goes back to the client when a verdict says so. The next call overwrites it.
    public internal(set) var answer: [UInt8] = []
    public internal(set) var counters = Counters()

    /// - Parameters:
    ///   - ports: which ports of the relay addresses are in use; shared by the servers that share these addresses.
    ///   - random: for secrets, ports and tokens.
    public init(
        _ configuration: ServerConfiguration, ports: PortPool, sockets: any RelaySockets,
        credentials: any CredentialSource, random: Randomness, at now: Moment
    ) {
        self.configuration = configuration
        self.ports = ports
        self.sockets = sockets
        self.credentials = credentials
        self.random = random
        self.now = now
        var features: SecurityFeatures = [.passwordAlgorithms]
        if credentials.knowsUserhashes { features.insert(.usernameAnonymity) }
        nonces = Nonces(
            secret: random.secret(32), lifetime: UInt64(configuration.lifetimes.nonce), features: features)
        addressHash = AddressHash(seed: random.bytes(16))
        transactions = random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
        timers = TimerWheel(second: now.second)
        let rate = StrangerLimit.Rate(
            burst: configuration.strangers.burst, perSecond: configuration.strangers.perSecond)
        strangers = StrangerLimit(rate, at: now.milliseconds)
        forgeries = StrangerLimit(rate, at: now.milliseconds)
        bytes = ByteBucket(perSecond: configuration.quotas.bytesPerSecond, at: now.milliseconds)
        policy = configuration.policy
        setPolicy(configuration.policy)
    }

    deinit {
        for relay in relays.all where relay.isOpen {
            sockets.close(relay.socket)
            ports.giveBack(relay.address.family, relay.address.port)
        }
    }

    /// Takes note of the time, and ends what has ended. Called before each batch of datagrams, and at least once a second.
    public mutating func advance(to moment: Moment) {
        now = moment
        while let (kind, subject) = timers.next(by: moment.second) {
            switch kind {
            case .relay:
                relays[subject].timer = .none
                endRelay(subject)
            case .permission: removePermission(subject)
            case .channel: removeChannel(subject)
            case .reservation: endReservation(subject)
            }
        }
    }

    /// Takes up other addresses for what is allocated from now on: none for a family that is not served any more.
    public mutating func setRelayAddresses(ipv4: IPAddress?, ipv6: IPAddress?) {
        configuration.relayIPv4 = ipv4
        configuration.relayIPv6 = ipv6
        setPolicy(policy)
    }

    /// Takes up another policy for permissions and channels from now on. The relay's addresses are always its own.
    public mutating func setPolicy(_ policy: PeerPolicy) {
        self.policy = policy
        for ip in [configuration.relayIPv4, configuration.relayIPv6] {
            if let ip { self.policy.ownAddresses.insert(ip) }
        }
    }

    /// Which new allocations are sent to ``ServerConfiguration/alternateServers`` from now on.
    public mutating func setRedirection(_ redirection: ServerConfiguration.Redirection) {
        configuration.redirection = redirection
    }

    public var allocationCount: Int { allocations.count }

    /// Whether something is allocated through that way.
    public func hasAllocation(_ client: ClientPath) -> Bool { allocation(of: client) != nil }

    /// The most bytes of a message from a client with nothing allocated. No request needs so many. A datagram can have
    /// 65,507, and all of them would be read, and hashed, for anybody.
    public static let longestOfStrangers = 2_048

    /// Takes what came from a client: a datagram, or one message of a stream (``StreamFraming``). Ranges in the verdict
    /// count from the beginning of `bytes`, which nothing here keeps or changes.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, from client: ClientPath) -> ClientVerdict {
        guard let first = bytes.first else { return discard(.malformed) }
        // RFC 8656 §12: the first two bits tell STUN from ChannelData.
        if first >= 0x40 { return receiveChannelData(bytes, from: client) }
        guard bytes.count <= Self.longestOfStrangers || allocation(of: client) != nil else { return discard(.tooLong) }
        guard let message = try? Message(bytes), message.isFingerprintRight else { return discard(.malformed) }
        switch message.type.messageClass {
        case .request:
            return receiveRequest(Request(message: message, client: client))
        case .indication where message.type.method == .send:
            return receiveSend(message, from: client)
        case .indication, .success, .failure:
            // A Binding indication keeps the client's NAT open and asks nothing (RFC 8489 §6.3.2).
            return discard(.unexpected)
        }
    }

    /// A stream ended: so does what was allocated through it (RFC 8656 §7).
    public mutating func close(_ client: ClientPath) {
        if let allocation = allocation(of: client) { removeAllocation(allocation) }
    }

    /// Ends all that a subject has allocated, such as one whose rights ended.
    public mutating func remove(subject: [UInt8]) {
        guard let user = userNumbers[subject] else { return }
        for index in allocations.indices where allocations[index].user == user && allocations[index].isAlive {
            removeAllocation(index)
        }
        for index in reservations.indices where reservations[index].user == user && reservations[index].isAlive {
            timers.cancel(reservations[index].timer)
            endReservation(index)
        }
    }

    @inline(__always)
    mutating func discard(_ reason: Discard) -> ClientVerdict {
        counters.count(reason)
        return .discard(reason)
    }
}
