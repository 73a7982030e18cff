import CDatagrams
import Glibc
import STUN
import TURN

/// Memory into which datagrams are received, many with one system call: places that are filled one after the other, from
/// one socket or from several, and are all free again once what came has been sent on.
struct ReceiveBatch: ~Copyable {
    /// What came at one place: one datagram, or several of one sender that the kernel has put together.
    struct Datagram {
        /// The data, with ``Framing/headroom`` bytes before and ``Framing/tailroom`` bytes after it that are free.
        let bytes: UnsafeMutableRawBufferPointer
        let source: TransportAddress
        /// The length of each datagram but the last, which may be shorter.
        let segment: Int
    }

    static let places = 64
    private static let room = 65_536
    private static let head = 64
    private static let stride = head + room + 64
    private static let controlLength = 32

    // Pages are only there once something has come to them.
    private let memory: UnsafeMutableRawPointer
    private let headers: UnsafeMutablePointer<datagram_message>
    private let vectors: UnsafeMutablePointer<datagram_vector>
    private let sources: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer
    private(set) var count = 0

    init() {
        memory = .allocate(byteCount: Self.places * Self.stride, alignment: 64)
        headers = .allocate(capacity: Self.places)
        vectors = .allocate(capacity: Self.places)
        sources = .allocate(capacity: Self.places)
        controls = .allocate(byteCount: Self.places * Self.controlLength, alignment: 16)
        for place in 0..<Self.places {
            (sources + place).initialize(to: sockaddr_in6())
            (vectors + place).initialize(
                to: datagram_vector(base: memory + place * Self.stride + Self.head, length: Self.room))
            var header = datagram_message()
            header.name = UnsafeMutableRawPointer(sources + place)
            header.vectors = vectors + place
            header.vector_count = 1
            header.control = controls + place * Self.controlLength
            (headers + place).initialize(to: header)
        }
    }

    deinit {
        memory.deallocate()
        headers.deallocate()
        vectors.deallocate()
        sources.deallocate()
        controls.deallocate()
    }

    var isFull: Bool { count == Self.places }

    /// Frees all places.
    mutating func clear() { count = 0 }

    /// Receives what is there, at most as much as there are free places.
    ///
    /// - Returns: the places that were filled: fewer than there were free if the socket is empty now.
    mutating func receive(_ socket: Int32) -> Range<Int> {
        let first = count
        for place in first..<Self.places {
            headers[place].name_length = UInt32(MemoryLayout<sockaddr_in6>.size)
            headers[place].control_length = Self.controlLength
        }
        let received = datagram_receive(socket, headers + first, UInt32(Self.places - first))
        guard received > 0 else { return first..<first }
        count += Int(received)
        return first..<count
    }

    /// What has come to that place; nil if it is of no use.
    func datagram(_ place: Int) -> Datagram? {
        let header = headers[place]
        guard header.flags & Int32(MSG_TRUNC) == 0,
            let source = TransportAddress(socketAddress: sources + place)
        else { return nil }
        let length = Int(header.length)
        var segment = length
        // One control message at most: UDP_GRO's.
        if header.control_length >= 20 {
            let control = controls + place * Self.controlLength
            let level = control.load(fromByteOffset: 8, as: Int32.self)
            let type = control.load(fromByteOffset: 12, as: Int32.self)
            if level == Int32(DATAGRAM_SOL_UDP), type == DATAGRAM_UDP_GRO {
                let size = Int(control.load(fromByteOffset: 16, as: Int32.self))
                if size > 0 { segment = size }
            }
        }
        let start = memory + place * Self.stride + Self.head
        return Datagram(
            bytes: UnsafeMutableRawBufferPointer(start: start, count: length), source: source, segment: segment)
    }
}
