import CryptoPrimitives
import STUN
import TURN
import Testing

@Suite("Allocations")
struct AllocationTests {
    let peer = TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000)

    @Test("an allocation has an address in the dynamic ports, a lifetime, and says what the client's own address is")
    func allocate() throws {
        let site = Site()
        let client = Client(site)
        let answer = try #require(client.allocate())
        let relayed = try #require(answer.relayed)
        #expect(relayed.ip == Site.ipv4)
        #expect((49_152...65_535).contains(relayed.port))
        #expect(answer.lifetime == 600)
        #expect(answer.addresses(.xorMappedAddress) == [client.path.address])
        #expect(answer.isProtected(by: .sha1, key: client.key))
        #expect(site.server.allocationCount == 1)
    }

    @Test(
        "the lifetime asked for is granted between the default and the maximum",
        arguments: [0, 1, 599, 600, 601, 3_600, 3_601, .max] as [UInt32])
    func lifetimes(_ asked: UInt32) {
        let client = Client(Site())
        #expect(client.allocate { $0.append(.lifetime, number: asked) }?.lifetime == max(600, min(asked, 3_600)))
        #expect(client.refresh(asked)?.lifetime == (asked == 0 ? 0 : max(600, min(asked, 3_600))))
        #expect(client.site.server.allocationCount == (asked == 0 ? 0 : 1))
    }

    @Test(
        "every protection that RFC 8489 has is understood; with a password algorithm the answer's is SHA-256, else SHA-1",
        arguments: [IntegrityAlgorithm.sha1, .sha256], [PasswordAlgorithm?.none, .md5, .sha256])
    func protections(integrity: IntegrityAlgorithm, algorithm: PasswordAlgorithm?) throws {
        for hidesName in [false, true] {
            let client = Client(Site())
            client.integrity = integrity
            client.algorithm = algorithm
            client.hidesName = hidesName
            client.hasFingerprint = true
            let answer = try #require(client.allocate())
            #expect(answer.isSuccess)
            #expect(answer.isProtected(by: algorithm == nil ? .sha1 : .sha256, key: client.key))
            #expect(answer.bytes.withUnsafeBytes { (try? Message($0))?.hasFingerprint } == true)
            #expect(client.permit(peer)?.isSuccess == true)
        }
    }

    @Test("EVEN-PORT gives an even port; with its bit, the next one to who has the token")
    func evenPort() throws {
        let site = Site()
        for index in 0..<20 {
            let address = TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(100 + 2 * index))
            let first = Client(site, address, user: "user \(index)")
            let answer = try #require(first.allocate { $0.append(.evenPort, [0x80]) })
            let port = try #require(answer.relayed?.port)
            #expect(port & 1 == 0)
            let token = try #require(answer[.reservationToken])
            // It is not given to anybody else, and nobody gets at it before.
            #expect(site.receive(from: peer, at: port + 1) == .discard(.noAllocation))
            let second = Client(site, TransportAddress(address.ip, port: address.port + 1), user: "user \(index)")
            #expect(second.allocate { $0.append(.reservationToken, token) }?.relayed?.port == port + 1)
            // Only an even port, without the bit.
            if index == 0 {
                let third = Client(site, TransportAddress(address.ip, port: 1), user: "third")
                let answer = third.allocate { $0.append(.evenPort, [0x00]) }
                #expect((answer?.relayed?.port ?? 1) & 1 == 0)
                #expect(answer?[.reservationToken] == nil)
            }
        }
    }

    @Test("a request that made a reservation is answered again with the same token")
    func repeatedReservation() throws {
        let site = Site()
        let client = Client(site)
        client.meet()
        let request = client.request(.allocate) {
            $0.append(.requestedTransport, [17, 0, 0, 0])
            $0.append(.evenPort, [0x80])
        }
        let first = try #require(site.answer(request, from: client.path))
        #expect(first[.reservationToken] != nil)
        #expect(site.answer(request, from: client.path)?.bytes == first.bytes)
        #expect(site.sockets.open.count == 2)
    }

    @Test("a reserved port outlives the allocation that asked for it, and touches nothing of the one after that")
    func orphanedReservation() throws {
        let site = Site()
        func client(_ port: UInt16) -> Client {
            Client(site, TransportAddress(IPAddress(198, 51, 100, 1), port: port))
        }
        let first = client(1)
        let token = try #require(first.allocate { $0.append(.evenPort, [0x80]) }?[.reservationToken])
        first.refresh(0)
        // In the place of the first one, with a reservation of its own.
        let second = client(2)
        second.meet()
        let request = second.request(.allocate) {
            $0.append(.requestedTransport, [17, 0, 0, 0])
            $0.append(.evenPort, [0x80])
        }
        let other = try #require(site.answer(request, from: second.path)?[.reservationToken])
        #expect(client(3).allocate { $0.append(.reservationToken, token) }?.isSuccess == true)
        #expect(site.answer(request, from: second.path)?[.reservationToken] == other)
    }

    @Test("IPv6 alone, and a pair of both, each refreshed or ended by itself")
    func families() throws {
        let site = Site()
        let peer6 = TransportAddress(IPAddress(ipv6High: 0x2001_0DB8_0000_0001, low: 1), port: 7_000)
        let six = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1))
        #expect(six.allocate { $0.append(.requestedAddressFamily, [2, 0, 0, 0]) }?.relayed?.ip == Site.ipv6)
        #expect(six.permit(peer)?.error == .peerAddressFamilyMismatch)
        six.permit(peer6)
        #expect(six.send([1], to: peer6).peer == peer6)

        let pair = Client(site)
        let answer = try #require(pair.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) })
        let relayed = answer.addresses(.xorRelayedAddress)
        #expect(relayed.map(\.ip) == [Site.ipv4, Site.ipv6])
        #expect(answer[.addressErrorCode] == nil)
        pair.permit(peer, peer6)
        #expect(pair.send([1], to: peer).peer == peer)
        #expect(pair.send([1], to: peer6).peer == peer6)
        #expect(pair.refresh(0, .ipv4)?.lifetime == 0)
        // Its permissions are gone with it.
        #expect(pair.send([1], to: peer) == .discard(.noPermission))
        #expect(pair.send([1], to: peer6).peer == peer6)
        #expect(pair.permit(peer)?.error == .peerAddressFamilyMismatch)
        // One of a pair ends by its own time.
        #expect(pair.refresh(0)?.lifetime == 0)
        #expect(pair.refresh()?.error == .allocationMismatch)
        #expect(site.sockets.open.count == 1)
    }

    @Test("a pair of which one family has no port left is one address, and ADDRESS-ERROR-CODE says 508")
    func halfAPair() throws {
        let ports = PortPool(range: 50_000...50_000)
        let site = Site(ports: ports)
        let six = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1))
        #expect(six.allocate { $0.append(.requestedAddressFamily, [2, 0, 0, 0]) }?.isSuccess == true)
        let answer = try #require(Client(site).allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) })
        #expect(answer.addresses(.xorRelayedAddress).map(\.ip) == [Site.ipv4])
        #expect(answer[.addressErrorCode]?.starts(with: [2, 0, 5, 8]) == true)
    }

    @Test("the request for a pair of which one family is not there is answered again with the same ADDRESS-ERROR-CODE")
    func repeatedHalf() throws {
        let site = Site { $0.relayIPv4 = nil }
        let client = Client(site)
        client.meet()
        let request = client.request(.allocate) {
            $0.append(.requestedTransport, [17, 0, 0, 0])
            $0.append(.additionalAddressFamily, [2, 0, 0, 0])
        }
        let first = try #require(site.answer(request, from: client.path))
        #expect(first[.addressErrorCode]?.starts(with: [1, 0, 4, 40]) == true)
        #expect(site.answer(request, from: client.path)?.bytes == first.bytes)
    }

    @Test("a stream that ends, a subject whose rights end and a server that ends leave no socket and no port")
    func ends() {
        let ports = PortPool()
        var site: Site? = Site(ports: ports)
        let sockets = site?.sockets
        if let site {
            let stream = Client(site, over: .tcp)
            stream.allocate()
            site.server.close(stream.path)
            #expect(site.server.allocationCount == 0)
            for port in 1...4 {
                let user = port == 4 ? "bob" : "alice"
                let client = Client(site, TransportAddress(IPAddress(198, 51, 100, 1), port: UInt16(port)), user: user)
                client.allocate { $0.append(.evenPort, [0x80]) }
                client.bind(0x4000, peer)
            }
            #expect(site.sockets.open.count == 8)
            site.server.remove(subject: Array("alice".utf8))
            site.server.remove(subject: Array("nobody".utf8))
            #expect(site.server.allocationCount == 1)
            #expect(site.sockets.open.count == 2)
            // What ended leaves no timer behind that would end something else.
            site.pass(seconds: 31)
            #expect(site.sockets.open.count == 1)
        }
        site = nil
        #expect(sockets?.open.count == 0)
        for port in UInt16(49_152)...65_535 { #expect(!ports.isTaken(.ipv4, port)) }
    }

    @Test("a call outlives the credential it was made with; a new one does not begin after it")
    func continuing() {
        let site = Site()
        let client = Client(site, seconds: 1_000)
        #expect(client.allocate()?.isSuccess == true)
        for _ in 0..<20 {
            site.pass(seconds: 500)
            #expect(client.refresh()?.isSuccess == true)
        }
        let second = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1), seconds: 1_000)
        #expect(second.allocate()?.error == .unauthenticated)
        // Not for ever: 12 hours.
        for _ in 0..<100 {
            site.pass(seconds: 500)
            client.refresh()
        }
        #expect(client.refresh()?.error == .unauthenticated)
        #expect(site.server.allocationCount == 0)
    }

    @Test("a new address is the one of what is allocated from then on")
    func newAddress() {
        let site = Site()
        let first = Client(site)
        #expect(first.allocate()?.relayed?.ip == Site.ipv4)
        let moved = IPAddress(203, 0, 113, 99)
        site.server.setRelayAddresses(ipv4: moved, ipv6: nil)
        let second = Client(site, TransportAddress(IPAddress(198, 51, 100, 2), port: 1))
        #expect(second.allocate()?.relayed?.ip == moved)
        second.permit(TransportAddress(moved, port: 1))
        #expect(second.send([1], to: TransportAddress(moved, port: 1)) == .discard(.ownAddress))
        // The first one is still a client's.
        second.permit(TransportAddress(Site.ipv4, port: 1))
    }

    @Test("Binding needs no credential; responses and unknown methods lead to nothing")
    func others() {
        let site = Site()
        let client = Client(site)
        let answer = site.answer(client.question(.binding), from: client.path)
        #expect(answer?.addresses(.xorMappedAddress) == [client.path.address])
        #expect(answer?.bytes.count == 32)
        for type in [
            MessageType(.binding, .indication), MessageType(.binding, .success), MessageType(.allocate, .failure),
            MessageType(.data, .indication), MessageType(Method(rawValue: 0x0BAD), .request),
            MessageType(.send, .request),
        ] {
            let bytes = MessageBuilder(type, client.nextTransaction()).bytes
            #expect(site.receive(bytes, from: client.path) == .discard(.unexpected))
        }
        var wrong = MessageBuilder(MessageType(.binding, .request), client.nextTransaction())
        wrong.appendFingerprint()
        var bytes = wrong.bytes
        bytes[bytes.count - 1] ^= 1
        #expect(site.receive(bytes, from: client.path) == .discard(.malformed))
    }
}
