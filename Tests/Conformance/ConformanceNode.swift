import NodeProtocol

/// A freshly started, unclaimed node that the conformance suite may do with as it likes.
public protocol ConformanceNode: Sendable {
    /// The operator invitation's link, as printed at the first start. The suite reads the node's origin and the claim token
    /// from it.
    var operatorLink: String { get async throws }
    /// The quotas in force: the protocol's, unless this node was started with smaller ones to be reached sooner.
    var limits: ConformanceLimits { get }
    /// Opens a connection on which nothing has been said yet.
    func connect() async throws -> any ConformanceConnection
    /// Kills the node without warning, as SIGKILL does, and starts it again on the same data. It keeps its link and origin;
    /// every connection is closed.
    func restart() async throws
    /// The node's clock, in seconds since 1970.
    func now() async throws -> UInt64
    /// Moves the node's clock forward.
    ///
    /// - Returns: false where that is impossible; a rule that needs it then ends there.
    func advance(seconds: UInt64) async throws -> Bool
    /// A TURN client of the node's relay; nil where there is no relay to be tried.
    func relayClient(_ credential: RelayCredential) throws -> (any ConformanceRelayClient)?
    /// Ends the node and removes its data.
    func shutdown() async
}

extension ConformanceNode {
    public func relayClient(_ credential: RelayCredential) throws -> (any ConformanceRelayClient)? { nil }
}

/// A TURN client with one address and one credential.
public protocol ConformanceRelayClient {
    /// - Returns: whether the relay has allocated it an address.
    func allocate() throws -> Bool
    /// - Returns: whether the relay has kept the address for it.
    func refresh() throws -> Bool
}

/// One connection to a node: whole binary messages, in order, both ways.
public protocol ConformanceConnection: Sendable {
    /// Hands one message to the transport. Throws once the connection is closed.
    func send(_ message: [UInt8]) async throws
    /// The next message from the node, or nil once the node has closed the connection.
    ///
    /// - Throws: ``ConformanceFailure/silence`` when none comes within a few seconds.
    func receive() async throws -> [UInt8]?
    func close() async
}

/// Quotas that a node enforces; see NodeProtocol's `Limits` for what each counts.
public struct ConformanceLimits: Sendable {
    public var mailboxEnvelopes = Limits.mailboxEnvelopes
    public var mailboxBytes = Limits.mailboxBytes
    public var blobBytesPerDevice = Limits.blobBytesPerDevice
    public var invitationsPerDevice = Limits.invitationsPerDevice
    public var mailboxesPerDevice = Limits.mailboxesPerDevice
    public var slotsPerDevice = Limits.slotsPerDevice

    public init() {}
}

/// Why a node does not conform, or could not be asked.
public enum ConformanceFailure: Error, CustomStringConvertible {
    /// The node said nothing when it had to answer.
    case silence
    /// The node closed the connection when it had to answer.
    case closed
    /// The node sent bytes that are no frame.
    case notAFrame
    /// The node did something else than the rule says.
    case broken(String, line: UInt)

    public var description: String {
        switch self {
        case .silence: "the node says nothing"
        case .closed: "the node closed the connection"
        case .notAFrame: "the node sent what is no frame"
        case .broken(let what, let line): "\(what) (rule at line \(line))"
        }
    }
}
