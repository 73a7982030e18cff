import Foundation
import NodeClient
import Testing

/// Clients that ask for the web app's largest files and do not take them: `EndToEnd/test_operation.py` has one that takes them slowly.
@Suite("Answers that nobody reads", .serialized)
struct SlowReaderTests {
    /// What one of them may hold: in the node, and in the system for it.
    private static let mostBytes = 131_072

    private struct NotYet: Error {}

    private func request(_ path: String) -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8) }

    /// Bytes that the system holds for each connection that was accepted at the port (`tx_queue` of proc_net_tcp(5)).
    private func queued(atPort port: Int) -> [Int] {
        let lines = ["tcp", "tcp6"].flatMap { name -> ArraySlice<Substring> in
            // Piece by piece: it has no length that could be known beforehand.
            let descriptor = open("/proc/net/\(name)", O_RDONLY)
            guard descriptor >= 0 else { return [] }
            defer { close(descriptor) }
            return ChildProcess.everything(descriptor).split(separator: "\n").dropFirst()
        }
        return lines.compactMap { line in
            let fields = line.split(separator: " ")
            let established = "01"
            guard fields.count > 4, fields[3] == established, Int(fields[1].split(separator: ":")[1], radix: 16) == port
            else { return nil }
            return Int(fields[4].split(separator: ":")[0], radix: 16)
        }
    }

    /// Connections that have asked for a file and read nothing, once the node offers it to all of them.
    private func readers(_ count: Int, of path: String, from origin: String, trusting authority: [UInt8]) async throws
        -> [ByteStream]
    {
        let port = try #require(Int(origin.split(separator: ":")[2]))
        var streams: [ByteStream] = []
        for _ in 0..<count { streams.append(try await ByteStream.open(origin, trusting: authority)) }
        for stream in streams {
            // Whoever reads nothing does not finish the TLS handshake either: an answer shows that it is over.
            try await stream.send(request("/healthz"))
            _ = try await stream.receive(3)
            try await stream.stopReading()
            try await stream.send(request(path))
        }
        try await eventually {
            guard queued(atPort: port).filter({ $0 > 0 }).count >= count else { throw NotYet() }
        }
        return streams
    }

    private func page(ofMetricsAt port: Int) async throws -> String {
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let connection = try await RawConnection.open(host: "127.0.0.1", port: port)
        return String(decoding: try await connection.exchange(Array(request.utf8)), as: UTF8.self)
    }

    private func file(_ megabytes: Int) -> [UInt8] {
        let content = String(repeating: "0123456789abcdef", count: megabytes << 16)
        return WebAppTests.archive(of: [
            ["/file", "text/plain", "", "\"f\"", content], ["/", "text/plain", "", "\"i\"", "page"],
        ])
    }

    @Test("a file that a hundred connections ask for is not held once for each of them")
    func held() async throws {
        let node = try await NodeProcess()
        var warm: [ByteStream] = []
        for _ in 0..<100 {
            let stream = try await ByteStream.open(node.origin, trusting: try node.authority)
            try await stream.send(request("/healthz"))
            _ = try await stream.receive(3)
            warm.append(stream)
        }
        let before = node.residentBytes
        _ = try await readers(100, of: "/core.wasm", from: node.origin, trusting: try node.authority)
        // An answer to somebody else comes after what was begun before it.
        let page = try await HTTPSClient(node.origin, trusting: try node.authority).get("/core.wasm")
        #expect(page.body.count > 1_000_000)
        let system = queued(atPort: node.port)
        #expect(system.max() ?? 0 <= Self.mostBytes, "\(system)")
        let resident = node.residentBytes - before
        // A hundred connections more take what those before them took.
        #expect(resident < 100 * Self.mostBytes, "\(resident / 100) bytes a connection")
        for stream in warm { await stream.close() }
        try await node.terminate()
    }

    @Test("who does not take an answer is let go when its time is over, and no sooner who does")
    func deadline() async throws {
        let archive = file(4)
        let metrics = NodeProcess.freePort()
        try await withNode {
            $0.bounds.answerSeconds = 5
            $0.bounds.answerBytesPerSecond = 1 << 20
            $0.metricsPort = metrics
            $0.webApp = archive
        } _: { node in
            let begun = ContinuousClock.now
            let streams = try await readers(100, of: "/file", from: node.origin, trusting: try node.authority)
            #expect(await streams[0].isClosed(within: .seconds(20)))
            #expect(ContinuousClock.now - begun >= .seconds(5))
            for stream in streams { #expect(await stream.isClosed(within: .seconds(10))) }
            let port = try #require(Int(node.origin.split(separator: ":")[2]))
            try await eventually { if !queued(atPort: port).isEmpty { throw NotYet() } }
            let text = try await page(ofMetricsAt: metrics)
            #expect(text.contains("cryptpeer_slow_readers_closed_total 100\n"))
            #expect(text.contains("cryptpeer_http_bytes_held 0\n"))
        }
    }

    @Test("where all together hold too much, each is given less at a time, and who reads has its file")
    func scarce() async throws {
        let archive = file(4)
        let metrics = NodeProcess.freePort()
        try await withNode {
            $0.bounds.answerBytes = 256 << 10
            $0.metricsPort = metrics
            $0.webApp = archive
        } _: { node in
            _ = try await readers(60, of: "/file", from: node.origin, trusting: try node.authority)
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await client.get("/file").body.count == 4 << 20)
            let text = try await page(ofMetricsAt: metrics)
            let line = text.split(separator: "\n").first { $0.hasPrefix("cryptpeer_http_bytes_held ") }
            let held = try #require(line.flatMap { Int($0.split(separator: " ")[1].filter(\.isNumber)) })
            // Past the bound, no more than a first piece for each.
            #expect(held > 0)
            #expect(held <= 256 << 10 + 60 * 8_192, "\(held)")
        }
    }

    @Test("a node that stops does not wait for who reads nothing")
    func stops() async throws {
        let archive = file(4)
        let node = try await LocalNode { $0.webApp = archive }
        _ = try await readers(3, of: "/file", from: node.origin, trusting: try node.authority)
        let begun = ContinuousClock.now
        try await node.stop()
        #expect(ContinuousClock.now - begun < .seconds(5))
    }

    @Test("requests that were sent together are answered in order, and not more often than a connection may ask")
    func rate() async throws {
        let archive = file(1)
        try await withNode {
            $0.bounds.httpRequests = .init(burst: 4, perSecond: 4)
            $0.webApp = archive
        } _: { node in
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            let paths = ["/", "/healthz", "/no", "/file", "/", "/healthz", "/no", "/file"]
            var requests = paths.flatMap { request($0) }
            requests += Array("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
            let begun = ContinuousClock.now
            let answer = String(decoding: try await client.exchange(requests), as: UTF8.self)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 7)
            #expect(answer.components(separatedBy: "HTTP/1.1 404 ").count - 1 == 2)
            #expect(answer.hasSuffix("page"))
            #expect(ContinuousClock.now - begun > .seconds(1))
        }
    }

    @Test("who sends request upon request and waits for no answer is let go")
    func flood() async throws {
        try await withNode { node in
            let stream = try await ByteStream.open(node.origin, trusting: try node.authority)
            for _ in 0..<200 { try? await stream.send((0..<20).flatMap { _ in request("/healthz") }) }
            #expect(await stream.isClosed(within: .seconds(5)))
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await client.get("/healthz").text == "ok\n")
        }
    }
}
