import NodeClient
import STUN
import TURN

/// A TURN client over TCP or TLS, as far as tests need one.
final class StreamClient {
    let stream: ByteStream
    var requests: RelayRequests

    convenience init(_ stream: ByteStream, secret: String = "north", user: String = "alice") {
        self.init(stream, RelayRequests(secret: secret, user: user))
    }

    init(_ stream: ByteStream, _ requests: RelayRequests) {
        self.stream = stream
        self.requests = requests
    }

    var address: TransportAddress? {
        IPAddress(text: stream.localAddress.ip).map { TransportAddress($0, port: UInt16(stream.localAddress.port)) }
    }

    func send(_ bytes: [UInt8]) async throws { try await stream.send(bytes) }

    /// The next message, padding and all.
    func receive() async throws -> [UInt8] {
        let head = try await stream.receive(4)
        guard case .length(let length) = head.withUnsafeBytes({ StreamFraming.next($0) }) else {
            throw ByteStream.Failure.closed
        }
        return head + (try await stream.receive(length - 4))
    }

    func ask(_ method: Method, _ attributes: (inout MessageBuilder) -> Void = { _ in }) async throws -> RelayReply {
        if !requests.knowsNonce {
            try await send(RelayRequests.question)
            requests.learn(try await receive())
        }
        for _ in 0..<2 {
            try await send(requests.make(method, attributes))
            let answer = try await receive()
            let reply = try RelayReply(answer)
            guard reply.error == .staleNonce else { return reply }
            requests.learn(answer)
        }
        throw ByteStream.Failure.closed
    }

    /// - Returns: the relayed address.
    func allocate() async throws -> TransportAddress? {
        try await ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }.relayed
    }

    func bind(_ number: UInt16, to peer: TransportAddress) async throws -> Bool {
        try await ask(.channelBind) {
            $0.append(.channelNumber, [UInt8(number >> 8), UInt8(number & 0xFF), 0, 0])
            $0.append(.xorPeerAddress, xored: peer)
        }.isSuccess
    }

    func permit(_ peer: TransportAddress) async throws -> Bool {
        try await ask(.createPermission) { $0.append(.xorPeerAddress, xored: peer) }.isSuccess
    }

    /// ChannelData, padded as streams have it.
    static func channelData(_ number: UInt16, _ data: [UInt8]) -> [UInt8] {
        DatagramClient.channelData(number, data) + [UInt8](repeating: 0, count: -data.count & 3)
    }
}
