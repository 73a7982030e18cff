import Foundation
import Node
import NodeClient
import STUN
import TURN
import Testing

/// The relay over TCP and, at the port of HTTPS, over TLS.
@Suite("The relay's streams")
struct RelayStreamTests {
    enum Transport: String, CaseIterable {
        case tcp
        case tls
    }

    /// A node whose relay is on a port of its own and reaches this machine.
    private func withRelay(
        _ configure: @escaping @Sendable (inout NodeConfiguration) -> Void = { _ in },
        _ body: (LocalNode, Int) async throws -> Void
    ) async throws {
        let port = NodeProcess.freePort()
        try await withNode { configuration in
            configuration.relay = .onLoopback(port: port)
            configure(&configuration)
        } _: { node in
            try await body(node, port)
        }
    }

    private func open(_ transport: Transport, _ node: LocalNode, _ port: Int) async throws -> ByteStream {
        switch transport {
        case .tcp: try await ByteStream.open(host: "127.0.0.1", port: port)
        case .tls:
            try await ByteStream.open(
                node.origin.replacing("localhost", with: "127.0.0.1"), trusting: try node.authority)
        }
    }

    private func data(_ index: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
    }

    @Test("Binding says where one comes from; HTTPS goes on beside it", arguments: Transport.allCases)
    func binding(transport: Transport) async throws {
        try await withRelay { node, port in
            let client = StreamClient(try await open(transport, node, port))
            try await client.send(RelayRequests.binding)
            #expect(try RelayReply(try await client.receive()).mapped == client.address)
            let https = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await https.get("/healthz").status == 200)
            let session = try await node.guest()
            await session.close()
            await client.stream.close()
        }
    }

    @Test("data of every length passes whole and in order, both ways", arguments: Transport.allCases)
    func lengths(transport: Transport) async throws {
        try await withRelay { node, port in
            let client = StreamClient(try await open(transport, node, port))
            let peer = try DatagramClient(relayPort: port)
            let relayed = try #require(try await client.allocate())
            #expect(try await client.bind(0x4000, to: peer.address))
            let lengths = Array(0..<40) + [160, 1_200, 1_401, 9_000, 20_000, 65_507, 1, 1]
            let all = lengths.enumerated().flatMap { StreamClient.channelData(0x4000, data($0, $1)) }
            // In pieces that end anywhere.
            for start in stride(from: 0, to: all.count, by: 997) {
                try await client.send(Array(all[start..<min(start + 997, all.count)]))
            }
            for (index, length) in lengths.enumerated() { #expect(try peer.receive() == data(index, length)) }
            for (index, length) in lengths.enumerated() { peer.send(data(index, length), to: relayed) }
            for (index, length) in lengths.enumerated() {
                #expect(try await client.receive() == StreamClient.channelData(0x4000, data(index, length)))
            }
            // Another port of the same address has no channel.
            let other = try DatagramClient(relayPort: port)
            for (index, length) in lengths.enumerated() { other.send(data(index, length), to: relayed) }
            for (index, length) in lengths.enumerated() {
                let indication = try RelayReply(try await client.receive())
                #expect(indication.peer == other.address)
                #expect(indication.values[.data] == data(index, length))
            }
            await client.stream.close()
        }
    }

    @Test("a client over a stream and one over UDP reach each other through the relay", arguments: Transport.allCases)
    func joined(transport: Transport) async throws {
        try await withRelay { node, port in
            let alice = StreamClient(try await open(transport, node, port))
            let bob = try DatagramClient(relayPort: port, user: "bob")
            let aliceRelayed = try #require(try await alice.allocate())
            let bobRelayed = try #require(try bob.allocate())
            #expect(try await alice.bind(0x4000, to: bobRelayed))
            #expect(try bob.bind(0x4ABC, to: aliceRelayed))
            let pieces = (0..<30).map { data($0, 333) }
            try await alice.send(pieces.flatMap { StreamClient.channelData(0x4000, $0) })
            for piece in pieces { #expect(try bob.receive() == DatagramClient.channelData(0x4ABC, piece)) }
            bob.send(pieces.flatMap { DatagramClient.channelData(0x4ABC, $0) }, segment: 337)
            for piece in pieces {
                #expect(try await alice.receive() == StreamClient.channelData(0x4000, piece))
            }
            await alice.stream.close()
        }
    }

    @Test("what was allocated ends with its stream", arguments: Transport.allCases)
    func ending(transport: Transport) async throws {
        try await withRelay { node, port in
            let client = StreamClient(try await open(transport, node, port))
            let peer = try DatagramClient(relayPort: port)
            let relayed = try #require(try await client.allocate())
            #expect(try await client.bind(0x4000, to: peer.address))
            #expect(!isFree(relayed.port))
            await client.stream.close()
            // Beside twenty suites the node may take seconds to hear of it: this whole test took 21 s there, and 0.2 s alone.
            try await eventually { if !isFree(relayed.port) { throw PortIsHeld() } }
        }
    }

    @Test("a reader that does not read loses datagrams, costs no memory, and is served again once it reads")
    func slowReader() async throws {
        let port = NodeProcess.freePort()
        let folder = try TemporaryFolder()
        let secret = try folder.relaySecret()
        let node = try await NodeProcess(
            folder: folder,
            options: [
                "--turn-port", "\(port)", "--public-ip", "127.0.0.1", "--turn-allow-loopback", "--turn-secret",
                secret,
            ])
        let client = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port))
        let peer = try DatagramClient(relayPort: port)
        let relayed = try #require(try await client.allocate())
        #expect(try await client.bind(0x4000, to: peer.address))
        try await client.stream.stopReading()
        let before = node.residentBytes
        // A hundred and fifty megabytes.
        for index in 0..<150_000 {
            peer.send([UInt8](repeating: UInt8(index & 0xFF), count: 1_000), to: relayed)
            if index % 100 == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        // The relay's own room for what comes in bursts, 64 pieces of 64 kB, is part of it.
        #expect(node.residentBytes < before + (8 << 20))
        try await client.stream.resumeReading()
        // What comes is whole messages, and soon new ones.
        var last: [UInt8] = []
        for _ in 0..<50_000 where last.count != 8 {
            peer.send([1, 2, 3, 4], to: relayed)
            last = try await client.receive()
            #expect(last.count == 1_004 || last.count == 8)
        }
        #expect(last == StreamClient.channelData(0x4000, [1, 2, 3, 4]))
        await client.stream.close()
        try await node.terminate()
    }

    @Test("what is neither STUN nor, at the port of HTTPS, HTTP is cut off", arguments: Transport.allCases)
    func malformed(transport: Transport) async throws {
        try await withRelay { node, port in
            let beginnings: [[UInt8]] = [
                [0, 1, 0, 0, 1, 2, 3, 4], [0xFF, 0xFF, 0xFF, 0xFF], Array("GET / HTTP/1.1\r\n\r\n".utf8),
                // A stranger's message that is longer than any request.
                [0, 1, 0x40, 0, 0x21, 0x12, 0xA4, 0x42],
                // Whole, then nonsense behind it.
                RelayRequests.binding + [0x80, 1, 2, 3],
            ]
            for beginning in beginnings {
                let stream = try await open(transport, node, port)
                try await stream.send(beginning)
                // HTTP is answered at its own port.
                if transport == .tls, beginning.first == 0x47 { continue }
                #expect(await stream.isClosed(within: .seconds(30)), "\(beginning)")
            }
        }
    }

    @Test("who says nothing, or half a word, is let go", arguments: Transport.allCases)
    func silence(transport: Transport) async throws {
        try await withRelay {
            $0.bounds.openingSeconds = 1
        } _: { node, port in
            for beginning in [[], [0, 1], Array(RelayRequests.question.prefix(21))] {
                let stream = try await open(transport, node, port)
                if !beginning.isEmpty { try? await stream.send(beginning) }
                #expect(await stream.isClosed(within: .seconds(30)))
            }
        }
    }

    @Test("one address holds so many streams, and all addresses so many together", arguments: Transport.allCases)
    func bounds(transport: Transport) async throws {
        for total in [true, false] {
            try await withRelay {
                if total { $0.bounds.streams = 2 } else { $0.bounds.streamsPerAddress = 2 }
            } _: { node, port in
                var streams: [StreamClient] = []
                for _ in 0..<2 {
                    streams.append(StreamClient(try await open(transport, node, port)))
                    #expect(try await streams.last?.allocate() != nil)
                }
                let third = try await open(transport, node, port)
                try? await third.send(RelayRequests.binding)
                #expect(await third.isClosed(within: .seconds(30)))
                await streams[0].stream.close()
                var isServed = false
                for _ in 0..<50 where !isServed {
                    try await Task.sleep(for: .milliseconds(20))
                    isServed = (try? await StreamClient(try await open(transport, node, port)).allocate()) != nil
                }
                #expect(isServed)
                // Web app and sessions have places of their own.
                #expect(
                    try await HTTPSClient(node.origin, trusting: try node.authority).get("/healthz").status == 200)
            }
        }
    }

    @Test("a TCP port that was chosen and is in use ends the start; one that nobody chose is exchanged")
    func portInUse() async throws {
        try await withNode { first in
            let port = try #require(first.origin.split(separator: ":").last.flatMap { Int($0) })
            await #expect(throws: StartError.self) {
                _ = try await LocalNode { $0.relay = RelayConfiguration(port: port) }
            }
            let second = try await LocalNode { configuration in
                configuration.relay = RelayConfiguration(port: port)
                configuration.relay?.isPortChosen = false
            }
            try await second.stop()
        }
    }

    /// Whether nobody has that UDP port of the loopback address.
    private struct PortIsHeld: Error {}

    private func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
