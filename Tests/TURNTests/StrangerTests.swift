import CryptoPrimitives
import STUN
import TURN
import Testing

@Suite("Strangers")
struct StrangerTests {
    /// Questions of all sorts that nobody needs a credential for.
    private func questions(_ client: Client) -> [[UInt8]] {
        var questions: [[UInt8]] = []
        let unknown = AttributeType(rawValue: 0x7777)
        for method in [Method.binding, .allocate, .refresh, .createPermission, .channelBind] {
            for length in stride(from: 0, through: 120, by: 4) {
                for hasFingerprint in [false, true] {
                    var builder = MessageBuilder(MessageType(method, .request), client.nextTransaction())
                    if length > 0 { builder.append(.software, [UInt8](repeating: 0x20, count: length - 4)) }
                    if hasFingerprint { builder.appendFingerprint() }
                    questions.append(builder.bytes)
                }
            }
            var many = MessageBuilder(MessageType(method, .request), client.nextTransaction())
            for number in 0..<30 { many.append(AttributeType(rawValue: unknown.rawValue &- UInt16(number))) }
            questions.append(many.bytes)
            for integrity in [IntegrityAlgorithm.sha1, .sha256] {
                // With a code that nothing stands behind, and with or without the rest of a credential.
                var bare = MessageBuilder(MessageType(method, .request), client.nextTransaction())
                bare.append(integrity, key: Secret([1]))
                questions.append(bare.bytes)
                var whole = MessageBuilder(MessageType(method, .request), client.nextTransaction())
                whole.append(.username, [0x61])
                whole.append(.realm, [0x61])
                whole.append(.nonce, [0x61])
                whole.append(integrity, key: Secret([1]))
                questions.append(whole.bytes)
            }
        }
        return questions
    }

    @Test("no answer to a stranger is longer than 1.6 times its question", arguments: [1, 4])
    func amplification(realmLength: Int) {
        let site = Site { $0.strangers.burst = 10_000 }
        let client = Client(site)
        var answered = 0
        for question in questions(client) {
            guard let answer = site.answer(question, from: client.path) else { continue }
            answered += 1
            #expect(answer.bytes.count * 10 <= question.count * 16)
        }
        #expect(answered == questions(client).count)
    }

    @Test("nor is the answer to anything else that can be made up, or listened to and sent again from elsewhere")
    func amplificationOfAnything() {
        let site = Site { $0.strangers.burst = 100_000 }
        // Who is served stands in the middle, and its requests are sent again by others. A short name
        // makes a short request.
        let client = Client(site, user: "a")
        client.allocate()
        var random = SystemRandomNumberGenerator()
        let methods: [Method] = [.binding, .allocate, .refresh, .createPermission, .channelBind, .send, .data]
        let types: [AttributeType] = [
            .username, .realm, .nonce, .userhash, .passwordAlgorithm, .passwordAlgorithms, .requestedTransport,
            .software,
            .lifetime, .evenPort, .xorPeerAddress, .channelNumber, AttributeType(rawValue: 0x7777),
            AttributeType(rawValue: 0x0000),
        ]
        var codes: Set<ErrorCode> = []
        for round in 0..<20_000 {
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
            let elsewhere = ClientPath(TransportAddress(IPAddress(192, 0, 2, 1), port: UInt16(round)), link: 3)
            guard let answer = site.answer(question, from: elsewhere) else { continue }
            if let error = answer.error { codes.insert(error) }
            #expect(answer.bytes.count * 10 <= question.count * 16)
        }
        #expect(codes.isSuperset(of: [.badRequest, .unauthenticated, .unknownAttribute, .staleNonce]))
        #expect(site.server.allocationCount == 1)
    }

    @Test("over IPv6 only a Binding response can be, and not by more than its address")
    func amplificationIPv6() {
        let site = Site { $0.strangers.burst = 10_000 }
        let client = Client(site, TransportAddress(IPAddress(ipv6High: 1 << 61, low: 1), port: 1))
        for question in questions(client) {
            guard let answer = site.answer(question, from: client.path) else { continue }
            if answer.isSuccess, question.count < 28 {
                #expect(answer.bytes.count == 44)
            } else {
                #expect(answer.bytes.count * 10 <= question.count * 16)
            }
        }
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

    @Test("a network is answered so often and no more, until time has passed; another one is")
    func limit() {
        let site = Site {
            $0.strangers.burst = 10
            $0.strangers.perSecond = 5
        }
        func ask(_ ip: IPAddress, _ method: Method = .allocate) -> ClientVerdict {
            let bytes = MessageBuilder(MessageType(method, .request), TransactionID(high: 1, low: 1)).bytes
            return site.receive(bytes, from: ClientPath(TransportAddress(ip, port: 9), link: 3))
        }
        for host in 0..<10 {
            #expect(ask(IPAddress(198, 51, 100, UInt8(host)), host % 2 == 0 ? .binding : .allocate) == .answer)
        }
        #expect(ask(IPAddress(198, 51, 100, 200)) == .discard(.strangerLimit))
        #expect(ask(IPAddress(198, 51, 100, 200), .binding) == .discard(.strangerLimit))
        #expect(ask(IPAddress(198, 51, 101, 200)) == .answer)
        site.pass(milliseconds: 1_000)
        for _ in 0..<5 { #expect(ask(IPAddress(198, 51, 100, 1)) == .answer) }
        #expect(ask(IPAddress(198, 51, 100, 1)) == .discard(.strangerLimit))
        #expect(site.server.counters[.strangerLimit] == 3)
        // IPv6 counts by /48.
        for host in 0..<10 {
            #expect(ask(IPAddress(ipv6High: 0x2001_0DB8_0001_0000 + UInt64(host), low: 1)) == .answer)
        }
        #expect(ask(IPAddress(ipv6High: 0x2001_0DB8_0001_FFFF, low: 1)) == .discard(.strangerLimit))
        #expect(ask(IPAddress(ipv6High: 0x2001_0DB8_0002_0000, low: 1)) == .answer)
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
}
