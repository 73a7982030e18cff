import NodeClient
import NodeProtocol
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("count envelopes, refusals, requests and sessions, on the loopback address only and without a name")
    func metrics() async throws {
        let port = NodeProcess.freePort()
        try await withNode {
            $0.metricsPort = port
        } _: { node in
            let bubble = try await TestBubble(claiming: node)
            let session = try await bubble.session(on: node)
            let mailbox = try await TestMailbox(of: session)
            let envelope = [UInt8](repeating: 1, count: Limits.envelopeLengths[0])
            _ = try await session.ask(mailbox.delivery(envelope, at: node.now))
            _ = try await session.ask(mailbox.delivery(envelope, at: node.now))
            _ = try await session.ask(mailbox.delivery(envelope, transient: true, at: node.now))
            _ = try await session.ask(.fetchBlob(blob: [UInt8](repeating: 0, count: 32)))

            // It listens as soon as the node itself does.
            try await eventually { await (try RawConnection.open(host: "127.0.0.1", port: port)).close() }
            let connection = try await RawConnection.open(host: "127.0.0.1", port: port)
            let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let text = String(decoding: try await connection.exchange(Array(request.utf8)), as: UTF8.self)
            for line in [
                "# TYPE cryptpeer_envelopes_stored_total counter", "cryptpeer_envelopes_stored_total 2",
                "cryptpeer_envelopes_transient_total 1", "cryptpeer_refusals_total{reason=\"unknownBlob\"} 1",
                "cryptpeer_requests_total{kind=\"deliver\"} 3", "cryptpeer_requests_total{kind=\"claim\"} 1",
                "cryptpeer_sessions 1",
            ] {
                #expect(text.split(whereSeparator: \.isNewline).contains { $0 == line }, "\(line) in \(text)")
            }
            #expect(!text.contains("127.0.0.1"))
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await client.get("/metrics").status == 404)
        }
    }

    @Test("a port in use costs the metrics, not the node")
    func portInUse() async throws {
        let port = NodeProcess.freePort()
        try await withNode {
            $0.metricsPort = port
        } _: { _ in
            try await withNode {
                $0.metricsPort = port
            } _: { node in
                let guest = try await node.guest()
                #expect(guest.nodeTime > 0)
            }
        }
    }
}
