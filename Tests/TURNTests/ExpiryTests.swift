import STUN
import TURN
import Testing

/// Everything that ends does so in its second: a look a second before and one at the second.
@Suite("Expiry, to the second")
struct ExpiryTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)

    @Test("an allocation", arguments: [600, 601, 3_600] as [UInt32])
    func allocation(_ seconds: UInt32) {
        let site = Site()
        let client = Client(site, seconds: 100_000)
        client.allocate { $0.append(.lifetime, number: seconds) }
        site.pass(seconds: UInt64(seconds) - 1)
        #expect(site.server.allocationCount == 1)
        #expect(site.sockets.open.count == 1)
        site.pass(milliseconds: 999)
        #expect(site.server.allocationCount == 1)
        site.pass(milliseconds: 1)
        #expect(site.server.allocationCount == 0)
        #expect(site.sockets.open.count == 0)
        #expect(client.refresh()?.error == .allocationMismatch)
    }

    @Test("an allocation that is refreshed, to longer and to shorter")
    func refreshed() {
        let site = Site()
        let client = Client(site, seconds: 100_000)
        client.allocate()
        site.pass(seconds: 599)
        client.refresh(3_600)
        site.pass(seconds: 3_000)
        client.refresh(700)
        site.pass(seconds: 699)
        #expect(site.server.allocationCount == 1)
        site.pass(seconds: 1)
        #expect(site.server.allocationCount == 0)
    }

    @Test("one of a pair")
    func pair() {
        let site = Site()
        let client = Client(site, seconds: 100_000)
        client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        client.refresh(1_000, .ipv6)
        site.pass(seconds: 600)
        #expect(site.sockets.open.values.map(\.family) == [.ipv6])
        #expect(site.server.allocationCount == 1)
        site.pass(seconds: 399)
        #expect(site.server.allocationCount == 1)
        site.pass(seconds: 1)
        #expect(site.server.allocationCount == 0)
    }

    @Test("a permission, which data does not refresh")
    func permission() {
        let site = Site()
        let client = Client(site)
        let port = client.allocate { $0.append(.lifetime, number: 3_600) }?.relayed?.port ?? 0
        client.permit(peer)
        for _ in 0..<299 {
            site.pass(seconds: 1)
            #expect(client.send([1], to: peer).peer == peer)
            #expect(site.receive(from: peer, at: port) != .discard(.noPermission))
        }
        site.pass(seconds: 1)
        #expect(client.send([1], to: peer) == .discard(.noPermission))
        #expect(site.receive(from: peer, at: port) == .discard(.noPermission))
        client.permit(peer)
        site.pass(seconds: 200)
        client.permit(peer)
        site.pass(seconds: 299)
        #expect(client.send([1], to: peer).peer == peer)
        site.pass(seconds: 1)
        #expect(client.send([1], to: peer) == .discard(.noPermission))
    }

    @Test("a channel, whose permission ends before it")
    func channel() {
        let site = Site()
        let client = Client(site)
        let port = client.allocate { $0.append(.lifetime, number: 3_600) }?.relayed?.port ?? 0
        client.bind(0x4000, peer)
        site.pass(seconds: 299)
        #expect(
            site.receive(from: peer, at: port) == .deliver(Delivery(client: client.path, framing: .channel(0x4000))))
        site.pass(seconds: 1)
        #expect(site.receive(from: peer, at: port) == .discard(.noPermission))
        #expect(client.channelData(0x4000, [1]).peer == peer)
        site.pass(seconds: 299)
        #expect(client.channelData(0x4000, [1]).peer == peer)
        site.pass(seconds: 1)
        #expect(client.channelData(0x4000, [1]) == .discard(.noChannel))
        // The number and the peer are free again for others.
        let other = TransportAddress(peer.ip, port: 7_001)
        #expect(client.bind(0x4000, other)?.isSuccess == true)
        #expect(client.bind(0x4001, peer)?.isSuccess == true)
        site.pass(seconds: 500)
        #expect(client.bind(0x4001, peer)?.isSuccess == true)
        site.pass(seconds: 100)
        #expect(client.channelData(0x4000, [1]) == .discard(.noChannel))
        #expect(client.channelData(0x4001, [1]).peer == peer)
    }

    @Test("a reserved port")
    func reservation() {
        let site = Site()
        Client(site).allocate { $0.append(.evenPort, [0x80]) }
        site.pass(seconds: 29)
        #expect(site.sockets.open.count == 2)
        site.pass(seconds: 1)
        #expect(site.sockets.open.count == 1)
    }

    @Test("a nonce lives for at least half its lifetime, and not beyond the whole")
    func nonce() {
        for start in stride(from: UInt64(0), to: 3_600, by: 300) {
            let site = Site()
            site.pass(seconds: start)
            let client = Client(site, seconds: 100_000)
            client.meet()
            site.pass(seconds: 1_800)
            let early = client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
            #expect(site.answer(early, from: client.path)?.isSuccess == true)
            site.pass(seconds: 1_800)
            #expect(site.answer(client.request(.refresh), from: client.path)?.error == .staleNonce)
        }
    }

    @Test("what ended long before anybody looked ends all at once, in a clock that jumps by days")
    func jump() {
        let site = Site()
        for port in 1...50 {
            let address = TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(port))
            let client = Client(site, address, user: "user \(port)")
            client.allocate { $0.append(.lifetime, number: UInt32(600 + 60 * port)) }
            client.bind(0x4000, peer)
        }
        #expect(site.server.allocationCount == 50)
        site.pass(seconds: 660)
        #expect(site.server.allocationCount == 49)
        site.pass(seconds: 7 * 86_400)
        #expect(site.server.allocationCount == 0)
        #expect(site.sockets.open.isEmpty)
    }
}
