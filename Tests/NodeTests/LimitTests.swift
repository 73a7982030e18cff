import CryptoPrimitives
import Foundation
import NIOCore
import Node
import NodeClient
import NodeProtocol
import Testing
import WireFormat

@Suite("What a stranger may do")
struct LimitTests {
    @Test("a message longer than the protocol's is refused as such, whole or in pieces")
    func length() async throws {
        try await withNode { node in
            let whole = try await node.guest()
            try? await whole.connection.send([UInt8](repeating: 0, count: Limits.frameLength + 1))
            #expect(try await whole.goodbye() == .tooLarge)

            let pieces = try await node.guest()
            let piece = [UInt8](repeating: 0, count: Limits.frameLength / 2 + 1)
            try await pieces.connection.send(opcode: .binary, piece, isFinal: false)
            try? await pieces.connection.send(opcode: .continuation, piece, isFinal: false)
            #expect(try await pieces.goodbye() == .tooLarge)
        }
    }

    @Test("before its session stands a stranger may send no more than a greeting, and a guest no more than a claim")
    func lengthBeforeSession() async throws {
        try await withNode { node in
            // The header says how long it will be: the node waits for none of it.
            let stranger = try await node.connect()
            try? await stranger.send([UInt8](repeating: 0, count: 257))
            #expect(try await stranger.goodbye() == .tooLarge)

            let pieces = try await node.connect()
            try? await pieces.send(opcode: .binary, [UInt8](repeating: 0, count: 200), isFinal: false)
            try? await pieces.send(opcode: .continuation, [UInt8](repeating: 0, count: 200), isFinal: false)
            #expect(try await pieces.goodbye() == .tooLarge)

            let guest = try await node.guest()
            try? await guest.connection.send([UInt8](repeating: 0, count: 200_001))
            #expect(try await guest.goodbye() == .tooLarge)
            // What a guest may send is not cut by it.
            let claim = Request.claim(
                token: [UInt8](repeating: 0, count: 32), authority: [UInt8](repeating: 0, count: 60_000),
                bubbleState: [UInt8](repeating: 0, count: 60_000), chain: [UInt8](repeating: 0, count: 60_000))
            let response = try await node.guest().ask(claim)
            #expect(response != .refused(.tooLarge))
        }
    }

    @Test("a field longer than the protocol's is refused as such")
    func fieldLength() async throws {
        try await withNode { node in
            let guest = try await node.guest()
            let request = Request.redeem(
                invitation: [UInt8](repeating: 0, count: 16),
                redemption: [UInt8](repeating: 0, count: Limits.enrolmentLength + 1))
            _ = try await guest.submit(request)
            #expect(try await guest.goodbye() == .tooLarge)
        }
    }

    @Test("a message in pieces is put together")
    func fragments() async throws {
        try await withNode { node in
            let guest = try await node.guest()
            let frame = ClientFrame.request(id: 7, .invitationBundle(invitation: [UInt8](repeating: 1, count: 16)))
                .encoded
            try await guest.connection.send(opcode: .binary, Array(frame[..<5]), isFinal: false)
            try await guest.connection.send(opcode: .ping, [1, 2, 3])
            try await guest.connection.send(opcode: .continuation, Array(frame[5...]))
            let answer = try await guest.nextAnswer()
            #expect(answer.id == 7)
            #expect(answer.response == .refused(.unknownInvitation))
        }
    }

    @Test("text, a piece of nothing, an empty piece and an unmasked frame are malformed", arguments: 0..<4)
    func malformed(way: Int) async throws {
        try await withNode { node in
            let guest = try await node.guest()
            switch way {
            case 0: try await guest.connection.send(opcode: .text, Array("hello".utf8))
            case 1: try await guest.connection.send(opcode: .continuation, [1])
            case 2:
                try await guest.connection.send(opcode: .binary, [1], isFinal: false)
                try await guest.connection.send(opcode: .continuation, [], isFinal: false)
            default:
                let request = ClientFrame.request(
                    id: 1, .invitationBundle(invitation: [UInt8](repeating: 0, count: 16)))
                try await guest.connection.send(opcode: .binary, request.encoded, isMasked: false)
            }
            #expect(try await guest.goodbye() == .malformed)
        }
    }

    @Test("random and damaged messages end a session at most: the node goes on")
    func noise() async throws {
        try await withNode {
            $0.bounds.guestsPerAddress = 10_000
            $0.bounds.sessionsPerAddress = 10_000
        } _: { node in
            let random = Randomness(seed: Array("noise".utf8))
            let id = [UInt8](repeating: 3, count: 16)
            let valid: [ClientFrame] = [
                .request(id: 1, .invitationBundle(invitation: id)),
                .request(id: 2, .redeem(invitation: id, redemption: id)),
                .authenticate(signature: random.bytes(64)),
                .hello(version: 1, role: .device, bubble: id, device: id, nonce: random.bytes(32)),
                .request(id: 3, .claim(token: random.bytes(32), authority: id, bubbleState: id, chain: id)),
            ]
            for round in 0..<150 {
                let connection = try await node.connect()
                if round % 2 == 0 { _ = try? await NodeSession.guest(over: connection, origin: node.origin) }
                for _ in 0..<4 {
                    var message = valid[Int(random.number(below: UInt32(valid.count)))].encoded
                    switch random.number(below: 3) {
                    case 0: message = random.bytes(Int(random.number(below: 200)))
                    case 1:
                        message[Int(random.number(below: UInt32(message.count)))] ^= UInt8(
                            1 + random.number(below: 255))
                    default: message.removeLast(Int(random.number(below: UInt32(message.count))))
                    }
                    try? await connection.send(message)
                }
                await connection.close()
            }
            let guest = try await node.guest()
            #expect(try await guest.ask(.invitationBundle(invitation: id)) == .refused(.unknownInvitation))
        }
    }

    @Test("who asks too often is refused, each time, and served again later")
    func rate() async throws {
        try await withNode {
            $0.bounds.guestRequests = .init(burst: 3, perSecond: 0.2)
        } _: { node in
            let guest = try await node.guest()
            let request = Request.invitationBundle(invitation: [UInt8](repeating: 0, count: 16))
            var answers: [Response] = []
            for _ in 0..<6 { answers.append(try await guest.ask(request)) }
            #expect(answers[0] == .refused(.unknownInvitation))
            #expect(answers.last == .refused(.rateLimited))
            try await Task.sleep(for: .seconds(6))
            #expect(try await guest.ask(request) == .refused(.unknownInvitation))
        }
    }

    @Test("who never stops asking too often is shown out")
    func rateWithoutEnd() async throws {
        try await withNode {
            $0.bounds.guestRequests = .init(burst: 1, perSecond: 0)
        } _: { node in
            let guest = try await node.guest()
            for _ in 0..<600 {
                _ = try? await guest.submit(.invitationBundle(invitation: [UInt8](repeating: 0, count: 16)))
            }
            #expect(try await guest.goodbye() == .rateLimited)
        }
    }

    @Test("one address has so many guests, and so many sessions, and gets its place back")
    func sessionsPerAddress() async throws {
        try await withNode {
            $0.bounds.guestsPerAddress = 2
            $0.bounds.sessionsPerAddress = 3
        } _: { node in
            let first = try await node.guest()
            let second = try await node.guest()
            await #expect(throws: NodeSession.Failure.ended(.rateLimited)) { _ = try await node.guest() }
            let silent = try await node.connect()
            let surplus = try await node.connect()
            let goodbye = try #require(try await surplus.receive())
            #expect(try NodeFrame(decoding: goodbye) == .goodbye(.rateLimited))
            await silent.close()
            await first.close()
            try await eventually { _ = try await node.guest() }
            await second.close()
        }
    }

    @Test("one address has so many connections")
    func connectionsPerAddress() async throws {
        try await withNode {
            $0.bounds.connectionsPerAddress = 2
        } _: { node in
            let port = try #require(Int(node.origin.split(separator: ":")[2]))
            var connections: [RawConnection] = []
            for _ in 0..<3 { connections.append(try await RawConnection.open(host: "localhost", port: port)) }
            // Which of them comes one too many is a race between the node's threads.
            try await eventually {
                var closed = 0
                for connection in connections where await connection.isClosed(within: .milliseconds(50)) { closed += 1 }
                guard closed == 1 else { throw NodeSession.Failure.unexpected }
            }
            for connection in connections { await connection.close() }
            try await eventually { _ = try await node.guest() }
        }
    }

    @Test("a device's newest sessions stay, its oldest goes")
    func sessionsPerDevice() async throws {
        try await withNode {
            $0.bounds.sessionsPerDevice = 2
        } _: { node in
            let bubble = try await TestBubble(claiming: node)
            let first = try await bubble.session(on: node)
            let second = try await bubble.session(on: node)
            let third = try await bubble.session(on: node)
            #expect(try await first.goodbye() == .rateLimited)
            #expect(try await second.ask(.checkpoint) == .checkpoint(nil))
            #expect(try await third.ask(.checkpoint) == .checkpoint(nil))
        }
    }

    @Test("who says nothing is let go: before TLS, before a request, before the handshake's end")
    func deadlines() async throws {
        try await withNode {
            $0.bounds.openingSeconds = 1
            $0.bounds.handshakeSeconds = 1
        } _: { node in
            let port = try #require(Int(node.origin.split(separator: ":")[2]))
            let mute = try await RawConnection.open(host: "localhost", port: port)
            #expect(await mute.isClosed(within: .seconds(30)))
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await client.exchange([]) == [])
            #expect(try await client.exchange(Array("GET / HTTP/1.1\r\n".utf8)) == [])
            let undecided = try await node.connect()
            let goodbye = try #require(try await undecided.receive())
            #expect(try NodeFrame(decoding: goodbye) == .goodbye(.notAuthenticated))
            #expect(await undecided.isClosed(within: .seconds(30)))
        }
    }

    @Test("who shows no sign of life is let go; who answers pings stays")
    func silence() async throws {
        try await withNode {
            // A busy machine takes its time to greet, and to answer.
            $0.bounds.handshakeSeconds = 4
            $0.bounds.pingSeconds = 1
            $0.bounds.silenceSeconds = 8
        } _: { node in
            let alive = try await node.guest()
            let dead = try await node.guest()
            try await dead.connection.stopReading()
            try await Task.sleep(for: .seconds(16))
            #expect(
                try await alive.ask(.invitationBundle(invitation: [UInt8](repeating: 0, count: 16)))
                    == .refused(.unknownInvitation))
            // What was sent to it is read to the end, and that is a closed connection.
            #expect(await !alive.connection.isClosed(within: .milliseconds(10)))
            try await eventually {
                guard (try? await dead.connection.send([0])) == nil else { throw NodeSession.Failure.unexpected }
            }
        }
    }

    @Test("who closes its half has said all it will: the node closes the other")
    func halfClosure() async throws {
        try await withNode { node in
            let guest = try await node.guest()
            try await guest.connection.finishSending()
            #expect(await guest.connection.isClosed(within: .seconds(30)))
        }
    }

    @Test("a slow reader is let go before it costs more than its bound, and finds everything that was stored")
    func slowReader() async throws {
        try await withNode {
            $0.bounds.outgoingBytes = 1 << 20
            $0.bounds.deviceRequests = .init(burst: 100_000, perSecond: 10_000)
        } _: { node in
            let bubble = try await TestBubble(claiming: node)
            let slow = try await bubble.session(on: node)
            let mailbox = try await TestMailbox(of: slow)
            // A second device would do the same; one device's two sessions are told alike.
            let sender = try await bubble.session(on: node)
            try await slow.connection.stopReading()
            let envelope = [UInt8](repeating: 9, count: Limits.envelopeLengths[2])
            #expect(try await sender.ask(mailbox.delivery(envelope, at: node.now)) == .done)
            var sent = 0
            while sent < 8_000 {
                guard try await sender.ask(mailbox.delivery(envelope, transient: true, at: node.now)) == .done else {
                    break
                }
                sent += 1
                if sent % 500 == 0, (try? await slow.connection.send(opcode: .pong, [])) == nil { break }
            }
            #expect(sent < 8_000, "about 128 MiB were taken for a client that reads nothing")
            let again = try await bubble.session(on: node)
            let fetched = try await again.ask(.fetchEnvelopes(mailbox: mailbox.id, after: 0, limit: 8))
            #expect(fetched == .envelopes([StoredEnvelope(sequence: 1, envelope: envelope)], more: false))
        }
    }

    @Test("what would wait to be written beyond the bound is refused, and less is not")
    func pendingBytes() async throws {
        try await withNode {
            $0.bounds.pendingBytes = 50_000
        } _: { node in
            let session = try await TestBubble(claiming: node).session(on: node)
            func put(_ length: Int) -> Request {
                let bytes = Randomness.system().bytes(length)
                return .putBlob(blob: Randomness.system().bytes(32), expires: node.now + 600, bytes: bytes)
            }
            #expect(try await session.ask(put(50_001)) == .refused(.unavailable))
            #expect(try await session.ask(put(50_000)) == .done)
        }
    }

    @Test("a client that asks for much and reads nothing waits, and gets it all when it reads")
    func backpressure() async throws {
        try await withNode { node in
            let bubble = try await TestBubble(claiming: node)
            let session = try await bubble.session(on: node)
            let (id, bytes) = (Randomness.system().bytes(32), Randomness.system().bytes(Limits.blobLength))
            #expect(try await session.ask(.putBlob(blob: id, expires: node.now + 600, bytes: bytes)) == .done)
            for _ in 0..<20 { _ = try await session.submit(.fetchBlob(blob: id)) }
            for _ in 0..<20 { #expect(try await session.nextAnswer().response == .blob(bytes)) }
        }
    }
}

/// Tries again until it works, for a few seconds.
func eventually(_ body: () async throws -> Void) async throws {
    for _ in 0..<50 {
        if (try? await body()) != nil { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    try await body()
}

extension NodeConnection {
    /// The reason that the node gives for ending a connection that never became a session.
    fileprivate func goodbye() async throws -> Refusal? {
        while let message = try await receive() {
            if case .goodbye(let refusal) = try NodeFrame(decoding: message) { return refusal }
        }
        return nil
    }
}
