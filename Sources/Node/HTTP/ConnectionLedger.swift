import NIOCore
import Synchronization

/// Counts what is open, in total and from each address, for as long as it is open and in memory only.
final class ConnectionLedger: Sendable {
    /// What one address may hold.
    enum Kind: Hashable, Sendable {
        case connection
        /// A WebSocket session, and one of a guest.
        case session
        case guest
        /// A stream of the relay's, over TLS or plain TCP: a connection, too.
        case stream
    }

    /// Releases its place when the last reference goes.
    final class Place: Sendable {
        private let ledger: ConnectionLedger
        private let kind: Kind
        private let keys: [Key]

        fileprivate init(_ ledger: ConnectionLedger, _ kind: Kind, _ keys: [Key]) {
            self.ledger = ledger
            self.kind = kind
            self.keys = keys
        }

        deinit {
            ledger.release(kind, keys)
        }
    }

    fileprivate struct Key: Hashable, Sendable {
        let kind: Kind
        let network: [UInt8]
    }

    private let bounds: ServiceBounds
    private let state = Mutex(State())

    private struct State {
        var connections = 0
        var streams = 0
        var counts: [Key: Int] = [:]
    }

    init(_ bounds: ServiceBounds) {
        self.bounds = bounds
    }

    /// - Returns: nil when the address, or everybody together, holds as much as the bounds allow.
    func admit(_ kind: Kind, from address: SocketAddress?) -> Place? {
        let networks = Self.networks(of: address)
        let keys = networks.map { Key(kind: kind, network: $0.network) }
        let bound =
            switch kind {
            case .connection: bounds.connectionsPerAddress
            case .session: bounds.sessionsPerAddress
            case .guest: bounds.guestsPerAddress
            case .stream: bounds.streamsPerAddress
            }
        let isAdmitted = state.withLock { state in
            for (key, network) in zip(keys, networks) {
                guard state.counts[key, default: 0] < bound * network.share
                else { return false }
            }
            switch kind {
            case .connection:
                guard state.connections < bounds.connections else { return false }
                state.connections += 1
            case .stream:
                guard state.streams < bounds.streams else { return false }
                state.streams += 1
            case .session, .guest: break
            }
            for key in keys { state.counts[key, default: 0] += 1 }
            return true
        }
        return isAdmitted ? Place(self, kind, keys) : nil
    }

    private func release(_ kind: Kind, _ keys: [Key]) {
        state.withLock { state in
            if kind == .connection { state.connections -= 1 }
            if kind == .stream { state.streams -= 1 }
            for key in keys {
                let count = state.counts[key, default: 0] - 1
                state.counts[key] = count > 0 ? count : nil
            }
        }
    }

    /// One IPv4 address; of an IPv6 one the /56 that a household gets, and the /48 that an organisation gets, which may hold as
    /// much as `share` households.
    private static func networks(of address: SocketAddress?) -> [(network: [UInt8], share: Int)] {
        let bytes = address?.addressBytes ?? []
        guard bytes.count == 16 else { return [(bytes, 1)] }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return bytes.starts(with: mapped)
            ? [(Array(bytes[12...]), 1)] : [(Array(bytes[..<7]), 1), (Array(bytes[..<6]), 4)]
    }
}
