import NodeProtocol

/// What the node remembers, behind an interface that another database can stand behind too.
///
/// A change is one indivisible step. Changes take effect in the order they are submitted; each one's outcome is told only
/// when it will survive a power cut. Refusals thrown inside are the outcome; any other error becomes
/// ``NodeProtocol/Refusal/unavailable``, and the step has then not happened.
protocol Store: Sendable {
    func change<Value: Sendable>(
        _ change: @escaping @Sendable (any StoreChanges) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void)

    /// Reads a consistent state that holds every change whose outcome has been told.
    func read<Value: Sendable>(
        _ read: @escaping @Sendable (any StoreReads) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void)

    /// Lets go of what was deleted, as far as it still lies about.
    func settle()
}

extension Store {
    func change<Value: Sendable>(_ change: @escaping @Sendable (any StoreChanges) throws -> Value) async throws(Refusal)
        -> Value
    {
        try await withCheckedContinuation { continuation in
            self.change(change) { continuation.resume(returning: $0) }
        }.get()
    }

    func read<Value: Sendable>(_ read: @escaping @Sendable (any StoreReads) throws -> Value) async throws(Refusal)
        -> Value
    {
        try await withCheckedContinuation { continuation in
            self.read(read) { continuation.resume(returning: $0) }
        }.get()
    }
}
