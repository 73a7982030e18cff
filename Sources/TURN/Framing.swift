import STUN

/// What goes before a peer's data on its way to the client: the four bytes of ChannelData, or the head of a Data
/// indication (RFC 8656 §11.3 and §12.7).
public enum Framing: BitwiseCopyable, Equatable, Sendable {
    case channel(UInt16)
    case indication(peer: TransportAddress, TransactionID)

    /// The most bytes that a framing puts before the data. A receiver of datagrams leaves this room before them, and can
    /// then write the framing in place.
    public static let headroom = 48
    /// The most bytes of padding that follow the data.
    public static let tailroom = 3

    /// The framing of the next datagram on the same way: the same, but for an indication's ID.
    public var following: Framing {
        switch self {
        case .channel: self
        case .indication(let peer, let id):
            .indication(peer: peer, TransactionID(high: id.high, low: id.low &+ 0x9E37_79B9_7F4A_7C15))
        }
    }

    /// The bytes before the data.
    public var headerLength: Int {
        switch self {
        case .channel: ChannelData.headerLength
        case .indication(let peer, _): Message.headerLength + 4 + peer.valueLength + 4
        }
    }

    /// The zero bytes after data of that length. A datagram's ChannelData needs none (RFC 8656 §12.5).
    public func padding(_ length: Int, isStream: Bool) -> Int {
        switch self {
        case .channel: isStream ? -length & 3 : 0
        case .indication: -length & 3
        }
    }

    /// Writes what goes before data of that length to the first ``headerLength`` bytes of `buffer`.
    ///
    /// - Precondition: the data has no more bytes than a datagram can carry.
    public func writeHeader(_ length: Int, to buffer: UnsafeMutableRawBufferPointer) {
        switch self {
        case .channel(let number):
            store(number, at: 0, buffer)
            store(UInt16(truncatingIfNeeded: length), at: 2, buffer)
        case .indication(let peer, let id):
            let address = peer.valueLength
            store(MessageType(.data, .indication).rawValue, at: 0, buffer)
            store(UInt16(truncatingIfNeeded: 4 + address + 4 + (length + 3) & ~3), at: 2, buffer)
            buffer.storeBytes(of: Message.magicCookie.bigEndian, toByteOffset: 4, as: UInt32.self)
            buffer.storeBytes(of: id.high.bigEndian, toByteOffset: 8, as: UInt32.self)
            buffer.storeBytes(of: id.low.bigEndian, toByteOffset: 12, as: UInt64.self)
            store(AttributeType.xorPeerAddress.rawValue, at: 20, buffer)
            store(UInt16(truncatingIfNeeded: address), at: 22, buffer)
            peer.writeXORed(id, to: UnsafeMutableRawBufferPointer(rebasing: buffer[24..<24 + address]))
            store(AttributeType.data.rawValue, at: 24 + address, buffer)
            store(UInt16(truncatingIfNeeded: length), at: 26 + address, buffer)
        }
    }

    private func store(_ value: UInt16, at offset: Int, _ buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Makes the client's message of the data at `payload` in `buffer`, where it lies: the framing before it and zeros
    /// after it.
    ///
    /// - Precondition: ``headroom`` bytes before and ``tailroom`` bytes after the data belong to the buffer.
    /// - Returns: where the whole message lies.
    public func frame(_ payload: Range<Int>, in buffer: UnsafeMutableRawBufferPointer, isStream: Bool) -> Range<Int> {
        let start = payload.lowerBound - headerLength
        writeHeader(payload.count, to: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<payload.lowerBound]))
        let end = payload.upperBound + padding(payload.count, isStream: isStream)
        for index in payload.upperBound..<end { buffer[index] = 0 }
        return start..<end
    }
}
