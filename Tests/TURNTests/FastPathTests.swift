import AllocationCounter
import STUN
import TURN
import Testing

@Suite("The fast path")
struct FastPathTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)

    /// How many allocations a hundred calls make, after one that may still fill a cache.
    private func allocations(_ body: () -> Bool) -> (count: UInt64, isRight: Bool) {
        var isRight = body()
        let before = allocation_count()
        for _ in 0..<100 { isRight = body() && isRight }
        return (allocation_count() - before, isRight)
    }

    @Test("relayed data allocates nothing, whichever way it goes")
    func allocatesNothing() throws {
        let site = Site {
            $0.quotas.bytesPerSecond = 1 << 40
            $0.quotas.bytesPerSecondPerUser = 1 << 40
        }
        let alice = Client(site)
        let bob = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 6_000), user: "bob")
        let aliceRelay = try #require(alice.allocate()?.relayed)
        let bobRelay = try #require(bob.allocate()?.relayed)
        alice.bind(0x4000, peer)
        alice.bind(0x4001, bobRelay)
        bob.permit(aliceRelay, peer)
        let relay = try #require(site.sockets.relay(port: aliceRelay.port))
        let bobsRelay = try #require(site.sockets.relay(port: bobRelay.port))
        let other = TransportAddress(peer.ip, port: 1)

        func fromClient(_ bytes: [UInt8], _ client: Client, _ isRight: (ClientVerdict) -> Bool) {
            let path = client.path
            let result = bytes.withUnsafeBytes { bytes in
                allocations { isRight(site.server.receive(bytes, from: path)) }
            }
            #expect(result.count == 0)
            #expect(result.isRight)
        }
        func fromPeer(_ peer: TransportAddress, _ relay: RelayID, _ isRight: (Framing) -> Bool) {
            var buffer = [UInt8](repeating: 0, count: 300)
            let result = buffer.withUnsafeMutableBytes { buffer in
                allocations {
                    let verdict = site.server.receive(fromPeer: peer, at: relay, byteCount: 160)
                    guard case .deliver(let delivery) = verdict else { return false }
                    let range = delivery.framing.frame(60..<220, in: buffer, isStream: false)
                    return isRight(delivery.framing) && range.upperBound >= 220
                }
            }
            #expect(result.count == 0)
            #expect(result.isRight)
        }

        // That the counter counts at all.
        #expect(allocations { [UInt8](repeating: 1, count: site.sockets.opened + 5).count > 5 }.count > 0)
        let data = [UInt8](repeating: 7, count: 160)
        fromClient([0x40, 0x00, 0x00, 0xA0] + data, alice) { if case .relay = $0 { true } else { false } }
        fromClient(alice.indication(data, to: other), alice) { if case .relay = $0 { true } else { false } }
        fromClient([0x40, 0x01, 0x00, 0xA0] + data, alice) { if case .deliver = $0 { true } else { false } }
        fromClient([0x40, 0x02, 0x00, 0xA0] + data, alice) { $0 == .discard(.noChannel) }
        fromClient([0x7F, 0x02, 0x00, 0xA0] + data, alice) { $0 == .discard(.malformed) }
        fromPeer(peer, relay) { $0 == .channel(0x4000) }
        fromPeer(peer, bobsRelay) { if case .indication = $0 { true } else { false } }
        // And neither does the time, with something to end.
        let before = allocation_count()
        for _ in 0..<700 { site.pass(seconds: 1) }
        #expect(site.server.allocationCount == 0)
        #expect(allocation_count() - before < 50)
    }

    @Test("a thousand allocations with a channel each take less than 8 kB each")
    func memory() {
        let before = allocated_bytes()
        let site = Site {
            $0.quotas.relaysPerUser = 1_000
            // They come from one network, all at once.
            $0.strangers.burst = 1_000
        }
        for index in 0..<1_000 {
            let address = TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(1_000 + index))
            let client = Client(site, address, user: "user \(index)")
            client.allocate()
            client.bind(0x4000, peer)
        }
        #expect(site.server.allocationCount == 1_000)
        // The server's own, the credentials and the paper sockets together.
        #expect(allocated_bytes() - before < 8_000 * 1_000)
    }
}
