import STUN
import TURN
import Testing

/// IPv4 and IPv6 beside each other (RFC 8656, which took them in from RFC 6156), clause by clause. What the errors 440 and 443
/// have besides is in ErrorTests, what is no peer in PolicyTests.
@Suite("Address families")
struct AddressFamilyTests {
    private let peer4 = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)
    private let peer6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0001, low: 1), port: 7_000)
    private let client4 = TransportAddress(IPAddress(198, 51, 100, 1), port: 5_000)
    private let client6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0009, low: 1), port: 5_000)

    private func address(_ family: AddressFamily) -> (
        client: TransportAddress, peer: TransportAddress, relay: IPAddress
    ) {
        family == .ipv4 ? (client4, peer4, Site.ipv4) : (client6, peer6, Site.ipv6)
    }

    /// A client with a relayed address of each family.
    private func pair(_ site: Site = Site()) -> Client {
        let client = Client(site)
        #expect(client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.isSuccess == true)
        return client
    }

    @Test(
        "§5: relaying from each family to each, by indication and by channel",
        arguments: [AddressFamily.ipv4, .ipv6], [AddressFamily.ipv4, .ipv6])
    func relaying(ofClient: AddressFamily, ofPeer: AddressFamily) throws {
        let site = Site()
        let (peer, ip) = (address(ofPeer).peer, address(ofPeer).relay)
        let client = Client(site, address(ofClient).client)
        // §18.6: what is reserved in the attribute is ignored.
        let answer = try #require(client.allocate { $0.append(.requestedAddressFamily, [ofPeer.rawValue, 1, 2, 3]) })
        let relayed = try #require(answer.relayed)
        #expect(relayed.ip == ip)
        // XORed with the transaction ID of this very answer (RFC 8489 §14.2).
        #expect(answer.addresses(.xorMappedAddress) == [client.path.address])
        #expect(client.permit(peer)?.isSuccess == true)
        #expect(client.send([1], to: peer).peer == peer)
        guard case .deliver(let delivery) = site.receive(from: peer, at: relayed.port) else {
            Issue.record("not delivered")
            return
        }
        #expect(delivery.client == client.path)
        guard case .indication(peer, _) = delivery.framing else {
            Issue.record("not from the peer")
            return
        }
        #expect(client.bind(0x4000, peer)?.isSuccess == true)
        #expect(client.channelData(0x4000, [1]).peer == peer)
        #expect(
            site.receive(from: peer, at: relayed.port)
                == .deliver(Delivery(client: client.path, framing: .channel(0x4000))))
    }

    @Test("§7.2 step 5: a reserved port is of the family that it was reserved in")
    func reserved() throws {
        let site = Site()
        let first = Client(site, client6)
        let answer = try #require(
            first.allocate {
                $0.append(.requestedAddressFamily, [2, 0, 0, 0])
                $0.append(.evenPort, [0x80])
            })
        let (relayed, token) = (try #require(answer.relayed), try #require(answer[.reservationToken]))
        #expect(relayed.ip == Site.ipv6 && relayed.port & 1 == 0)
        // "It can use a different client IP address and port".
        let second = Client(site, client4).allocate { $0.append(.reservationToken, token) }
        #expect(second?.relayed == TransportAddress(Site.ipv6, port: relayed.port + 1))
    }

    @Test("§7.2 step 9: \"if the server can partially meet the request\": one address, and why it is not two")
    func partially() throws {
        // No port of one family; or no room for more than one address.
        for missing in [AddressFamily.ipv4, .ipv6] {
            let site = Site(ports: PortPool(range: 50_000...50_000))
            let other = Client(site, TransportAddress(client4.ip, port: 1), user: "bob")
            #expect(
                other.allocate { $0.append(.requestedAddressFamily, [missing.rawValue, 0, 0, 0]) }?.isSuccess == true)
            let answer = try #require(Client(site).allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) })
            #expect(answer.addresses(.xorRelayedAddress).map(\.ip) == [missing == .ipv4 ? Site.ipv6 : Site.ipv4])
            // §18.12: family, 13 bits reserved, 3 of class, 8 of number, the phrase.
            #expect(
                answer[.addressErrorCode] == [missing.rawValue, 0, 5, 8] + Array("Insufficient Capacity".utf8))
        }
        let site = Site { $0.quotas.relays = 2 }
        let other = Client(site, TransportAddress(client4.ip, port: 1), user: "bob")
        other.allocate()
        let client = Client(site)
        client.meet()
        let request = client.request(.allocate) {
            $0.append(.requestedTransport, [17, 0, 0, 0])
            $0.append(.additionalAddressFamily, [2, 0, 0, 0])
        }
        let answer = try #require(site.answer(request, from: client.path))
        #expect(answer.addresses(.xorRelayedAddress).map(\.ip) == [Site.ipv4])
        #expect(answer[.addressErrorCode]?.starts(with: [2, 0, 5, 8]) == true)
        #expect(site.answer(request, from: client.path)?.bytes == answer.bytes)
        #expect(client.permit(peer6)?.error == .peerAddressFamilyMismatch)
        // "If the server cannot satisfy the request": 508.
        let third = Client(site, TransportAddress(client4.ip, port: 3))
        #expect(third.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.error == .insufficientCapacity)
        #expect(third.allocate()?.error == .insufficientCapacity)
        client.refresh(0)
        #expect(third.allocate { $0.append(.evenPort, [0x80]) }?.error == .insufficientCapacity)
    }

    @Test("§7.2 step 9: a second family that is none, or an attribute of another length: 400")
    func additional() {
        let client = Client(Site())
        for value in [[1, 0, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0], [2], [2, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(client.allocate { $0.append(.additionalAddressFamily, value) }?.error == .badRequest)
        }
        #expect(client.allocate { $0.append(.additionalAddressFamily, [2, 1, 2, 3]) }?.isSuccess == true)
    }

    @Test("§8.2: Refresh is about the family it names, or both; one that is not there is 443, a malformed one 400")
    func refresh() {
        let site = Site()
        let client = pair(site)
        #expect(client.ask(.refresh) { $0.append(.requestedAddressFamily, [2]) }?.error == .badRequest)
        #expect(
            client.ask(.refresh) { $0.append(.requestedAddressFamily, [9, 0, 0, 0]) }?.error
                == .peerAddressFamilyMismatch)
        // Each has a time of its own (§6).
        #expect(client.refresh(3_000, .ipv6)?.lifetime == 3_000)
        site.pass(seconds: 600)
        #expect(client.refresh(600, .ipv4)?.error == .peerAddressFamilyMismatch)
        #expect(client.refresh(0, .ipv4)?.error == .peerAddressFamilyMismatch)
        #expect(client.refresh(1_000)?.lifetime == 1_000)
        #expect(site.sockets.open.values.map(\.family) == [.ipv6])
        site.pass(seconds: 999)
        #expect(site.server.allocationCount == 1)
        #expect(client.refresh(0, .ipv6)?.lifetime == 0)
        #expect(site.server.allocationCount == 0 && site.sockets.open.isEmpty)
        // Without the attribute it is about both.
        let both = pair(site)
        both.refresh(3_000)
        site.pass(seconds: 2_999)
        #expect(site.sockets.open.count == 2)
        both.refresh(0)
        #expect(site.sockets.open.isEmpty)
    }

    @Test("§6: permissions and channels are a relayed address's own, and end with it", arguments: [true, false])
    func ends(byItself: Bool) {
        let site = Site {
            $0.lifetimes.permission = 5_000
            $0.lifetimes.channel = 5_000
            $0.quotas.permissionsPerAllocation = 2
        }
        let client = pair(site)
        #expect(client.permit(peer4)?.isSuccess == true)
        #expect(client.bind(0x4001, peer6)?.isSuccess == true)
        #expect(client.bind(0x4000, peer4)?.isSuccess == true)
        client.refresh(3_000, .ipv6)
        if byItself { site.pass(seconds: 600) } else { client.refresh(0, .ipv4) }
        #expect(client.send([1], to: peer4) == .discard(.noPermission))
        #expect(client.channelData(0x4000, [1]) == .discard(.noChannel))
        #expect(client.channelData(0x4001, [1]).peer == peer6)
        #expect(client.send([1], to: peer6).peer == peer6)
        // The number and the place are free for somebody else.
        let other6 = TransportAddress(IPAddress(ipv6High: peer6.ip.high, low: 2), port: 1)
        #expect(client.bind(0x4000, other6)?.isSuccess == true)
        site.pass(seconds: 2_000)
        #expect(client.channelData(0x4000, [1]).peer == other6)
        client.refresh(0)
        site.pass(seconds: 5_000)
        #expect(site.server.allocationCount == 0)
    }

    @Test(
        "§10.2: addresses of both families in one request, whose relayed addresses there are; else 443, and no permission"
    )
    func permissions() {
        let client = pair()
        #expect(client.permit(peer6, peer4)?.isSuccess == true)
        #expect(client.send([1], to: peer4).peer == peer4)
        #expect(client.send([1], to: peer6).peer == peer6)
        for (family, own, other) in [(AddressFamily.ipv4, peer4, peer6), (.ipv6, peer6, peer4)] {
            let single = Client(Site())
            single.allocate { $0.append(.requestedAddressFamily, [family.rawValue, 0, 0, 0]) }
            #expect(single.permit(own, other)?.error == .peerAddressFamilyMismatch)
            #expect(single.permit(other, own)?.error == .peerAddressFamilyMismatch)
            #expect(single.send([1], to: own) == .discard(.noPermission))
            #expect(single.send([1], to: other) == .discard(.noPermission))
            // §12.2
            #expect(single.bind(0x4000, other)?.error == .peerAddressFamilyMismatch)
            #expect(single.channelData(0x4000, [1]) == .discard(.noChannel))
        }
    }

    @Test("§10.2: an IPv4-mapped address is of IPv6, and no way to the IPv4 address in it")
    func mapped() {
        let client = pair()
        client.permit(peer4)
        let mapped = TransportAddress(IPAddress(ipv6High: 0, low: 0xFFFF << 32 | peer4.ip.low), port: peer4.port)
        #expect(client.permit(mapped)?.error == .forbidden)
        #expect(client.send([1], to: mapped) == .discard(.noPermission))
        let only4 = Client(Site())
        only4.allocate()
        #expect(only4.permit(mapped)?.error == .peerAddressFamilyMismatch)
    }

    @Test(
        "§11.5: of ICMPv4 types 3 and 11 are told, of ICMPv6 1, 2 and 3; §18.13: the MTU, and zero where there is none")
    func icmp() throws {
        let site = Site()
        let client = pair(site)
        client.permit(peer4, peer6)
        for (peer, told) in [(peer4, [3, 11] as [UInt8]), (peer6, [1, 2, 3])] {
            let relay = try #require(site.sockets.open.values.first { $0.family == peer.family }).relay
            for type in UInt8(0)...255 {
                for code in [UInt8(0), 4] {
                    let message = ICMPMessage(type: type, code: code, data: 1_280)
                    guard told.contains(type) else {
                        #expect(site.server.receive(message, about: peer, at: relay) == nil)
                        continue
                    }
                    #expect(site.server.receive(message, about: peer, at: relay) == client.path)
                    let indication = try #require(Answer(site.server.answer))
                    #expect(indication.addresses(.xorPeerAddress) == [peer])
                    let hasMTU = peer.family == .ipv4 ? type == 3 && code == 4 : type == 2
                    #expect(indication[.icmp] == [0, 0, type << 1, code, 0, 0] + (hasMTU ? [5, 0] : [0, 0]))
                }
            }
        }
    }

    @Test(
        "§13: DONT-FRAGMENT is ignored where a datagram comes or goes over IPv6, and only there; §15: never by a stream",
        arguments: [AddressFamily.ipv4, .ipv6], [AddressFamily.ipv4, .ipv6])
    func dontFragment(ofClient: AddressFamily, ofPeer: AddressFamily) {
        for transport in ClientTransport.allCases {
            let peer = address(ofPeer).peer
            let client = Client(Site { $0.supportsDontFragment = true }, address(ofClient).client, over: transport)
            client.allocate { $0.append(.requestedAddressFamily, [ofPeer.rawValue, 0, 0, 0]) }
            client.permit(peer)
            guard case .relay(let relayed) = client.send([1], to: peer, { $0.append(.dontFragment) }) else {
                Issue.record("not relayed")
                return
            }
            #expect(relayed.dontFragment == (transport != .udp || ofClient == .ipv4 && ofPeer == .ipv4))
        }
    }

    @Test(
        "§21.4: a client whose address is a tunnel's, Teredo, 6to4 or ISATAP, gets no allocation: 403",
        arguments: [
            (0x2001_0000_0000_0000, 1), (0x2001_0000_FFFF_FFFF, 1), (0x2002_C000_020A_0000, 1),
            (0x2002_0000_0000_0000, 0), (0x2001_0DB8_0000_0000, 0x0000_5EFE_C000_020A),
            (0x2001_0DB8_0000_0000, 0x0200_5EFE_C000_020A),
        ] as [(UInt64, UInt64)])
    func tunnels(high: UInt64, low: UInt64) {
        let site = Site()
        let token = Client(site).allocate { $0.append(.evenPort, [0x80]) }?[.reservationToken] ?? []
        for transport in ClientTransport.allCases {
            let client = Client(
                site, TransportAddress(IPAddress(ipv6High: high, low: low), port: 1), over: transport)
            #expect(client.allocate()?.error == .forbidden)
            #expect(client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.error == .forbidden)
            #expect(client.allocate { $0.append(.reservationToken, token) }?.error == .forbidden)
            #expect(client.bind(0x4000, peer4)?.error == .allocationMismatch)
            // Who asks where they are is told.
            #expect(site.answer(client.question(.binding), from: client.path)?.isSuccess == true)
        }
        #expect(site.server.allocationCount == 1)
    }

    @Test(
        "§21.4: the networks beside those are anybody's",
        arguments: [0x2001_0001 << 32, 0x2003 << 48, 0x2001_0DB8 << 32] as [UInt64])
    func besideTunnels(high: UInt64) {
        let client = Client(Site(), TransportAddress(IPAddress(ipv6High: high, low: 0x5EFE), port: 1))
        #expect(client.allocate()?.isSuccess == true)
    }
}
