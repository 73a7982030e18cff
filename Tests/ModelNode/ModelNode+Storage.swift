import CryptoPrimitives
import NodeProtocol

// Sealed blobs and commit slots.
extension ModelNode {
    mutating func putBlob(_ id: [UInt8], expires: UInt64, _ bytes: [UInt8], by device: [UInt8], now: UInt64)
        throws(Refusal) -> Response
    {
        if let blob = state.blobs[id] {
            guard blob.bytes == bytes else { throw .conflict }
            return .done
        }
        let expires = try expiry(expires, longest: Limits.blobLifetime, now: now)
        var occupied = 0
        for blob in state.blobs.values where blob.owner == device { occupied += blob.bytes.count }
        guard occupied + bytes.count <= limits.blobBytesPerDevice else { throw .quotaExceeded }
        state.blobs[id] = ModelState.Blob(owner: device, expires: expires, bytes: bytes)
        return .done
    }

    mutating func createSlot(_ id: [UInt8], tokenHash: [UInt8], by device: [UInt8]) throws(Refusal) -> Response {
        if let slot = state.slots[id] {
            guard slot.tokenHashes[0] == tokenHash else { throw .conflict }
            return .done
        }
        let owned = state.slots.values.count { $0.owner == device }
        guard owned < limits.slotsPerDevice else { throw .quotaExceeded }
        state.slots[id] = ModelState.Slot(owner: device, tokenHashes: [tokenHash])
        return .done
    }

    mutating func commit(
        _ sealed: [UInt8], to id: [UInt8], position: UInt64, token: [UInt8], nextTokenHash: [UInt8], now: UInt64
    ) throws(Refusal) -> Response {
        let (slot, index) = try slot(id, position: position, token: token)
        if index < slot.commits.count {
            guard slot.commits[index].sealed == sealed, slot.tokenHashes[index + 1] == nextTokenHash else {
                throw .slotTaken
            }
            return .done
        }
        state.slots[id]?.commits.append(ModelState.Slot.Commit(sealed: sealed, expires: now + Limits.commitLifetime))
        state.slots[id]?.tokenHashes.append(nextTokenHash)
        return .done
    }

    func fetchCommit(_ id: [UInt8], position: UInt64, token: [UInt8]) throws(Refusal) -> Response {
        let (slot, index) = try slot(id, position: position, token: token)
        guard index < slot.commits.count else { return .commit(nil) }
        guard let sealed = slot.commits[index].sealed else { throw .slotTaken }
        return .commit(sealed)
    }

    /// A slot, for whoever holds the token of that position; nobody holds one of a position that is not reached.
    private func slot(_ id: [UInt8], position: UInt64, token: [UInt8]) throws(Refusal) -> (ModelState.Slot, Int) {
        guard let slot = state.slots[id] else { throw .unknownSlot }
        guard position < UInt64(slot.tokenHashes.count) else { throw .wrongSlotToken }
        let index = Int(position)
        guard HashAlgorithm.sha256.hash(token) == slot.tokenHashes[index] else { throw .wrongSlotToken }
        return (slot, index)
    }
}
