import CryptoPrimitives
import NodeProtocol

extension NodeService {
    func createSlot(_ slot: [UInt8], tokenHash: [UInt8], by device: DeviceRecord, reply: @escaping Reply) {
        let now = clock()
        change(.storing(0), reply) { [quotas] store in
            if let held = try store.slot(slot) {
                let first =
                    held.position == 0 ? held.tokenHash : try store.commit(in: held, at: 0, now: now)?.tokenHash
                return first == tokenHash ? .done : .refused(.conflict)
            }
            guard try store.usage(of: device.device, now: now).slots < quotas.slotsPerDevice else {
                throw Refusal.quotaExceeded
            }
            try store.charge(Usage(slots: 1), to: device.device, until: (now + Limits.slotPeriod) / 86_400 + 1)
            try store.makeSlot(slot, tokenHash: tokenHash)
            return .done
        }
    }

    /// One commit for each position: the first that comes. When the same one comes again, it gets the same answer.
    func commit(
        _ commit: CommitRecord, slot: [UInt8], position: UInt64, by device: DeviceRecord, reply: @escaping Reply
    ) {
        let now = clock()
        change(.storing(commit.sealed.count), reply) { [self] store in
            let slot = try Self.known(slot, in: store)
            guard position <= slot.position else { throw Refusal.wrongSlotToken }
            guard position == slot.position else {
                guard let held = try store.commit(in: slot, at: position, now: now) else { throw Refusal.slotTaken }
                guard constantTimeEqual(held.tokenHash, commit.tokenHash) else { throw Refusal.wrongSlotToken }
                let isSame = held.sealed == commit.sealed && held.nextTokenHash == commit.nextTokenHash
                return isSame ? .done : .refused(.slotTaken)
            }
            guard constantTimeEqual(slot.tokenHash, commit.tokenHash) else { throw Refusal.wrongSlotToken }
            // Rounded up: a commit's hour is enough to know for how long it is kept.
            let expires = (now + Limits.commitLifetime) / 3_600 * 3_600 + 3_600
            _ = try charge(commit.sealed.count, to: device, expires: expires, in: store, now: now)
            try store.advance(slot, with: commit, expires: expires)
            return .done
        }
    }

    func fetchCommit(_ slot: [UInt8], position: UInt64, token: [UInt8], reply: @escaping Reply) {
        let now = retention()
        let tokenHash = hash(token)
        read(reply) { store in
            let slot = try Self.known(slot, in: store)
            guard position <= slot.position else { throw Refusal.wrongSlotToken }
            if position == slot.position {
                guard constantTimeEqual(slot.tokenHash, tokenHash) else { throw Refusal.wrongSlotToken }
                return .commit(nil)
            }
            // Its time has passed: all that is known is that there was one.
            guard let held = try store.commit(in: slot, at: position, now: now) else { throw Refusal.slotTaken }
            guard constantTimeEqual(held.tokenHash, tokenHash) else { throw Refusal.wrongSlotToken }
            return .commit(held.sealed)
        }
    }

    private static func known(_ slot: [UInt8], in store: any StoreReads) throws -> SlotRecord {
        guard let slot = try store.slot(slot) else { throw Refusal.unknownSlot }
        return slot
    }
}
