import CDatagrams
import Glibc
import STUN

/// Opens the relay's UDP sockets. They never block, and hand over what came from one sender as one piece (UDP_GRO) where
/// the kernel has it as one.
enum DatagramSocket {
    enum Purpose: Equatable {
        /// Clients come to it, all to one: it has room for the bursts of all of them, and for no more. Where several threads serve one port
        /// each has its own, and the kernel deals the clients out among them.
        case listener(isShared: Bool)
        /// One allocation's peers come to it.
        case relay
    }

    /// - Parameter ip: nil for all addresses of the family.
    /// - Returns: the descriptor, or `errno` as a negative number.
    static func open(_ family: AddressFamily, _ ip: IPAddress?, port: UInt16, for purpose: Purpose) -> Int32 {
        let domain = family == .ipv4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(domain, type, 0)
        guard socket >= 0 else { return -errno }
        if family == .ipv6 { set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        set(socket, Int32(DATAGRAM_SOL_UDP), Int32(DATAGRAM_UDP_GRO), 1)
        switch purpose {
        case .listener(let isShared):
            if isShared { set(socket, SOL_SOCKET, SO_REUSEPORT, 1) }
            // When more comes than can be relayed this is always full. What is dropped then is dropped here, before it has
            // cost anything, and what is kept is short enough to be in the processor's cache when its turn comes: with
            // 4 MB each datagram cost half as much again, and waited for 25 ms.
            set(socket, SOL_SOCKET, SO_RCVBUF, 256 << 10)
            set(socket, SOL_SOCKET, SO_SNDBUF, 4 << 20)
        case .relay:
            set(socket, SOL_SOCKET, SO_RCVBUF, 1 << 20)
            // RFC 8656 §14: without DONT-FRAGMENT the datagrams may be fragmented.
            setDontFragment(false, socket, family)
            // What ICMP says of them is for the client.
            set(
                socket, family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6),
                family == .ipv4 ? IP_RECVERR : IPV6_RECVERR, 1)
        }
        let any = family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
        var address = sockaddr_in6()
        let length = TransportAddress(ip ?? any, port: port).write(to: &address)
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        guard bound == 0 else {
            let error = errno
            close(socket)
            return -error
        }
        return socket
    }

    /// The port that a socket is bound to.
    static func port(of socket: Int32) -> UInt16? {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        return withUnsafeMutablePointer(to: &address) { address in
            let found = address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
            return found == 0 ? TransportAddress(socketAddress: address)?.port : nil
        }
    }

    static func setDontFragment(_ dontFragment: Bool, _ socket: Int32, _ family: AddressFamily) {
        switch family {
        case .ipv4:
            set(socket, Int32(IPPROTO_IP), IP_MTU_DISCOVER, dontFragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT)
        case .ipv6:
            set(socket, Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, dontFragment ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT)
        }
    }

    private static func set(_ socket: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
