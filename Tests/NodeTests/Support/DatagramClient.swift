import CDatagrams
import Glibc
import STUN
import TURN

/// A UDP socket on a loopback address, and a TURN client on it as far as tests need one.
final class DatagramClient {
    struct TimedOut: Error {}

    static let loopback = IPAddress(127, 0, 0, 1)
    static let loopback6 = IPAddress(ipv6High: 0, low: 1)

    let address: TransportAddress
    private let socket: Int32
    private let relay: TransportAddress
    private var requests: RelayRequests

    /// - Parameters:
    ///   - ip: the loopback address at which it is, and comes to the relay.
    ///   - secret: the relay's, to make the credential from.
    ///   - patience: the seconds that ``receive()`` waits.
    convenience init(
        relayPort: Int, at ip: IPAddress = DatagramClient.loopback, secret: String = "north", user: String = "alice",
        patience: Int = 5
    ) throws {
        try self.init(relayPort: relayPort, at: ip, RelayRequests(secret: secret, user: user), patience: patience)
    }

    init(
        relayPort: Int, at ip: IPAddress = DatagramClient.loopback, _ requests: RelayRequests, patience: Int = 5
    ) throws {
        let isIPv4 = ip.family == .ipv4
        let socket = Glibc.socket(isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        self.socket = socket
        relay = TransportAddress(ip, port: UInt16(relayPort))
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var room: Int32 = 4 << 20
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
        let isBound = Self.withSocketAddress(TransportAddress(ip, port: 0)) { Glibc.bind(socket, $0, $1) == 0 }
        var own = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let isNamed = withUnsafeMutablePointer(to: &own) { own in
            own.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) == 0 }
        }
        // The port has the same place in both families' addresses.
        address = TransportAddress(ip, port: isBound && isNamed ? UInt16(bigEndian: own.sin6_port) : 0)
        self.requests = requests
    }

    private static func withSocketAddress<Result>(
        _ address: TransportAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        switch address.family {
        case .ipv4:
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = address.port.bigEndian
            value.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.ip.low).bigEndian
            return withUnsafePointer(to: &value) { value in
                value.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .ipv6:
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: address.ip.bytes) }
            return withUnsafePointer(to: &value) { value in
                value.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    deinit { close(socket) }

    /// - Parameter segment: the bytes are cut into datagrams of that length by the kernel; 0 for one datagram.
    func send(_ bytes: [UInt8], to destination: TransportAddress? = nil, segment: Int32 = 0) {
        var size = segment
        setsockopt(socket, Int32(DATAGRAM_SOL_UDP), Int32(DATAGRAM_UDP_SEGMENT), &size, 4)
        Self.withSocketAddress(destination ?? relay) { address, length in
            _ = sendto(socket, bytes, bytes.count, 0, address, length)
        }
    }

    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw TimedOut() }
        return Array(buffer[..<count])
    }

    /// - Parameter seconds: how long to wait, at most five.
    func receive(within seconds: Int) throws -> [UInt8] {
        var query = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&query, 1, Int32(seconds) * 1_000) > 0 else { throw TimedOut() }
        return try receive()
    }

    /// The answer's attributes, by type; the first question's answer gives the nonce.
    func ask(_ method: Method, _ attributes: (inout MessageBuilder) -> Void) throws -> RelayReply {
        if !requests.knowsNonce {
            send(RelayRequests.question)
            requests.learn(try receive())
        }
        for _ in 0..<2 {
            send(requests.make(method, attributes))
            let answer = try receive()
            let reply = try RelayReply(answer)
            guard reply.error == .staleNonce else { return reply }
            requests.learn(answer)
        }
        throw TimedOut()
    }

    /// - Parameter family: asked for; none if nil.
    /// - Returns: the relayed address.
    func allocate(_ family: AddressFamily? = nil) throws -> TransportAddress? {
        try ask(.allocate) { builder in
            builder.append(.requestedTransport, [17, 0, 0, 0])
            if let family { builder.append(.requestedAddressFamily, [family.rawValue, 0, 0, 0]) }
        }.relayed
    }

    func permit(_ peer: TransportAddress) throws -> Bool {
        try ask(.createPermission) { $0.append(.xorPeerAddress, xored: peer) }.isSuccess
    }

    func bind(_ number: UInt16, to peer: TransportAddress) throws -> Bool {
        try ask(.channelBind) {
            $0.append(.channelNumber, [UInt8(number >> 8), UInt8(number & 0xFF), 0, 0])
            $0.append(.xorPeerAddress, xored: peer)
        }.isSuccess
    }

    static func channelData(_ number: UInt16, _ data: [UInt8]) -> [UInt8] {
        [UInt8(number >> 8), UInt8(number & 0xFF), UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }
}
