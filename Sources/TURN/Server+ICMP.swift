import STUN

/// What an ICMP message says of a datagram that went to a peer (RFC 8656 §18.13).
public struct ICMPMessage: Equatable, Sendable, BitwiseCopyable {
    public let type: UInt8
    public let code: UInt8
    /// The next hop's MTU, where the message is that the datagram was too large; without meaning else.
    public let data: UInt32

    public init(type: UInt8, code: UInt8, data: UInt32) {
        self.type = type
        self.code = code
        self.data = data
    }
}

extension Server {
    /// An ICMP message about what was sent to `peer` (RFC 8656 §11.5): told to the client in a Data indication.
    ///
    /// - Returns: where ``answer`` goes; nil if nobody wants to know.
    public mutating func receive(
        _ icmp: ICMPMessage, about peer: TransportAddress, at relay: RelayID
    ) -> ClientPath? {
        guard let index = open(relay), relays[index].allocation != .none else {
            counters.count(.closedRelay)
            return nil
        }
        let allocation = relays[index].allocation
        // Destination Unreachable and Time Exceeded, and in IPv6 Packet Too Big.
        let isRelayed =
            switch peer.family {
            case .ipv4: icmp.type == 3 || icmp.type == 11
            case .ipv6: (1...3).contains(icmp.type)
            }
        guard isRelayed else {
            counters.count(.unexpected)
            return nil
        }
        // As if it came from the peer: with a permission only.
        guard permission(allocation, peer.ip) != nil else {
            counters.count(.noPermission)
            return nil
        }
        var builder = MessageBuilder(MessageType(.data, .indication), nextTransaction())
        builder.append(.xorPeerAddress, xored: peer)
        // RFC 8656 §18.13: 16 bits reserved, 7 of type, 9 of code, 32 of data: the next hop's MTU, which only two messages have.
        // For others it "MUST be set to zero", whatever came in its place.
        let hasMTU = peer.family == .ipv4 ? icmp.type == 3 && icmp.code == 4 : icmp.type == 2
        let data = hasMTU ? icmp.data : 0
        let typeAndCode = UInt16(icmp.type & 0x7F) << 9 | UInt16(icmp.code)
        builder.append(
            .icmp,
            [0, 0, UInt8(typeAndCode >> 8), UInt8(truncatingIfNeeded: typeAndCode)]
                + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: data >> UInt32($0)) })
        answer = builder.bytes
        return allocations[allocation].client
    }
}
