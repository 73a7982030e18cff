import CDatagrams
import Glibc
import NIOCore
import STUN

extension TransportAddress {
    /// Reads a socket address of either family where the kernel has written it; nil for another family.
    @inline(__always)
    init?(socketAddress address: UnsafeRawPointer) {
        let port = UInt16(bigEndian: address.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            let number = UInt32(bigEndian: address.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            self.init(IPAddress(ipv4: number), port: port)
        case AF_INET6:
            let high = UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let low = UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            self.init(IPAddress(ipv6High: high, low: low), port: port)
        default:
            return nil
        }
    }

    /// Writes the address as the kernel reads it.
    ///
    /// - Parameter address: room for a `sockaddr_in6`.
    /// - Returns: the bytes written.
    @inline(__always)
    @discardableResult
    func write(to address: UnsafeMutableRawPointer) -> socklen_t {
        switch family {
        case .ipv4:
            address.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            address.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            address.storeBytes(of: UInt32(truncatingIfNeeded: ip.low).bigEndian, toByteOffset: 4, as: UInt32.self)
            address.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .ipv6:
            address.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
            address.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            // No flow, and no scope: link-local addresses are nobody's here.
            address.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
            address.storeBytes(of: ip.high.bigEndian, toByteOffset: 8, as: UInt64.self)
            address.storeBytes(of: ip.low.bigEndian, toByteOffset: 16, as: UInt64.self)
            address.storeBytes(of: 0, toByteOffset: 24, as: UInt32.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }
}

extension TransportAddress {
    /// A connection's address; nil for what has no port. A socket for both families shows IPv4 addresses as IPv4-mapped
    /// ones (RFC 4291 §2.5.5), which is not what the client is to hear.
    init?(_ address: SocketAddress) {
        var bytes = address.addressBytes[...]
        if bytes.count == 16, bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            bytes = bytes.suffix(4)
        }
        guard let ip = bytes.withUnsafeBytes({ IPAddress($0) }),
            let port = address.port.flatMap({ UInt16(exactly: $0) })
        else { return nil }
        self.init(ip, port: port)
    }
}

extension IPAddress {
    /// The address that a text writes, of either family; nil if it writes none.
    public init?(text: String) {
        var bytes: (UInt64, UInt64) = (0, 0)
        let length =
            if inet_pton(AF_INET, text, &bytes) == 1 { 4 } else if inet_pton(AF_INET6, text, &bytes) == 1 { 16 } else {
                0
            }
        guard let ip = withUnsafeBytes(of: bytes, { IPAddress(UnsafeRawBufferPointer(rebasing: $0[..<length])) }) else {
            return nil
        }
        self = ip
    }
}
