import CryptoPrimitives
import STUN
import TURN
import Testing

/// 300 Try Alternate (RFC 8656 §7.2, step 11), which "follows the specification in RFC 8489": its §10.
@Suite("ALTERNATE-SERVER")
struct AlternateServerTests {
    private static let ipv4 = TransportAddress(IPAddress(203, 0, 113, 8), port: 3_478)
    private static let ipv6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 8), port: 3_478)
    private static let client4 = TransportAddress(IPAddress(198, 51, 100, 1), port: 5_000)
    private static let client6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0009, low: 1), port: 5_000)
    private static let name = Array("relay.example.org".utf8)

    private func site(_ servers: AlternateServer...) -> Site { Site { $0.alternateServers = servers } }

    /// The addresses of an answer's ALTERNATE-SERVER attributes in their order, which are not XORed.
    private func alternates(_ answer: Answer?) -> [TransportAddress] {
        (answer?.attributes ?? []).filter { $0.type == .alternateServer }.compactMap { attribute in
            attribute.value.withUnsafeBytes { try? TransportAddress(mapped: $0) }
        }
    }

    @Test("\"at least one ALTERNATE-SERVER attribute\", under the key of who has shown a credential")
    func authenticated() {
        for transport in ClientTransport.allCases {
            let client = Client(site(AlternateServer(transport, Self.ipv4)), Self.client4, over: transport)
            // Binding is never sent away (RFC 8489 §12).
            #expect(client.site.answer(client.question(.binding), from: client.path)?.isSuccess == true)
            for integrity in [IntegrityAlgorithm.sha1, .sha256] {
                client.integrity = integrity
                client.algorithm = integrity == .sha1 ? nil : .sha256
                let answer = client.allocate()
                #expect(answer?.error == .tryAlternate)
                #expect(alternates(answer) == [Self.ipv4])
                #expect(answer?.isProtected(by: integrity, key: client.key) == true)
            }
            #expect(client.site.server.allocationCount == 0)
        }
    }

    @Test("\"using the same transport protocol\": each transport has alternates of its own, and one without is served")
    func transports() {
        for served in ClientTransport.allCases {
            let address = { (transport: ClientTransport) in
                TransportAddress(
                    IPAddress(203, 0, 113, UInt8(10 + (transport == .udp ? 0 : transport == .tcp ? 1 : 2))), port: 1)
            }
            let others = ClientTransport.allCases.filter { $0 != served }
            let site = Site { $0.alternateServers = others.map { AlternateServer($0, address($0)) } }
            for (index, transport) in ClientTransport.allCases.enumerated() {
                let client = Client(
                    site, TransportAddress(Self.client4.ip, port: UInt16(1 + index)), over: transport)
                let answer = client.allocate()
                #expect(answer?.error == (transport == served ? nil : .tryAlternate))
                #expect(alternates(answer) == (transport == served ? [] : [address(transport)]))
            }
        }
    }

    @Test(
        "\"of the same address family as the source IP address of the request\" first, one of the other family after it"
    )
    func families() {
        let other = TransportAddress(IPAddress(203, 0, 113, 9), port: 3_478)
        for transport in ClientTransport.allCases {
            let servers = [Self.ipv6, Self.ipv4, other].map { AlternateServer(transport, $0) }
            let site = Site { $0.alternateServers = servers }
            #expect(alternates(Client(site, Self.client4, over: transport).allocate()) == [Self.ipv4, Self.ipv6])
            #expect(alternates(Client(site, Self.client6, over: transport).allocate()) == [Self.ipv6, Self.ipv4])
            // The family asked for is that of the relayed address: it has nothing to do with this one.
            let asking = Client(site, Self.client4, over: transport).allocate {
                $0.append(.requestedAddressFamily, [2, 0, 0, 0])
            }
            #expect(alternates(asking) == [Self.ipv4, Self.ipv6])
            // "MUST": where there is none of the client's own, it is not sent away.
            let only6 = self.site(AlternateServer(transport, Self.ipv6))
            #expect(Client(only6, Self.client4, over: transport).allocate()?.isSuccess == true)
            #expect(alternates(Client(only6, Self.client6, over: transport).allocate()) == [Self.ipv6])
        }
    }

    @Test("ALTERNATE-DOMAIN: over TLS, to who protects with MESSAGE-INTEGRITY-SHA256, for another certificate")
    func domain() {
        let site = site(
            AlternateServer(.tls, Self.ipv4, domain: Self.name), AlternateServer(.tls, Self.ipv6, domain: Self.name))
        for algorithm in [PasswordAlgorithm?.none, .md5, .sha256] {
            let client = Client(site, Self.client4, over: .tls)
            client.integrity = .sha256
            client.algorithm = algorithm
            let answer = client.allocate()
            #expect(answer?.error == .tryAlternate)
            #expect(alternates(answer) == [Self.ipv4, Self.ipv6])
            #expect(answer?[.alternateDomain] == Self.name)
            #expect(answer?.isProtected(by: algorithm == nil ? .sha1 : .sha256, key: client.key) == true)
        }
        // Without a name it is the same certificate's, or the address that counts: nothing is said.
        let same = Client(self.site(AlternateServer(.tls, Self.ipv4)), Self.client4, over: .tls)
        same.integrity = .sha256
        let answer = same.allocate()
        #expect(alternates(answer) == [Self.ipv4])
        #expect(answer?[.alternateDomain] == nil)
    }

    @Test("who cannot process ALTERNATE-DOMAIN is not sent to a server with another certificate, but to the next one")
    func unknownDomain() {
        let client = Client(site(AlternateServer(.tls, Self.ipv4, domain: Self.name)), Self.client4, over: .tls)
        #expect(client.allocate()?.isSuccess == true)
        let other = TransportAddress(IPAddress(203, 0, 113, 9), port: 443)
        let site = site(
            AlternateServer(.tls, Self.ipv4, domain: Self.name), AlternateServer(.tls, Self.ipv6, domain: Self.name),
            AlternateServer(.tls, other))
        let old = Client(site, Self.client4, over: .tls)
        #expect(alternates(old.allocate()) == [other])
        old.integrity = .sha256
        #expect(alternates(old.allocate()) == [Self.ipv4, Self.ipv6])
        // One ALTERNATE-DOMAIN is for all the addresses beside it: a server with another name is not among them.
        let mixed = self.site(
            AlternateServer(.tls, Self.ipv4, domain: Self.name), AlternateServer(.tls, Self.ipv6, domain: [0x61]))
        let client4 = Client(mixed, Self.client4, over: .tls)
        client4.integrity = .sha256
        let answer = client4.allocate()
        #expect(alternates(answer) == [Self.ipv4] && answer?[.alternateDomain] == Self.name)
    }

    @Test(
        "given \"at any point\" by a server that is full, and by one that is to be stopped",
        arguments: ClientTransport.allCases)
    func occasions(transport: ClientTransport) {
        let site = Site {
            $0.alternateServers = [AlternateServer(transport, Self.ipv4)]
            $0.redirection = .whenFull
            $0.quotas.relays = 2
        }
        func client(_ port: UInt16, _ transport: ClientTransport, user: String = "alice") -> Client {
            Client(site, TransportAddress(Self.client4.ip, port: port), user: user, over: transport)
        }
        let (first, second) = (client(1, transport), client(2, transport, user: "bob"))
        #expect(first.allocate()?.isSuccess == true)
        // No room for two addresses is room for none, where another server may have both.
        #expect(second.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.error == .tryAlternate)
        #expect(second.allocate { $0.append(.evenPort, [0x80]) }?.error == .tryAlternate)
        #expect(second.allocate()?.isSuccess == true)
        let third = client(3, transport)
        #expect(third.allocate()?.error == .tryAlternate)
        for other in ClientTransport.allCases where other != transport {
            #expect(client(4, other).allocate()?.error == .insufficientCapacity)
        }
        // What is wrong with a request is said before: it would be wrong there, too.
        #expect(third.ask(.allocate)?.error == .badRequest)
        // What is allocated stays, and its request is answered as it was.
        #expect(first.refresh()?.isSuccess == true)
        second.refresh(0)
        #expect(third.allocate()?.isSuccess == true)
        third.refresh(0)
        site.server.setRedirection(.always)
        #expect(third.allocate()?.error == .tryAlternate)
        #expect(first.refresh()?.isSuccess == true)
        #expect(client(5, transport == .udp ? .tcp : .udp).allocate()?.isSuccess == true)
    }

    @Test(
        "\"where authentication of the response is not possible\": in answer to the question that has no credential yet"
    )
    func unauthenticated() {
        func site(_ transport: ClientTransport) -> Site {
            self.site(
                AlternateServer(.tls, Self.ipv4, domain: Self.name), AlternateServer(transport, Self.ipv4),
                AlternateServer(transport, Self.ipv6))
        }
        func ask(_ client: Client, _ length: Int = 28, _ method: Method = .allocate) -> Answer? {
            let question = client.question(method) { builder in
                builder.append(.requestedTransport, [17, 0, 0, 0])
                if length > 28 { builder.append(.software, [UInt8](repeating: 0x20, count: length - 32)) }
            }
            return client.site.answer(question, from: client.path)
        }
        for transport in ClientTransport.allCases {
            // ALTERNATE-DOMAIN is for "authenticated" transactions only.
            let client = Client(site(transport), Self.client4, over: transport)
            let answer = ask(client)
            #expect(answer?.error == .tryAlternate && answer?[.alternateDomain] == nil && answer?[.nonce] == nil)
            // A stream has room for both.
            #expect(alternates(answer) == (transport == .udp ? [Self.ipv4] : [Self.ipv4, Self.ipv6]))
            #expect(alternates(ask(client, 40)) == [Self.ipv4, Self.ipv6])
            for method in [Method.refresh, .createPermission, .channelBind] {
                #expect(ask(client, 28, method)?.error == .unauthenticated)
            }
            client.site.server.setRedirection(.whenFull)
            #expect(ask(client)?.error == .unauthenticated)
            // Who has an allocation is not sent away from it.
            #expect(client.allocate()?.isSuccess == true)
            client.site.server.setRedirection(.always)
            #expect(ask(client)?.error == .unauthenticated)
        }
        // 1.6 times 28 bytes hold no IPv6 address: there the client shows its credential first. 36 do.
        let six = Client(site(.udp), Self.client6)
        #expect(ask(six)?.error == .unauthenticated)
        #expect(alternates(ask(six, 36)) == [Self.ipv6])
        #expect(alternates(six.allocate()) == [Self.ipv6, Self.ipv4])
        #expect(ask(Client(site(.tcp), Self.client6, over: .tcp))?.error == .tryAlternate)
        // A wrong credential is one: 401.
        let wrong = Client(site(.udp), Self.client4)
        var builder = MessageBuilder(MessageType(.allocate, .request), wrong.nextTransaction())
        builder.append(.requestedTransport, [17, 0, 0, 0])
        builder.append(.username, wrong.username)
        for type in [AttributeType.realm, .nonce] { builder.append(type, [0x61]) }
        builder.append(.sha1, key: Secret([1]))
        #expect(wrong.site.answer(builder.bytes, from: wrong.path)?.error == .unauthenticated)
    }

    @Test("a port that was reserved here is had here")
    func reserved() {
        let site = Site {
            $0.alternateServers = [AlternateServer(.udp, Self.ipv4)]
            $0.redirection = .whenFull
        }
        let first = Client(site, Self.client4)
        let token = first.allocate { $0.append(.evenPort, [0x80]) }?[.reservationToken] ?? []
        site.server.setRedirection(.always)
        let second = Client(site, TransportAddress(Self.client4.ip, port: 1))
        #expect(second.allocate { $0.append(.reservationToken, token) }?.isSuccess == true)
    }
}
