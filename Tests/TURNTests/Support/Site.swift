import CryptoPrimitives
import STUN
import TURN

/// A server with sockets on paper and a clock that is told what time it is.
final class Site {
    static let ipv4 = IPAddress(203, 0, 113, 7)
    static let ipv6 = IPAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 7)
    static let realm = Array("turn".utf8)
    static let start: UInt64 = 1_700_000_000

    let sockets = FakeSockets()
    let realm: [UInt8]
    let credentials: TimeLimitedCredentials
    var server: Server
    private(set) var moment = Moment(milliseconds: 5_000_000, unixTime: Site.start)

    init(
        ports: PortPool = PortPool(), seed: UInt8 = 1, realm: [UInt8] = Site.realm,
        counting counts: DerivationCount? = nil,
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) {
        self.realm = realm
        credentials = TimeLimitedCredentials(secret: Secret(Array("north".utf8)), realm: realm)
        var configuration = ServerConfiguration(realm: realm)
        configuration.relayIPv4 = Site.ipv4
        configuration.relayIPv6 = Site.ipv6
        configure(&configuration)
        let credentials = credentials
        server = Server(
            configuration, ports: ports, sockets: sockets,
            credentials: counts.map { CountedCredentials(credentials, $0) } ?? credentials,
            random: Randomness(seed: [seed]), at: moment)
    }

    func pass(milliseconds: UInt64) {
        moment.milliseconds += milliseconds
        moment.unixTime = Site.start + (moment.milliseconds - 5_000_000) / 1_000
        server.advance(to: moment)
    }

    func pass(seconds: UInt64) { pass(milliseconds: seconds * 1_000) }

    @discardableResult
    func receive(_ bytes: [UInt8], from path: ClientPath) -> ClientVerdict {
        bytes.withUnsafeBytes { bytes in server.receive(bytes, from: path) }
    }

    /// What a request is answered with; nil if with nothing.
    func answer(_ bytes: [UInt8], from path: ClientPath) -> Answer? {
        guard receive(bytes, from: path) == .answer else { return nil }
        return Answer(server.answer)
    }

    func receive(from peer: TransportAddress, at port: UInt16, count: Int = 10) -> PeerVerdict? {
        guard let relay = sockets.relay(port: port, peer.family) else { return nil }
        return server.receive(fromPeer: peer, at: relay, byteCount: count)
    }
}

/// A response, read and copied.
struct Answer {
    let bytes: [UInt8]
    let type: MessageType
    let transaction: TransactionID
    let attributes: [(type: AttributeType, value: [UInt8])]
    let error: ErrorCode?

    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let read = bytes.withUnsafeBytes { bytes in
            (try? Message(bytes)).map { message in
                (
                    message.type, message.transactionID, message.attributes.map { ($0.type, $0.bytes) },
                    try? message.errorCode(), message.isFingerprintRight
                )
            }
        }
        guard let read, read.4 else { return nil }
        type = read.0
        transaction = read.1
        attributes = read.2.map { (type: $0.0, value: $0.1) }
        error = read.3
    }

    var isSuccess: Bool { type.messageClass == .success }

    subscript(_ type: AttributeType) -> [UInt8]? { attributes.first { $0.type == type }?.value }

    func addresses(_ type: AttributeType) -> [TransportAddress] {
        attributes.filter { $0.type == type }.compactMap { attribute in
            attribute.value.withUnsafeBytes { try? TransportAddress(xored: $0, transaction) }
        }
    }

    var relayed: TransportAddress? { addresses(.xorRelayedAddress).first }
    var lifetime: UInt32? { self[.lifetime].map { $0.reduce(0) { $0 << 8 | UInt32($1) } } }

    func isProtected(by algorithm: IntegrityAlgorithm, key: Secret) -> Bool {
        bytes.withUnsafeBytes { bytes in (try? Message(bytes))?.isProtected(by: algorithm, key: key) ?? false }
    }
}
