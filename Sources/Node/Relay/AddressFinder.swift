import CDatagrams
import Glibc
import STUN
import Synchronization
import TURN

/// The addresses of the relay: where clients come to, and what peers see.
struct RelayAddresses: Equatable {
    /// This machine's.
    var local: LocalAddresses
    /// Those of them that clients come to.
    var listening: [IPAddress]
    /// What peers see, of each family; none for a family that is not served.
    var ipv4: IPAddress?
    var ipv6: IPAddress?

    /// What peers see, if it is an address of this machine.
    func bound(_ family: AddressFamily) -> IPAddress? {
        let ip = family == .ipv4 ? ipv4 : ipv6
        return ip.flatMap { local.all.contains($0) ? $0 : nil }
    }
}

/// Finds out at which addresses peers reach the relay. In order:
///
/// 1. the configured addresses;
/// 2. a public address of this machine;
/// 3. behind a router with the public address, what a name of the node's own resolves to;
/// 4. a private address of this machine, which others on its network reach.
///
/// The names are those that the node's certificate vouches for: those it was given, and those under which devices have
/// opened their sessions. What a client merely says is never taken for the node's address.
final class AddressFinder: Sendable {
    private struct State {
        var last = RelayAddresses(local: LocalAddresses(all: []), listening: [])
        /// What the names led to when they were looked up last, in their order.
        var looked: [IPAddress] = []
        var names: [ServerName] = []
        var lookedAt: Int64 = 0
        var isLooking = false
    }

    /// At most one of each family.
    private let given: [IPAddress]
    /// The addresses at which clients come to the relay; empty: all of the machine's.
    let listening: [IPAddress]
    private let names: @Sendable () -> [ServerName]
    private let state = Mutex(State())

    /// Seconds until names are looked up again: what they lead to changes behind a router's back.
    private static let lookUpInterval: Int64 = 15
    /// How many names are looked up at most.
    private static let mostNames = 8

    init(given: [IPAddress], listening: [IPAddress], names: @escaping @Sendable () -> [ServerName]) {
        self.given = given
        self.listening = listening
        self.names = names
    }

    /// What was found last.
    var last: RelayAddresses { state.withLock { $0.last } }

    /// Finds the addresses as they are now. Names are looked up beside it: what they lead to is part of a later answer.
    func find() -> RelayAddresses {
        let local = LocalAddresses.current()
        let offered = listening.isEmpty ? local : local.only(listening)
        let needsNames = [AddressFamily.ipv4, .ipv6].contains { family in
            guard given.isEmpty else { return false }
            return offered.preferred(family).map { !LocalAddresses.isLoopback($0) } == true
                && offered.anybodys(family) == nil
        }
        if needsNames { lookUp(changed: local != last.local) }
        return state.withLock { state in
            let looked = needsNames ? state.looked : []
            let found = [AddressFamily.ipv4, .ipv6].map { family -> IPAddress? in
                if !given.isEmpty { return given.last { $0.family == family } }
                return offered.anybodys(family)
                    // A family that this machine does not have is not its router's to pass on.
                    ?? offered.preferred(family).map { own in looked.first { $0.family == family } ?? own }
            }
            state.last = RelayAddresses(
                local: local, listening: offered.all, ipv4: found[0], ipv6: found[1])
            return state.last
        }
    }

    // MARK: Names

    private func lookUp(changed: Bool) {
        let now = RelayLoop.seconds
        let names = Array(names().prefix(Self.mostNames))
        let isDue = state.withLock { state in
            guard !state.isLooking, changed || names != state.names || now - state.lookedAt >= Self.lookUpInterval
            else {
                return false
            }
            state.isLooking = true
            state.names = names
            state.lookedAt = now
            return true
        }
        guard isDue else { return }
        // A name server that does not answer is waited for, by nobody else.
        let thread = startThread { [self] in
            let looked = names.flatMap(Self.addresses).filter { PeerPolicy.isPublic($0) }
            state.withLock { state in
                state.looked = looked
                state.isLooking = false
            }
        }
        if let thread { pthread_detach(thread) } else { state.withLock { $0.isLooking = false } }
    }

    private static func addresses(of name: ServerName) -> [IPAddress] {
        switch name {
        case .address(let bytes):
            return bytes.withUnsafeBytes { IPAddress($0) }.map { [$0] } ?? []
        case .dns(let name):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
            defer { freeaddrinfo(list) }
            var found: [IPAddress] = []
            var next = list
            while let entry = next {
                next = entry.pointee.ai_next
                if let address = entry.pointee.ai_addr, let ip = TransportAddress(socketAddress: address)?.ip {
                    found.append(ip)
                }
            }
            return found
        }
    }
}
