import CryptoPrimitives
import Glibc
import STUN
import TURN
import Testing

/// What somebody else sends costs no more than in proportion to its length, whatever it is: eight times the bytes take at most
/// some eight times the work. By the square of the length it would be sixty-four times.
@Suite("Cost grows no faster than length", .serialized)
struct CostTests {
    /// What fills a message up to a length, attribute by attribute.
    enum Filling: CaseIterable {
        /// Types that nobody knows and that must be known: all different, or all the same.
        case unknown, sameUnknown
        /// Types that need not be known.
        case optional
        /// Peers, all different, of each family; or all the same.
        case peers, peers6, samePeer
        /// One attribute, as long as the message lets it be.
        case username, userhash, realm, nonce, software, passwordAlgorithms, data
        /// Many short ones, of which only the first counts.
        case usernames, protections

        func append(to builder: inout MessageBuilder, upTo length: Int) {
            var number: UInt32 = 0
            func repeated(_ size: Int, _ append: (UInt32, inout MessageBuilder) -> Void) {
                while builder.bytes.count + size <= length {
                    append(number, &builder)
                    number += 1
                }
            }
            func whole(_ type: AttributeType) {
                builder.append(type, [UInt8](repeating: 0x61, count: max(0, length - builder.bytes.count - 4)))
            }
            switch self {
            case .unknown: repeated(4) { $1.append(AttributeType(rawValue: 0x7FFF - UInt16($0))) }
            case .sameUnknown: repeated(4) { $1.append(AttributeType(rawValue: 0x7FFF)) }
            case .optional: repeated(4) { $1.append(AttributeType(rawValue: 0xFFFF - UInt16($0))) }
            case .peers:
                repeated(12) {
                    $1.append(.xorPeerAddress, xored: TransportAddress(IPAddress(ipv4: 0xC633_6400 + $0), port: 9))
                }
            case .peers6:
                repeated(24) { number, builder in
                    let ip = IPAddress(ipv6High: 0x2001_0DB8_0000_0000, low: UInt64(number))
                    builder.append(.xorPeerAddress, xored: TransportAddress(ip, port: 9))
                }
            case .samePeer:
                repeated(12) {
                    $1.append(
                        .xorPeerAddress, xored: TransportAddress(IPAddress(198, 51, 100, 1), port: 9 + UInt16($0)))
                }
            case .username: whole(.username)
            case .userhash: whole(.userhash)
            case .realm: whole(.realm)
            case .nonce: whole(.nonce)
            case .software: whole(.software)
            case .passwordAlgorithms: whole(.passwordAlgorithms)
            case .data: whole(.data)
            case .usernames: repeated(8) { $1.append(.username, [UInt8(truncatingIfNeeded: $0), 1, 2, 3]) }
            case .protections:
                repeated(24) {
                    $1.append(.messageIntegrity, [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 20))
                }
            }
        }
    }

    /// The nanoseconds of this thread's CPU time that a call takes: the least of several times, which nothing else was part of.
    private func cost(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
        }
        body()
        return (0..<12).reduce(.infinity) { least, _ in
            let begun = now()
            for _ in 0..<4 { body() }
            return min(least, (now() - begun) / 4)
        }
    }

    /// Compares what a message costs with what one costs that is eight times as long.
    ///
    /// - Parameter work: makes a message of that length, and what is to be done with it.
    private func expectLinear(_ lengths: (Int, Int), _ what: String, _ work: (Int) -> () -> Void) {
        let short = cost(work(lengths.0))
        let long = cost(work(lengths.1))
        let factor = Double(lengths.1) / Double(lengths.0)
        // Three times as much is for caches, and for what is allocated.
        #expect(
            long <= 3 * factor * short,
            "\(what): \(Int(short)) ns for \(lengths.0) bytes, \(Int(long)) for \(lengths.1)")
    }

    private func receive(_ site: Site, _ bytes: [UInt8], from path: ClientPath) -> () -> Void {
        { bytes.withUnsafeBytes { _ = site.server.receive($0, from: path) } }
    }

    @Test("reading a message, and asking it for all there is", arguments: Filling.allCases)
    func messages(filling: Filling) {
        let key = Secret([1, 2, 3])
        for type in [MessageType(.binding, .request), MessageType(.allocate, .failure)] {
            expectLinear((8_000, 64_000), "\(filling)") { length in
                var builder = MessageBuilder(type, TransactionID(high: 1, low: 2))
                filling.append(to: &builder, upTo: length - 68)
                builder.append(.sha1, key: key)
                builder.append(.sha256, key: key)
                builder.appendFingerprint()
                let bytes = builder.bytes
                return {
                    bytes.withUnsafeBytes { bytes in
                        guard let message = try? Message(bytes) else { return }
                        _ = message.isFingerprintRight
                        _ = message.attributes.reduce(0) { $0 + $1.value.count }
                        _ = message.first(AttributeType(rawValue: 0xFFFF))
                        _ = try? message.errorCode()
                        _ = try? message.unknownAttributes()
                        _ = try? message.xorAddress(.xorPeerAddress)
                        for algorithm in [IntegrityAlgorithm.sha1, .sha256] {
                            _ = message.isProtected(by: algorithm, key: key)
                        }
                    }
                }
            }
        }
    }

    private static let methods: [Method] = [.binding, .allocate, .refresh, .createPermission, .channelBind]

    @Test("a stranger's request, bare or with a code that nothing stands behind", arguments: Filling.allCases)
    func strangers(filling: Filling) {
        let site = Site {
            $0.strangers.burst = 1_000_000_000
            $0.strangers.perSecond = 1_000_000_000
        }
        let client = Client(site)
        client.meet()
        for transport in [ClientTransport.udp, .tls] {
            let path = ClientPath(client.path.address, link: client.path.link, over: transport)
            for method in Self.methods {
                for isSigned in [false, true] {
                    expectLinear((250, 2_000), "\(filling) \(method) \(isSigned)") { length in
                        var builder = MessageBuilder(MessageType(method, .request), client.nextTransaction())
                        if isSigned {
                            builder.append(.username, client.username)
                            builder.append(.realm, site.realm)
                            builder.append(.nonce, client.nonce)
                        }
                        filling.append(to: &builder, upTo: length - 24)
                        if isSigned { builder.append(.sha1, key: Secret([1])) }
                        return receive(site, builder.bytes, from: path)
                    }
                }
            }
        }
    }

    @Test("a request of a client that has an address allocated, right or not", arguments: Filling.allCases)
    func clients(filling: Filling) {
        let site = Site()
        let client = Client(site)
        client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        for method in Self.methods {
            for isRight in [true, false] {
                expectLinear((8_000, 64_000), "\(filling) \(method) \(isRight)") { length in
                    var bytes = client.request(method) { filling.append(to: &$0, upTo: length - 200) }
                    // The code is the last attribute.
                    if !isRight { bytes[bytes.count - 1] ^= 1 }
                    return receive(site, bytes, from: client.path)
                }
            }
        }
        #expect(site.server.allocationCount == 1)
    }

    @Test("an indication, and what is no request at all", arguments: Filling.allCases)
    func others(filling: Filling) {
        let site = Site()
        let client = Client(site)
        client.allocate()
        for type in [
            MessageType(.send, .indication), MessageType(.data, .indication), MessageType(.binding, .indication),
            MessageType(.allocate, .success), MessageType(.connect, .request),
        ] {
            expectLinear((8_000, 64_000), "\(filling) \(type)") { length in
                var builder = MessageBuilder(type, client.nextTransaction())
                filling.append(to: &builder, upTo: length - 8)
                builder.appendFingerprint()
                return receive(site, builder.bytes, from: client.path)
            }
        }
    }

    @Test("a message of more than 2,048 bytes is not looked at before something is allocated, and is after")
    func longest() {
        let site = Site()
        let client = Client(site)
        client.meet()
        func request(_ length: Int) -> [UInt8] {
            client.request(.allocate) { builder in
                builder.append(.requestedTransport, [17, 0, 0, 0])
                let rest = client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }.count + 4
                builder.append(.software, [UInt8](repeating: 0x20, count: length - rest))
            }
        }
        for length in [2_052, 65_504] {
            #expect(request(length).count == length)
            #expect(site.receive(request(length), from: client.path) == .discard(.tooLong))
        }
        #expect(site.server.counters[.tooLong] == 2)
        #expect(site.answer(request(2_048), from: client.path)?.isSuccess == true)
        #expect(site.receive(request(65_504), from: client.path) == .answer)
        client.refresh(0)
        #expect(site.receive(request(2_052), from: client.path) == .discard(.tooLong))
    }

    @Test("420 names every type that is not known once, however many there are")
    func allUnknown() {
        let site = Site()
        let client = Client(site)
        client.allocate()
        let answer = client.ask(.refresh) { builder in
            for number in 0..<16_000 { builder.append(AttributeType(rawValue: 0x7FFF - UInt16(number % 8_000))) }
        }
        #expect(answer?.error == .unknownAttribute)
        let expected = (0..<8_000).flatMap { number -> [UInt8] in
            let type = 0x7FFF - UInt16(number)
            return [UInt8(type >> 8), UInt8(type & 0xFF)]
        }
        #expect(answer?[.unknownAttributes] == expected)
    }
}

extension Method {
    /// RFC 6062's, which this relay does not have.
    fileprivate static let connect = Method(rawValue: 0x00A)
}
