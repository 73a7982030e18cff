import STUN

/// What a server has done: how much of what, and never for whom.
public struct Counters: Sendable {
    /// Datagrams and bytes of data that went to peers, and to clients.
    public internal(set) var datagramsToPeers: UInt64 = 0
    public internal(set) var bytesToPeers: UInt64 = 0
    public internal(set) var datagramsToClients: UInt64 = 0
    public internal(set) var bytesToClients: UInt64 = 0
    /// Allocations made since the start.
    public internal(set) var allocationsMade: UInt64 = 0
    /// Requests refused, by the code of the answer. Among them are those without a credential, by which every client learns
    /// realm and nonce.
    public internal(set) var refusals: [ErrorCode: UInt64] = [:]
    /// Requests with a credential that is wrong, or has ended.
    public internal(set) var wrongCredentials: UInt64 = 0

    private var discards = ContiguousArray<UInt64>(repeating: 0, count: Discard.allCases.count)

    public init() {}

    public subscript(_ discard: Discard) -> UInt64 { discards[discard.rawValue] }

    /// Adds what another server has done.
    public mutating func add(_ other: Counters) {
        datagramsToPeers += other.datagramsToPeers
        bytesToPeers += other.bytesToPeers
        datagramsToClients += other.datagramsToClients
        bytesToClients += other.bytesToClients
        allocationsMade += other.allocationsMade
        wrongCredentials += other.wrongCredentials
        refusals.merge(other.refusals, uniquingKeysWith: +)
        for index in discards.indices { discards[index] += other.discards[index] }
    }

    @inline(__always)
    mutating func count(_ discard: Discard, _ number: Int = 1) { discards[discard.rawValue] += UInt64(number) }

    mutating func count(_ refusal: ErrorCode) { refusals[refusal, default: 0] += 1 }
}
