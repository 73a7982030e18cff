import Foundation
import Node
import NodeClient
import STUN
import TURN
import Testing

/// What an operator sees of the relay: how much of what it does and refuses, and never for whom.
@Suite("The relay's log and metrics")
struct RelayRecordTests {
    @Test("the log has one line for a kind of refusal, with its number, and none for what every client does")
    func log() async throws {
        let port = NodeProcess.freePort()
        let folder = try TemporaryFolder()
        let secret = try folder.relaySecret()
        let node = try await NodeProcess(
            folder: folder, options: ["--turn-port", "\(port)", "--turn-secret", secret])
        let allocating: (inout MessageBuilder) -> Void = { $0.append(.requestedTransport, [17, 0, 0, 0]) }
        let stranger = try DatagramClient(relayPort: port, secret: "south")
        for _ in 0..<3 { #expect(try stranger.ask(.allocate, allocating).error == .unauthenticated) }
        let client = try DatagramClient(relayPort: port)
        #expect(try client.allocate() != nil)
        #expect(try client.permit(TransportAddress(IPAddress(10, 1, 2, 3), port: 9)) == false)
        let wrong = "The relay refused: a credential that is wrong or has expired (401)."
        try await eventually { try expect(node.log.contains(wrong)) }
        try await eventually { try expect(node.log.contains("(403). 1 time.")) }
        for _ in 0..<3 { _ = try stranger.ask(.allocate, allocating) }
        try await Task.sleep(for: .seconds(5))
        let lines = node.log.split(separator: "\n").filter { $0.contains("The relay refused") }
        #expect(lines.count == 2, "\(lines)")
        for secret in ["127.0.0.1", "10.1.2.3", "alice"] { #expect(!node.log.contains(secret)) }
        try await node.terminate()
    }

    @Test("metrics count allocations, relayed data, streams and refusals by their reason")
    func metrics() async throws {
        let port = NodeProcess.freePort()
        let metricsPort = NodeProcess.freePort()
        try await withNode { configuration in
            configuration.relay = .onLoopback(port: port)
            configuration.metricsPort = metricsPort
        } _: { node in
            let client = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port))
            let peer = try DatagramClient(relayPort: port)
            let relayed = try #require(try await client.allocate())
            #expect(try await client.bind(0x4000, to: peer.address))
            for _ in 0..<3 { try await client.send(StreamClient.channelData(0x4000, [1, 2, 3, 4])) }
            for _ in 0..<3 { _ = try peer.receive() }
            peer.send([1, 2, 3, 4, 5], to: relayed)
            _ = try await client.receive()
            let stray = try await ByteStream.open(host: "127.0.0.1", port: port)
            try await stray.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            #expect(await stray.isClosed(within: .seconds(30)))
            for line in [
                "cryptpeer_relay_listeners_missing 0", "cryptpeer_relay_allocations 1",
                "cryptpeer_relay_allocations_made_total 1",
                "cryptpeer_relay_datagrams_total{to=\"peer\"} 3", "cryptpeer_relay_bytes_total{to=\"peer\"} 12",
                "cryptpeer_relay_datagrams_total{to=\"client\"} 1", "cryptpeer_relay_bytes_total{to=\"client\"} 5",
                "cryptpeer_relay_streams{transport=\"tcp\"} 1", "cryptpeer_relay_streams{transport=\"tls\"} 0",
                "cryptpeer_relay_streams_opened_total{transport=\"tcp\"} 2",
                "cryptpeer_relay_streams_ended_total{reason=\"malformed\"} 1",
                "cryptpeer_relay_refusals_total{code=\"401\"} 1", "cryptpeer_relay_wrong_credentials_total 0",
                "cryptpeer_relay_discards_total{reason=\"bandwidth\"} 0",
            ] {
                try await eventually {
                    let text = try await self.text(metricsPort)
                    try expect(text.split(separator: "\n").contains { $0 == line }, line)
                }
            }
            #expect(!(try await text(metricsPort)).contains("127.0.0.1"))
            await client.stream.close()
        }
    }

    private struct NotYet: Error {
        let what: String
    }

    private func expect(_ condition: Bool, _ what: String = "") throws {
        if !condition { throw NotYet(what: what) }
    }

    private func text(_ port: Int) async throws -> String {
        let connection = try await RawConnection.open(host: "127.0.0.1", port: port)
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return String(decoding: try await connection.exchange(Array(request.utf8)), as: UTF8.self)
    }
}
