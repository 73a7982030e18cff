import NodeProtocol

/// What a change asks of the disk.
enum ChangeCost: Sendable {
    /// Stores something new, of about so many bytes: refused while room is short.
    case storing(Int)
    /// Frees room, or is what a node cannot do without: tried as long as the disk takes a byte.
    case freeing

    var needsRoom: Bool {
        if case .storing = self { true } else { false }
    }

    var bytes: Int {
        if case .storing(let bytes) = self { bytes } else { 0 }
    }
}

/// What the node remembers, behind an interface that another database can stand behind too.
/// While the disk is full, what would store more is refused with ``NodeProtocol/Refusal/unavailable``, and what frees room is not.
///
/// A change is one indivisible step. Changes take effect in the order they are submitted; each one's outcome is told only
/// when it will survive a power cut. Refusals thrown inside are the outcome; any other error becomes
/// ``NodeProtocol/Refusal/unavailable``, and the step has then not happened.
protocol Store: Sendable {
    func change<Value: Sendable>(
        _ cost: ChangeCost, _ change: @escaping @Sendable (any StoreChanges) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void)

    /// Reads a consistent state that holds every change whose outcome has been told.
    func read<Value: Sendable>(
        _ read: @escaping @Sendable (any StoreReads) throws -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void)

    /// Whether nothing more is stored for want of room.
    var isRoomShort: Bool { get }

    /// Lets go of what was deleted, as far as it still lies about.
    func settle() async
}

extension Store {
    func change<Value: Sendable>(
        _ cost: ChangeCost, _ change: @escaping @Sendable (any StoreChanges) throws -> Value
    ) async throws(Refusal) -> Value {
        try await withCheckedContinuation { continuation in
            self.change(cost, change) { continuation.resume(returning: $0) }
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
