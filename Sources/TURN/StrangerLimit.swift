import STUN

/// How many answers go to people who have not shown who they are, for each network they claim to come from. Such an answer
/// goes wherever the question's sender said: without a limit anybody could have it sent to somebody else.
///
/// A table of a fixed size, indexed by a keyed hash: a flood from everywhere costs no memory. Two networks at one place
/// share what there is, which nobody outside can bring about on purpose.
struct StrangerLimit {
    public struct Rate: Sendable {
        /// Answers at once, and answers each second.
        public var burst: Double
        public var perSecond: Double

        public init(burst: Double, perSecond: Double) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

    private struct Bucket: BitwiseCopyable {
        var tokens: Float
        /// Milliseconds of the clock, at 32 bits.
        var last: UInt32
    }

    private static let size = 8_192
    private let rate: Rate
    private var buckets: ContiguousArray<Bucket>

    init(_ rate: Rate, at milliseconds: UInt64) {
        self.rate = rate
        let full = Bucket(tokens: Float(rate.burst), last: UInt32(truncatingIfNeeded: milliseconds))
        buckets = ContiguousArray(repeating: full, count: Self.size)
    }

    /// Counts one more.
    ///
    /// - Returns: false if there have been too many.
    mutating func admit(_ ip: IPAddress, _ hash: AddressHash, at milliseconds: UInt64) -> Bool {
        let (index, tokens) = tokens(ip, hash, at: milliseconds)
        let isAdmitted = tokens >= 1
        buckets[index] = Bucket(
            tokens: Float(isAdmitted ? tokens - 1 : tokens), last: UInt32(truncatingIfNeeded: milliseconds))
        return isAdmitted
    }

    /// Whether one more would be admitted. Counts nothing.
    func hasRoom(_ ip: IPAddress, _ hash: AddressHash, at milliseconds: UInt64) -> Bool {
        tokens(ip, hash, at: milliseconds).count >= 1
    }

    /// A network's bucket, and what is in it now.
    private func tokens(
        _ ip: IPAddress, _ hash: AddressHash, at milliseconds: UInt64
    ) -> (index: Int, count: Double) {
        // A network: of IPv4 what was a class C, of IPv6 what one customer gets.
        let network = AddressPrefix.first(ip.family == .ipv4 ? 24 : 48, of: ip)
        let index = Int(hash.hash(network, 0)) & (Self.size - 1)
        let seconds = Double(UInt32(truncatingIfNeeded: milliseconds) &- buckets[index].last) / 1_000
        return (index, min(rate.burst, Double(buckets[index].tokens) + seconds * rate.perSecond))
    }
}
