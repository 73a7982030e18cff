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
        let day = try charge(bytes.count, to: device, expires: expires)
        state.blobs[id] = ModelState.Blob(charged: (device, day), expires: expires, bytes: bytes)
        return .done
    }

    mutating func deleteBlob(_ id: [UInt8]) throws(Refusal) -> Response {
        guard let blob = state.blobs.removeValue(forKey: id) else { throw .unknownBlob }
        if let (device, day) = blob.charged {
            state.usage[device]?[day]?.bytes -= max(blob.bytes.count, Limits.leastCharge)
        }
        return .done
    }

    /// Charges a device's quota until the end of the day on which something expires.
    private mutating func charge(_ length: Int, to device: [UInt8], expires: UInt64) throws(Refusal) -> UInt64 {
        let bytes = max(length, Limits.leastCharge)
        let charged = (state.usage[device] ?? [:]).values.reduce(0) { $0 + $1.bytes }
        guard charged + bytes <= limits.blobBytesPerDevice else { throw .quotaExceeded }
        let day = (expires + 86_399) / 86_400
        state.usage[device, default: [:]][day, default: ModelState.Usage()].bytes += bytes
        return day
    }

    mutating func createSlot(_ id: [UInt8], tokenHash: [UInt8], by device: [UInt8], now: UInt64) throws(Refusal)
        -> Response
    {
        if let slot = state.slots[id] {
            guard slot.tokenHashes[0] == tokenHash else { throw .conflict }
            return .done
        }
        let made = (state.usage[device] ?? [:]).values.reduce(0) { $0 + $1.slots }
        guard made < limits.slotsPerDevice else { throw .quotaExceeded }
        let day = (now + Limits.slotPeriod) / 86_400 + 1
        state.usage[device, default: [:]][day, default: ModelState.Usage()].slots += 1
        state.slots[id] = ModelState.Slot(tokenHashes: [tokenHash])
        return .done
    }

    mutating func commit(
        _ sealed: [UInt8], to id: [UInt8], position: UInt64, token: [UInt8], nextTokenHash: [UInt8],
        by device: [UInt8], now: UInt64
    ) throws(Refusal) -> Response {
        let (slot, index) = try slot(id, position: position, token: token)
        if index < slot.commits.count {
            guard slot.commits[index].sealed == sealed, slot.tokenHashes[index + 1] == nextTokenHash else {
                throw .slotTaken
            }
            return .done
        }
        let expires = now + Limits.commitLifetime
        _ = try charge(sealed.count, to: device, expires: expires)
        state.slots[id]?.commits.append(ModelState.Slot.Commit(sealed: sealed, expires: expires))
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
