import Conformance
import Testing

@Suite("The model node")
struct SimulationConformance {
    @Test("keeps the rules of every node", arguments: NodeConformance.rules)
    func keepsTheRules(rule: NodeRule) async throws {
        try await rule.check { try ModelConformanceNode() }
    }
}
