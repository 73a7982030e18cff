import STUN

/// A range of addresses: those whose first bits are the same.
public struct AddressPrefix: Hashable, Sendable {
    public let address: IPAddress
    public let length: Int

    /// - Parameter length: from 0 to 32 or 128; what is beyond is taken for the whole address.
    public init(_ address: IPAddress, length: Int) {
        self.address = address
        self.length = max(0, min(length, address.family == .ipv4 ? 32 : 128))
    }

    /// The network's first address.
    public var first: IPAddress { Self.first(length, of: address) }

    public func contains(_ ip: IPAddress) -> Bool {
        guard ip.family == address.family else { return false }
        return Self.first(length, of: ip) == Self.first(length, of: address)
    }

    /// The address with all bits after the first `length` zero.
    static func first(_ length: Int, of ip: IPAddress) -> IPAddress {
        switch ip.family {
        case .ipv4:
            let mask = length >= 32 ? UInt32.max : ~(UInt32.max >> UInt32(length))
            return IPAddress(ipv4: UInt32(truncatingIfNeeded: ip.low) & mask)
        case .ipv6:
            let high = length >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(length))
            let low = length >= 128 ? UInt64.max : length <= 64 ? 0 : ~(UInt64.max >> UInt64(length - 64))
            return IPAddress(ipv6High: ip.high & high, low: ip.low & low)
        }
    }
}
