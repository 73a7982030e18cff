import CDatagrams
import Glibc
import STUN
import TURN

/// The addresses that this machine has at the moment.
struct LocalAddresses: Equatable {
    /// All of them, loopback too, in the interfaces' order; link-local ones have no place here, nor those that are not usable yet.
    let all: [IPAddress]
    /// The networks that it is in by them: what it reaches without any router, loopback apart.
    var networks: [AddressPrefix] = []

    static func current() -> LocalAddresses {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return LocalAddresses(all: []) }
        defer { freeifaddrs(list) }
        var all: [IPAddress] = []
        var networks: [AddressPrefix] = []
        var next = list
        while let interface = next {
            next = interface.pointee.ifa_next
            guard interface.pointee.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.pointee.ifa_addr,
                let ip = TransportAddress(socketAddress: address)?.ip, !isLinkLocal(ip), !all.contains(ip), isUsable(ip)
            else { continue }
            all.append(ip)
            if let network = network(of: ip, mask: interface.pointee.ifa_netmask), !networks.contains(network) {
                networks.append(network)
            }
        }
        return LocalAddresses(all: all, networks: networks)
    }

    /// The network of an address; nil for loopback, and for an interface that has the whole world behind it.
    private static func network(of ip: IPAddress, mask: UnsafeMutablePointer<sockaddr>?) -> AddressPrefix? {
        guard !isLoopback(ip), let mask, let bits = TransportAddress(socketAddress: mask)?.ip, bits.family == ip.family
        else { return nil }
        var length = bits.high.nonzeroBitCount + bits.low.nonzeroBitCount
        // RFC 4291 §2.5.4: a network of IPv6 has 64 bits. What DHCPv6 gives out has a mask of its own, of 128.
        if ip.family == .ipv6 { length = min(length, 64) }
        guard length > 0 else { return nil }
        return AddressPrefix(AddressPrefix(ip, length: length).first, length: length)
    }

    /// Those of the addresses that are among these, and all the networks.
    func only(_ chosen: [IPAddress]) -> LocalAddresses {
        LocalAddresses(all: all.filter { chosen.contains($0) }, networks: networks)
    }

    /// The first address of that family that anybody may reach.
    func anybodys(_ family: AddressFamily) -> IPAddress? {
        all.first { $0.family == family && PeerPolicy.isPublic($0) }
    }

    /// The first address of that family that others on its network reach; loopback if there is no other.
    func preferred(_ family: AddressFamily) -> IPAddress? {
        let candidates = all.filter { $0.family == family }
        return candidates.first { !Self.isLoopback($0) } ?? candidates.first
    }

    static func isLoopback(_ ip: IPAddress) -> Bool {
        ip.family == .ipv4 ? ip.low >> 24 == 127 : ip.high == 0 && ip.low == 1
    }

    /// Whether one can listen there. A new IPv6 address is listed, but tentative, until it is sure that nobody else on the network
    /// has it (RFC 4862 §5.4): a second or more. It is a change of addresses when that has passed, and is taken up then.
    private static func isUsable(_ ip: IPAddress) -> Bool {
        guard ip.family == .ipv6 else { return true }
        let socket = DatagramSocket.open(.ipv6, ip, port: 0, for: .relay)
        if socket >= 0 { close(socket) }
        // Whatever else is wrong, such as too many open files, says nothing about the address.
        return socket != -EADDRNOTAVAIL
    }

    private static func isLinkLocal(_ ip: IPAddress) -> Bool {
        ip.family == .ipv4 ? ip.low >> 16 == 0xA9FE : ip.high >> 54 == 0xFE80 >> 6
    }
}
