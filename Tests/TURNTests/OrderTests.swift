import STUN
import TURN
import Testing

/// Of two things that are wrong with a request, the answer is about the one that the RFC checks first.
@Suite("The order of the checks")
struct OrderTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)
    let peer6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0001, low: 1), port: 7_000)
    let loopback = TransportAddress(IPAddress(127, 0, 0, 1), port: 80)
    let unknown = AttributeType(rawValue: 0x7777)

    /// What is wrong with an Allocate request, in the order of RFC 8489 §6.3.1 and RFC 8656 §7.2, with the answers.
    private static let allocateFaults: [(code: ErrorCode, put: @Sendable (inout MessageBuilder) -> Void)] = [
        // RFC 8489 §6.3.1
        (.unknownAttribute, { $0.append(AttributeType(rawValue: 0x7777)) }),
        // Step 3. (Step 2 is `inUse()`.)
        (.unsupportedTransport, { $0.append(.requestedTransport, [6, 0, 0, 0]) }),
        // Step 4
        (.unknownAttribute, { $0.append(.dontFragment) }),
        // Step 5
        (
            .badRequest,
            {
                $0.append(.reservationToken, [UInt8](repeating: 1, count: 8))
                $0.append(.evenPort, [0x80])
            }
        ),
        (.insufficientCapacity, { $0.append(.reservationToken, [UInt8](repeating: 1, count: 8)) }),
        // Step 6
        (
            .badRequest,
            {
                $0.append(.requestedAddressFamily, [2, 0, 0, 0])
                $0.append(.additionalAddressFamily, [2, 0, 0, 0])
            }
        ),
        // Step 7
        (.addressFamilyNotSupported, { $0.append(.requestedAddressFamily, [2, 0, 0, 0]) }),
        // Steps 8 and 9
        (
            .badRequest,
            {
                $0.append(.evenPort, [0x80])
                $0.append(.additionalAddressFamily, [2, 0, 0, 0])
            }
        ),
        (.badRequest, { $0.append(.additionalAddressFamily, [1, 0, 0, 0]) }),
        // Steps 10 and 11
        (.allocationQuotaReached, { _ in }),
    ]

    /// A server without IPv6 that would send everybody away who is within the quota of nothing.
    private func site() -> Site {
        Site {
            $0.relayIPv6 = nil
            $0.quotas.relaysPerUser = 0
            $0.alternateServers = [AlternateServer(.udp, TransportAddress(IPAddress(203, 0, 113, 8), port: 3_478))]
        }
    }

    @Test("Allocate: RFC 8656 §7.2, steps 1 to 11")
    func allocate() {
        for (index, fault) in Self.allocateFaults.enumerated() {
            let site = site()
            let client = Client(site)
            // Step 1: who has not shown a credential learns nothing of the rest, but may be sent away (step 11, "at any point").
            let stranger = site.answer(client.question(.allocate, fault.put), from: client.path)?.error
            #expect(stranger == .unauthenticated || stranger == .tryAlternate)
            let answer = client.ask(.allocate) { builder in
                fault.put(&builder)
                if index > 0 { builder.append(.requestedTransport, [17, 0, 0, 0]) }
            }
            #expect(answer?.error == fault.code, "fault \(index)")
        }
    }

    @Test("Allocate: the fault of an earlier step is answered before that of a later one")
    func allocatePairs() {
        // RESERVATION-TOKEN alone is one fault, and beside other attributes another one: after it, what they are is moot.
        let ranks = [0, 1, 2, 4, 6, 9]
        for (position, first) in ranks.enumerated() {
            for second in ranks[(position + 1)...] where first != 4 || second != 6 {
                let client = Client(site())
                let answer = client.ask(.allocate) { builder in
                    Self.allocateFaults[first].put(&builder)
                    Self.allocateFaults[second].put(&builder)
                    builder.append(.requestedTransport, [17, 0, 0, 0])
                }
                #expect(answer?.error == Self.allocateFaults[first].code, "\(first) before \(second)")
                if first == 0 { #expect(answer?[.unknownAttributes] == [0x77, 0x77]) }
            }
        }
    }

    @Test("Allocate: a 5-tuple in use (step 2) comes before anything that is wrong with the request")
    func inUse() {
        let client = Client(Site())
        client.allocate()
        #expect(client.ask(.allocate)?.error == .allocationMismatch)
        #expect(client.ask(.allocate) { $0.append(.requestedTransport, [6, 0, 0, 0]) }?.error == .allocationMismatch)
        let unknown = unknown
        #expect(client.ask(.allocate) { $0.append(unknown) }?.error == .unknownAttribute)
    }

    @Test("other requests: unknown attributes (420), the allocation (437), its user (441), then what they ask for")
    func others() {
        let site = Site()
        let alice = Client(site)
        let mallory = Client(site, user: "mallory")
        let unknown = unknown
        for method in [Method.refresh, .createPermission, .channelBind] {
            // Each of these also lacks what the method needs, or has a lifetime that is none.
            #expect(alice.ask(method) { $0.append(unknown) }?.error == .unknownAttribute)
            #expect(alice.ask(method) { $0.append(.lifetime, [1]) }?.error == .allocationMismatch)
        }
        alice.allocate()
        for method in [Method.refresh, .createPermission, .channelBind] {
            #expect(mallory.ask(method) { $0.append(unknown) }?.error == .unknownAttribute)
            #expect(mallory.ask(method) { $0.append(.lifetime, [1]) }?.error == .wrongCredentials)
            #expect(alice.ask(method) { $0.append(.lifetime, [1]) }?.error == .badRequest)
        }
    }

    @Test("CreatePermission: RFC 8656 §10.2: 400, 508, 443, 403")
    func createPermission() {
        let client = Client(Site { $0.quotas.permissionsPerAllocation = 1 })
        client.allocate()
        let (peer, peer6, loopback) = (peer, peer6, loopback)
        func permit(_ peers: TransportAddress..., broken: Bool = false) -> ErrorCode? {
            client.ask(.createPermission) { builder in
                for peer in peers { builder.append(.xorPeerAddress, xored: peer) }
                if broken { builder.append(.xorPeerAddress, [0, 1, 0]) }
            }?.error
        }
        #expect(permit(peer6, loopback, broken: true) == .badRequest)
        #expect(permit(peer6, loopback) == .insufficientCapacity)
        #expect(permit(peer6) == .peerAddressFamilyMismatch)
        #expect(permit(loopback) == .forbidden)
        let roomy = Client(Site())
        roomy.allocate()
        #expect(roomy.permit(loopback, peer6)?.error == .peerAddressFamilyMismatch)
        #expect(permit(peer) == nil)
    }

    @Test("ChannelBind: RFC 8656 §12.2: 400 four times, 443, 403, 508")
    func channelBind() {
        let client = Client(Site { $0.quotas.channelsPerAllocation = 1 })
        client.allocate()
        let loopback6 = TransportAddress(IPAddress(ipv6High: 0, low: 1), port: 80)
        #expect(client.bind(0x4000, peer)?.isSuccess == true)
        #expect(client.bind(0x5000, peer6)?.error == .badRequest)
        #expect(client.bind(0x4000, peer6)?.error == .badRequest)
        #expect(client.bind(0x4001, peer)?.error == .badRequest)
        #expect(client.bind(0x4001, loopback6)?.error == .peerAddressFamilyMismatch)
        #expect(client.bind(0x4001, loopback)?.error == .forbidden)
        #expect(client.bind(0x4001, TransportAddress(peer.ip, port: 1))?.error == .insufficientCapacity)
    }

    @Test(
        "the credential: RFC 8489 §9.2.4: no code (401), no name, realm or nonce (400), the algorithms (400), then the rest"
    )
    func credential() {
        let site = Site()
        let client = Client(site)
        client.meet()
        var stranger = [UInt8]()
        func attempt(
            _ integrity: Bool = true, realm: Bool = true, algorithms: [UInt8]? = nil, name: [UInt8]? = nil,
            port: UInt16 = 5_000
        ) -> ErrorCode? {
            var builder = MessageBuilder(MessageType(.refresh, .request), client.nextTransaction())
            builder.append(.username, name ?? client.username)
            if realm { builder.append(.realm, Site.realm) }
            builder.append(.nonce, client.nonce)
            if let algorithms { builder.append(.passwordAlgorithms, algorithms) }
            if integrity { builder.append(.sha1, key: client.key) }
            let answer = site.answer(
                builder.bytes, from: ClientPath(TransportAddress(client.path.address.ip, port: port), link: 3))
            stranger = answer?[.nonce] ?? []
            return answer?.error
        }
        #expect(attempt(false, realm: false, algorithms: [1]) == .unauthenticated)
        #expect(attempt(realm: false, algorithms: [1], name: [0x61]) == .badRequest)
        #expect(stranger.isEmpty)
        #expect(attempt(algorithms: [1], name: [0x61], port: 1) == .badRequest)
        // A name that is not valid comes before a nonce that is not.
        #expect(attempt(name: [0x61], port: 1) == .unauthenticated)
        #expect(attempt(port: 1) == .staleNonce)
        #expect(attempt() == .allocationMismatch)
    }
}
