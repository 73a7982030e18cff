import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// A node in memory, small enough to be obviously right: what a client may expect of any node, and what the real one is
/// compared with.
///
/// It is sans-IO: frames go in with the connection they came on and the time, frames come out with the connection they go
/// to. What it has acknowledged is durable; ``crash()`` loses the connections and nothing else, since every request
/// takes effect at once or not at all.
///
/// Not this type's concern: limits on rates and connections, which are the real node's alone.
public struct ModelNode {
    /// Names a connection. The caller draws the numbers and uses none twice.
    public typealias Connection = UInt32

    /// What the node wants done, in this order.
    public enum Output: Equatable, Sendable {
        case send(NodeFrame, to: Connection)
        /// The node ends the connection; nothing more comes from or goes to it.
        case close(Connection)
    }

    /// As clients know the node, "https://host:port": part of what both sides sign when a session opens.
    public let origin: String
    /// The node's Ed25519 key, and the seed of it.
    public let key: [UInt8]
    let keySeed: Secret
    public let limits: ModelLimits
    let random: Randomness

    /// What survives a crash.
    var state: ModelState
    /// What does not.
    var sessions: [Connection: Session] = [:]
    /// The checkpoint that each session was last shown or has stored, once it has asked for it or stored one.
    var seenCheckpoints: [Connection: [UInt8]?] = [:]
    /// Filled while one frame is worked on.
    var outputs: [Output] = []

    /// - Parameter claimVerifier: the SHA-256 of the claim token in the operator's invitation.
    public init(origin: String, claimVerifier: [UInt8], limits: ModelLimits = ModelLimits(), random: Randomness)
        throws(CryptoError)
    {
        let pair = try SignatureScheme.ed25519.generate(random)
        self.origin = origin
        key = pair.publicKey
        keySeed = pair.privateKey
        self.limits = limits
        self.random = random
        state = ModelState(claimVerifier: claimVerifier)
    }

    /// A frame from a connection. The first one of a connection opens it.
    ///
    /// - Parameter now: seconds since 1970; never less than before.
    public mutating func receive(_ bytes: [UInt8], on connection: Connection, now: UInt64) -> [Output] {
        outputs = []
        state.expire(now: now)
        if bytes.count > Limits.frameLength {
            end(connection, .tooLarge)
        } else if let frame = try? ClientFrame(decoding: bytes) {
            receive(frame, on: connection, now: now)
        } else {
            end(connection, .malformed)
        }
        return outputs
    }

    /// The connection is gone.
    public mutating func disconnect(_ connection: Connection) {
        sessions[connection] = nil
        seenCheckpoints[connection] = nil
    }

    /// The process is killed and started again: every connection is gone.
    public mutating func crash() {
        sessions = [:]
        seenCheckpoints = [:]
        for id in state.blobs.keys { state.blobs[id]?.charged = nil }
    }

    /// Whether a newcomer could still redeem this invitation, its expiry aside.
    public func offers(invitation: [UInt8]) -> Bool {
        if case .open? = state.invitations[invitation]?.progress { return true }
        return false
    }

    /// What it hands out for a device, the next first.
    public func keyPackages(of device: [UInt8]) -> [[UInt8]] {
        state.mailboxes.values.first { $0.owner == device }?.keyPackages ?? []
    }

    /// How many blobs it keeps.
    public var blobCount: Int { state.blobs.count }

    private mutating func receive(_ frame: ClientFrame, on connection: Connection, now: UInt64) {
        switch (frame, sessions[connection] ?? .opened) {
        case (.hello(let version, let role, let bubble, let device, let nonce), .opened):
            guard version == nodeProtocolVersion else { return end(connection, .unsupportedVersion) }
            greet(role, bubble: bubble, device: device, nonce: nonce, on: connection, now: now)
        case (.authenticate(let signature), .challenged(let bubble, let device, let transcript)):
            authenticate(
                signature, bubble: bubble, device: device, transcript: transcript, on: connection, now: now)
        case (.request(let id, let request), .guest):
            let response = answer(guest: request, now: now)
            outputs.append(.send(.response(id: id, response), to: connection))
        case (.request(let id, let request), .device(let device)):
            let response = answer(device: device, request, on: connection, now: now)
            outputs.append(.send(.response(id: id, response), to: connection))
            endRevokedSessions(now: now)
        default:
            end(connection, .malformed)
        }
    }

    /// Says why and closes.
    mutating func end(_ connection: Connection, _ refusal: Refusal) {
        sessions[connection] = nil
        seenCheckpoints[connection] = nil
        outputs.append(.send(.goodbye(refusal), to: connection))
        outputs.append(.close(connection))
    }

    /// Tells every open session of a device, oldest connection first.
    mutating func push(_ push: Push, to device: [UInt8]) {
        for connection in connections(of: device) { outputs.append(.send(.push(push), to: connection)) }
    }

    func connections(of device: [UInt8]) -> [Connection] {
        var found: [Connection] = []
        for (connection, session) in sessions where session.device == device { found.append(connection) }
        return found.sorted()
    }
}
