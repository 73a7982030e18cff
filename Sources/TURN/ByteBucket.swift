/// How many bytes may still pass: `perSecond` each second, and a second's worth at once.
struct ByteBucket: BitwiseCopyable {
    private var bytes: Int64
    /// Milliseconds.
    private var last: UInt64

    init(perSecond: UInt64, at milliseconds: UInt64) {
        bytes = Int64(clamping: perSecond)
        last = milliseconds
    }

    /// Whether a datagram may pass; what has passed is subtracted. The balance may go negative by one datagram: otherwise a
    /// datagram larger than a second's worth could never pass.
    @inline(__always)
    mutating func take(_ count: Int, perSecond: UInt64, at milliseconds: UInt64) -> Bool {
        if milliseconds > last {
            let elapsed = min(milliseconds - last, 1_000)
            bytes = min(
                Int64(clamping: perSecond),
                bytes + Int64(clamping: perSecond / 1_000 * elapsed + perSecond % 1_000 * elapsed / 1_000))
            last = milliseconds
        }
        guard bytes > 0 else { return false }
        bytes -= Int64(count)
        return true
    }
}
