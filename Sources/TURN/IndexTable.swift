import STUN

/// A hash table from keys to numbers of a ``Slab``, which holds the keys: open addressing in one array of eight bytes an
/// element, so that a look-up is one line of cache for the table and one for the value, and nothing is ever allocated but
/// when it grows.
struct IndexTable {
    private struct Slot: BitwiseCopyable {
        var hash: UInt32
        var index: UInt32
    }

    private var slots: ContiguousArray<Slot>
    private var mask: UInt32
    private(set) var count = 0

    init() {
        slots = ContiguousArray(repeating: Slot(hash: 0, index: .none), count: 16)
        mask = 15
    }

    /// The number under that hash for which `matches` is true.
    @inline(__always)
    func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
        var position = hash & mask
        while true {
            let slot = slots[Int(position)]
            if slot.index == .none { return nil }
            if slot.hash == hash, matches(slot.index) { return slot.index }
            position = (position &+ 1) & mask
        }
    }

    /// Adds a number whose key is not in the table.
    mutating func insert(_ hash: UInt32, _ index: UInt32) {
        // At most half full: a look-up in vain ends after two or three steps.
        if (count + 1) * 2 > slots.count { grow() }
        place(Slot(hash: hash, index: index))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        var position = slot.hash & mask
        while slots[Int(position)].index != .none { position = (position &+ 1) & mask }
        slots[Int(position)] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = ContiguousArray(repeating: Slot(hash: 0, index: .none), count: old.count * 2)
        mask = UInt32(slots.count - 1)
        for slot in old where slot.index != .none { place(slot) }
    }

    /// Removes a number that is in the table under that hash.
    mutating func remove(_ hash: UInt32, _ index: UInt32) {
        var hole = hash & mask
        while slots[Int(hole)].index != index {
            guard slots[Int(hole)].index != .none else { return }
            hole = (hole &+ 1) & mask
        }
        count -= 1
        // What stands after the hole, and had to go past it, moves into it: no tombstones, which would fill the table.
        var position = hole
        while true {
            position = (position &+ 1) & mask
            let slot = slots[Int(position)]
            guard slot.index != .none else { break }
            if (position &- slot.hash & mask) & mask >= (position &- hole) & mask {
                slots[Int(hole)] = slot
                hole = position
            }
        }
        slots[Int(hole)].index = .none
    }
}

/// Hashes of addresses under a seed of each server's own, so that nobody outside can choose addresses that collide.
struct AddressHash {
    private let first: UInt64
    private let second: UInt64

    init(seed: [UInt8]) {
        var words: (UInt64, UInt64) = (0, 0)
        for byte in seed.prefix(8) { words.0 = words.0 << 8 | UInt64(byte) }
        for byte in seed.dropFirst(8).prefix(8) { words.1 = words.1 << 8 | UInt64(byte) }
        first = words.0
        second = words.1
    }

    @inline(__always)
    private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always)
    func hash(_ ip: IPAddress, _ salt: UInt64) -> UInt32 {
        let address = fold(ip.low ^ first, ip.high ^ second)
        return UInt32(truncatingIfNeeded: fold(address ^ second, salt ^ first))
    }

    @inline(__always)
    func hash(_ address: TransportAddress, _ owner: UInt32) -> UInt32 {
        hash(address.ip, UInt64(owner) << 16 | UInt64(address.port))
    }

    @inline(__always)
    func hash(_ owner: UInt32, _ number: UInt16) -> UInt32 {
        UInt32(truncatingIfNeeded: fold((UInt64(owner) << 16 | UInt64(number)) ^ first, second | 1))
    }
}
