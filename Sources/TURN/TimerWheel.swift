/// What is to happen at which second. A wheel of one slot a second: setting, moving and taking a timer away cost the same
/// however many there are, and a second in which nothing ends costs one look.
struct TimerWheel {
    /// What ends.
    enum Kind: UInt8, BitwiseCopyable {
        case relay
        case permission
        case channel
        case reservation
    }

    private struct Timer: BitwiseCopyable {
        let kind: Kind
        /// The number of what ends.
        let subject: UInt32
        var second: UInt64
        var previous: UInt32 = .none
        var next: UInt32 = .none
    }

    /// More seconds than anything usually lives; what lives longer comes past more than once.
    private static let slots = 4_096

    private var timers = Slab<Timer>()
    private var heads = ContiguousArray<UInt32>(repeating: .none, count: slots)
    /// The second up to which everything has happened.
    private(set) var second: UInt64

    init(second: UInt64) {
        self.second = second
    }

    var count: Int { timers.count }

    /// - Parameter second: later than the wheel's own.
    mutating func schedule(_ kind: Kind, _ subject: UInt32, at second: UInt64) -> UInt32 {
        let timer = timers.insert(Timer(kind: kind, subject: subject, second: second))
        link(timer)
        return timer
    }

    mutating func move(_ timer: UInt32, to second: UInt64) {
        unlink(timer)
        timers[timer].second = second
        link(timer)
    }

    mutating func cancel(_ timer: UInt32) {
        unlink(timer)
        timers.remove(timer)
    }

    /// The next thing that ends by that second; its timer is gone. Asked again until there is none.
    mutating func next(by now: UInt64) -> (kind: Kind, subject: UInt32)? {
        while second < now {
            var timer = heads[slot(second + 1)]
            while timer != .none {
                let value = timers[timer]
                if value.second <= second + 1 {
                    cancel(timer)
                    return (value.kind, value.subject)
                }
                timer = value.next
            }
            second += 1
        }
        return nil
    }

    private func slot(_ second: UInt64) -> Int { Int(second % UInt64(Self.slots)) }

    private mutating func link(_ timer: UInt32) {
        // A second that is past already is the next one.
        if timers[timer].second <= second { timers[timer].second = second + 1 }
        let slot = slot(timers[timer].second)
        let head = heads[slot]
        timers[timer].previous = .none
        timers[timer].next = head
        if head != .none { timers[head].previous = timer }
        heads[slot] = timer
    }

    private mutating func unlink(_ timer: UInt32) {
        let value = timers[timer]
        if value.previous == .none {
            heads[slot(value.second)] = value.next
        } else {
            timers[value.previous].next = value.next
        }
        if value.next != .none { timers[value.next].previous = value.previous }
    }
}
