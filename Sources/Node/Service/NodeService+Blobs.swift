import NodeProtocol

// A blob's id is the right to it: the store has the id's hash only.
extension NodeService {
    func putBlob(
        _ blob: [UInt8], expires: UInt64, bytes: [UInt8], by device: DeviceRecord, reply: @escaping Reply
    ) {
        let now = clock()
        let (blob, tag) = (hash(blob), tag(device))
        change(reply) { [self] store in
            let expires = try expiry(expires, lifetime: Limits.blobLifetime, now: now)
            if let held = try store.blob(blob, now: now) { return held == bytes ? .done : .refused(.conflict) }
            guard try store.storedBytes(under: tag) + bytes.count <= quotas.blobBytesPerDevice else {
                throw Refusal.quotaExceeded
            }
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
        change(reply) { store in
            guard try store.delete(blob: blob) else { throw Refusal.unknownBlob }
            return .done
        }
    }
}
