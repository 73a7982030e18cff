import CryptoPrimitives
import STUN
import TURN
import Testing

@Suite("Strangers")
struct StrangerTests {
    /// Questions of all sorts that nobody needs a credential for.
    private func questions(_ client: Client) -> [[UInt8]] {
        var questions: [[UInt8]] = []
        for method in [Method.binding, .allocate, .refresh, .createPermission, .channelBind] {
            for hasFingerprint in [false, true] {
                let ask: ((inout MessageBuilder) -> Void) -> Void = { attributes in
                    var builder = MessageBuilder(MessageType(method, .request), client.nextTransaction())
                    attributes(&builder)
                    if hasFingerprint { builder.appendFingerprint() }
                    questions.append(builder.bytes)
                }
                for length in stride(from: 0, through: 120, by: 4) {
                    ask { if length > 0 { $0.append(.software, [UInt8](repeating: 0x20, count: length - 4)) } }
                }
                for count in [1, 2, 3, 30] {
                    ask { for number in 0..<count { $0.append(AttributeType(rawValue: 0x7777 - UInt16(number))) } }
                }
                for integrity in [IntegrityAlgorithm.sha1, .sha256] {
                    // With a code that nothing stands behind, and with or without the rest of a credential.
                    ask { $0.append(integrity, key: Secret([1])) }
                    for value in [[], [0x61]] as [[UInt8]] {
                        ask {
                            for type in [AttributeType.username, .realm, .nonce] { $0.append(type, value) }
                            $0.append(integrity, key: Secret([1]))
                        }
                    }
                }
            }
        }
        return questions
    }

    /// Requests with a credential and with any nonce, or none in it, as short as they can be. Sent from elsewhere, by who
    /// listened to them or has the credential, they are answered there.
    private func strays(_ client: Client) -> [[UInt8]] {
        client.meet()
        let nonces = [[], [0x61], Array(client.nonce.prefix(SecurityFeatures.noncePrefixLength)), client.nonce]
        var requests: [[UInt8]] = []
        for nonce in nonces {
            for realm in [[], client.site.realm] {
                for algorithm in [PasswordAlgorithm?.none, .sha256] {
                    for integrity in [IntegrityAlgorithm.sha1, .sha256] {
                        for hasFingerprint in [false, true] {
                            client.algorithm = algorithm
                            var builder = MessageBuilder(MessageType(.refresh, .request), client.nextTransaction())
                            builder.append(.username, client.username)
                            builder.append(.realm, realm)
                            builder.append(.nonce, nonce)
                            if let algorithm {
                                builder.append(
                                    .passwordAlgorithms, PasswordAlgorithm.sha256.bytes + PasswordAlgorithm.md5.bytes)
                                builder.append(.passwordAlgorithm, algorithm.bytes)
                            }
                            builder.append(integrity, key: client.key)
                            if hasFingerprint { builder.appendFingerprint() }
                            requests.append(builder.bytes)
                        }
                    }
                }
            }
        }
        return requests
    }

    /// Somebody else's address, to which answers go that were not asked for there.
    private func elsewhere(_ family: AddressFamily, port: UInt16 = 9) -> ClientPath {
        let ip = family == .ipv4 ? IPAddress(192, 0, 2, 1) : IPAddress(ipv6High: 0x2001_0DB8_0000_0009, low: 1)
        return ClientPath(TransportAddress(ip, port: port), link: 3)
    }

    /// Whether an answer keeps to 1.6 times its question; or is the one that cannot, which is as short as it can be.
    private func keepsToTheBound(_ answer: Answer, _ question: [UInt8], _ family: AddressFamily) -> Bool {
        if answer.bytes.count * 10 <= question.count * 16 { return true }
        return family == .ipv6 && answer.type == MessageType(.binding, .success) && question.count < 28
            && answer.attributes.map(\.type) == [.xorMappedAddress] && answer.bytes.count == 44
    }

    @Test(
        "no answer to who has not shown where they are is longer than 1.6 times its question; over IPv6 but for Binding's",
        arguments: [AddressFamily.ipv4, .ipv6], [1, 4])
    func amplification(family: AddressFamily, realmLength: Int) {
        let site = Site(realm: [UInt8](repeating: 0x61, count: realmLength)) {
            $0.strangers.burst = 10_000
            $0.redirection = .whenFull
            $0.alternateServers = [Site.ipv4, Site.ipv6].map { AlternateServer(.udp, TransportAddress($0, port: 1)) }
        }
        // A short name makes a short request.
        let client = Client(site, user: "")
        let path = elsewhere(family)
        let allocations = self.questions(client).filter { $0[1] == 0x03 }
        let questions = questions(client) + strays(client) + allocations
        var kinds: [String: (answer: Int, question: Int)] = [:]
        for (index, question) in questions.enumerated() {
            if index == questions.count - allocations.count { site.server.setRedirection(.always) }
            guard let answer = site.answer(question, from: path) else {
                Issue.record("not answered")
                continue
            }
            #expect(keepsToTheBound(answer, question, family), "\(answer.bytes.count) to \(question.count)")
            // On the wire both have the headers of IP and UDP, and no answer is the exception.
            let headers = family == .ipv4 ? 28 : 48
            #expect((answer.bytes.count + headers) * 100 <= (question.count + headers) * 143)
            let kind =
                (answer.type.method == .binding ? "Binding " : "")
                + (answer.error.map { "\($0.rawValue)" } ?? "success")
                + (answer[.nonce].map { $0.count < 35 ? " with a short nonce" : " with a nonce" } ?? "")
            let largest = kinds[kind] ?? (0, 1)
            if answer.bytes.count * largest.question > largest.answer * question.count {
                kinds[kind] = (answer.bytes.count, question.count)
            }
        }
        // These are all the answers that there are, and the first one is the largest for its question.
        #expect(
            Set(kinds.keys) == [
                "Binding success", "Binding 420", "400", "401", "401 with a short nonce", "401 with a nonce",
                "438 with a short nonce", "438 with a nonce", "300",
            ])
        let largest = kinds["Binding success"] ?? (0, 1)
        #expect(largest == (family == .ipv4 ? (32, 20) : (44, 20)))
    }

    @Test(
        "nor is the answer to anything else that can be made up, or listened to and sent again from elsewhere",
        arguments: [AddressFamily.ipv4, .ipv6])
    func amplificationOfAnything(family: AddressFamily) {
        let site = Site { $0.strangers.burst = 100_000 }
        // Who is served stands in the middle, and its requests are sent again by others.
        let client = Client(site, user: "a")
        client.allocate()
        var random = SystemRandomNumberGenerator()
        let methods: [Method] = [.binding, .allocate, .refresh, .createPermission, .channelBind, .send, .data]
        let types: [AttributeType] = [
            .username, .realm, .nonce, .userhash, .passwordAlgorithm, .passwordAlgorithms, .requestedTransport,
            .software, .lifetime, .evenPort, .xorPeerAddress, .channelNumber, AttributeType(rawValue: 0x7777),
            AttributeType(rawValue: 0x0000),
        ]
        var codes: Set<ErrorCode> = []
        for round in 0..<10_000 {
            var question: [UInt8]
            let attributes: (inout MessageBuilder) -> Void = { builder in
                for _ in 0..<Int.random(in: 0..<4, using: &random) {
                    let length = Int.random(in: 0..<24, using: &random)
                    builder.append(
                        types.randomElement(using: &random)!, [UInt8](repeating: UInt8(round & 0x7F), count: length))
                }
            }
            let method = methods.randomElement(using: &random)!
            // With a short nonce and with a long one.
            if round & 255 == 0 { client.meet(longQuestion: round & 256 == 0) }
            client.hasFingerprint = round & 1 == 0
            client.hidesName = round & 2 == 0
            client.integrity = round & 4 == 0 ? .sha1 : .sha256
            client.algorithm = round & 8 == 0 ? nil : .sha256
            if Bool.random(using: &random) {
                question = client.request(method, nil, attributes)
            } else {
                question = client.question(method, attributes)
            }
            if Int.random(in: 0..<4, using: &random) == 0, let place = question.indices.randomElement(using: &random) {
                question[place] = UInt8.random(in: 0...255, using: &random)
            }
            guard let answer = site.answer(question, from: elsewhere(family, port: UInt16(round))) else { continue }
            if let error = answer.error { codes.insert(error) }
            #expect(keepsToTheBound(answer, question, family))
        }
        #expect(codes.isSuperset(of: [.badRequest, .unauthenticated, .unknownAttribute, .staleNonce]))
        #expect(site.server.allocationCount == 1)
    }

    @Test("where 438 has no room for a whole nonce, its short one is as good")
    func shortNonce() {
        let client = Client(Site(), user: "")
        var builder = MessageBuilder(MessageType(.refresh, .request), client.nextTransaction())
        builder.append(.username, client.username)
        for type in [AttributeType.realm, .nonce] { builder.append(type, []) }
        builder.append(.sha1, key: client.key)
        #expect(builder.bytes.count == 68)
        let answer = client.site.answer(builder.bytes, from: client.path)
        #expect(answer?.error == .staleNonce)
        #expect(answer?.isProtected(by: .sha1, key: client.key) == true)
        client.nonce = answer?[.nonce] ?? []
        #expect(client.nonce.count == 20)
        let request = client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        #expect(client.site.answer(request, from: client.path)?.isSuccess == true)
    }

    @Test("over a stream there is always the whole challenge")
    func streams() {
        let site = Site()
        let client = Client(site, over: .tcp)
        for _ in 0..<2_000 {
            let answer = site.answer(client.question(.allocate), from: client.path)
            #expect(answer?[.nonce]?.count == 35)
            #expect(answer?[.passwordAlgorithms] != nil)
        }
    }

    /// Ten answers at once, and five each second.
    private static func limitedSite() -> Site {
        Site {
            $0.strangers.burst = 10
            $0.strangers.perSecond = 5
        }
    }

    private static func ask(_ site: Site, _ ip: IPAddress, _ method: Method = .allocate) -> ClientVerdict {
        let bytes = MessageBuilder(MessageType(method, .request), TransactionID(high: 1, low: 1)).bytes
        return site.receive(bytes, from: ClientPath(TransportAddress(ip, port: 9), link: 3))
    }

    @Test("a network is answered so often and no more, until time has passed; another one is")
    func limit() {
        let site = Self.limitedSite()
        for host in 0..<10 {
            let method: Method = host % 2 == 0 ? .binding : .allocate
            #expect(Self.ask(site, IPAddress(198, 51, 100, UInt8(host)), method) == .answer)
        }
        #expect(Self.ask(site, IPAddress(198, 51, 100, 200)) == .discard(.strangerLimit))
        #expect(Self.ask(site, IPAddress(198, 51, 100, 200), .binding) == .discard(.strangerLimit))
        #expect(Self.ask(site, IPAddress(198, 51, 101, 200)) == .answer)
        site.pass(milliseconds: 1_000)
        for _ in 0..<5 { #expect(Self.ask(site, IPAddress(198, 51, 100, 1)) == .answer) }
        #expect(Self.ask(site, IPAddress(198, 51, 100, 1)) == .discard(.strangerLimit))
        #expect(site.server.counters[.strangerLimit] == 3)
    }

    @Test("IPv6 networks count by /48")
    func limitOverIPv6() {
        let site = Self.limitedSite()
        for host in 0..<10 {
            #expect(Self.ask(site, IPAddress(ipv6High: 0x2001_0DB8_0001_0000 + UInt64(host), low: 1)) == .answer)
        }
        #expect(
            Self.ask(site, IPAddress(ipv6High: 0x2001_0DB8_0001_FFFF, low: 1)) == .discard(.strangerLimit))
        #expect(Self.ask(site, IPAddress(ipv6High: 0x2001_0DB8_0002_0000, low: 1)) == .answer)
    }

    @Test("who has a credential and a nonce is served beside a flood from the same network")
    func servedInAFlood() {
        let site = Site {
            $0.strangers.burst = 10
            $0.strangers.perSecond = 1
        }
        let client = Client(site)
        client.allocate()
        let question = client.question(.binding)
        for port in 0..<10_000 {
            site.receive(
                question, from: ClientPath(TransportAddress(client.path.address.ip, port: UInt16(port)), link: 3))
        }
        #expect(client.refresh()?.isSuccess == true)
        #expect(client.permit(TransportAddress(IPAddress(192, 0, 2, 1), port: 1))?.isSuccess == true)
        #expect(site.server.counters[.strangerLimit] > 9_900)
    }

    /// A signed request whose code is wrong.
    private func forged(_ client: Client) -> [UInt8] {
        var bytes = client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        bytes[bytes.count - 1] ^= 1
        return bytes
    }

    @Test("no password is derived and no code computed for a network that has had its answers")
    func forgeriesOfStrangers() {
        let counts = DerivationCount()
        let site = Site(counting: counts) {
            $0.strangers.burst = 10
            $0.strangers.perSecond = 5
        }
        let client = Client(site)
        client.nonce = [UInt8](repeating: 0x41, count: 20)
        let request = forged(client)
        for port in 0..<1_000 {
            site.receive(
                request, from: ClientPath(TransportAddress(client.path.address.ip, port: UInt16(port)), link: 3))
        }
        #expect(site.server.counters[.strangerLimit] == 990)
        // Two passwords may be right.
        #expect(counts.derived == 20)
        site.pass(milliseconds: 1_000)
        for _ in 0..<100 { site.receive(request, from: client.path) }
        #expect(counts.derived == 30)
    }

    @Test("nor for who got a nonce and forges codes under it; nobody can do that in another's name")
    func forgeriesUnderANonce() {
        let counts = DerivationCount()
        let site = Site(counting: counts) {
            $0.strangers.burst = 10
            $0.strangers.perSecond = 0
        }
        let forger = Client(site)
        let neighbour = Client(site, TransportAddress(IPAddress(198, 51, 100, 9), port: 1), user: "bob")
        let served = Client(site, TransportAddress(IPAddress(198, 51, 100, 10), port: 1), user: "carol")
        served.allocate()
        for client in [forger, neighbour] { client.meet() }
        let derivedBefore = counts.derived
        // What others send in the neighbour's name, without a nonce of theirs, does not count against the neighbour.
        neighbour.nonce.reverse()
        for _ in 0..<100 { site.receive(forged(neighbour), from: neighbour.path) }
        neighbour.nonce.reverse()
        #expect(neighbour.allocate()?.isSuccess == true)
        for _ in 0..<1_000 { site.receive(forged(forger), from: forger.path) }
        #expect(counts.derived - derivedBefore <= 2 * 10 + 1 + 2 * 10)
        #expect(served.refresh()?.isSuccess == true)
    }
}
