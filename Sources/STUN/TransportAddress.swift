/// The two families of addresses, as STUN numbers them (RFC 8489 §14.1).
public enum AddressFamily: UInt8, Sendable, BitwiseCopyable {
    case ipv4 = 0x01
    case ipv6 = 0x02
}

/// An IP address: plain bits, cheap to compare and to hash.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// The address as a number of 128 bits, most significant first. IPv4's 32 bits are the lowest.
    public let high: UInt64
    public let low: UInt64
    public let family: AddressFamily

    public init(ipv4: UInt32) {
        high = 0
        low = UInt64(ipv4)
        family = .ipv4
    }

    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(ipv4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    public init(ipv6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        family = .ipv6
    }

    /// The address that 4 or 16 bytes in network order write; nil for any other number of them.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case 4: self.init(ipv4: bytes.uint32(at: 0))
        case 16: self.init(ipv6High: bytes.uint64(at: 0), low: bytes.uint64(at: 8))
        default: return nil
        }
    }

    /// The address in network order: 4 or 16 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch family {
        case .ipv4:
            bytes.append(uint32: UInt32(truncatingIfNeeded: low))
        case .ipv6:
            bytes.append(uint64: high)
            bytes.append(uint64: low)
        }
        return bytes
    }
}

/// An IP address and a port.
public struct TransportAddress: Hashable, Sendable, BitwiseCopyable {
    public let ip: IPAddress
    public let port: UInt16

    public init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    public var family: AddressFamily { ip.family }
}

extension TransportAddress {
    /// Reads an address attribute's value (RFC 8489 §14.1): a zero byte that is not looked at, family, port, address.
    ///
    /// - Throws: ``STUNError/malformedAttribute`` if the family is not one or the length not the family's.
    public init(mapped value: UnsafeRawBufferPointer) throws(STUNError) {
        guard value.count >= 8 else { throw .malformedAttribute }
        let address = value.slice(4..<value.count)
        guard let family = AddressFamily(rawValue: value[1]), let ip = IPAddress(address), ip.family == family else {
            throw .malformedAttribute
        }
        self.init(ip, port: value.uint16(at: 2))
    }

    /// Reads an XOR address attribute's value (RFC 8489 §14.2).
    ///
    /// - Throws: ``STUNError/malformedAttribute`` if the family is not one or the length not the family's.
    public init(xored value: UnsafeRawBufferPointer, _ id: TransactionID) throws(STUNError) {
        self = try TransportAddress(mapped: value).xored(id)
    }

    /// The address with every bit turned over that the magic cookie and the transaction id turn over; twice is once again
    /// the address. NATs rewrite what looks like an address: this does not.
    func xored(_ id: TransactionID) -> TransportAddress {
        let port = port ^ UInt16(Message.magicCookie >> 16)
        switch family {
        case .ipv4:
            return TransportAddress(
                IPAddress(ipv4: UInt32(truncatingIfNeeded: ip.low) ^ Message.magicCookie), port: port)
        case .ipv6:
            let high = ip.high ^ (UInt64(Message.magicCookie) << 32 | UInt64(id.high))
            return TransportAddress(IPAddress(ipv6High: high, low: ip.low ^ id.low), port: port)
        }
    }

    /// The length of an address attribute's value: 8 bytes or 20.
    public var valueLength: Int { family == .ipv4 ? 8 : 20 }

    /// Writes an XOR address attribute's value to the first ``valueLength`` bytes of `buffer`, in place and without
    /// allocating: for the framing of relayed data.
    public func writeXORed(_ id: TransactionID, to buffer: UnsafeMutableRawBufferPointer) {
        let xored = xored(id)
        buffer.storeBytes(of: UInt16(family.rawValue).bigEndian, toByteOffset: 0, as: UInt16.self)
        buffer.storeBytes(of: xored.port.bigEndian, toByteOffset: 2, as: UInt16.self)
        switch family {
        case .ipv4:
            let number = UInt32(truncatingIfNeeded: xored.ip.low)
            buffer.storeBytes(of: number.bigEndian, toByteOffset: 4, as: UInt32.self)
        case .ipv6:
            buffer.storeBytes(of: xored.ip.high.bigEndian, toByteOffset: 4, as: UInt64.self)
            buffer.storeBytes(of: xored.ip.low.bigEndian, toByteOffset: 12, as: UInt64.self)
        }
    }
}
