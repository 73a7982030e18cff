import Foundation
import Node
import NodeClient
import STUN
import TURN
import Testing

/// The relay's sockets of both families, over this machine's loopback addresses: what TURNTests have on paper.
@Suite("The relay over IPv4 and IPv6")
struct RelayFamilyTests {
    private func withRelay(_ body: (LocalNode, Int) async throws -> Void) async throws {
        let (port, httpsPort) = (NodeProcess.freePort(), NodeProcess.freePort())
        try await withNode { configuration in
            configuration.port = httpsPort
            var relay = RelayConfiguration.onLoopback(port: port)
            relay.publicAddresses = ["127.0.0.1", "::1"]
            configuration.relay = relay
        } _: { node in
            try await body(node, port)
        }
    }

    private func loopback(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? DatagramClient.loopback : DatagramClient.loopback6
    }

    @Test(
        "data passes whole, from each family to each, by channel and by indication (RFC 8656 §5)",
        arguments: [AddressFamily.ipv4, .ipv6], [AddressFamily.ipv4, .ipv6])
    func relaying(ofClient: AddressFamily, ofPeer: AddressFamily) async throws {
        try await withRelay { _, port in
            let client = try DatagramClient(relayPort: port, at: loopback(ofClient))
            let (peer, other) = (
                try DatagramClient(relayPort: port, at: loopback(ofPeer)),
                try DatagramClient(relayPort: port, at: loopback(ofPeer))
            )
            client.send(RelayRequests.binding)
            #expect(try RelayReply(try client.receive()).mapped == client.address)
            let relayed = try #require(try client.allocate(ofPeer))
            #expect(relayed.ip == loopback(ofPeer))
            #expect(try client.bind(0x4000, to: peer.address))
            for length in [0, 1, 2, 3, 4, 160, 1_200, 1_201, 9_000] {
                let data = [UInt8](repeating: UInt8(truncatingIfNeeded: length), count: length)
                client.send(DatagramClient.channelData(0x4000, data))
                #expect(try peer.receive() == data)
                peer.send(data, to: relayed)
                #expect(try client.receive() == DatagramClient.channelData(0x4000, data))
                other.send(data, to: relayed)
                let indication = try RelayReply(try client.receive())
                #expect(indication.peer == other.address)
                #expect(indication.values[.data] == data)
            }
            // What the kernel has put together is taken apart again.
            let pieces = (0..<20).map { [UInt8](repeating: UInt8($0), count: 333) }
            for _ in 0..<2 {
                client.send(pieces.flatMap { DatagramClient.channelData(0x4000, $0) }, segment: 337)
                for piece in pieces { #expect(try peer.receive() == piece) }
                peer.send(pieces.flatMap { $0 }, to: relayed, segment: 333)
                for piece in pieces { #expect(try client.receive() == DatagramClient.channelData(0x4000, piece)) }
                other.send(pieces.flatMap { $0 }, to: relayed, segment: 333)
                for piece in pieces { #expect(try RelayReply(try client.receive()).values[.data] == piece) }
            }
        }
    }

    @Test("one client with a relayed address of each family has peers of both (§7.2 step 9, §10.2)")
    func pair() async throws {
        try await withRelay { _, port in
            let client = try DatagramClient(relayPort: port)
            let answer = try client.ask(.allocate) {
                $0.append(.requestedTransport, [17, 0, 0, 0])
                $0.append(.additionalAddressFamily, [2, 0, 0, 0])
            }
            #expect(answer.isSuccess && answer.values[.addressErrorCode] == nil)
            let peers = try [AddressFamily.ipv4, .ipv6].map { try DatagramClient(relayPort: port, at: loopback($0)) }
            #expect(
                try client.ask(.createPermission) { builder in
                    for peer in peers { builder.append(.xorPeerAddress, xored: peer.address) }
                }.isSuccess)
            for (index, peer) in peers.enumerated() {
                #expect(try client.bind(0x4000 + UInt16(index), to: peer.address))
                client.send(DatagramClient.channelData(0x4000 + UInt16(index), [7]))
                #expect(try peer.receive() == [7])
            }
            // §8.2: one of them ends, and its socket with it; the other one stays.
            #expect(
                try client.ask(.refresh) {
                    $0.append(.lifetime, number: 0)
                    $0.append(.requestedAddressFamily, [1, 0, 0, 0])
                }.isSuccess)
            client.send(DatagramClient.channelData(0x4000, [8]))
            client.send(DatagramClient.channelData(0x4001, [9]))
            #expect(try peers[1].receive() == [9])
            #expect(throws: DatagramClient.TimedOut.self) { try peers[0].receive(within: 0) }
            #expect(try client.permit(peers[1].address))
            #expect(try !client.permit(peers[0].address))
        }
    }

    @Test("two clients reach each other through it over IPv6, whichever way they come")
    func joined() async throws {
        try await withRelay { _, port in
            let alice = try DatagramClient(relayPort: port, at: loopback(.ipv6))
            let bob = try DatagramClient(relayPort: port, user: "bob")
            let aliceRelayed = try #require(try alice.allocate(.ipv6))
            let bobRelayed = try #require(try bob.allocate(.ipv6))
            #expect(try alice.bind(0x4000, to: bobRelayed))
            #expect(try bob.bind(0x4ABC, to: aliceRelayed))
            alice.send(DatagramClient.channelData(0x4000, [1, 2, 3]))
            #expect(try bob.receive() == DatagramClient.channelData(0x4ABC, [1, 2, 3]))
            bob.send(DatagramClient.channelData(0x4ABC, [4]))
            #expect(try alice.receive() == DatagramClient.channelData(0x4000, [4]))
        }
    }

    @Test("a peer that is not there is told of, with ICMPv6's type and code (§11.5)")
    func icmp() async throws {
        try await withRelay { _, port in
            let client = try DatagramClient(relayPort: port)
            _ = try client.allocate(.ipv6)
            let nobody = TransportAddress(loopback(.ipv6), port: UInt16(NodeProcess.freePort()))
            #expect(try client.bind(0x4000, to: nobody))
            client.send(DatagramClient.channelData(0x4000, [1]))
            let indication = try RelayReply(try client.receive())
            #expect(indication.peer == nobody)
            // Destination unreachable, port unreachable; no MTU.
            #expect(indication.values[.icmp] == [0, 0, 0x02, 0x04, 0, 0, 0, 0])
        }
    }

    @Test(
        "over TCP and TLS, too, a client is told its address of the family that it came by",
        arguments: ["127.0.0.1", "[::1]"])
    func streams(host: String) async throws {
        try await withRelay { node, port in
            let address = host.trimmingCharacters(in: ["[", "]"])
            for stream in [
                try await ByteStream.open(host: address, port: port),
                try await ByteStream.open(
                    node.origin.replacing("localhost", with: host), trusting: try node.authority),
            ] {
                let client = StreamClient(stream)
                try await client.send(RelayRequests.binding)
                let mapped = try RelayReply(try await client.receive()).mapped
                #expect(mapped == client.address && mapped?.family == (host == "127.0.0.1" ? .ipv4 : .ipv6))
                let peer = try DatagramClient(relayPort: port, at: loopback(.ipv6))
                let answer = try await client.ask(.allocate) {
                    $0.append(.requestedTransport, [17, 0, 0, 0])
                    $0.append(.requestedAddressFamily, [2, 0, 0, 0])
                }
                let relayed = try #require(answer.relayed)
                #expect(try await client.bind(0x4000, to: peer.address))
                try await client.send(StreamClient.channelData(0x4000, [1, 2, 3]))
                #expect(try peer.receive() == [1, 2, 3])
                peer.send([4], to: relayed)
                #expect(try await client.receive() == StreamClient.channelData(0x4000, [4]))
                await stream.close()
            }
        }
    }

    @Test("nothing reaches the node's own ports over IPv6, in whatever form its address is written (§21.2)")
    func ownPorts() async throws {
        try await withRelay { node, port in
            let client = try DatagramClient(relayPort: port)
            _ = try client.allocate(.ipv6)
            let peer = try DatagramClient(relayPort: port, at: loopback(.ipv6))
            #expect(try client.bind(0x4000, to: peer.address))
            let httpsPort = try #require(node.origin.split(separator: ":").last.flatMap { UInt16($0) })
            for (index, own) in [UInt16(port), httpsPort].enumerated() {
                let number = UInt16(0x4001 + index)
                #expect(try client.bind(number, to: TransportAddress(loopback(.ipv6), port: own)))
                client.send(DatagramClient.channelData(number, RelayRequests.binding))
            }
            // An answer would be there long before these have come and gone.
            for round in 0..<20 {
                client.send(DatagramClient.channelData(0x4000, [UInt8(round)]))
                #expect(try peer.receive() == [UInt8(round)])
                #expect(try client.permit(peer.address))
            }
            // IPv4-mapped, IPv4-compatible, NAT64, 6to4: of 127.0.0.1.
            for (high, low) in [
                (0, 0xFFFF_7F00_0001), (0, 0x7F00_0001), (0x0064_FF9B_0000_0000, 0x7F00_0001),
                (0x2002_7F00_0001_0000, 1),
            ] as [(UInt64, UInt64)] {
                #expect(try !client.permit(TransportAddress(IPAddress(ipv6High: high, low: low), port: 9)))
            }
        }
    }
}
