import CDatagrams
import Glibc
import STUN
import TURN

/// A UDP socket on the loopback address, and a TURN client on it as far as tests need one.
final class DatagramClient {
    struct TimedOut: Error {}

    static let loopback = IPAddress(127, 0, 0, 1)

    let address: TransportAddress
    private let socket: Int32
    private let relay: TransportAddress
    private var requests: RelayRequests

    /// - Parameters:
    ///   - secret: the relay's, to make the credential from.
    ///   - patience: the seconds that ``receive()`` waits.
    convenience init(relayPort: Int, secret: String = "north", user: String = "alice", patience: Int = 5) throws {
        try self.init(relayPort: relayPort, RelayRequests(secret: secret, user: user), patience: patience)
    }

    init(relayPort: Int, _ requests: RelayRequests, patience: Int = 5) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        self.socket = socket
        relay = TransportAddress(Self.loopback, port: UInt16(relayPort))
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var room: Int32 = 4 << 20
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: UInt16 = withUnsafeMutablePointer(to: &own) { own in
            own.withMemoryRebound(to: sockaddr.self, capacity: 1) { own in
                guard Glibc.bind(socket, own, length) == 0, getsockname(socket, own, &length) == 0 else { return 0 }
                return own.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
        address = TransportAddress(Self.loopback, port: port)
        self.requests = requests
    }

    deinit { close(socket) }

    /// - Parameter segment: the bytes are cut into datagrams of that length by the kernel; 0 for one datagram.
    func send(_ bytes: [UInt8], to destination: TransportAddress? = nil, segment: Int32 = 0) {
        var size = segment
        setsockopt(socket, Int32(DATAGRAM_SOL_UDP), Int32(DATAGRAM_UDP_SEGMENT), &size, 4)
        let destination = destination ?? relay
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = destination.port.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: destination.ip.low).bigEndian
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(socket, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
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
        send(requests.make(method, attributes))
        return try RelayReply(try receive())
    }

    /// - Returns: the relayed address.
    func allocate() throws -> TransportAddress? {
        try ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }.relayed
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
