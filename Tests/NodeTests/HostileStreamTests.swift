import Foundation
import NIOCore
import NodeClient
import NodeProtocol
import TURN
import Testing

/// Hostile connections to every listener of the executable: it closes them, keeps nothing of them, says next to nothing about
/// them, and serves devices all the while.
@Suite("Hostile connections")
struct HostileStreamTests {
    /// Where a connection says its first word.
    enum Listener: String, CaseIterable {
        /// The relay's own port.
        case relay
        /// The port of HTTPS, in the place of TLS.
        case https
        /// Inside TLS: HTTP, WebSocket and TURN.
        case tls
    }

    /// A node with an enrolled device.
    private final class Site: Sendable {
        let node: NodeProcess
        let relayPort: Int
        private let bubble: TestBubble
        private let begun = ContinuousClock.now

        init() async throws {
            relayPort = NodeProcess.freePort()
            node = try await NodeProcess(options: [
                "--turn-port", "\(relayPort)", "--public-ip", "127.0.0.1", "--turn-allow-loopback",
            ])
            bubble = try await TestBubble(
                claiming: try #require(node.operatorLink), over: try await node.connect())
        }

        /// - Parameter address: where a connection comes from: one that has too many is not listened to.
        func open(_ listener: Listener, from address: String? = nil) async throws -> ByteStream {
            switch listener {
            case .relay: try await ByteStream.open(host: "127.0.0.1", port: relayPort, from: address)
            case .https: try await ByteStream.open(host: "127.0.0.1", port: node.port, from: address)
            case .tls: try await ByteStream.open(onMachine(node.origin), trusting: try node.authority, from: address)
            }
        }

        private func onMachine(_ origin: String) -> String { origin.replacing("localhost", with: "127.0.0.1") }

        /// A device's session, and with its right an address of the relay's over each transport.
        func serves() async throws -> Bool {
            let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
            let answer = try await session.ask(.relayCredential)
            await session.close()
            guard case .relayCredential(let right) = answer else { return false }
            let requests = RelayRequests(username: right.username, password: right.password)
            for listener in [Listener.relay, .tls] {
                let client = StreamClient(try await open(listener), requests)
                guard try await client.allocate() != nil else { return false }
                await client.stream.close()
            }
            let page = try await HTTPSClient(node.origin, trusting: try node.authority).get("/healthz")
            let client = try DatagramClient(relayPort: relayPort, requests)
            guard try client.allocate() != nil, page.status == 200 else { return false }
            // Given back: an allocation over UDP has no connection that it would end with.
            return try client.ask(.refresh) { $0.append(.lifetime, number: 0) }.isSuccess
        }

        /// Waits until the node has closed what strangers left it with.
        func settles(at sockets: Int) async throws {
            for _ in 0..<600 where node.sockets > sockets { try await Task.sleep(for: .milliseconds(100)) }
            #expect(node.sockets <= sockets)
        }

        /// The log has nothing but a line for each kind of refusal, in each minute.
        func expectQuietLog() {
            let lines = node.log.split(separator: "\n").filter { !$0.contains("--turn-allow-loopback") }
            let kinds = lines.map { line in
                line.firstRange(of: "The relay refused: ").map { String(line[$0.upperBound...].prefix { $0 != "." }) }
            }
            #expect(!kinds.contains(nil), "\(lines)")
            let minutes = 1 + Int((ContinuousClock.now - begun) / .seconds(60))
            #expect(kinds.count <= Set(kinds).count * minutes, "\(lines)")
            #expect(!node.log.contains("127.0."))
        }
    }

    private func words(_ listener: Listener, _ site: Site, _ numbers: inout SeededNumbers) -> [[UInt8]] {
        switch listener {
        case .relay: Words.stun() + Words.tls(&numbers) + Words.http(site.node.origin)
        case .https: Words.tls(&numbers) + Words.http(site.node.origin) + Words.stun()
        case .tls: Words.stun() + Words.http(site.node.origin) + Words.tls(&numbers)
        }
    }

    /// Says it, and waits a little for the node to be the first who closes.
    private func say(_ speech: HostileSpeech, _ listener: Listener, _ site: Site) async throws {
        let stream = try await site.open(listener)
        do {
            for piece in speech.pieces { try await stream.send(piece) }
            if speech.endsItself { try await stream.finishSending() }
        } catch {
            // It was closed in the middle of it.
        }
        _ = await stream.isClosed(within: .milliseconds(200))
        await stream.close()
    }

    @Test(
        "what is cut, bent, too long, repeated or noise costs nothing that lasts", .serialized,
        arguments: Listener.allCases, [1, 2] as [UInt64])
    func noise(listener: Listener, seed: UInt64) async throws {
        let site = try await Site()
        #expect(try await site.serves())
        try await Task.sleep(for: .milliseconds(200))
        let sockets = site.node.sockets
        var numbers = SeededNumbers(seed)
        var resident: [Int] = []
        for _ in 0..<3 {
            for _ in 0..<5 {
                let words = words(listener, site, &numbers)
                let speeches = (0..<30).map { _ in HostileSpeech(of: words, &numbers) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for speech in speeches { group.addTask { try await say(speech, listener, site) } }
                    try await group.waitForAll()
                }
            }
            #expect(try await site.serves())
            resident.append(site.node.residentBytes)
        }
        try await site.settles(at: sockets)
        // Everything has been said once by the end of the first round.
        #expect(resident[2] < resident[0] + (16 << 20), "\(resident)")
        try await Task.sleep(for: .seconds(3))
        site.expectQuietLog()
        #expect(try await site.node.terminate() == 0)
    }

    /// Beginnings that lead to nothing. What is not said at once comes a byte at a time.
    private func beginnings(_ listener: Listener, _ site: Site) -> [(atOnce: [UInt8], dripping: [UInt8])] {
        var numbers = SeededNumbers(3)
        let hello = Words.tls(&numbers)[0]
        let page = Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 2_000)
        let question = Words.stun()[2]
        let session = Words.http(site.node.origin)[7]
        switch listener {
        case .relay: return [([], []), (Array(question.prefix(19)), []), ([], question)]
        case .https: return [([], []), (Array(hello.prefix(9)), []), ([], hello), ([0x16], page)]
        case .tls:
            return [
                ([], []), (Array(question.prefix(30)), []), ([], question), (Array(page.prefix(30)), page),
                (session, []), (session + [0x82, 0xFE, 0xFF], page),
            ]
        }
    }

    @Test(
        "who says nothing, or never comes to an end, is let go; others are served meanwhile",
        arguments: Listener.allCases)
    func silence(listener: Listener) async throws {
        let site = try await Site()
        #expect(try await site.serves())
        try await Task.sleep(for: .milliseconds(200))
        let sockets = site.node.sockets
        let before = site.node.residentBytes
        var streams: [ByteStream] = []
        var dripping: [(stream: ByteStream, bytes: [UInt8])] = []
        for (atOnce, drops) in beginnings(listener, site) {
            for index in 0..<20 {
                let stream = try await site.open(listener, from: "127.0.1.\(1 + index % 4)")
                if !atOnce.isEmpty { try? await stream.send(atOnce) }
                streams.append(stream)
                if !drops.isEmpty { dripping.append((stream, drops)) }
            }
        }
        let begun = ContinuousClock.now
        let drip = Task { [dripping] in
            for index in 0..<2_000 {
                for (stream, bytes) in dripping where index < bytes.count { try? await stream.send([bytes[index]]) }
                try await Task.sleep(for: .milliseconds(300))
            }
        }
        #expect(try await site.serves())
        // Ten seconds for the first word, five for TLS to end; the rest is for a slow machine.
        for stream in streams { #expect(await stream.isClosed(within: .seconds(60))) }
        drip.cancel()
        #expect(ContinuousClock.now - begun < .seconds(60))
        try await site.settles(at: sockets)
        #expect(site.node.residentBytes < before + (32 << 20))
        #expect(try await site.serves())
        site.expectQuietLog()
        #expect(try await site.node.terminate() == 0)
    }

    @Test("who asks for one page, or many, and never reads is let go, and gives its place back", arguments: [1, 4])
    func unreadPages(count: Int) async throws {
        try await withNode {
            $0.bounds.connectionsPerAddress = 1
            // A busy machine takes its time from one request to the next.
            $0.bounds.silenceSeconds = 8
            let picture = String(repeating: "x", count: 8 << 20)
            $0.webApp = WebAppTests.archive(of: [["/picture", "image/png", "", "\"p\"", picture]])
        } _: { node in
            let stream = try await ByteStream.open(node.origin, trusting: try node.authority)
            try await stream.send(Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            _ = try await stream.receive(1)
            try await stream.stopReading()
            // Each is more than any system keeps for a connection.
            let requests = String(repeating: "GET /picture HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count)
            try await stream.send(Array(requests.utf8))
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            var isServed = false
            for _ in 0..<300 where !isServed {
                isServed = (try? await client.get("/healthz").status) == 200
                if !isServed { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(isServed)
            await stream.close()
        }
    }
}
