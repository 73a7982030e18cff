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
        let client = Client(site, isStream: true)
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
