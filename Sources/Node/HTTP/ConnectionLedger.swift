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
        private let key: Key

        fileprivate init(_ ledger: ConnectionLedger, _ key: Key) {
            self.ledger = ledger
            self.key = key
        }

        deinit {
            ledger.release(key)
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
        let key = Key(kind: kind, network: Self.network(of: address))
        let isAdmitted = state.withLock { state in
            let count = state.counts[key, default: 0]
            switch kind {
            case .connection:
                guard count < bounds.connectionsPerAddress, state.connections < bounds.connections else { return false }
                state.connections += 1
            case .session:
                guard count < bounds.sessionsPerAddress else { return false }
            case .guest:
                guard count < bounds.guestsPerAddress else { return false }
            case .stream:
                guard count < bounds.streamsPerAddress, state.streams < bounds.streams else { return false }
                state.streams += 1
            }
            state.counts[key] = count + 1
            return true
        }
        return isAdmitted ? Place(self, key) : nil
    }

    private func release(_ key: Key) {
        state.withLock { state in
            if key.kind == .connection { state.connections -= 1 }
            if key.kind == .stream { state.streams -= 1 }
            let count = state.counts[key, default: 0] - 1
            state.counts[key] = count > 0 ? count : nil
        }
    }

    /// One person's IPv4 address, or the /64 that an IPv6 network hands to one household.
    private static func network(of address: SocketAddress?) -> [UInt8] {
        let bytes = address?.addressBytes ?? []
        guard bytes.count == 16 else { return bytes }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return bytes.starts(with: mapped) ? Array(bytes[12...]) : Array(bytes[..<8])
    }
}
