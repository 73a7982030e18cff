import CryptoPrimitives
import STUN

/// An allocation (RFC 8656 §3.2), without what only requests need of it: small and flat, since a look at it is part of
/// every datagram's way.
struct Allocation: BitwiseCopyable {
    let client: ClientPath
    /// The number of the user who made it.
    let user: UInt32
    /// The request that made it: the same one again is answered again (RFC 8656 §7.2).
    let transaction: TransactionID
    /// The numbers of its relayed addresses.
    var ipv4 = UInt32.none
    var ipv6 = UInt32.none
    /// The number of the reservation it made, until that is taken or ends.
    var reservation = UInt32.none
    /// The heads of the lists of its permissions and channels.
    var permissions = UInt32.none
    var channels = UInt32.none
    var permissionCount: UInt16 = 0
    var channelCount: UInt16 = 0
    var isAlive = true

    func relay(_ family: AddressFamily) -> UInt32 { family == .ipv4 ? ipv4 : ipv6 }

    mutating func setRelay(_ family: AddressFamily, _ relay: UInt32) {
        if family == .ipv4 { ipv4 = relay } else { ipv6 = relay }
    }
}

/// Who made an allocation, and what it was made with (RFC 8656 §3.2, "authentication information").
struct Owner {
    let username: [UInt8]
    let algorithm: PasswordAlgorithm
    let key: Secret
}

/// A relayed transport address (RFC 8656 §3.2) and its socket.
struct Relay: BitwiseCopyable {
    let address: TransportAddress
    /// Counted up for each use of the number, so that old names of it mean nothing.
    var generation: UInt32
    var socket: Int32
    /// The number of the allocation; none for a reserved port, and after the end.
    var allocation = UInt32.none
    var timer = UInt32.none
    /// The second in which it ends.
    var end: UInt64 = 0
    /// Whether it is in the table of addresses and its socket is open.
    var isOpen = false
}

/// A permission (RFC 8656 §9): data to and from any port of that address.
struct Permission: BitwiseCopyable {
    let allocation: UInt32
    let ip: IPAddress
    /// An address of this machine: data goes there only to another allocation's relayed address.
    let isOwn: Bool
    var timer = UInt32.none
    var previous = UInt32.none
    var next = UInt32.none
}

/// A channel (RFC 8656 §12): a number for a peer.
struct Channel: BitwiseCopyable {
    let allocation: UInt32
    let peer: TransportAddress
    let number: UInt16
    let isOwn: Bool
    var timer = UInt32.none
    var previous = UInt32.none
    var next = UInt32.none
}

/// A port kept for a second allocation (RFC 8656 §7.2, step 8).
struct Reservation: BitwiseCopyable {
    let token: UInt64
    let user: UInt32
    let relay: UInt32
    /// The allocation that asked for it, while it lives: its answer, if repeated, has the token.
    var allocation: UInt32
    var timer = UInt32.none
    var isAlive = true
}

/// A user with something allocated.
struct User: BitwiseCopyable {
    /// Relayed addresses, and reserved ports.
    var relays = 0
    var bytes: ByteBucket
}
