import Synchronization

/// What all connections together have written of answers over HTTP and what their clients' machines have not taken yet.
final class AnswerRoom: Sendable {
    private let bound: Int
    private let held = Atomic(0)

    /// - Parameter bound: bytes past which each connection has to make do with ``AnswerPacer/leastWindow``.
    init(bound: Int) {
        self.bound = bound
    }

    var bytes: Int { held.load(ordering: .relaxed) }
    var isScarce: Bool { bytes >= bound }

    func add(_ count: Int) { held.wrappingAdd(count, ordering: .relaxed) }
    func remove(_ count: Int) { held.wrappingSubtract(count, ordering: .relaxed) }
}
