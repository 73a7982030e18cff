import Foundation
import Node
import NodeClient
import STUN
import TURN
import Testing

/// The relay over real sockets: what the kernel puts together and cuts apart comes out as it went in.
@Suite("The relay")
struct RelayTests {
    /// A node whose relay is on a port of its own and reaches this machine.
    private func withRelay(
        threads: Int = 1, _ configure: @escaping @Sendable (inout RelayConfiguration) -> Void = { _ in },
        _ body: (Int) throws -> Void
    ) async throws {
        let port = NodeProcess.freePort()
        try await withNode { configuration in
            var relay = RelayConfiguration.onLoopback(port: port)
            relay.threads = threads
            configure(&relay)
            configuration.relay = relay
        } _: { _ in
            try body(port)
        }
    }

    private func data(_ index: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
    }

    @Test("Binding says where one comes from; without a credential nothing is allocated")
    func binding() async throws {
        try await withRelay { port in
            let client = try DatagramClient(relayPort: port)
            client.send(RelayRequests.binding)
            #expect(try RelayReply(try client.receive()).mapped == client.address)
            let stranger = try DatagramClient(relayPort: port, secret: "south")
            #expect(
                try stranger.ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }.error == .unauthenticated)
        }
    }

    @Test("data of every length passes whole and in order, both ways, by channel and by indication", arguments: [1, 3])
    func lengths(threads: Int) async throws {
        try await withRelay(threads: threads) { port in
            let client = try DatagramClient(relayPort: port)
            let peer = try DatagramClient(relayPort: port)
            let relayed = try #require(try client.allocate())
            #expect(try client.bind(0x4000, to: peer.address))
            let lengths = Array(0..<40) + [160, 160, 160, 1_200, 1_200, 100, 1_200, 1_401, 9_000, 20_000, 1, 1]
            for (index, length) in lengths.enumerated() {
                client.send(DatagramClient.channelData(0x4000, data(index, length)))
            }
            for (index, length) in lengths.enumerated() { #expect(try peer.receive() == data(index, length)) }
            for (index, length) in lengths.enumerated() { peer.send(data(index, length), to: relayed) }
            for (index, length) in lengths.enumerated() {
                #expect(try client.receive() == DatagramClient.channelData(0x4000, data(index, length)))
            }
            // Another port of the same address has no channel.
            let other = try DatagramClient(relayPort: port)
            for (index, length) in lengths.enumerated() { other.send(data(index, length), to: relayed) }
            for (index, length) in lengths.enumerated() {
                let indication = try RelayReply(try client.receive())
                #expect(indication.peer == other.address)
                #expect(indication.values[.data] == data(index, length))
            }
        }
    }

    @Test("what the kernel has put together is taken apart again, both ways", arguments: [160, 1_000, 1_201])
    func segments(length: Int) async throws {
        try await withRelay { port in
            let client = try DatagramClient(relayPort: port)
            let peer = try DatagramClient(relayPort: port)
            let other = try DatagramClient(relayPort: port)
            let relayed = try #require(try client.allocate())
            #expect(try client.bind(0x4000, to: peer.address))
            let pieces = (0..<30).map { data($0, length) } + [data(30, 17)]
            // Twice, with a request between.
            for _ in 0..<2 {
                let framed = pieces.flatMap { DatagramClient.channelData(0x4000, $0) }
                client.send(framed, segment: Int32(length + 4))
                for piece in pieces { #expect(try peer.receive() == piece) }
                peer.send(pieces.flatMap { $0 }, to: relayed, segment: Int32(length))
                for piece in pieces { #expect(try client.receive() == DatagramClient.channelData(0x4000, piece)) }
                other.send(pieces.flatMap { $0 }, to: relayed, segment: Int32(length))
                for piece in pieces {
                    let indication = try RelayReply(try client.receive())
                    #expect(indication.values[.data] == piece)
                }
                #expect(try client.permit(peer.address))
            }
        }
    }

    @Test("two clients of the relay reach each other through it")
    func joined() async throws {
        try await withRelay { port in
            let alice = try DatagramClient(relayPort: port)
            let bob = try DatagramClient(relayPort: port, user: "bob")
            let aliceRelayed = try #require(try alice.allocate())
            let bobRelayed = try #require(try bob.allocate())
            #expect(try alice.bind(0x4000, to: bobRelayed))
            #expect(try bob.bind(0x4ABC, to: aliceRelayed))
            let pieces = (0..<30).map { data($0, 333) }
            alice.send(pieces.flatMap { DatagramClient.channelData(0x4000, $0) }, segment: 337)
            for piece in pieces { #expect(try bob.receive() == DatagramClient.channelData(0x4ABC, piece)) }
            for piece in pieces { bob.send(DatagramClient.channelData(0x4ABC, piece)) }
            for piece in pieces { #expect(try alice.receive() == DatagramClient.channelData(0x4000, piece)) }
        }
    }

    @Test("a peer that is not there is told of in a Data indication with ICMP")
    func icmp() async throws {
        try await withRelay { port in
            let client = try DatagramClient(relayPort: port)
            _ = try client.allocate()
            let nobody = TransportAddress(DatagramClient.loopback, port: UInt16(NodeProcess.freePort()))
            #expect(try client.bind(0x4000, to: nobody))
            client.send(DatagramClient.channelData(0x4000, [1]))
            let indication = try RelayReply(try client.receive())
            #expect(indication.peer == nobody)
            // Destination unreachable, port unreachable.
            #expect(indication.values[.icmp] == [0, 0, 0x06, 0x03, 0, 0, 0, 0])
            // And the channel goes on.
            let peer = try DatagramClient(relayPort: port)
            #expect(try client.bind(0x4001, to: peer.address))
            client.send(DatagramClient.channelData(0x4001, [2]))
            #expect(try peer.receive() == [2])
        }
    }

    @Test("a port that was chosen and is in use ends the start; one that nobody chose is exchanged")
    func portInUse() async throws {
        let port = NodeProcess.freePort()
        let first = try await LocalNode { $0.relay = RelayConfiguration(port: port) }
        await #expect(throws: StartError.self) {
            _ = try await LocalNode { $0.relay = RelayConfiguration(port: port) }
        }
        let second = try await LocalNode { configuration in
            configuration.relay = RelayConfiguration(port: port)
            configuration.relay?.isPortChosen = false
        }
        try await second.stop()
        try await first.stop()
    }

    @Test("an address that is none ends the start")
    func publicAddress() async throws {
        await #expect(throws: StartError.self) {
            _ = try await LocalNode { configuration in
                configuration.relay = RelayConfiguration(port: NodeProcess.freePort())
                configuration.relay?.publicAddresses = ["relay.example.org"]
            }
        }
    }

    @Test("networks that were named are reached, and no other private one")
    func networks() async throws {
        for (networks, isBubble, reached) in [
            ([], false, [false, false]), (["10.8.0.0/16", "fd00:8::/32"], false, [true, false]),
            ([], true, [true, true]),
        ] {
            try await withRelay {
                $0.networks = networks
                $0.reachesPrivateNetworks = isBubble
            } _: { port in
                let client = try DatagramClient(relayPort: port)
                _ = try client.allocate()
                let peers = [IPAddress(10, 8, 1, 1), IPAddress(10, 9, 1, 1)].map { TransportAddress($0, port: 9) }
                #expect(try peers.map { try client.permit($0) } == reached)
                // Whatever the policy.
                #expect(try client.permit(TransportAddress(IPAddress(169, 254, 169, 254), port: 80)) == false)
            }
        }
    }

    @Test("what is no network ends the start")
    func configuration() async throws {
        for network in ["10.8.0.0", "10.8.0.1/16", "10.8.0.0/33", "camp/8", "10.8.0.0/-1", "fd00::/129", "/8"] {
            await #expect(throws: StartError.self, "\(network)") {
                _ = try await LocalNode { configuration in
                    configuration.relay = RelayConfiguration(port: NodeProcess.freePort())
                    configuration.relay?.networks = [network]
                }
            }
        }
    }

    @Test("a device relays no more than its rate, and all together no more than theirs", arguments: [true, false])
    func bandwidth(isOfDevice: Bool) async throws {
        try await withRelay {
            if isOfDevice { $0.deviceMegabits = 1 } else { $0.megabits = 1 }
        } _: { port in
            let peer = try DatagramClient(relayPort: port)
            var received = [0, 0]
            for (index, user) in ["alice", "bob"].enumerated() {
                let client = try DatagramClient(relayPort: port, user: user)
                let relayed = try #require(try client.allocate())
                #expect(try client.bind(0x4000, to: peer.address))
                // Four seconds' worth, at once.
                for _ in 0..<500 { peer.send([UInt8](repeating: 7, count: 1_000), to: relayed) }
                while (try? client.receive(within: 1)) != nil { received[index] += 1_000 }
            }
            // A second's worth, and what came in while it passed.
            #expect((100_000...300_000).contains(received[0]), "\(received)")
            #expect((100_000...300_000).contains(received[1]), "\(received)")
        }
    }

    private static let prlimit = "/usr/bin/prlimit"
    private static let hasPrlimit = FileManager.default.isExecutableFile(atPath: prlimit)

    @Test(
        "a node that is ready has a relay that answers; one that lacks a descriptor for it says so",
        .enabled(if: hasPrlimit))
    func wholeOrNot() async throws {
        let port = NodeProcess.freePort()
        let options = ["--turn-port", "\(port)", "--public-ip", "127.0.0.1"]
        let whole = try await NodeProcess(options: options)
        let most = whole.descriptors
        func answers() -> Bool {
            [DatagramClient.loopback, DatagramClient.loopback6].allSatisfy { ip in
                guard let client = try? DatagramClient(relayPort: port, at: ip, patience: 1) else { return false }
                client.send(RelayRequests.binding)
                return (try? client.receive()) != nil
            }
        }
        #expect(answers())
        try await whole.terminate()
        var complaints = 0
        // Of what it opens last, the relay's own is a part.
        for limit in most - 10..<most {
            let folder = try TemporaryFolder()
            do {
                let node = try await NodeProcess(
                    folder: folder, options: options, under: [Self.prlimit, "--nofile=\(limit)"])
                #expect(answers(), "\(limit) of \(most) descriptors")
                try await node.kill()
            } catch NodeProcess.Failure.notReady {
                let log = String(decoding: try folder.bytes("log"), as: UTF8.self)
                guard log.contains("The relay cannot be started") else { continue }
                complaints += 1
                #expect(log.hasPrefix("cryptpeer: The relay cannot be started (too many open files): let the node"))
                #expect(log.hasSuffix(")\n") && log.filter { $0 == "\n" }.count == 1)
            }
        }
        #expect(complaints > 0)
    }

    @Test("what it relays is at the ports that were named, and it is full when they are used up")
    func portRange() async throws {
        let first = NodeProcess.freePort()
        try await withRelay {
            $0.ports = "\(first)-\(first + 2)"
        } _: { port in
            let clients = try (0..<4).map { try DatagramClient(relayPort: port, user: "user\($0)") }
            let ports = try clients.map { try $0.allocate()?.port }
            // Another program may have one of them.
            let given = ports.compactMap { $0 }
            #expect(given.count == Set(given).count && (1...3).contains(given.count))
            #expect(given.allSatisfy { (first...first + 2).contains(Int($0)) })
            let answer = try DatagramClient(relayPort: port, user: "late").ask(.allocate) {
                $0.append(.requestedTransport, [17, 0, 0, 0])
            }
            #expect(answer.error == .insufficientCapacity)
        }
    }

    @Test("it listens at the addresses that were named, over UDP and TCP, and at no other", arguments: [1, 3])
    func listening(threads: Int) async throws {
        try await withRelay(threads: threads) {
            $0.listen = ["127.0.0.1"]
        } _: { port in
            #expect(try DatagramClient(relayPort: port).allocate() != nil)
            let elsewhere = try DatagramClient(relayPort: port, at: DatagramClient.loopback6)
            elsewhere.send(RelayRequests.binding)
            #expect(throws: (any Error).self) { try elsewhere.receive(within: 1) }
        }
        let port = NodeProcess.freePort()
        try await withNode { configuration in
            var relay = RelayConfiguration.onLoopback(port: port)
            relay.listen = ["127.0.0.1"]
            configuration.relay = relay
        } _: { _ in
            let stream = try await ByteStream.open(host: "127.0.0.1", port: port)
            #expect(try await StreamClient(stream).allocate() != nil)
            await stream.close()
            await #expect(throws: (any Error).self) { _ = try await ByteStream.open(host: "::1", port: port) }
        }
    }

    @Test("mistakes in where it listens, its ports and its threads end the start, with what to do")
    func mistakes() async throws {
        let mistakes: [(@Sendable (inout RelayConfiguration) -> Void, String)] = [
            ({ $0.listen = ["chat.example.org"] }, "chat.example.org is no IP address: give --relay-listen addresses"),
            ({ $0.listen = ["192.0.2.77"] }, "This machine has no address 192.0.2.77: give --relay-listen one that"),
            ({ $0.ports = "50000" }, "50000 is no range of ports: give --relay-ports two ports"),
            ({ $0.ports = "50001-50000" }, "50001-50000 is no range of ports"),
            ({ $0.ports = "80-90" }, "80-90 is no range of ports"),
            ({ $0.ports = "50000-70000" }, "50000-70000 is no range of ports"),
            ({ $0.ports = "a-b-c" }, "a-b-c is no range of ports"),
            ({ $0.threads = 0 }, "The relay cannot have 0 threads: give --relay-threads 1 to 64"),
        ]
        for (configure, complaint) in mistakes {
            let error = await #expect(throws: StartError.self) {
                _ = try await LocalNode { node in
                    var relay = RelayConfiguration(port: NodeProcess.freePort())
                    configure(&relay)
                    node.relay = relay
                }
            }
            #expect(error?.description.hasPrefix(complaint) == true, "\(error?.description ?? "")")
        }
    }
}
