import CryptoPrimitives
import STUN
import TURN

extension Fuzzing {
    /// Whatever clients that know their passwords, strangers, peers, ICMP and time do, as the bytes say: the server stands,
    /// its verdicts stay inside what came and name what is open, and after three hours nothing is left.
    static func server(_ bytes: UnsafeRawBufferPointer) {
        var play = FuzzedServer(Script(bytes))
        play.run()
    }
}

/// Bytes that are taken one after the other; zeros once there are no more.
private struct Script {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isOver: Bool { offset >= bytes.count }

    mutating func next() -> Int {
        guard offset < bytes.count else { return 0 }
        defer { offset += 1 }
        return Int(bytes[offset])
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(next()) } }
}

private struct FuzzedServer {
    private static let ports: ClosedRange<UInt16> = 50_000...50_015
    private static let methods: [Method] = [.allocate, .refresh, .createPermission, .channelBind, .binding, .send]
    private static let types: [AttributeType] = [
        .requestedTransport, .lifetime, .xorPeerAddress, .channelNumber, .evenPort, .reservationToken, .dontFragment,
        .requestedAddressFamily, .additionalAddressFamily, .data, .username, .software, .icmp, .xorRelayedAddress,
    ]

    private var script: Script
    private let pool = PortPool(range: ports)
    private let site: Site
    private let clients: [Client]
    private let peers: [TransportAddress]
    private var token: [UInt8] = []

    init(_ script: Script) {
        self.script = script
        let site = Site(ports: pool) {
            $0.alternateServers = [Site.ipv4, Site.ipv6].flatMap { ip in
                ClientTransport.allCases.map {
                    AlternateServer($0, TransportAddress(ip, port: 1), domain: $0 == .tls ? [0x61] : nil)
                }
            }
            $0.redirection = .whenFull
            $0.supportsDontFragment = true
            $0.quotas.relays = 12
            $0.quotas.relaysPerUser = 6
            $0.quotas.permissionsPerAllocation = 3
            $0.quotas.channelsPerAllocation = 3
            $0.quotas.bytesPerSecondPerUser = 2_000
            $0.quotas.bytesPerSecond = 5_000
        }
        self.site = site
        clients = (0..<4).map { index in
            let ip = index == 2 ? IPAddress(ipv6High: 0x2001_0DB8_0000_0009, low: 1) : IPAddress(198, 51, 100, 1)
            let client = Client(
                site, TransportAddress(ip, port: UInt16(1 + index)), user: index < 2 ? "alice" : "bob",
                over: index == 3 ? .tls : .udp, seconds: 20_000)
            client.integrity = index & 1 == 0 ? .sha1 : .sha256
            client.algorithm = index & 1 == 0 ? nil : .sha256
            client.hasFingerprint = index & 2 == 0
            client.meet()
            return client
        }
        peers =
            [
                TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000),
                TransportAddress(IPAddress(192, 0, 2, 10), port: 7_001),
                TransportAddress(IPAddress(192, 0, 2, 11), port: 0),
                TransportAddress(IPAddress(127, 0, 0, 1), port: 80),
                TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0001, low: 1), port: 7_000),
                TransportAddress(IPAddress(ipv6High: 0xFFFF, low: 1), port: 7_000),
            ]
            // Relayed addresses of this very server: clients that are joined.
            + (0..<5).map { TransportAddress(Site.ipv4, port: Self.ports.lowerBound + $0) }
            + (0..<5).map { TransportAddress(Site.ipv6, port: Self.ports.lowerBound + $0) }
    }

    mutating func run() {
        while !script.isOver { step() }
        site.pass(seconds: 3 * 3_600)
        precondition(site.server.allocationCount == 0)
        precondition(site.sockets.open.isEmpty)
        for port in Self.ports { precondition(!pool.isTaken(.ipv4, port) && !pool.isTaken(.ipv6, port)) }
    }

    private mutating func step() {
        let kind = script.next()
        let client = clients[kind >> 6]
        switch kind & 0x0F {
        case 0: datagram(client)
        case 1, 2, 3, 4: request(client)
        case 5: channelData(client)
        case 6: send(client)
        case 7, 8: fromPeer()
        case 9: site.pass(milliseconds: UInt64(script.next()) * UInt64(script.next()) * 10)
        case 10: icmp()
        case 11: site.server.close(client.path)
        case 12: site.server.remove(subject: Array((script.next() & 1 == 0 ? "alice" : "bob").utf8))
        case 13: changeAddresses()
        case 14: bind(client)
        default: client.meet(longQuestion: script.next() & 1 == 0)
        }
        precondition(site.server.allocationCount <= site.sockets.open.count)
        precondition(site.sockets.open.count <= 12)
    }

    /// Anything at all, or a STUN message as far as its header.
    private mutating func datagram(_ client: Client) {
        let shape = script.next()
        var bytes = script.bytes(script.next())
        if shape & 1 != 0, bytes.count >= Message.headerLength {
            bytes[0] &= 0x01
            bytes[2] = UInt8((bytes.count - Message.headerLength) >> 8)
            bytes[3] = UInt8((bytes.count - Message.headerLength) & 0xFC)
            bytes.replaceSubrange(4..<8, with: [0x21, 0x12, 0xA4, 0x42])
        }
        receive(bytes, client)
    }

    /// A request by who knows the password.
    private mutating func request(_ client: Client) {
        let method = Self.methods[script.next() % Self.methods.count]
        let count = script.next() % 5
        var attributes: [(AttributeType, [UInt8])] = []
        if method == .allocate, script.next() & 3 != 0 { attributes.append((.requestedTransport, [17, 0, 0, 0])) }
        var addresses: [(AttributeType, TransportAddress)] = []
        for _ in 0..<count {
            let choice = script.next()
            let type = Self.types[choice % Self.types.count]
            switch (type, choice >> 7) {
            case (.xorPeerAddress, 0): addresses.append((type, peers[script.next() % peers.count]))
            case (.reservationToken, 0): attributes.append((type, token))
            case (.requestedAddressFamily, 0), (.additionalAddressFamily, 0):
                attributes.append((type, [UInt8(1 + script.next() % 2), 0, 0, 0]))
            case (.evenPort, 0): attributes.append((type, [UInt8(script.next() & 1) << 7]))
            default: attributes.append((type, script.bytes(script.next() % 12)))
            }
        }
        let bytes = client.request(method) { builder in
            for (type, value) in attributes { builder.append(type, value) }
            for (type, address) in addresses { builder.append(type, xored: address) }
        }
        receive(bytes, client)
        // Sent again, it changes nothing more than it did.
        if script.next() & 7 == 0 { receive(bytes, client) }
    }

    private mutating func bind(_ client: Client) {
        let number = UInt16(0x4000 + script.next() % 4)
        let peer = peers[script.next() % peers.count]
        receive(
            client.request(.channelBind) { builder in
                builder.append(.channelNumber, [UInt8(number >> 8), UInt8(number & 0xFF), 0, 0])
                builder.append(.xorPeerAddress, xored: peer)
            }, client)
    }

    private mutating func channelData(_ client: Client) {
        let number = script.next()
        let data = script.bytes(script.next())
        let claimed = script.next() & 7 == 0 ? script.next() : data.count
        receive([0x40, UInt8(number % 5), 0, UInt8(claimed & 0xFF)] + data, client)
    }

    private mutating func send(_ client: Client) {
        let peer = peers[script.next() % peers.count]
        let data = script.bytes(script.next() % 64)
        let extra = Self.types[script.next() % Self.types.count]
        let hasExtra = script.next() & 3 == 0
        receive(client.indication(data, to: peer) { if hasExtra { $0.append(extra, [1]) } }, client)
    }

    /// From a peer, or from elsewhere, to a socket that is open or was.
    private mutating func fromPeer() {
        let peer = peers[script.next() % peers.count]
        let relay = relay()
        let datagrams = 1 + script.next() % 4
        let verdict = site.server.receive(
            fromPeer: peer, at: relay, byteCount: script.next() * datagrams, datagrams: datagrams)
        guard case .deliver(let delivery) = verdict else { return }
        precondition(site.sockets.open.values.contains { $0.relay == relay })
        check(delivery)
    }

    private mutating func relay() -> RelayID {
        let choice = script.next()
        let open = site.sockets.open.values.sorted { $0.relay.rawValue < $1.relay.rawValue }
        guard !open.isEmpty, choice & 15 != 0 else { return RelayID(rawValue: UInt64(1 + choice % 4) << 32 | 1) }
        return open[choice % open.count].relay
    }

    private mutating func icmp() {
        let message = ICMPMessage(type: UInt8(script.next() % 16), code: UInt8(script.next() % 16), data: 1_400)
        let peer = peers[script.next() % peers.count]
        guard let path = site.server.receive(message, about: peer, at: relay()) else { return }
        precondition(clients.contains { $0.path == path } && Answer(site.server.answer) != nil)
    }

    private mutating func changeAddresses() {
        let choice = script.next()
        site.server.setRelayAddresses(
            ipv4: choice & 1 == 0 ? Site.ipv4 : nil, ipv6: choice & 2 == 0 ? Site.ipv6 : nil)
        var policy = PeerPolicy()
        policy.allowsLoopback = choice & 4 != 0
        policy.ownPorts = [80]
        site.server.setPolicy(policy)
        site.server.setRedirection(choice & 8 == 0 ? .whenFull : .always)
    }

    private mutating func receive(_ bytes: [UInt8], _ client: Client) {
        let before = site.sockets.open
        switch site.receive(bytes, from: client.path) {
        case .discard:
            precondition(site.sockets.open.count == before.count)
        case .answer:
            guard let answer = Answer(site.server.answer) else { preconditionFailure("an answer that is none") }
            if let given = answer[.reservationToken] { token = given }
            if answer.error != nil { precondition(site.sockets.open.count == before.count) }
        case .relay(let relayed):
            precondition(relayed.payload.lowerBound >= 4 && relayed.payload.upperBound <= bytes.count)
            precondition(site.sockets.open[relayed.socket]?.family == relayed.peer.family)
            precondition(
                relayed.peer.port != 0 && relayed.peer.ip != IPAddress(127, 0, 0, 1) || relayed.peer.port != 80)
        case .deliver(let delivery, let payload):
            precondition(payload.lowerBound >= 4 && payload.upperBound <= bytes.count)
            check(delivery)
        }
    }

    private func check(_ delivery: Delivery) {
        precondition(clients.contains { $0.path == delivery.client })
        precondition(delivery.framing.headerLength <= Framing.headroom)
    }
}
