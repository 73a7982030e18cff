/// What will happen, earliest first; of two things at one time, the one that was planned first.
struct Schedule<Occurrence> {
    private struct Entry {
        let time: UInt64
        let order: UInt64
        let occurrence: Occurrence

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    /// A binary heap.
    private var entries: [Entry] = []
    private var planned: UInt64 = 0

    /// When the next occurrence is due.
    var nextTime: UInt64? { entries.first?.time }

    mutating func plan(_ occurrence: Occurrence, at time: UInt64) {
        planned += 1
        entries.append(Entry(time: time, order: planned, occurrence: occurrence))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: UInt64, occurrence: Occurrence)? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return (first.time, first.occurrence)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].isBefore(entries[least]) { least = child }
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
