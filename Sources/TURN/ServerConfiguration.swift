import STUN

/// What a person decides about a relay, and the bounds it puts on everybody.
public struct ServerConfiguration: Sendable {
    /// The realm of the credentials, in ASCII: at most four characters, since it is part of the answer to a stranger's
    /// question of 28 bytes, and that answer is to stay small.
    public let realm: [UInt8]
    /// The addresses that peers see, none for a family that is not served.
    public var relayIPv4: IPAddress?
    public var relayIPv6: IPAddress?
    /// Whether the kernel can be told not to fragment what is relayed (RFC 8656 §7.2, step 4).
    public var supportsDontFragment = false
    /// Channel numbers up to 0x7FFF, for clients from before RFC 8656.
    public var acceptsOldChannelNumbers = false
    /// Other servers to which new allocations are sent (RFC 8656 §7.2, step 11): the first one of the client's own transport and
    /// family, and the first one of the other family beside it.
    public var alternateServers: [AlternateServer] = []
    /// Which allocations are sent there.
    public var redirection = Redirection.always
    public var policy = PeerPolicy()
    public var lifetimes = Lifetimes()
    public var quotas = Quotas()
    public var strangers = StrangerAnswers()

    /// - Precondition: `realm` has one to four bytes.
    public init(realm: [UInt8] = Array("turn".utf8)) {
        precondition((1...4).contains(realm.count), "a realm of one to four bytes keeps answers small")
        self.realm = realm
    }

    public enum Redirection: Sendable {
        /// Those that there is no room for.
        case whenFull
        /// All of them: this server is to be stopped once its allocations have ended.
        case always
    }

    /// Seconds.
    public struct Lifetimes: Sendable {
        /// Of an allocation for which the client names no lifetime, or a shorter one (RFC 8656 §7.2).
        public var allocation: UInt32 = 600
        /// Of an allocation at most.
        public var maximumAllocation: UInt32 = 3_600
        /// RFC 8656 §9
        public var permission: UInt32 = 300
        /// RFC 8656 §12
        public var channel: UInt32 = 600
        /// Of a reserved port (RFC 8656 §7.2).
        public var reservation: UInt32 = 30
        /// RFC 8656 §5 recommends an hour at most.
        public var nonce: UInt32 = 3_600

        public init() {}
    }

    /// What one user, and all of them, may have.
    public struct Quotas: Sendable {
        /// Relayed addresses of a user, and of all: a pair of both families counts as two, and a reserved port as one.
        public var relaysPerUser = 16
        public var relays = 4_096
        /// Permissions, and channels, of one allocation.
        public var permissionsPerAllocation = 64
        public var channelsPerAllocation = 64
        /// Bytes of data each second, both directions together; 0 for no bound.
        public var bytesPerSecondPerUser: UInt64 = 0
        public var bytesPerSecond: UInt64 = 0

        public init() {}
    }

    /// How many answers go to clients that have shown no credential: for each network that the requests come from.
    public struct StrangerAnswers: Sendable {
        public var burst: Double = 400
        public var perSecond: Double = 200

        public init() {}
    }
}
