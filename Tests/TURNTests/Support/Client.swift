import CryptoPrimitives
import STUN
import TURN

/// A TURN client, as far as tests need one.
final class Client {
    let site: Site
    let path: ClientPath
    let username: [UInt8]
    let password: [UInt8]
    var integrity = IntegrityAlgorithm.sha1
    var hidesName = false
    /// With the attributes of RFC 8489, or as browsers do without them.
    var algorithm: PasswordAlgorithm?
    var hasFingerprint = false
    var nonce: [UInt8] = []
    private var transactions: UInt64

    init(
        _ site: Site, _ address: TransportAddress = TransportAddress(IPAddress(198, 51, 100, 1), port: 5_000),
        user: String = "alice", over transport: ClientTransport = .udp, seconds: UInt64 = 3_600
    ) {
        self.site = site
        path = ClientPath(address, link: 3, over: transport)
        (username, password) = site.credentials.issue(
            user: Array(user.utf8), subject: Array(user.utf8), seconds: seconds, unixTime: Site.start)
        transactions = UInt64(address.port) << 32
    }

    var key: Secret {
        (algorithm ?? .md5).key(username: username, realm: site.realm, password: Secret(password))
    }

    func nextTransaction() -> TransactionID {
        transactions += 1
        return TransactionID(high: 0xC0FFEE, low: transactions)
    }

    /// A request with the credential.
    func request(
        _ method: Method, _ transaction: TransactionID? = nil, _ attributes: (inout MessageBuilder) -> Void = { _ in }
    ) -> [UInt8] {
        var builder = MessageBuilder(MessageType(method, .request), transaction ?? nextTransaction())
        attributes(&builder)
        if hidesName {
            builder.append(.userhash, Userhash.of(username: username, realm: site.realm))
        } else {
            builder.append(.username, username)
        }
        builder.append(.realm, site.realm)
        builder.append(.nonce, nonce)
        if let algorithm {
            builder.append(.passwordAlgorithms, PasswordAlgorithm.sha256.bytes + PasswordAlgorithm.md5.bytes)
            builder.append(.passwordAlgorithm, algorithm.bytes)
        }
        builder.append(integrity, key: key)
        if hasFingerprint { builder.appendFingerprint() }
        return builder.bytes
    }

    /// A request as it is before the client knows a nonce.
    func question(_ method: Method, _ attributes: (inout MessageBuilder) -> Void = { _ in }) -> [UInt8] {
        var builder = MessageBuilder(MessageType(method, .request), nextTransaction())
        attributes(&builder)
        return builder.bytes
    }

    /// Asks for a nonce. A long question gets the long answer, with the cookie.
    func meet(longQuestion: Bool = true) {
        let question = question(.allocate) { builder in
            builder.append(.requestedTransport, [17, 0, 0, 0])
            if longQuestion { builder.append(.software, [UInt8](repeating: 0x20, count: 40)) }
        }
        if let answer = site.answer(question, from: path), let nonce = answer[.nonce] { self.nonce = nonce }
    }

    /// The answer to a request with the credential; a stale nonce is replaced, once.
    @discardableResult
    func ask(_ method: Method, _ attributes: (inout MessageBuilder) -> Void = { _ in }) -> Answer? {
        if nonce.isEmpty { meet() }
        guard let answer = site.answer(request(method, nil, attributes), from: path) else { return nil }
        guard answer.error == .staleNonce, let nonce = answer[.nonce] else { return answer }
        self.nonce = nonce
        return site.answer(request(method, nil, attributes), from: path)
    }

    @discardableResult
    func allocate(_ attributes: (inout MessageBuilder) -> Void = { _ in }) -> Answer? {
        ask(.allocate) { builder in
            builder.append(.requestedTransport, [17, 0, 0, 0])
            attributes(&builder)
        }
    }

    @discardableResult
    func refresh(_ seconds: UInt32? = nil, _ family: AddressFamily? = nil) -> Answer? {
        ask(.refresh) { builder in
            if let seconds { builder.append(.lifetime, number: seconds) }
            if let family { builder.append(.requestedAddressFamily, [family.rawValue, 0, 0, 0]) }
        }
    }

    @discardableResult
    func permit(_ peers: TransportAddress...) -> Answer? {
        ask(.createPermission) { builder in
            for peer in peers { builder.append(.xorPeerAddress, xored: peer) }
        }
    }

    @discardableResult
    func bind(_ number: UInt16, _ peer: TransportAddress) -> Answer? {
        ask(.channelBind) { builder in
            builder.append(.channelNumber, [UInt8(number >> 8), UInt8(number & 0xFF), 0, 0])
            builder.append(.xorPeerAddress, xored: peer)
        }
    }

    /// A Send indication.
    func send(_ data: [UInt8], to peer: TransportAddress, _ attributes: (inout MessageBuilder) -> Void = { _ in })
        -> ClientVerdict
    {
        site.receive(indication(data, to: peer, attributes), from: path)
    }

    func indication(
        _ data: [UInt8], to peer: TransportAddress, _ attributes: (inout MessageBuilder) -> Void = { _ in }
    ) -> [UInt8] {
        var builder = MessageBuilder(MessageType(.send, .indication), nextTransaction())
        builder.append(.xorPeerAddress, xored: peer)
        attributes(&builder)
        builder.append(.data, data)
        return builder.bytes
    }

    func channelData(_ number: UInt16, _ data: [UInt8]) -> ClientVerdict {
        let header = [number >> 8, number & 0xFF, UInt16(data.count) >> 8, UInt16(data.count) & 0xFF].map { UInt8($0) }
        return site.receive(header + data, from: path)
    }
}

extension ClientVerdict {
    /// Where the data goes, if to a peer.
    var peer: TransportAddress? {
        if case .relay(let relayed) = self { relayed.peer } else { nil }
    }
}
