import Foundation
import Node
import NodeClient
import STUN
import TURN
import Testing

/// `--relay-alternate`, over each transport: what RFC 8489 §10 says of it is in TURNTests.
@Suite("Other relays")
struct RelayAlternateTests {
    private static let name = "relay.example.org"

    /// The answers to an Allocate request over each transport; over TLS to a client that knows RFC 8489, too.
    private func answers(_ node: NodeProcess, _ port: Int) async throws -> [String: RelayReply] {
        let attributes: (inout MessageBuilder) -> Void = { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        var answers: [String: RelayReply] = [:]
        for ip in [DatagramClient.loopback, DatagramClient.loopback6] {
            let client = try DatagramClient(relayPort: port, at: ip)
            answers[ip.family == .ipv4 ? "udp" : "udp over IPv6"] = try client.ask(.allocate, attributes)
        }
        for (kind, integrity) in [("tcp", IntegrityAlgorithm.sha1), ("tls", .sha1), ("tls of RFC 8489", .sha256)] {
            let stream =
                if kind == "tcp" { try await ByteStream.open(host: "127.0.0.1", port: port) } else {
                    try await ByteStream.open(
                        node.origin.replacing("localhost", with: "127.0.0.1"), trusting: try node.authority)
                }
            let client = StreamClient(stream)
            client.requests.integrity = integrity
            answers[kind] = try await client.ask(.allocate, attributes)
            await stream.close()
        }
        return answers
    }

    @Test("at SIGUSR1 the clients of each transport are sent to its own, which serves them; and the doctor says so")
    func draining() async throws {
        let folder = try TemporaryFolder()
        let secret = ["--turn-secret", try folder.relaySecret()]
        let (port, otherPort) = (NodeProcess.freePort(), NodeProcess.freePort())
        let other = try await NodeProcess(options: ["--turn-port", "\(otherPort)"] + secret)
        let node = try await NodeProcess(
            folder: folder,
            options: [
                "--turn-port", "\(port)", "--relay-alternate", "127.0.0.1:\(otherPort)", "udp:[::1]:\(otherPort)",
                "tcp:127.0.0.1:\(otherPort)", "tls:127.0.0.1:\(other.port)#\(Self.name)",
                "tls:[::1]:\(other.port)#\(Self.name)",
                "tls:127.0.0.2:443",
            ] + secret)
        let client = try DatagramClient(relayPort: port)
        #expect(try client.allocate() != nil)
        for (kind, answer) in try await answers(node, port) { #expect(answer.isSuccess, "\(kind)") }

        node.signal(SIGUSR1)
        try await eventually {
            // What it allocates before that ends with its stream.
            let early = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port))
            let answer = try await early.ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
            await early.stream.close()
            if answer.isSuccess { throw DatagramClient.TimedOut() }
        }
        let answers = try await answers(node, port)
        func relay(_ ip: IPAddress, _ port: Int) -> TransportAddress { TransportAddress(ip, port: UInt16(port)) }
        let (ip, ip6) = (DatagramClient.loopback, DatagramClient.loopback6)
        let expected = [
            "udp": [relay(ip, otherPort), relay(ip6, otherPort)],
            "udp over IPv6": [relay(ip6, otherPort), relay(ip, otherPort)],
            "tcp": [relay(ip, otherPort)],
            "tls": [relay(IPAddress(127, 0, 0, 2), 443)],
            "tls of RFC 8489": [relay(ip, other.port), relay(ip6, other.port)],
        ]
        for (kind, answer) in answers {
            #expect(answer.error == .tryAlternate, "\(kind)")
            #expect(answer.alternates == expected[kind], "\(kind)")
            #expect(
                answer.values[.alternateDomain] == (kind == "tls of RFC 8489" ? Array(Self.name.utf8) : nil), "\(kind)")
        }
        // As it says there (RFC 8489 §14.15: not XORed).
        #expect(answers["udp"]?.values[.alternateServer]?.count == 20)
        // "The same credentials" are good there.
        for (kind, answer) in try await self.answers(other, otherPort) { #expect(answer.isSuccess, "\(kind)") }
        // What is allocated stays.
        #expect(try client.ask(.refresh) { _ in }.isSuccess)

        let doctor = try await NodeProcess.output(
            of: ["doctor", "--data", node.data, "--turn-port", "\(port)"] + secret)
        #expect(doctor.status == 0, "\(doctor)")
        #expect(
            doctor.out.contains("warn  Allocation: the relay sends new ones to another one at 127.0.0.1:\(otherPort)")
                || doctor.out.contains(
                    "warn  Allocation: the relay sends new ones to another one at [::1]:\(otherPort)"),
            "\(doctor)")
        try await node.terminate()
        try await other.terminate()
    }

    @Test("a relay that is full sends there whom it has no room for")
    func full() async throws {
        let port = NodeProcess.freePort()
        try await withNode { configuration in
            var relay = RelayConfiguration.onLoopback(port: port)
            relay.alternates = ["tcp:203.0.113.8"]
            configuration.relay = relay
            configuration.bounds.relays = 1
        } _: { _ in
            let first = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port))
            #expect(try await first.allocate() != nil)
            let second = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port), user: "bob")
            let answer = try await second.ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }
            #expect(answer.error == .tryAlternate)
            #expect(answer.alternates == [TransportAddress(IPAddress(203, 0, 113, 8), port: 3_478)])
            let third = try DatagramClient(relayPort: port, user: "carol")
            #expect(
                try third.ask(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) }.error
                    == .insufficientCapacity)
            await first.stream.close()
            await second.stream.close()
        }
    }

    @Test(
        "what names no other relay is said in one sentence, with what to give instead",
        arguments: [
            ("relay.example.org", "is no address of a relay: give --relay-alternate an IP address, and its port"),
            ("203.0.113.8:0", "is no address"), ("203.0.113.8:70000", "is no address"),
            ("[203.0.113.8]:1", "is no address"), ("2001:db8::8]:1", "is no address"), ("", "is no address"),
            ("sctp:203.0.113.8", "is no address"), ("tcp:", "is no address"),
            ("tcp:tls:203.0.113.8:1", "is no address"),
            ("tls:203.0.113.8:0", "is no address"), ("tls:relay.example.org:443", "is no address"),
            ("tls:203.0.113.8", "has no port: give --relay-alternate the port at which that relay speaks TLS"),
            ("tls:2001:db8::8", "has no port"), ("tls:203.0.113.8#relay.example.org", "has no port"),
            ("203.0.113.8#relay.example.org", "has a certificate's name, which relays have over TLS only"),
            ("tcp:203.0.113.8:3478#relay.example.org", "has a certificate's name"),
            ("tls:203.0.113.8:443#", "has no DNS name after its #"), ("tls:203.0.113.8:443#a b", "has no DNS name"),
            ("tls:203.0.113.8:443#203.0.113.8", "has no DNS name"), ("tls:203.0.113.8:443#a#b", "has no DNS name"),
            ("tls:203.0.113.8:443#*.example.org", "has no DNS name"),
            ("tls:203.0.113.8:443#" + String(repeating: "a.", count: 128), "has no DNS name"),
        ])
    func wrong(alternate: String, complaint: String) async throws {
        let error = await #expect(throws: StartError.self, "\(alternate)") {
            _ = try await LocalNode { configuration in
                configuration.relay = RelayConfiguration(port: NodeProcess.freePort())
                configuration.relay?.alternates = [alternate]
            }
        }
        #expect(error?.description.hasPrefix("\(alternate) \(complaint)") == true, "\(String(describing: error))")
    }

    @Test("each way to name one is understood")
    func right() async throws {
        let port = NodeProcess.freePort()
        try await withNode { configuration in
            configuration.relay = RelayConfiguration(port: port)
            configuration.relay?.alternates = [
                "203.0.113.8", "203.0.113.8:1", "2001:db8::8", "[2001:db8::8]:1", "udp:203.0.113.8", "tcp:203.0.113.8",
                "tcp:2001:db8::8", "tcp:[2001:db8::8]:1", "tls:203.0.113.8:443", "tls:[2001:db8::8]:443",
                "tls:203.0.113.8:443#relay.example.org", "tls:[2001:db8::8]:443#Relay.Example.ORG",
            ]
        } _: { _ in
        }
    }
}
