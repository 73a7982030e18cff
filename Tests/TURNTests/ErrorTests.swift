import CryptoPrimitives
import STUN
import TURN
import Testing

/// Each error of RFC 8656 §19 (and of RFC 8489 §14.8, as far as TURN uses it), by every way to it.
@Suite("Errors")
struct ErrorTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)
    let peer6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0001, low: 1), port: 7_000)

    // 300 is in AlternateServerTests.

    // MARK: 400

    @Test("400 Bad Request: no REQUESTED-TRANSPORT, or one of another length")
    func badTransport() {
        let client = Client(Site())
        #expect(client.ask(.allocate)?.error == .badRequest)
        #expect(client.ask(.allocate) { $0.append(.requestedTransport, [17]) }?.error == .badRequest)
    }

    @Test("400 Bad Request: USERNAME, REALM or NONCE is missing")
    func missingCredential() {
        let site = Site()
        let client = Client(site)
        client.meet()
        for missing in [AttributeType.username, .realm, .nonce] {
            var builder = MessageBuilder(MessageType(.allocate, .request), client.nextTransaction())
            builder.append(.requestedTransport, [17, 0, 0, 0])
            if missing != .username { builder.append(.username, client.username) }
            if missing != .realm { builder.append(.realm, Site.realm) }
            if missing != .nonce { builder.append(.nonce, client.nonce) }
            builder.append(.sha1, key: client.key)
            #expect(site.answer(builder.bytes, from: client.path)?.error == .badRequest)
        }
    }

    @Test("400 Bad Request: password algorithms that were changed on their way (RFC 8489 §9.2.4)")
    func changedAlgorithms() {
        let site = Site()
        let client = Client(site)
        client.meet()
        let ours = PasswordAlgorithm.sha256.bytes + PasswordAlgorithm.md5.bytes
        let attempts: [(list: [UInt8]?, chosen: [UInt8]?)] = [
            (ours, nil), (nil, PasswordAlgorithm.md5.bytes), (PasswordAlgorithm.md5.bytes, PasswordAlgorithm.md5.bytes),
            (ours, [0, 3, 0, 0]),
        ]
        for attempt in attempts {
            var builder = MessageBuilder(MessageType(.allocate, .request), client.nextTransaction())
            builder.append(.requestedTransport, [17, 0, 0, 0])
            builder.append(.username, client.username)
            builder.append(.realm, Site.realm)
            builder.append(.nonce, client.nonce)
            if let list = attempt.list { builder.append(.passwordAlgorithms, list) }
            if let chosen = attempt.chosen { builder.append(.passwordAlgorithm, chosen) }
            builder.append(.sha1, key: client.key)
            #expect(site.answer(builder.bytes, from: client.path)?.error == .badRequest)
        }
    }

    @Test("400 Bad Request: RESERVATION-TOKEN beside EVEN-PORT or a family, or of another length")
    func tokenWithOthers() {
        let client = Client(Site())
        let token = [UInt8](repeating: 1, count: 8)
        #expect(
            client.allocate {
                $0.append(.reservationToken, token)
                $0.append(.evenPort, [0])
            }?.error == .badRequest)
        for family in [AttributeType.requestedAddressFamily, .additionalAddressFamily] {
            #expect(
                client.allocate {
                    $0.append(.reservationToken, token)
                    $0.append(family, [2, 0, 0, 0])
                }?.error == .badRequest)
        }
        #expect(client.allocate { $0.append(.reservationToken, [1, 2, 3, 4]) }?.error == .badRequest)
    }

    @Test("400 Bad Request: both families' attributes, a second family that is IPv4, or one with a reserved port")
    func familiesTogether() {
        let client = Client(Site())
        #expect(
            client.allocate {
                $0.append(.requestedAddressFamily, [1, 0, 0, 0])
                $0.append(.additionalAddressFamily, [2, 0, 0, 0])
            }?.error == .badRequest)
        #expect(client.allocate { $0.append(.additionalAddressFamily, [1, 0, 0, 0]) }?.error == .badRequest)
        #expect(
            client.allocate {
                $0.append(.evenPort, [0x80])
                $0.append(.additionalAddressFamily, [2, 0, 0, 0])
            }?.error == .badRequest)
        #expect(client.allocate { $0.append(.requestedAddressFamily, [1]) }?.error == .badRequest)
        #expect(client.allocate { $0.append(.evenPort, [0, 0]) }?.error == .badRequest)
        #expect(client.allocate { $0.append(.lifetime, [1]) }?.error == .badRequest)
        #expect(client.site.server.allocationCount == 0)
    }

    @Test("400 Bad Request: CreatePermission without a peer, or with one that is no address")
    func badPermission() {
        let client = Client(Site())
        client.allocate()
        #expect(client.permit()?.error == .badRequest)
        let peer = peer
        #expect(
            client.ask(.createPermission) {
                $0.append(.xorPeerAddress, xored: peer)
                $0.append(.xorPeerAddress, [0, 1, 0, 0])
            }?.error == .badRequest)
        // All or nothing.
        #expect(client.send([1], to: peer) == .discard(.noPermission))
    }

    @Test("400 Bad Request: ChannelBind without number or peer, with a number out of range, or for port 0")
    func badChannel() {
        let client = Client(Site())
        client.allocate()
        let peer = peer
        #expect(client.ask(.channelBind) { $0.append(.xorPeerAddress, xored: peer) }?.error == .badRequest)
        #expect(client.ask(.channelBind) { $0.append(.channelNumber, [0x40, 0, 0, 0]) }?.error == .badRequest)
        for number: UInt16 in [0, 0x3FFF, 0x5000, 0x7FFF, 0x8000, 0xFFFF] {
            #expect(client.bind(number, peer)?.error == .badRequest)
        }
        #expect(client.bind(0x4000, TransportAddress(peer.ip, port: 0))?.error == .badRequest)
        #expect(client.bind(0x4000, peer)?.isSuccess == true)
        #expect(client.bind(0x4FFF, TransportAddress(peer.ip, port: 7_001))?.isSuccess == true)
    }

    @Test("400 Bad Request: a channel bound to another peer, or a peer bound to another channel")
    func channelInUse() {
        let client = Client(Site())
        client.allocate()
        let other = TransportAddress(peer.ip, port: 7_001)
        #expect(client.bind(0x4000, peer)?.isSuccess == true)
        #expect(client.bind(0x4000, other)?.error == .badRequest)
        #expect(client.bind(0x4001, peer)?.error == .badRequest)
        #expect(client.bind(0x4000, peer)?.isSuccess == true)
        #expect(client.bind(0x4001, other)?.isSuccess == true)
    }

    // MARK: 401

    @Test("401 Unauthenticated: a request without a code is asked for one, with realm and nonce")
    func challenge() {
        let site = Site()
        let client = Client(site)
        for method in [Method.allocate, .refresh, .createPermission, .channelBind] {
            let question = client.question(method) { $0.append(.software, [UInt8](repeating: 0x20, count: 40)) }
            let answer = site.answer(question, from: client.path)
            #expect(answer?.error == .unauthenticated)
            #expect(answer?[.realm] == Site.realm)
            #expect(answer?[.nonce]?.count == 35)
            #expect(answer?[.nonce]?.starts(with: Array("obMatJos2wAAA".utf8)) == true)
            #expect(answer?[.passwordAlgorithms] == [0, 2, 0, 0, 0, 1, 0, 0])
        }
    }

    @Test("401 Unauthenticated: a browser's short question gets realm and a nonce that works")
    func shortChallenge() {
        let site = Site()
        let client = Client(site)
        let question = client.question(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        #expect(question.count == 28)
        let answer = site.answer(question, from: client.path)
        #expect(answer?.error == .unauthenticated)
        #expect(answer?.bytes.count == 44)
        #expect(answer?[.realm] == Site.realm)
        client.meet(longQuestion: false)
        #expect(client.nonce.count == 4)
        #expect(client.allocate()?.isSuccess == true)
    }

    @Test("401 Unauthenticated: another password, an unknown user, a credential that has ended or has no end")
    func wrongPassword() {
        let site = Site()
        let client = Client(site, seconds: 100)
        client.meet()
        func attempt(_ username: [UInt8], _ password: [UInt8], transport: UInt8 = 17) -> ErrorCode? {
            var builder = MessageBuilder(MessageType(.allocate, .request), client.nextTransaction())
            builder.append(.requestedTransport, [transport, 0, 0, 0])
            builder.append(.username, username)
            builder.append(.realm, Site.realm)
            builder.append(.nonce, client.nonce)
            let key = PasswordAlgorithm.md5.key(username: username, realm: Site.realm, password: Secret(password))
            builder.append(.sha1, key: key)
            return site.answer(builder.bytes, from: client.path)?.error
        }
        #expect(attempt(client.username, client.password + [1]) == .unauthenticated)
        // RFC 8489 §14.3: fewer than 509 bytes, though it may be right otherwise.
        for length in [508, 509] {
            let user = [UInt8](repeating: 0x61, count: length - 11)
            let (username, password) = site.credentials.issue(
                user: user, subject: user, seconds: 100, unixTime: Site.start)
            #expect(username.count == length)
            // Nothing is wrong with the shorter one but its transport.
            #expect(
                attempt(username, password, transport: 6) == (length == 508 ? .unsupportedTransport : .unauthenticated))
        }
        for name in ["", "alice", ":alice", "x1700000100:alice", "99999999999999999999:alice", "-1:alice"] {
            #expect(attempt(Array(name.utf8), client.password) == .unauthenticated)
        }
        site.pass(seconds: 100)
        #expect(attempt(client.username, client.password) == .unauthenticated)
        #expect(site.server.allocationCount == 0)
        // Only valid credentials come to an answer with a code.
        #expect(Answer(site.server.answer)?.isProtected(by: .sha1, key: client.key) == false)
    }

    @Test("401 Unauthenticated: a USERHASH that nobody has")
    func unknownUserhash() {
        let site = Site()
        let client = Client(site)
        client.meet()
        var builder = MessageBuilder(MessageType(.allocate, .request), client.nextTransaction())
        builder.append(.userhash, [UInt8](repeating: 7, count: 32))
        builder.append(.realm, Site.realm)
        builder.append(.nonce, client.nonce)
        builder.append(.sha256, key: client.key)
        #expect(site.answer(builder.bytes, from: client.path)?.error == .unauthenticated)
    }

    // MARK: 403

    @Test("403 Forbidden: a permission or channel for an address that nothing is relayed to; none of the others either")
    func forbidden() {
        let client = Client(Site())
        client.allocate()
        let loopback = TransportAddress(IPAddress(127, 0, 0, 1), port: 80)
        #expect(client.permit(peer, loopback)?.error == .forbidden)
        #expect(client.send([1], to: peer) == .discard(.noPermission))
        #expect(client.bind(0x4000, loopback)?.error == .forbidden)
        #expect(client.channelData(0x4000, [1]) == .discard(.noChannel))
    }

    // MARK: 420

    @Test("420 Unknown Attribute: what must be understood and is not is named, also in a Binding request")
    func unknownAttribute() {
        let site = Site()
        let client = Client(site)
        let unknown = AttributeType(rawValue: 0x7777)
        let answer = client.allocate {
            $0.append(unknown, [1])
            $0.append(AttributeType(rawValue: 0xC777), [1])
        }
        #expect(answer?.error == .unknownAttribute)
        #expect(answer?[.unknownAttributes] == [0x77, 0x77])
        let binding = site.answer(client.question(.binding) { $0.append(unknown) }, from: client.path)
        #expect(binding?.error == .unknownAttribute)
        #expect(binding?[.unknownAttributes] == [0x77, 0x77])
    }

    @Test("420 Unknown Attribute: DONT-FRAGMENT where it cannot be done")
    func dontFragment() {
        let client = Client(Site())
        let answer = client.allocate { $0.append(.dontFragment) }
        #expect(answer?.error == .unknownAttribute)
        #expect(answer?[.unknownAttributes] == [0x00, 0x1A])
        let able = Client(Site { $0.supportsDontFragment = true })
        #expect(able.allocate { $0.append(.dontFragment) }?.isSuccess == true)
    }

    // MARK: 437

    @Test("437 Allocation Mismatch: Refresh, CreatePermission and ChannelBind without an allocation")
    func noAllocation() {
        let client = Client(Site())
        #expect(client.refresh()?.error == .allocationMismatch)
        #expect(client.refresh(0)?.error == .allocationMismatch)
        #expect(client.permit(peer)?.error == .allocationMismatch)
        #expect(client.bind(0x4000, peer)?.error == .allocationMismatch)
    }

    @Test("437 Allocation Mismatch: a second Allocate over one 5-tuple; the first one sent again is answered again")
    func secondAllocation() {
        let site = Site()
        let client = Client(site)
        client.meet()
        let transaction = client.nextTransaction()
        let request = client.request(.allocate, transaction) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        let first = site.answer(request, from: client.path)
        #expect(first?.isSuccess == true)
        #expect(site.answer(request, from: client.path)?.bytes == first?.bytes)
        #expect(client.allocate()?.error == .allocationMismatch)
        #expect(site.sockets.open.count == 1)
        // Another link with the same address is another 5-tuple.
        let other = Client(site, TransportAddress(client.path.address.ip, port: 5_001))
        #expect(other.allocate()?.isSuccess == true)
    }

    // MARK: 438

    @Test("438 Stale Nonce: after its lifetime, from another address, or one that was never given out")
    func staleNonce() {
        let site = Site()
        let client = Client(site, seconds: 100_000)
        client.meet()
        let request = client.request(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        // Sent from elsewhere, by who listened to it.
        let elsewhere = ClientPath(TransportAddress(client.path.address.ip, port: 5_001), link: 3)
        let answer = site.answer(request, from: elsewhere)
        #expect(answer?.error == .staleNonce)
        #expect(answer?[.nonce] != nil && answer?[.nonce] != client.nonce)
        #expect(answer?[.realm] == Site.realm)
        #expect(answer?.isProtected(by: .sha1, key: client.key) == true)
        #expect(site.answer(request, from: ClientPath(client.path.address, link: 4))?.error == .staleNonce)
        #expect(site.answer(request, from: client.path)?.isSuccess == true)
        site.pass(seconds: 3_600)
        let late = client.request(.refresh)
        #expect(site.answer(late, from: client.path)?.error == .staleNonce)
    }

    @Test("438 Stale Nonce: no character of a nonce can be changed", arguments: [true, false])
    func changedNonce(isLong: Bool) {
        let site = Site()
        let client = Client(site)
        client.meet(longQuestion: isLong)
        for index in client.nonce.indices {
            var nonce = client.nonce
            nonce[index] = nonce[index] == 0x41 ? 0x42 : 0x41
            var builder = MessageBuilder(MessageType(.refresh, .request), client.nextTransaction())
            builder.append(.username, client.username)
            builder.append(.realm, Site.realm)
            builder.append(.nonce, nonce)
            builder.append(.sha1, key: client.key)
            #expect(site.answer(builder.bytes, from: client.path)?.error == .staleNonce)
        }
    }

    // MARK: 440

    @Test("440 Address Family not Supported: a family without a relay address, or none at all")
    func familyNotSupported() {
        let client = Client(Site { $0.relayIPv6 = nil })
        #expect(
            client.allocate { $0.append(.requestedAddressFamily, [2, 0, 0, 0]) }?.error == .addressFamilyNotSupported)
        #expect(
            client.allocate { $0.append(.requestedAddressFamily, [9, 0, 0, 0]) }?.error == .addressFamilyNotSupported)
        let only6 = Client(Site { $0.relayIPv4 = nil })
        #expect(only6.allocate()?.error == .addressFamilyNotSupported)
        #expect(only6.allocate { $0.append(.requestedAddressFamily, [2, 0, 0, 0]) }?.isSuccess == true)
        let neither = Client(
            Site {
                $0.relayIPv4 = nil
                $0.relayIPv6 = nil
            })
        #expect(
            neither.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.error == .addressFamilyNotSupported)
    }

    @Test("440 in ADDRESS-ERROR-CODE: a second family that is not there leaves the first one")
    func additionalFamilyNotSupported() {
        let client = Client(Site { $0.relayIPv6 = nil })
        let answer = client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        #expect(answer?.isSuccess == true)
        #expect(answer?.addresses(.xorRelayedAddress).map(\.family) == [.ipv4])
        #expect(answer?[.addressErrorCode]?.starts(with: [2, 0, 4, 40]) == true)
    }

    // MARK: 441

    @Test("441 Wrong Credentials: another user over the same 5-tuple, with a credential that is right")
    func wrongCredentials() {
        let site = Site()
        let alice = Client(site)
        alice.allocate()
        let mallory = Client(site, user: "mallory")
        #expect(mallory.refresh(0)?.error == .wrongCredentials)
        #expect(mallory.permit(peer)?.error == .wrongCredentials)
        #expect(mallory.bind(0x4000, peer)?.error == .wrongCredentials)
        #expect(alice.refresh()?.isSuccess == true)
    }

    // MARK: 442

    @Test("442 Unsupported Transport Protocol: anything but UDP", arguments: [UInt8(0), 6, 18, 255])
    func unsupportedTransport(_ number: UInt8) {
        let client = Client(Site())
        let answer = client.ask(.allocate) { $0.append(.requestedTransport, [number, 0, 0, 0]) }
        #expect(answer?.error == .unsupportedTransport)
    }

    // MARK: 443

    @Test("443 Peer Address Family Mismatch: a peer, or a refreshed family, that the allocation has no address of")
    func familyMismatch() {
        let client = Client(Site())
        client.allocate()
        #expect(client.permit(peer, peer6)?.error == .peerAddressFamilyMismatch)
        #expect(client.bind(0x4000, peer6)?.error == .peerAddressFamilyMismatch)
        #expect(client.refresh(600, .ipv6)?.error == .peerAddressFamilyMismatch)
        #expect(client.send([1], to: peer) == .discard(.noPermission))
        let pair = Client(client.site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1))
        pair.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        #expect(pair.permit(peer, peer6)?.isSuccess == true)
    }

    // MARK: 486

    @Test("486 Allocation Quota Reached: one more than a user may have, over all of its 5-tuples")
    func quota() {
        let site = Site { $0.quotas.relaysPerUser = 3 }
        func client(_ port: UInt16, _ user: String = "alice") -> Client {
            Client(site, TransportAddress(IPAddress(198, 51, 100, 1), port: port), user: user)
        }
        let first = client(1)
        #expect(first.allocate()?.isSuccess == true)
        #expect(client(2).allocate()?.isSuccess == true)
        // A pair, and a port with a reserved one, count as two.
        #expect(
            client(3).allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }?.error == .allocationQuotaReached)
        #expect(client(3).allocate { $0.append(.evenPort, [0x80]) }?.error == .allocationQuotaReached)
        #expect(client(3).allocate()?.isSuccess == true)
        #expect(client(4).allocate()?.error == .allocationQuotaReached)
        #expect(client(5, "bob").allocate()?.isSuccess == true)
        #expect(first.refresh(0)?.isSuccess == true)
        #expect(client(4).allocate()?.isSuccess == true)
    }

    // MARK: 508

    @Test("508 Insufficient Capacity: as many relayed addresses as the server may have, or no port to be had")
    func capacity() {
        let site = Site { $0.quotas.relays = 1 }
        #expect(Client(site).allocate()?.isSuccess == true)
        let second = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1), user: "bob")
        #expect(second.allocate()?.error == .insufficientCapacity)

        let exhausted = Site(ports: PortPool(range: 50_000...50_003))
        let client = Client(exhausted)
        exhausted.sockets.isExhausted = true
        #expect(client.allocate()?.error == .insufficientCapacity)
        exhausted.sockets.isExhausted = false
        exhausted.sockets.portsOfOthers = [50_000, 50_001, 50_002]
        #expect(client.allocate()?.relayed?.port == 50_003)
    }

    @Test("508 Insufficient Capacity: a token that was not given out, was used, has ended, or is another user's")
    func reservationToken() {
        let site = Site()
        func client(_ port: UInt16, _ user: String = "alice") -> Client {
            Client(site, TransportAddress(IPAddress(198, 51, 100, 1), port: port), user: user)
        }
        func take(_ token: [UInt8], _ client: Client) -> Answer? {
            client.allocate { $0.append(.reservationToken, token) }
        }
        #expect(take([1, 2, 3, 4, 5, 6, 7, 8], client(1))?.error == .insufficientCapacity)
        let token = client(2).allocate { $0.append(.evenPort, [0x80]) }?[.reservationToken] ?? []
        #expect(token.count == 8)
        #expect(take(token, client(3, "bob"))?.error == .insufficientCapacity)
        #expect(take(token, client(3))?.isSuccess == true)
        #expect(take(token, client(4))?.error == .insufficientCapacity)
        let late = client(5).allocate { $0.append(.evenPort, [0x80]) }?[.reservationToken] ?? []
        site.pass(seconds: 30)
        #expect(take(late, client(6))?.error == .insufficientCapacity)
    }

    @Test("508 Insufficient Capacity: more permissions or channels than an allocation may have")
    func permissions() {
        let site = Site {
            $0.quotas.permissionsPerAllocation = 2
            $0.quotas.channelsPerAllocation = 2
        }
        let client = Client(site)
        client.allocate()
        func peer(_ number: UInt8, _ port: UInt16 = 1) -> TransportAddress {
            TransportAddress(IPAddress(192, 0, 2, number), port: port)
        }
        #expect(client.permit(peer(1), peer(2), peer(3))?.error == .insufficientCapacity)
        #expect(client.permit(peer(1), peer(1, 2), peer(2))?.isSuccess == true)
        #expect(client.permit(peer(3))?.error == .insufficientCapacity)
        #expect(client.permit(peer(2))?.isSuccess == true)
        #expect(client.bind(0x4000, peer(3))?.error == .insufficientCapacity)
        #expect(client.bind(0x4000, peer(1))?.isSuccess == true)
        #expect(client.bind(0x4001, peer(1, 2))?.isSuccess == true)
        #expect(client.bind(0x4002, peer(1, 3))?.error == .insufficientCapacity)
        #expect(client.bind(0x4001, peer(1, 2))?.isSuccess == true)
    }
}
