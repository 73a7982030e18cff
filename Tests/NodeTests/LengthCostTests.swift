import Foundation
import NodeClient
import STUN
import TURN
import Testing

/// What a stranger says to the node costs it no more than in proportion to its length: HTTP heads, a session's first bytes,
/// a stream of TURN. (The relay's server by itself: `TURNTests/CostTests`.)
@Suite("What is said to the node costs it no more than by its length", .serialized)
struct LengthCostTests {
    /// Reads an answer's head.
    private func head(_ stream: ByteStream) async throws -> String {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") {
            text.append(Character(UnicodeScalar(try await stream.receive(1)[0])))
        }
        return text
    }

    /// The CPU time that the node spends, the least of several times: it has other things to do now and then.
    private func cost(of node: NodeProcess, _ body: () async throws -> Void) async throws -> UInt64 {
        try await body()
        var least = UInt64.max
        for _ in 0..<4 {
            let before = node.cpuNanoseconds
            try await body()
            least = min(least, node.cpuNanoseconds - before)
        }
        return least
    }

    /// Eight times as long, and at most three times that much: by the square it would be sixty-four times.
    private func expectLinear(_ short: UInt64, _ long: UInt64, _ what: String) {
        #expect(
            long <= 3 * 8 * max(short, 1),
            "\(what): \(short / 1_000) µs, and \(long / 1_000) µs for eight times as much")
    }

    @Test("heads of HTTP: one long field, many fields, a long path, fields of the same name")
    func heads() async throws {
        let node = try await NodeProcess()
        let stream = try await ByteStream.open(node.origin, trusting: try node.authority)
        let kinds: [(String, (Int) -> String)] = [
            ("one field", { "GET /no HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: $0))\r\n\r\n" }),
            ("a path", { "GET /\(String(repeating: "a", count: $0)) HTTP/1.1\r\nHost: localhost\r\n\r\n" }),
            (
                "many fields",
                { length in
                    let fields = (0..<length / 150).map { "X-\($0): \(String(repeating: "b", count: 140))\r\n" }
                    return "GET /no HTTP/1.1\r\nHost: localhost\r\n\(fields.joined())\r\n"
                }
            ),
            (
                "the same field",
                { length in
                    let field = "Cookie: \(String(repeating: "c", count: 140))\r\n"
                    return "GET /no HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: field, count: length / 150))\r\n"
                }
            ),
        ]
        for (name, make) in kinds {
            var costs: [UInt64] = []
            for length in [1_800, 14_400] {
                let request = Array(make(length).utf8)
                costs.append(
                    try await cost(of: node) {
                        for _ in 0..<25 {
                            try await stream.send(request)
                            let answer = try await head(stream)
                            let line = answer.split(separator: "\r\n").first {
                                $0.lowercased().hasPrefix("content-length: ")
                            }
                            _ = try await stream.receive(line.flatMap { Int($0.dropFirst(16)) } ?? 0)
                        }
                    })
            }
            expectLinear(costs[0], costs[1], name)
        }
        await stream.close()
        try await node.terminate()
    }

    @Test("a session's first message, in thousands of pieces")
    func pieces() async throws {
        let node = try await NodeProcess()
        let upgrade = Words.http(node.origin)[7]
        var costs: [UInt64] = []
        for length in [60_000, 480_000] {
            // Binary and unfinished, and then nothing but continuations (RFC 6455 §5.2): masked by zeros.
            let count = length / 16
            let pieces = (0..<count).flatMap { index -> [UInt8] in
                [index == 0 ? 0x02 : 0x00, 0x80 | 16, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 16)
            }
            costs.append(
                try await cost(of: node) {
                    let stream = try await ByteStream.open(node.origin, trusting: try node.authority)
                    try await stream.send(upgrade)
                    #expect(try await head(stream).hasPrefix("HTTP/1.1 101"))
                    try? await stream.send(pieces)
                    // More than a session's first word may have.
                    #expect(await stream.isClosed(within: .seconds(10)))
                })
        }
        expectLinear(costs[0], costs[1], "pieces")
        try await node.terminate()
    }

    @Test("a stream's longest message, a few bytes at a time")
    func streams() async throws {
        let port = NodeProcess.freePort()
        let folder = try TemporaryFolder()
        let node = try await NodeProcess(
            folder: folder,
            options: [
                "--turn-port", "\(port)", "--public-ip", "127.0.0.1", "--turn-allow-loopback", "--turn-secret",
                try folder.relaySecret(),
            ])
        let client = StreamClient(try await ByteStream.open(host: "127.0.0.1", port: port))
        #expect(try await client.allocate() != nil)
        var costs: [UInt64] = []
        for length in [8_000, 64_000] {
            // To a channel that nobody has bound.
            let message = StreamClient.channelData(0x4001, [UInt8](repeating: 7, count: length))
            costs.append(
                try await cost(of: node) {
                    for start in stride(from: 0, to: message.count, by: 32) {
                        try await client.send(Array(message[start..<min(start + 32, message.count)]))
                    }
                    #expect(try await client.ask(.refresh).isSuccess)
                })
        }
        expectLinear(costs[0], costs[1], "a stream")
        await client.stream.close()
        try await node.terminate()
    }
}
