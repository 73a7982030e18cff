import STUN

/// To which addresses anything is relayed. A relay that forwards wherever it is told is a way into the network that it
/// stands in (RFC 8656 §21.2 and §21.4).
public struct PeerPolicy: Sendable {
    /// Which private addresses, and which of the machine's own networks, may be peers: none, those in some networks, or all.
    public enum PrivateRanges: Sendable {
        case denied
        case networks([AddressPrefix])
        case allowed
    }

    public var privateRanges: PrivateRanges = .denied
    /// The networks that this machine is itself in. They are private, whatever their addresses are: machines there may trust
    /// what comes from this machine as a neighbour's.
    public var ownNetworks: [AddressPrefix] = []
    /// The addresses of this machine: of its interfaces, and the public one that stands for it.
    public var ownAddresses: Set<IPAddress> = []
    /// The ports at which this machine serves something itself. They are never a peer's on its own addresses.
    public var ownPorts: Set<UInt16> = []
    /// For benches and tests on one machine only: the loopback and the machine's own addresses are peers too.
    public var allowsLoopback = false

    public init() {}

    enum Standing: Equatable {
        case denied
        /// Somebody else's machine.
        case remote
        /// This machine: loopback or an address of its own.
        case own
    }

    func standing(of ip: IPAddress) -> Standing {
        if ownAddresses.contains(ip) { return .own }
        if Self.loopback.contains(where: { $0.contains(ip) }) { return allowsLoopback ? .own : .denied }
        if Self.denied.contains(where: { $0.contains(ip) }) || Self.isTunnel(ip) { return .denied }
        guard Self.privates.contains(where: { $0.contains(ip) }) || ownNetworks.contains(where: { $0.contains(ip) })
        else { return .remote }
        switch privateRanges {
        case .denied: return .denied
        case .networks(let networks): return networks.contains { $0.contains(ip) } ? .remote : .denied
        case .allowed: return .remote
        }
    }

    /// Whether an address is one that anybody may reach: not this machine's own loopback, nobody's private network, and no
    /// address with another purpose.
    public static func isPublic(_ ip: IPAddress) -> Bool {
        !loopback.contains { $0.contains(ip) } && !denied.contains { $0.contains(ip) } && !isTunnel(ip)
            && !privates.contains { $0.contains(ip) }
    }

    static let loopback: [AddressPrefix] = [
        AddressPrefix(IPAddress(127, 0, 0, 0), length: 8),
        AddressPrefix(IPAddress(ipv6High: 0, low: 1), length: 128),
    ]

    /// What is nobody's peer, whatever the policy says.
    private static let denied: [AddressPrefix] = [
        // RFC 6890: this network, link-local (where clouds keep their metadata: 169.254.169.254), IETF's own
        // (192.0.0.192 is metadata too), 6to4 relays, multicast, reserved and broadcast.
        AddressPrefix(IPAddress(0, 0, 0, 0), length: 8),
        AddressPrefix(IPAddress(169, 254, 0, 0), length: 16),
        AddressPrefix(IPAddress(192, 0, 0, 0), length: 24),
        AddressPrefix(IPAddress(192, 88, 99, 0), length: 24),
        AddressPrefix(IPAddress(224, 0, 0, 0), length: 4),
        AddressPrefix(IPAddress(240, 0, 0, 0), length: 4),
        // Metadata of clouds at addresses that are public or private otherwise: Alibaba, Azure, AWS and Google over IPv6.
        AddressPrefix(IPAddress(100, 100, 100, 200), length: 32),
        AddressPrefix(IPAddress(168, 63, 129, 16), length: 32),
        AddressPrefix(IPAddress(ipv6High: 0xFD00_0EC2_0000_0000, low: 0x254), length: 128),
        AddressPrefix(IPAddress(ipv6High: 0xFD20_00CE_0000_0000, low: 0x254), length: 128),
        // IPv4 in IPv6: unspecified and IPv4-compatible, IPv4-mapped (RFC 4291 §2.5.5), IPv4-translated (RFC 7915), NAT64
        // (RFC 6052, RFC 8215); and tunnels, which are denied besides.
        AddressPrefix(IPAddress(ipv6High: 0, low: 0), length: 96),
        AddressPrefix(IPAddress(ipv6High: 0, low: 0x0000_FFFF_0000_0000), length: 96),
        AddressPrefix(IPAddress(ipv6High: 0, low: 0xFFFF_0000_0000_0000), length: 96),
        AddressPrefix(IPAddress(ipv6High: 0x0064_FF9B_0000_0000, low: 0), length: 96),
        AddressPrefix(IPAddress(ipv6High: 0x0064_FF9B_0001_0000, low: 0), length: 48),
        // Discard-only, link-local, site-local as it was, multicast.
        AddressPrefix(IPAddress(ipv6High: 0x0100_0000_0000_0000, low: 0), length: 64),
        AddressPrefix(IPAddress(ipv6High: 0xFE80_0000_0000_0000, low: 0), length: 10),
        AddressPrefix(IPAddress(ipv6High: 0xFEC0_0000_0000_0000, low: 0), length: 10),
        AddressPrefix(IPAddress(ipv6High: 0xFF00_0000_0000_0000, low: 0), length: 8),
    ]

    /// Networks that are somebody's own: RFC 1918, carriers' (RFC 6598), benchmarks' (RFC 2544), unique local (RFC 4193).
    private static let privates: [AddressPrefix] = [
        AddressPrefix(IPAddress(10, 0, 0, 0), length: 8),
        AddressPrefix(IPAddress(172, 16, 0, 0), length: 12),
        AddressPrefix(IPAddress(192, 168, 0, 0), length: 16),
        AddressPrefix(IPAddress(100, 64, 0, 0), length: 10),
        AddressPrefix(IPAddress(198, 18, 0, 0), length: 15),
        AddressPrefix(IPAddress(ipv6High: 0xFC00_0000_0000_0000, low: 0), length: 7),
    ]

    /// Whether what is sent to an address goes through a tunnel from IPv4 to IPv6: Teredo (RFC 4380), 6to4 (RFC 3056), ISATAP.
    static func isTunnel(_ ip: IPAddress) -> Bool {
        tunnels.contains { $0.contains(ip) } || isISATAP(ip)
    }

    private static let tunnels: [AddressPrefix] = [
        AddressPrefix(IPAddress(ipv6High: 0x2001_0000_0000_0000, low: 0), length: 32),
        AddressPrefix(IPAddress(ipv6High: 0x2002_0000_0000_0000, low: 0), length: 16),
    ]

    /// ISATAP (RFC 5214 §6.1) hides an IPv4 address in the lower half, behind 0:5EFE, under any prefix.
    private static func isISATAP(_ ip: IPAddress) -> Bool {
        ip.family == .ipv6 && ip.low >> 32 & ~0x0200_0000 == 0x0000_5EFE
    }
}
