import CryptoPrimitives
import ModelNode
import NodeProtocol
import Trust

/// The model node behind the conformance suite's interface, with a clock that the suite moves.
public actor ModelConformanceNode: ConformanceNode {
    public let operatorLink: String
    public nonisolated let limits: ConformanceLimits
    private var model: ModelNode
    private var clock: UInt64 = 1_800_000_000
    private var lastConnection: ModelNode.Connection = 0
    /// Messages that the client has not taken, by connection; nil once the connection is closed.
    private var inboxes: [ModelNode.Connection: [[UInt8]]] = [:]

    public init() throws {
        let random = Randomness.system()
        let link = try InvitationLink.operatorClaim(origin: "https://node.example:8443", random: random)
        operatorLink = String(decoding: link.text, as: UTF8.self)
        var modelLimits = ModelLimits()
        modelLimits.mailboxEnvelopes = 40
        modelLimits.mailboxBytes = 200_000
        modelLimits.blobBytesPerDevice = 2 << 20
        modelLimits.invitationsPerDevice = 8
        modelLimits.mailboxesPerDevice = 4
        modelLimits.slotsPerDevice = 8
        var limits = ConformanceLimits()
        limits.mailboxEnvelopes = modelLimits.mailboxEnvelopes
        limits.mailboxBytes = modelLimits.mailboxBytes
        limits.blobBytesPerDevice = modelLimits.blobBytesPerDevice
        limits.invitationsPerDevice = modelLimits.invitationsPerDevice
        limits.mailboxesPerDevice = modelLimits.mailboxesPerDevice
        limits.slotsPerDevice = modelLimits.slotsPerDevice
        self.limits = limits
        model = try ModelNode(
            origin: link.origin, claimVerifier: link.keys.redemptionVerifier, limits: modelLimits, random: random)
    }

    public func connect() -> any ConformanceConnection {
        lastConnection += 1
        inboxes[lastConnection] = []
        return ModelConnection(node: self, id: lastConnection)
    }

    public func restart() {
        model.crash()
        inboxes = [:]
    }

    public func now() -> UInt64 { clock }

    public func advance(seconds: UInt64) -> Bool {
        clock += seconds
        return true
    }

    public func shutdown() {
        inboxes = [:]
    }

    fileprivate func receive(_ message: [UInt8], on connection: ModelNode.Connection) throws {
        guard inboxes[connection] != nil else { throw ConformanceFailure.closed }
        for output in model.receive(message, on: connection, now: clock) {
            switch output {
            case .send(let frame, let target): inboxes[target]?.append(frame.encoded)
            case .close(let target): closed.insert(target)
            }
        }
    }

    /// Closed by the node, with messages left to take.
    private var closed: Set<ModelNode.Connection> = []

    fileprivate func next(on connection: ModelNode.Connection) throws -> [UInt8]? {
        guard let waiting = inboxes[connection] else { return nil }
        if waiting.isEmpty {
            guard closed.contains(connection) else { throw ConformanceFailure.silence }
            inboxes[connection] = nil
            return nil
        }
        return inboxes[connection]?.removeFirst()
    }

    fileprivate func close(_ connection: ModelNode.Connection) {
        inboxes[connection] = nil
        model.disconnect(connection)
    }
}

private struct ModelConnection: ConformanceConnection {
    let node: ModelConformanceNode
    let id: ModelNode.Connection

    func send(_ message: [UInt8]) async throws { try await node.receive(message, on: id) }
    func receive() async throws -> [UInt8]? { try await node.next(on: id) }
    func close() async { await node.close(id) }
}
