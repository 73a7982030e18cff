import NIOCore

/// How much a session may ask of the node: so much at once, and so much each second.
struct TokenBucket {
    private let rate: ServiceBounds.RequestRate
    private var tokens: Double
    private var last: NIODeadline

    init(_ rate: ServiceBounds.RequestRate, now: NIODeadline) {
        self.rate = rate
        tokens = rate.burst
        last = now
    }

    /// - Returns: false, taking nothing, when there are not enough.
    mutating func take(_ cost: Double, now: NIODeadline) -> Bool {
        let seconds = Double((now - last).nanoseconds) / 1e9
        tokens = min(rate.burst, tokens + seconds * rate.perSecond)
        last = now
        guard tokens >= cost else { return false }
        tokens -= cost
        return true
    }

    /// Takes what was not known beforehand; what is not there is missing later.
    mutating func owe(_ cost: Double) {
        tokens -= cost
    }
}
