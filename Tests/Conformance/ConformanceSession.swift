import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// A client's end of one session: the handshake, requests with their answers, and pushes.
final class ConformanceSession {
    private let connection: any ConformanceConnection
    private var lastID: UInt32 = 0
    /// Pushes that came while something else was waited for.
    private var pushes: [Push] = []
    /// The node's key and clock, as its challenge said.
    private(set) var nodeKey: [UInt8] = []
    private(set) var nodeTime: UInt64 = 0

    init(_ connection: any ConformanceConnection) {
        self.connection = connection
    }

    /// Says hello and checks the node's proof.
    func greet(
        as role: SessionRole, bubble: [UInt8], device: [UInt8], origin: String, random: Randomness
    ) async throws -> SessionTranscript {
        let nonce = random.bytes(SessionTranscript.nonceLength)
        try await send(
            .hello(version: nodeProtocolVersion, role: role, bubble: bubble, device: device, nonce: nonce))
        guard case .challenge(let version, let key, let nodeNonce, let signature, let time) = try await nextFrame()
        else {
            throw ConformanceFailure.broken("a hello is answered by a challenge", line: #line)
        }
        try expect(version, is: nodeProtocolVersion)
        let transcript = try SessionTranscript(
            bubble: BubbleID(bubble), origin: origin, nodeKey: key, device: DeviceID(device), clientNonce: nonce,
            nodeNonce: nodeNonce)
        try expect(transcript.verify(signature, role: .node, by: key), "the node signs the session's transcript")
        nodeKey = key
        nodeTime = time
        return transcript
    }

    /// The node's answer to one request.
    func ask(_ request: Request) async throws -> Response {
        try await ask([request])[0]
    }

    /// Sends all requests before it waits for any answer.
    func ask(_ requests: [Request]) async throws -> [Response] {
        var waiting: [UInt32: Int] = [:]
        for (index, request) in requests.enumerated() {
            lastID += 1
            waiting[lastID] = index
            try await send(.request(id: lastID, request))
        }
        var responses: [Int: Response] = [:]
        while responses.count < requests.count {
            switch try await nextFrame() {
            case .response(let id, let response):
                guard let index = waiting.removeValue(forKey: id) else {
                    throw ConformanceFailure.broken("an answer to what was not asked", line: #line)
                }
                responses[index] = response
            case .push(let push): pushes.append(push)
            case let frame: throw ConformanceFailure.broken("expected an answer, got \(frame)", line: #line)
            }
        }
        return requests.indices.compactMap { responses[$0] }
    }

    /// The next push, waiting for it if none has come.
    func nextPush() async throws -> Push {
        if !pushes.isEmpty { return pushes.removeFirst() }
        guard case .push(let push) = try await nextFrame() else {
            throw ConformanceFailure.broken("expected a push", line: #line)
        }
        return push
    }

    /// The pushes so far. A request's round trip goes first, so that what was on its way has arrived.
    func allPushes() async throws -> [Push] {
        _ = try await ask(.bubbleState)
        defer { pushes = [] }
        return pushes
    }

    /// The node's last word, and nothing after it. Pushes before it are passed over.
    func goodbye() async throws -> Refusal? {
        while true {
            switch try await nextFrame() {
            case .push: continue
            case .goodbye(let refusal):
                try expect(try await connection.receive() == nil, "nothing follows a goodbye")
                return refusal
            default: return nil
            }
        }
    }

    func nextFrame() async throws -> NodeFrame {
        guard let bytes = try await connection.receive() else { throw ConformanceFailure.closed }
        guard let frame = try? NodeFrame(decoding: bytes) else { throw ConformanceFailure.notAFrame }
        return frame
    }

    func send(_ frame: ClientFrame) async throws {
        try await connection.send(frame.encoded)
    }

    func send(raw bytes: [UInt8]) async throws {
        try await connection.send(bytes)
    }

    func close() async {
        await connection.close()
    }
}
