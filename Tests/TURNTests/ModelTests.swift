import CryptoPrimitives
import STUN
import TURN
import Testing

/// What RFC 8656 says an allocation is, without any of the server's tables: dictionaries, looked through each time.
private struct Model {
    struct Allocation {
        var end: UInt64
        let port: UInt16
        let user: String
        var permissions: [IPAddress: UInt64] = [:]
        var channels: [UInt16: (peer: TransportAddress, end: UInt64)] = [:]
    }

    /// By the client's port.
    var allocations: [UInt16: Allocation] = [:]

    mutating func forget(by second: UInt64) {
        allocations = allocations.filter { $0.value.end > second }.mapValues { allocation in
            var kept = allocation
            kept.permissions = allocation.permissions.filter { $0.value > second }
            kept.channels = allocation.channels.filter { $0.value.end > second }
            return kept
        }
    }
}

/// SplitMix64: the same numbers every time.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Clients that do whatever comes to mind, and a model that says what must come of it.
private final class Play {
    static let quotas = (relays: 3, permissions: 3, channels: 4)
    static let users = ["alice", "bob", "carol"]

    let site: Site
    let clients: [Client]
    let peers: [TransportAddress]
    var model = Model()
    var numbers: Numbers
    var second: UInt64 = 0
    /// How often what has happened.
    private(set) var outcomes: [String: Int] = [:]

    init(seed: UInt64) {
        let site = Site(seed: UInt8(seed)) {
            $0.quotas.relaysPerUser = Play.quotas.relays
            $0.quotas.permissionsPerAllocation = Play.quotas.permissions
            $0.quotas.channelsPerAllocation = Play.quotas.channels
        }
        self.site = site
        clients = (0..<12).map { index in
            let address = TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(1_000 + index))
            return Client(site, address, user: Play.users[index % 3], seconds: 100_000_000)
        }
        peers = (0..<8).map { index in
            TransportAddress(IPAddress(192, 0, 2, UInt8(1 + index / 2)), port: UInt16(7_000 + index % 2))
        }
        numbers = Numbers(state: seed)
    }

    private func note(_ what: String, _ isRight: Bool) {
        outcomes[what, default: 0] += 1
        #expect(isRight, "\(what), second \(second)")
    }

    func step() {
        let client = clients[numbers.below(clients.count)]
        let peer = peers[numbers.below(peers.count)]
        let number = 0x4000 + UInt16(numbers.below(7))
        switch numbers.below(20) {
        case 0, 1, 2: allocate(client)
        case 3: refresh(client)
        case 4, 5: permit(client, peer)
        case 6, 7, 8: bind(client, number, peer)
        case 9, 10, 11: channelData(client, number)
        case 12, 13: send(client, peer)
        case 14, 15, 16: receive(client, peer)
        case 17:
            site.server.close(client.path)
            model.allocations[client.path.address.port] = nil
        default:
            let seconds = UInt64(numbers.below(90))
            site.pass(seconds: seconds)
            second += seconds
            model.forget(by: second)
        }
        #expect(site.server.allocationCount == model.allocations.count)
        #expect(site.sockets.open.count == model.allocations.count)
    }

    private func allocate(_ client: Client) {
        let id = client.path.address.port
        let user = Play.users[Int(id - 1_000) % 3]
        let present = model.allocations.values.filter { $0.user == user }.count
        let answer = client.allocate()
        if model.allocations[id] != nil {
            note("allocate 437", answer?.error == .allocationMismatch)
        } else if present >= Play.quotas.relays {
            note("allocate 486", answer?.error == .allocationQuotaReached)
        } else {
            let port = answer?.relayed?.port ?? 0
            let isTaken = model.allocations.values.contains { $0.port == port }
            note("allocate", answer?.isSuccess == true && !isTaken)
            model.allocations[id] = Model.Allocation(end: second + 600, port: port, user: user)
        }
    }

    private func refresh(_ client: Client) {
        let id = client.path.address.port
        let choices: [UInt32] = [0, 600, 1_000, 3_600]
        let seconds = choices[numbers.below(4)]
        let answer = client.refresh(seconds)
        if model.allocations[id] == nil {
            note("refresh 437", answer?.error == .allocationMismatch)
        } else {
            note("refresh", answer?.lifetime == seconds)
            model.allocations[id]?.end = second + UInt64(seconds)
            if seconds == 0 { model.allocations[id] = nil }
        }
    }

    private func permit(_ client: Client, _ peer: TransportAddress) {
        let id = client.path.address.port
        let answer = client.permit(peer)
        guard let allocation = model.allocations[id] else {
            return note("permission 437", answer?.error == .allocationMismatch)
        }
        if allocation.permissions[peer.ip] == nil, allocation.permissions.count >= Play.quotas.permissions {
            note("permission 508", answer?.error == .insufficientCapacity)
        } else {
            note("permission", answer?.isSuccess == true)
            model.allocations[id]?.permissions[peer.ip] = second + 300
        }
    }

    private func bind(_ client: Client, _ number: UInt16, _ peer: TransportAddress) {
        let id = client.path.address.port
        let answer = client.bind(number, peer)
        guard let allocation = model.allocations[id] else {
            return note("channel 437", answer?.error == .allocationMismatch)
        }
        let bound = allocation.channels[number]?.peer
        let isElsewhere = allocation.channels.contains { $0.value.peer == peer && $0.key != number }
        let isFull = bound == nil && allocation.channels.count >= Play.quotas.channels
        let mayNot = allocation.permissions[peer.ip] == nil && allocation.permissions.count >= Play.quotas.permissions
        if isElsewhere || bound != nil && bound != peer {
            note("channel 400", answer?.error == .badRequest)
        } else if isFull || mayNot {
            note("channel 508", answer?.error == .insufficientCapacity)
        } else {
            note("channel", answer?.isSuccess == true)
            model.allocations[id]?.channels[number] = (peer, second + 600)
            model.allocations[id]?.permissions[peer.ip] = second + 300
        }
    }

    private func channelData(_ client: Client, _ number: UInt16) {
        let verdict = client.channelData(number, [1, 2, 3])
        guard let allocation = model.allocations[client.path.address.port] else {
            return note("data, no allocation", verdict == ClientVerdict.discard(.noAllocation))
        }
        let bound = allocation.channels[number]?.peer
        note(bound == nil ? "data, no channel" : "data by channel", verdict.peer == bound)
        if case .relay(let relayed) = verdict {
            note("socket", site.sockets.open[relayed.socket]?.port == allocation.port)
        }
    }

    private func send(_ client: Client, _ peer: TransportAddress) {
        let verdict = client.send([1, 2, 3], to: peer)
        guard let allocation = model.allocations[client.path.address.port] else {
            return note("send, no allocation", verdict == ClientVerdict.discard(.noAllocation))
        }
        if allocation.permissions[peer.ip] == nil {
            note("send, no permission", verdict == ClientVerdict.discard(.noPermission))
        } else {
            note("send", verdict.peer == peer)
        }
    }

    private func receive(_ client: Client, _ peer: TransportAddress) {
        guard let allocation = model.allocations[client.path.address.port] else { return }
        let verdict = site.receive(from: peer, at: allocation.port)
        if allocation.permissions[peer.ip] == nil {
            note("from peer, no permission", verdict == PeerVerdict.discard(.noPermission))
        } else if let channel = allocation.channels.first(where: { $0.value.peer == peer }) {
            let expected = Delivery(client: client.path, framing: .channel(channel.key))
            note("from peer by channel", verdict == PeerVerdict.deliver(expected))
        } else if case .deliver(let delivery) = verdict, case .indication(peer, _) = delivery.framing {
            note("from peer by indication", delivery.client == client.path)
        } else {
            note("from peer by indication", false)
        }
    }
}

@Suite("The server, at random")
struct ModelTests {
    @Test("random operations by clients that come and go do what a simple model does", arguments: UInt64(1)...12)
    func againstModel(seed: UInt64) {
        let play = Play(seed: seed)
        for _ in 0..<4_000 { play.step() }
        // Every outcome that the model knows has occurred, or it was not tested.
        #expect(play.outcomes.count == 22, "\(play.outcomes)")
    }

    @Test("whatever the bytes are, from whoever they come: the server stands, and its verdicts stay inside them")
    func hostileBytes() {
        var numbers = Numbers(state: 99)
        let site = Site { $0.strangers.burst = 1_000_000 }
        let client = Client(site)
        let port = client.allocate { $0.append(.lifetime, number: 3_600) }?.relayed?.port ?? 0
        let peer = TransportAddress(IPAddress(192, 0, 2, 1), port: 7_000)
        client.bind(0x4000, peer)
        let seeds: [[UInt8]] = [
            client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) },
            client.request(.refresh) { $0.append(.lifetime, number: 600) },
            client.request(.createPermission) { $0.append(.xorPeerAddress, xored: peer) },
            client.request(.channelBind) {
                $0.append(.channelNumber, [0x40, 1, 0, 0])
                $0.append(.xorPeerAddress, xored: peer)
            },
            client.indication([1, 2, 3, 4, 5], to: peer),
            [0x40, 0x00, 0x00, 0x05, 1, 2, 3, 4, 5, 0, 0, 0],
            client.question(.binding),
        ]
        var kinds: Set<String> = []
        for _ in 0..<60_000 {
            var bytes = seeds[numbers.below(seeds.count)]
            for _ in 0..<numbers.below(4) where !bytes.isEmpty {
                let index = numbers.below(bytes.count)
                switch numbers.below(6) {
                case 0: bytes.removeSubrange(index...)
                case 1:
                    bytes.insert(contentsOf: (0..<4).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }, at: index)
                case 2: bytes.removeSubrange(index..<min(index + 4, bytes.count))
                default: bytes[index] = UInt8(truncatingIfNeeded: numbers.next())
                }
            }
            if bytes.count >= 20, bytes[0] < 0x40, numbers.below(2) == 0 {
                bytes[2] = UInt8(truncatingIfNeeded: (bytes.count - 20) >> 8)
                bytes[3] = UInt8(truncatingIfNeeded: bytes.count - 20)
            }
            switch site.receive(bytes, from: client.path) {
            case .discard(let reason):
                kinds.insert("\(reason)")
            case .answer:
                #expect(Answer(site.server.answer) != nil)
                kinds.insert("answer")
            case .relay(let relayed):
                #expect(relayed.payload.lowerBound >= 0 && relayed.payload.upperBound <= bytes.count)
                #expect(site.sockets.open[relayed.socket]?.port == port)
                kinds.insert("relay")
            case .deliver:
                kinds.insert("deliver")
            }
        }
        #expect(kinds.isSuperset(of: ["malformed", "unexpected", "noChannel", "noPermission", "answer", "relay"]))
        // Nothing but the code's owner has changed anything.
        #expect(site.server.allocationCount == 1)
        #expect(client.channelData(0x4000, [1]).peer == peer)
    }
}
