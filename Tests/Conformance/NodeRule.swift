import NodeProtocol

/// One rule that every node keeps, checked on a node of its own.
public struct NodeRule: Sendable, CustomStringConvertible {
    public let name: String
    let body: @Sendable (ConformanceBubble) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (ConformanceBubble) async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var description: String { name }

    /// Makes a node, checks the rule on it and shuts it down.
    ///
    /// - Throws: ``ConformanceFailure`` when the node breaks the rule.
    public func check(_ makeNode: () async throws -> any ConformanceNode) async throws {
        let node = try await makeNode()
        do {
            try await body(try await ConformanceBubble(on: node))
        } catch {
            await node.shutdown()
            throw error
        }
        await node.shutdown()
    }
}

/// What a client may expect of any node: the protocol's rules, in words and as code.
public enum NodeConformance {
    public static let rules: [NodeRule] =
        sessionRules + claimRules + invitationRules + redemptionRules + bubbleStateRules + mailboxRules
        + deliveryRules + keyPackageRules + blobRules + slotRules + checkpointRules + relayRules
}

/// Fails the rule unless the two are equal.
func expect<Value: Equatable>(
    _ actual: Value, is expected: Value, _ what: String = "", line: UInt = #line
) throws(ConformanceFailure) {
    guard actual == expected else {
        throw .broken("\(what)\(what.isEmpty ? "" : ": ")expected \(brief(expected)), got \(brief(actual))", line: line)
    }
}

func expect(_ condition: Bool, _ what: String, line: UInt = #line) throws(ConformanceFailure) {
    guard condition else { throw .broken(what, line: line) }
}

private func brief<Value>(_ value: Value) -> String {
    let text = "\(value)"
    return text.count > 160 ? "\(text.prefix(160))…" : text
}
