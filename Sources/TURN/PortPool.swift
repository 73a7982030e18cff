import STUN
import Synchronization

/// Which ports of the relay's addresses are taken. One pool serves all the servers that share these addresses, each on a
/// thread of its own: taking and giving back is one atomic operation.
public final class PortPool: Sendable {
    public let range: ClosedRange<UInt16>
    /// 65,536 bits for IPv4 and as many for IPv6, a bit set for each port in use.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    private static let wordsPerFamily = 1_024

    /// RFC 8656 §7.2: the range from which a server should take them.
    public static let dynamicPorts: ClosedRange<UInt16> = 49_152...65_535

    public init(range: ClosedRange<UInt16> = PortPool.dynamicPorts) {
        self.range = range
        words = .allocate(capacity: 2 * Self.wordsPerFamily)
        for index in 0..<2 * Self.wordsPerFamily { (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: 2 * Self.wordsPerFamily)
        words.deallocate()
    }

    private func word(_ family: AddressFamily, _ port: UInt16) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + (family == .ipv4 ? 0 : Self.wordsPerFamily) + Int(port >> 6)
    }

    /// - Returns: false if somebody has it, or it is not in the range.
    func take(_ family: AddressFamily, _ port: UInt16) -> Bool {
        guard range.contains(port) else { return false }
        let bit = UInt64(1) << UInt64(port & 63)
        return word(family, port).pointee.bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0
    }

    func giveBack(_ family: AddressFamily, _ port: UInt16) {
        let bit = UInt64(1) << UInt64(port & 63)
        word(family, port).pointee.bitwiseAnd(~bit, ordering: .relaxed)
    }

    /// Whether the port is taken.
    public func isTaken(_ family: AddressFamily, _ port: UInt16) -> Bool {
        word(family, port).pointee.load(ordering: .relaxed) & UInt64(1) << UInt64(port & 63) != 0
    }
}
