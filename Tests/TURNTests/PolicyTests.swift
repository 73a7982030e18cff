import STUN
import TURN
import Testing

@Suite("Peer addresses")
struct PolicyTests {
    /// Reads `a.b.c.d`, or eight groups of IPv6 of which one run may be `::`.
    private func ip(_ text: String) -> IPAddress {
        if !text.contains(":") {
            let bytes = text.split(separator: ".").compactMap { UInt8($0) }
            return IPAddress(bytes[0], bytes[1], bytes[2], bytes[3])
        }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false).map { half in
            half.split(separator: ":").compactMap { UInt16($0, radix: 16) }
        }
        let tail = halves.count > 1 ? halves[1] : []
        let groups = halves[0] + [UInt16](repeating: 0, count: 8 - halves[0].count - tail.count) + tail
        let numbers = groups.map { UInt64($0) }
        return IPAddress(
            ipv6High: numbers[0] << 48 | numbers[1] << 32 | numbers[2] << 16 | numbers[3],
            low: numbers[4] << 48 | numbers[5] << 32 | numbers[6] << 16 | numbers[7])
    }

    /// Whether a client gets a permission for that address.
    private func isPermitted(_ address: String, _ configure: (inout ServerConfiguration) -> Void = { _ in }) -> Bool {
        let client = Client(Site(configure))
        client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        let peer = TransportAddress(ip(address), port: 7_000)
        let permission = client.permit(peer)
        let channel = client.bind(0x4000, peer)
        #expect(permission?.isSuccess == channel?.isSuccess)
        #expect(permission?.isSuccess == true || permission?.error == .forbidden)
        return permission?.isSuccess == true
    }

    @Test(
        "never, whatever the policy: loopback, link-local, multicast, broadcast, metadata, and IPv4 in IPv6",
        arguments: [
            "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254", "192.0.0.192",
            "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "100.100.100.200",
            "168.63.129.16", "::", "::1", "::7f00:1", "::c000:20a", "::ffff:7f00:1", "::ffff:c000:20a",
            "::ffff:a9fe:a9fe", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1",
            "64:ff9b:1:ffff::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:7f00:1::1",
            "2002:c000:20a::1",
            "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "fd00:ec2::254", "fd20:ce::254",
            "2001:db8::5efe:7f00:1", "2001:db8::200:5efe:c000:20a",
        ])
    func never(_ address: String) {
        #expect(!isPermitted(address))
        #expect(!isPermitted(address) { $0.policy.privateRanges = .allowed })
    }

    @Test(
        "private ranges only where the policy says so",
        arguments: [
            "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
            "100.127.255.255",
            "198.18.0.1", "fc00::1", "fd12:3456::1",
        ])
    func privates(_ address: String) {
        #expect(!isPermitted(address))
        #expect(isPermitted(address) { $0.policy.privateRanges = .allowed })
        let ten = AddressPrefix(IPAddress(10, 0, 0, 0), length: 8)
        #expect(
            isPermitted(address) { $0.policy.privateRanges = .networks([ten]) } == address.hasPrefix("10."))
    }

    @Test(
        "the machine's own networks only where the policy says so, though anybody may have such addresses",
        arguments: ["203.0.114.9", "2001:db8:5::9"])
    func ownNetworks(_ address: String) {
        let networks = [
            AddressPrefix(IPAddress(203, 0, 114, 0), length: 24),
            AddressPrefix(IPAddress(ipv6High: 0x2001_0DB8_0005_0000, low: 0), length: 64),
        ]
        #expect(isPermitted(address))
        #expect(!isPermitted(address) { $0.policy.ownNetworks = networks })
        // Of who is in them, the relay's own addresses remain: two of its clients have each other for peers by these.
        #expect(
            isPermitted(address) {
                $0.policy.ownNetworks = networks; $0.policy.ownAddresses = [ip(address)]
            })
        for ranges in [PeerPolicy.PrivateRanges.allowed, .networks(networks)] {
            #expect(
                isPermitted(address) {
                    $0.policy.ownNetworks = networks
                    $0.policy.privateRanges = ranges
                })
        }
        let ten = AddressPrefix(IPAddress(10, 0, 0, 0), length: 8)
        #expect(
            !isPermitted(address) {
                $0.policy.ownNetworks = networks
                $0.policy.privateRanges = .networks([ten])
            })
        #expect(isPermitted("203.0.115.1") { $0.policy.ownNetworks = networks })
    }

    @Test(
        "everybody else",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.1", "172.15.0.1", "172.32.0.1",
            "192.167.1.1", "223.255.255.255", "100.63.255.255", "100.128.0.0", "169.253.1.1", "2001:db8::1",
            "2001:1::1", "2003::1", "2606:4700::1111", "65:ff9b::1", "64:ff9b:2::1",
        ])
    func public_(_ address: String) {
        #expect(isPermitted(address))
    }

    @Test("this machine's own addresses: no data, but to clients' relayed addresses")
    func own() {
        let own = IPAddress(192, 0, 2, 77)
        let site = Site {
            $0.policy.ownAddresses = [own]
            $0.policy.privateRanges = .allowed
        }
        let client = Client(site)
        client.allocate { $0.append(.lifetime, number: 3_600) }
        var channel: UInt16 = 0x4000
        for ip in [own, Site.ipv4] {
            for port: UInt16 in [22, 443, 3_478, 8_443, 50_000] {
                let peer = TransportAddress(ip, port: port)
                client.permit(peer)
                #expect(client.send([1], to: peer) == .discard(.ownAddress))
                channel += 1
                #expect(client.bind(channel, peer)?.isSuccess == true)
                #expect(client.channelData(channel, [1]) == .discard(.ownAddress))
            }
        }
    }

    @Test("loopback with the switch for benches, but never the node's own ports")
    func loopback() {
        let site = Site {
            $0.policy.allowsLoopback = true
            $0.policy.ownPorts = [3_478, 8_443]
        }
        let client = Client(site, TransportAddress(IPAddress(127, 0, 0, 1), port: 1))
        client.allocate()
        for ip in [IPAddress(127, 0, 0, 1), Site.ipv4] {
            #expect(client.permit(TransportAddress(ip, port: 1))?.isSuccess == true)
            #expect(client.send([1], to: TransportAddress(ip, port: 3_480)).peer != nil)
            for port: UInt16 in [3_478, 8_443] {
                #expect(client.send([1], to: TransportAddress(ip, port: port)) == .discard(.ownAddress))
            }
        }
        #expect(client.permit(TransportAddress(IPAddress(169, 254, 169, 254), port: 80))?.error == .forbidden)
        // And no limit for who is on this machine.
        let question = client.question(.binding)
        for _ in 0..<2_000 { #expect(site.receive(question, from: client.path) == .answer) }
    }
}
