import CryptoPrimitives
import STUN
import TURN
import Testing

@Suite("Relayed data")
struct RelayTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)
    let data: [UInt8] = [1, 2, 3, 4, 5]

    /// What goes to a client: framed in place, in a buffer with room around the data.
    private func framed(_ data: [UInt8], _ verdict: PeerVerdict?, isStream: Bool = false) -> [UInt8]? {
        guard case .deliver(let delivery) = verdict else { return nil }
        return framed(data, delivery.framing, isStream: isStream)
    }

    private func framed(_ data: [UInt8], _ framing: Framing, isStream: Bool = false) -> [UInt8] {
        let room = [UInt8](repeating: 0xEE, count: Framing.headroom)
        var buffer = room + data + [UInt8](repeating: 0xEE, count: Framing.tailroom)
        let payload = room.count..<room.count + data.count
        let range = buffer.withUnsafeMutableBytes { framing.frame(payload, in: $0, isStream: isStream) }
        #expect(buffer[..<range.lowerBound].allSatisfy { $0 == 0xEE })
        #expect(buffer[range.upperBound...].allSatisfy { $0 == 0xEE })
        return Array(buffer[range])
    }

    @Test("a Send indication goes to the peer it names, from the relayed address, with its data where it lay")
    func sendIndication() {
        let client = Client(Site())
        let port = client.allocate()?.relayed?.port ?? 0
        #expect(client.send(data, to: peer) == .discard(.noPermission))
        client.permit(peer)
        let bytes = client.indication(data, to: peer)
        guard case .relay(let relayed) = client.site.receive(bytes, from: client.path) else {
            Issue.record("not relayed")
            return
        }
        #expect(relayed.peer == peer)
        #expect(!relayed.dontFragment)
        #expect(Array(bytes[relayed.payload]) == data)
        #expect(client.site.sockets.open[relayed.socket]?.port == port)
        // The permission is for the address, whatever the port.
        #expect(client.send([], to: TransportAddress(peer.ip, port: 1)).peer?.port == 1)
        #expect(client.send(data, to: TransportAddress(IPAddress(192, 0, 2, 11), port: 7_000)).peer == nil)
        #expect(client.site.server.counters.datagramsToPeers == 2)
        #expect(client.site.server.counters.bytesToPeers == 5)
    }

    @Test("a Send indication without peer or data, with a bad address, or with what is not understood is discarded")
    func badIndications() {
        let client = Client(Site())
        client.allocate()
        client.permit(peer)
        func verdict(_ attributes: (inout MessageBuilder) -> Void) -> ClientVerdict {
            var builder = MessageBuilder(MessageType(.send, .indication), client.nextTransaction())
            attributes(&builder)
            return client.site.receive(builder.bytes, from: client.path)
        }
        #expect(verdict { $0.append(.data, [1]) } == .discard(.malformed))
        #expect(verdict { $0.append(.xorPeerAddress, xored: peer) } == .discard(.malformed))
        #expect(
            verdict {
                $0.append(.xorPeerAddress, [0, 1, 2, 3])
                $0.append(.data, [1])
            } == .discard(.malformed))
        #expect(client.send([1], to: TransportAddress(peer.ip, port: 0)) == .discard(.malformed))
        #expect(client.send([1], to: peer) { $0.append(AttributeType(rawValue: 0x7777)) } == .discard(.malformed))
        #expect(client.send([1], to: peer) { $0.append(.dontFragment) } == .discard(.malformed))
        #expect(client.send([1], to: peer) { $0.append(AttributeType(rawValue: 0xC777)) }.peer == peer)
        let stranger = Client(client.site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1))
        #expect(stranger.send([1], to: peer) == .discard(.noAllocation))
    }

    @Test("DONT-FRAGMENT is handed on where it can be done")
    func dontFragment() {
        let client = Client(Site { $0.supportsDontFragment = true })
        client.allocate()
        client.permit(peer)
        guard case .relay(let relayed) = client.send([1], to: peer, { $0.append(.dontFragment) }) else {
            Issue.record("not relayed")
            return
        }
        #expect(relayed.dontFragment)
    }

    @Test("what a peer sends becomes a Data indication, or ChannelData once a channel is bound")
    func fromPeer() throws {
        let site = Site()
        let client = Client(site)
        let port = client.allocate()?.relayed?.port ?? 0
        #expect(site.receive(from: peer, at: port) == .discard(.noPermission))
        client.permit(peer)
        let indication = try #require(framed(data, site.receive(from: peer, at: port)))
        let answer = try #require(Answer(indication))
        #expect(answer.type == MessageType(.data, .indication))
        #expect(answer.addresses(.xorPeerAddress) == [peer])
        #expect(answer[.data] == data)
        let again = try #require(framed(data, site.receive(from: peer, at: port)).flatMap(Answer.init))
        #expect(again.transaction != answer.transaction)

        client.bind(0x4001, peer)
        #expect(framed(data, site.receive(from: peer, at: port)) == [0x40, 0x01, 0, 5] + data)
        // In a stream, padded (RFC 8656 §12.5).
        #expect(framed(data, .channel(0x4001), isStream: true) == [0x40, 0x01, 0, 5] + data + [0, 0, 0])
        #expect(framed([1, 2, 3, 4], .channel(0x4001), isStream: true) == [0x40, 0x01, 0, 4, 1, 2, 3, 4])
        // Another port of the same address has a permission and no channel.
        let other = TransportAddress(peer.ip, port: 7_001)
        #expect(
            framed(data, site.receive(from: other, at: port)).flatMap(Answer.init)?.addresses(.xorPeerAddress) == [
                other
            ])
        #expect(site.server.counters.datagramsToClients == 4)
        #expect(site.server.counters[.noPermission] == 1)
    }

    @Test("a Data indication is whole for every length, in both families")
    func indicationLengths() throws {
        let id = TransactionID(high: 9, low: 10)
        for peer in [peer, TransportAddress(IPAddress(ipv6High: 1 << 61, low: 5), port: 9)] {
            for length in 0..<20 {
                let data = [UInt8](repeating: 7, count: length)
                let answer = try #require(Answer(framed(data, .indication(peer: peer, id))))
                #expect(answer.transaction == id)
                #expect(answer.addresses(.xorPeerAddress) == [peer])
                #expect(answer[.data] == data)
            }
        }
    }

    @Test("ChannelData goes to the channel's peer; its length may be less than the datagram's, never more")
    func channelData() {
        let client = Client(Site())
        client.allocate()
        #expect(client.channelData(0x4000, data) == .discard(.noChannel))
        client.bind(0x4000, peer)
        guard case .relay(let relayed) = client.channelData(0x4000, data) else {
            Issue.record("not relayed")
            return
        }
        #expect(relayed.peer == peer && relayed.payload == 4..<9)
        #expect(client.channelData(0x4000, []).peer == peer)
        #expect(client.channelData(0x4001, data) == .discard(.noChannel))
        let site = client.site
        // Padding behind the data is not data.
        guard case .relay(let padded) = site.receive([0x40, 0, 0, 1, 9, 0, 0, 0], from: client.path) else {
            Issue.record("not relayed")
            return
        }
        #expect(padded.payload == 4..<5)
        for bytes: [UInt8] in [
            [0x40], [0x40, 0, 0], [0x40, 0, 0, 2, 9], [0x50, 0, 0, 0], [0x7F, 0xFF, 0, 0], [0x80], [],
        ] {
            #expect(site.receive(bytes, from: client.path) == .discard(.malformed))
        }
        let stranger = ClientPath(client.path.address, link: 9)
        #expect(site.receive([0x40, 0, 0, 0], from: stranger) == .discard(.noAllocation))
        // A channel is a permission as well (RFC 8656 §12.2).
        #expect(client.send(data, to: peer).peer == peer)
    }

    @Test("the old channel numbers are accepted only where that is said")
    func oldChannels() {
        let old = Client(Site { $0.acceptsOldChannelNumbers = true })
        old.allocate()
        for number: UInt16 in [0x4000, 0x5000, 0x7FFF] {
            let peer = TransportAddress(peer.ip, port: number)
            #expect(old.bind(number, peer)?.isSuccess == true)
            #expect(old.channelData(number, data).peer == peer)
        }
        #expect(old.bind(0x8000, peer)?.error == .badRequest)
        #expect(old.site.receive([0x80, 0, 0, 0], from: old.path) == .discard(.malformed))
    }

    @Test("two clients of one server are joined inside it, in both directions, by channel and by indication")
    func joined() throws {
        let site = Site()
        let alice = Client(site)
        let bob = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 6_000), user: "bob")
        let aliceRelay = try #require(alice.allocate()?.relayed)
        let bobRelay = try #require(bob.allocate()?.relayed)
        #expect(alice.permit(bobRelay)?.isSuccess == true)
        // Bob has not permitted Alice's address yet: nothing reaches him, as if it had come from outside.
        #expect(alice.send(data, to: bobRelay) == .discard(.noPermission))
        #expect(bob.permit(aliceRelay)?.isSuccess == true)
        guard case .deliver(let delivery, let payload) = alice.send(data, to: bobRelay) else {
            Issue.record("not joined")
            return
        }
        #expect(delivery.client == bob.path)
        #expect(payload.count == data.count)
        guard case .indication(aliceRelay, _) = delivery.framing else {
            Issue.record("not from the relayed address")
            return
        }
        alice.bind(0x4000, bobRelay)
        bob.bind(0x4ABC, aliceRelay)
        #expect(
            alice.channelData(0x4000, data)
                == .deliver(Delivery(client: bob.path, framing: .channel(0x4ABC)), payload: 4..<9))
        #expect(
            bob.channelData(0x4ABC, data)
                == .deliver(Delivery(client: alice.path, framing: .channel(0x4000)), payload: 4..<9))
        // Bob goes: his address is nobody's, and nothing of this machine's is reached through it.
        bob.refresh(0)
        #expect(alice.channelData(0x4000, data) == .discard(.ownAddress))
        #expect(alice.send(data, to: TransportAddress(Site.ipv4, port: 443)) == .discard(.ownAddress))
    }

    @Test("a client of another server with the same addresses is reached through the kernel, and nothing else there is")
    func sharedPorts() throws {
        let ports = PortPool()
        let first = Client(Site(ports: ports, seed: 1))
        let second = Client(Site(ports: ports, seed: 2), user: "bob")
        let relay = try #require(second.allocate()?.relayed)
        #expect(first.allocate()?.relayed != relay)
        first.permit(relay)
        #expect(first.send(data, to: relay).peer == relay)
        second.refresh(0)
        #expect(first.send(data, to: relay) == .discard(.ownAddress))
    }

    @Test("a socket's name means nothing once it is closed")
    func closedRelay() throws {
        let site = Site()
        let client = Client(site)
        let port = try #require(client.allocate()?.relayed?.port)
        client.permit(peer)
        let relay = try #require(site.sockets.relay(port: port))
        #expect(site.server.receive(fromPeer: peer, at: relay, byteCount: 1) != .discard(.closedRelay))
        client.refresh(0)
        client.allocate()
        client.permit(peer)
        #expect(site.server.receive(fromPeer: peer, at: relay, byteCount: 1) == .discard(.closedRelay))
        #expect(
            site.server.receive(fromPeer: peer, at: RelayID(rawValue: .max), byteCount: 1, datagrams: 3)
                == .discard(.closedRelay))
        #expect(site.server.counters[.closedRelay] == 4)
    }

    @Test("a user's bandwidth bounds both directions and comes back with time")
    func bandwidth() {
        let site = Site { $0.quotas.bytesPerSecondPerUser = 1_000 }
        let client = Client(site)
        let port = client.allocate()?.relayed?.port ?? 0
        client.permit(peer)
        let data = [UInt8](repeating: 0, count: 400)
        #expect(client.send(data, to: peer).peer == peer)
        #expect(site.receive(from: peer, at: port, count: 400) != .discard(.bandwidth))
        #expect(client.send(data, to: peer).peer == peer)
        #expect(client.send(data, to: peer) == .discard(.bandwidth))
        #expect(site.receive(from: peer, at: port, count: 400) == .discard(.bandwidth))
        site.pass(milliseconds: 100)
        #expect(client.send([1], to: peer) == .discard(.bandwidth))
        site.pass(milliseconds: 101)
        #expect(client.send([1], to: peer).peer == peer)
        site.pass(seconds: 60)
        for _ in 0..<3 { #expect(client.send(data, to: peer).peer == peer) }
        #expect(client.send(data, to: peer) == .discard(.bandwidth))
        // Another user has its own.
        let bob = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1), user: "bob")
        bob.allocate()
        bob.permit(peer)
        #expect(bob.send(data, to: peer).peer == peer)
    }

    @Test("the server's bandwidth bounds all users together")
    func totalBandwidth() {
        let site = Site { $0.quotas.bytesPerSecond = 1_000 }
        let clients = ["alice", "bob"].enumerated().map { index, user in
            Client(site, TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(1 + index)), user: user)
        }
        for client in clients {
            client.allocate()
            client.permit(peer)
        }
        let data = [UInt8](repeating: 0, count: 600)
        #expect(clients[0].send(data, to: peer).peer == peer)
        #expect(clients[1].send(data, to: peer).peer == peer)
        #expect(clients[0].send(data, to: peer) == .discard(.bandwidth))
        #expect(clients[1].send(data, to: peer) == .discard(.bandwidth))
    }

    @Test("an ICMP message about what was sent to a permitted peer becomes a Data indication with ICMP")
    func icmp() throws {
        let site = Site()
        let client = Client(site)
        let port = try #require(client.allocate()?.relayed?.port)
        let relay = try #require(site.sockets.relay(port: port))
        let tooLarge = ICMPMessage(type: 3, code: 4, data: 1_400)
        #expect(site.server.receive(tooLarge, about: peer, at: relay) == nil)
        client.permit(peer)
        #expect(site.server.receive(tooLarge, about: peer, at: relay) == client.path)
        let answer = try #require(Answer(site.server.answer))
        #expect(answer.type == MessageType(.data, .indication))
        #expect(answer.addresses(.xorPeerAddress) == [peer])
        #expect(answer[.icmp] == [0, 0, 0x06, 0x04, 0, 0, 0x05, 0x78])
        #expect(answer[.data] == nil)
        #expect(site.server.receive(ICMPMessage(type: 8, code: 0, data: 0), about: peer, at: relay) == nil)
        client.refresh(0)
        #expect(site.server.receive(tooLarge, about: peer, at: relay) == nil)
    }

    @Test("the head of a stream says how long its first message is")
    func streams() {
        func next(_ bytes: [UInt8], old: Bool = false) -> StreamFraming.Message {
            bytes.withUnsafeBytes { StreamFraming.next($0, acceptingOldNumbers: old) }
        }
        #expect(next([]) == .incomplete)
        #expect(next([0, 1, 0]) == .incomplete)
        #expect(next([0, 1, 0, 8]) == .length(28))
        #expect(next([0, 1, 0, 7]) == .invalid)
        #expect(next([0x40, 0, 0]) == .incomplete)
        #expect(next([0x40, 0, 0, 0]) == .length(4))
        #expect(next([0x40, 0, 0, 5]) == .length(12))
        #expect(next([0x40, 0, 0xFF, 0xFF]) == .length(65_540))
        #expect(next([0x50]) == .invalid)
        #expect(next([0x50, 0, 0, 1], old: true) == .length(8))
        #expect(next(Array("GET / HTTP/1.1".utf8), old: false) == .length(20 + 0x2020) || next([0x80]) == .invalid)
    }
}
