import NodeProtocol

// A device that knows a blob's id may fetch and delete it. The store has the id's hash only.
extension NodeService {
    func putBlob(
        _ blob: [UInt8], expires: UInt64, bytes: [UInt8], by device: DeviceRecord, reply: @escaping Reply
    ) {
        let now = clock()
        let blob = hash(blob)
        change(.storing(bytes.count), reply) { [self] store in
            let expires = try expiry(expires, lifetime: Limits.blobLifetime, now: now)
            if let held = try store.blob(blob, now: now) { return held == bytes ? .done : .refused(.conflict) }
            let day = try charge(bytes.count, to: device, expires: expires, in: store, now: now)
            let tag = try depositTag.seal(device: device.device, day: day, blob: blob)
            try store.put(blob: blob, bytes: bytes, expires: expires, tag: tag)
            return .done
        }
    }

    func fetchBlob(_ blob: [UInt8], reply: @escaping Reply) {
        let now = retention()
        let blob = hash(blob)
        read(reply) { store in
            guard let bytes = try store.blob(blob, now: now) else { throw Refusal.unknownBlob }
            return .blob(bytes)
        }
    }

    func deleteBlob(_ blob: [UInt8], reply: @escaping Reply) {
        let blob = hash(blob)
        change(.freeing, reply) { [depositTag] store in
            guard let deleted = try store.delete(blob: blob) else { throw Refusal.unknownBlob }
            if let (device, day) = depositTag.open(deleted.tag, blob: blob) {
                try store.refund(bytes: max(deleted.length, Limits.leastCharge), to: device, until: day)
            }
            return .done
        }
    }

    /// Charges a device's quota with what it stores, until the end of the day on which that expires.
    ///
    /// What is charged outlives the process, as one number a device and day: a restart gives nobody a fresh quota. A row's own
    /// length is not enough, since one of nothing takes room as well.
    ///
    /// - Returns: the day, since 1970.
    func charge(
        _ length: Int, to device: DeviceRecord, expires: UInt64, in store: any StoreChanges, now: UInt64
    ) throws -> UInt64 {
        let bytes = max(length, Limits.leastCharge)
        guard try store.usage(of: device.device, now: now).bytes + bytes <= quotas.blobBytesPerDevice else {
            throw Refusal.quotaExceeded
        }
        let day = (expires + 86_399) / 86_400
        try store.charge(Usage(bytes: bytes), to: device.device, until: day)
        return day
    }
}
