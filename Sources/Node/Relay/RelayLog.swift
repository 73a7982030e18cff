import Logging
import STUN
import TURN

/// Says in the log what the relay refuses: one line for each kind of refusal, and for each no more than once a minute, with
/// how often it happened. It never says whom: otherwise a flood would fill the disk, and with addresses.
struct RelayLog {
    private struct Said {
        var count: UInt64 = 0
        var second: Int64
    }

    private static let interval: Int64 = 60

    private let logger: Logger
    private var said: [String: Said] = [:]
    /// When it was last said that the relay does not listen everywhere.
    private var missed: Int64?

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// - Parameter second: of a clock that only goes forward.
    mutating func note(_ totals: RelayTotals, at second: Int64) {
        let missing = totals.report.missing
        if missing > 0, missed.map({ second - $0 >= Self.interval }) != false {
            logger.warning("The relay cannot listen at \(missing) of this machine's addresses. It tries again.")
            missed = second
        }
        for (kind, count) in Self.refusals(totals) where count > 0 {
            let last = said[kind]
            if let last, count == last.count || second - last.second < Self.interval { continue }
            let new = count - (last?.count ?? 0)
            logger.notice("The relay refused: \(kind). \(new) \(new == 1 ? "time" : "times").")
            said[kind] = Said(count: count, second: second)
        }
    }

    /// What every client meets on its ordinary way does not count: a first request without a credential (401), a nonce
    /// that is renewed (438), data that comes before its permission.
    private static func refusals(_ totals: RelayTotals) -> [(kind: String, count: UInt64)] {
        let counters = totals.report.counters
        var refusals: [(String, UInt64)] = counters.refusals.compactMap { code, count in
            reason(code).map { ("\($0) (\(code.rawValue))", count) }
        }
        refusals.append(("a credential that is wrong or has expired (401)", counters.wrongCredentials))
        refusals.append(("something that is neither STUN nor TURN", counters[.malformed]))
        refusals.append(("strangers' requests that are too long", counters[.tooLong]))
        refusals.append(("data for a service of this machine", counters[.ownAddress]))
        refusals.append(("data beyond the bandwidth allowed", counters[.bandwidth]))
        refusals.append(("strangers' requests beyond their rate", counters[.strangerLimit]))
        refusals.append(("a connection too many", totals.streams.refused))
        refusals.append(
            ("a connection that speaks something else than STUN and TURN", totals.streams.ended[.malformed] ?? 0))
        refusals.append(("a connection that does not read its answers", totals.streams.ended[.slow] ?? 0))
        return refusals.sorted { $0.0 < $1.0 }
    }

    private static func reason(_ code: ErrorCode) -> String? {
        switch code {
        case .tryAlternate: "an allocation, which another relay is to make"
        case .badRequest: "a request that is not well formed"
        case .forbidden: "a peer that nobody may reach through it"
        case .unknownAttribute: "a request with something unknown in it"
        case .allocationMismatch: "a request without its allocation, or for a second one"
        case .addressFamilyNotSupported: "an address family that it does not have"
        case .wrongCredentials: "a request by another user than the allocation's"
        case .unsupportedTransport: "a transport to peers other than UDP"
        case .peerAddressFamilyMismatch: "a peer of another address family than the allocation's"
        case .allocationQuotaReached: "a device's allocation beyond its quota"
        case .insufficientCapacity: "an allocation or permission beyond its capacity"
        default: nil
        }
    }
}
