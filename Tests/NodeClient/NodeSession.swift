import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// A client's end of a session: the handshake, requests with their answers, and what the node says unasked.
public actor NodeSession {
    public enum Failure: Error, Equatable {
        /// The node said goodbye, with its reason, or hung up.
        case ended(Refusal?)
        /// The node's frame is not what the protocol has at this point, or its signature does not verify.
        case unexpected
    }

    public nonisolated let connection: NodeConnection
    /// The node's key, which its challenge proved.
    public nonisolated let nodeKey: [UInt8]
    /// The node's clock at the challenge.
    public nonisolated let nodeTime: UInt64
    private var lastID: UInt32 = 0
    private var pushes: [Push] = []

    private static let nobody = [UInt8](repeating: 0, count: 16)

    /// A session of nobody.
    public static func guest(over connection: NodeConnection, origin: String) async throws -> NodeSession {
        try await NodeSession(connection, origin: origin, bubble: nobody, device: nobody, sessionKey: nil)
    }

    /// A device's session.
    public static func device(
        _ device: DeviceID, of bubble: BubbleID, sessionKey: Secret, over connection: NodeConnection, origin: String
    ) async throws -> NodeSession {
        try await NodeSession(
            connection, origin: origin, bubble: bubble.bytes, device: device.bytes, sessionKey: sessionKey)
    }

    private init(
        _ connection: NodeConnection, origin: String, bubble: [UInt8], device: [UInt8], sessionKey: Secret?
    ) async throws {
        self.connection = connection
        let nonce = Randomness.system().bytes(SessionTranscript.nonceLength)
        let role: SessionRole = sessionKey == nil ? .guest : .device
        try await connection.send(
            ClientFrame.hello(version: nodeProtocolVersion, role: role, bubble: bubble, device: device, nonce: nonce)
                .encoded)
        let challenge = try await Self.nextFrame(connection)
        guard case .challenge(_, let key, let nodeNonce, let signature, let time) = challenge else {
            throw Self.failure(challenge)
        }
        let transcript = try SessionTranscript(
            bubble: BubbleID(bubble), origin: origin, nodeKey: key, device: DeviceID(device), clientNonce: nonce,
            nodeNonce: nodeNonce)
        guard transcript.verify(signature, role: .node, by: key) else { throw Failure.unexpected }
        if let sessionKey {
            let proof = try SignatureScheme.ed25519.sign(transcript.bytes(role: .client), with: sessionKey)
            try await connection.send(ClientFrame.authenticate(signature: proof).encoded)
        }
        let established = try await Self.nextFrame(connection)
        guard established == .established else { throw Self.failure(established) }
        nodeKey = key
        nodeTime = time
    }

    /// Sends a request without waiting for its answer.
    public func submit(_ request: Request) async throws -> UInt32 {
        lastID += 1
        let id = lastID
        try await connection.send(ClientFrame.request(id: id, request).encoded)
        return id
    }

    /// The node's next answer, to whichever request.
    public func nextAnswer() async throws -> (id: UInt32, response: Response) {
        while true {
            switch try await Self.nextFrame(connection) {
            case .response(let id, let response): return (id, response)
            case .push(let push): pushes.append(push)
            case let frame: throw Self.failure(frame)
            }
        }
    }

    /// The node's answer to a request, with no other in flight.
    public func ask(_ request: Request) async throws -> Response {
        let id = try await submit(request)
        let answer = try await nextAnswer()
        guard answer.id == id else { throw Failure.unexpected }
        return answer.response
    }

    /// The next thing that the node says unasked.
    public func nextPush() async throws -> Push {
        if !pushes.isEmpty { return pushes.removeFirst() }
        let frame = try await Self.nextFrame(connection)
        guard case .push(let push) = frame else { throw Self.failure(frame) }
        return push
    }

    /// The reason with which the node ends the session.
    public func goodbye() async throws -> Refusal {
        while true {
            switch try await Self.nextFrame(connection) {
            case .goodbye(let refusal): return refusal
            case .push, .response: continue
            default: throw Failure.unexpected
            }
        }
    }

    public func close() async {
        await connection.close()
    }

    private static func nextFrame(_ connection: NodeConnection) async throws -> NodeFrame {
        guard let message = try await connection.receive() else { throw Failure.ended(nil) }
        return try NodeFrame(decoding: message)
    }

    private static func failure(_ frame: NodeFrame) -> Failure {
        if case .goodbye(let refusal) = frame { return .ended(refusal) }
        return .unexpected
    }
}
