import CDatagrams
import Glibc
import STUN
import TURN

/// Datagrams on their way out, sent many with one system call. Those that go from one socket to one address and are of one
/// size become one message, which the kernel, or the network card, cuts apart again (UDP_SEGMENT): it passes through the
/// kernel's layers once instead of forty times.
struct SendBatch: ~Copyable {
    /// One datagram: its framing, if that is not already before it, and its data.
    private struct Segment {
        var header: UnsafeMutableRawPointer?
        var headerLength: Int
        var payload: UnsafeMutableRawPointer
        var payloadLength: Int
        /// The next one of the same message, or -1.
        var next: Int32
    }

    /// Datagrams for one address.
    private struct Message {
        var socket: Int32
        var destination: TransportAddress
        var first: Int32
        var last: Int32
        var count: Int
        /// The size of each datagram but the last.
        var size: Int
        var total: Int
        /// A shorter datagram ends a message.
        var isClosed: Bool
    }

    /// The datagrams there is room for.
    static let capacity = 2_048
    /// Linux takes no more segments than that in one message (UDP_MAX_SEGMENTS is 64 up to 6.8), and no more bytes.
    private static let maximumSegments = 64
    private static let maximumBytes = 65_000
    /// What is longer may not fit a link's MTU and is then not to be segmented but fragmented, one by one.
    private static let maximumSegmentLength = 1_400
    /// How many messages back one for the same address is looked for.
    private static let lookBack = 12
    private static let controlLength = 32

    private let segments: UnsafeMutablePointer<Segment>
    private let messages: UnsafeMutablePointer<Message>
    private let frames: UnsafeMutableRawPointer
    private let headers: UnsafeMutablePointer<datagram_message>
    private let vectors: UnsafeMutablePointer<datagram_vector>
    private let addresses: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer
    private var segmentCount = 0
    private var messageCount = 0

    init() {
        segments = .allocate(capacity: Self.capacity)
        messages = .allocate(capacity: Self.capacity)
        frames = .allocate(byteCount: Self.capacity * Framing.headroom, alignment: 16)
        headers = .allocate(capacity: Self.capacity)
        vectors = .allocate(capacity: 2 * Self.capacity)
        addresses = .allocate(capacity: Self.capacity)
        controls = .allocate(byteCount: Self.capacity * Self.controlLength, alignment: 16)
    }

    deinit {
        segments.deallocate()
        messages.deallocate()
        frames.deallocate()
        headers.deallocate()
        vectors.deallocate()
        addresses.deallocate()
        controls.deallocate()
    }

    /// Whether there is room for `count` more datagrams.
    func hasRoom(_ count: Int) -> Bool { segmentCount + count <= Self.capacity }

    /// Room for the framing of the next datagram, where it cannot stand before the data.
    var frame: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: frames + segmentCount * Framing.headroom, count: Framing.headroom)
    }

    /// Adds a datagram. Its bytes stay where they are until ``flush()``.
    ///
    /// - Parameter headerLength: the bytes of ``frame`` that go before the data.
    @inline(__always)
    mutating func append(
        _ payload: UnsafeMutableRawPointer, _ length: Int, headerLength: Int = 0, from socket: Int32,
        to destination: TransportAddress
    ) {
        let index = Int32(segmentCount)
        segments[segmentCount] = Segment(
            header: headerLength > 0 ? frames + segmentCount * Framing.headroom : nil, headerLength: headerLength,
            payload: payload, payloadLength: length, next: -1)
        segmentCount += 1
        let size = headerLength + length
        var candidate = messageCount - 1
        let oldest = max(0, messageCount - Self.lookBack)
        while candidate >= oldest {
            let message = messages + candidate
            if message.pointee.socket == socket, message.pointee.destination == destination {
                // Behind this one nothing for the address can go earlier: their order is kept.
                guard !message.pointee.isClosed, size <= message.pointee.size, size > 0,
                    message.pointee.size <= Self.maximumSegmentLength,
                    message.pointee.count < Self.maximumSegments, message.pointee.total + size <= Self.maximumBytes
                else { break }
                segments[Int(message.pointee.last)].next = index
                message.pointee.last = index
                message.pointee.count += 1
                message.pointee.total += size
                message.pointee.isClosed = size < message.pointee.size
                return
            }
            candidate -= 1
        }
        messages[messageCount] = Message(
            socket: socket, destination: destination, first: index, last: index, count: 1, size: size, total: size,
            isClosed: false)
        messageCount += 1
    }

    /// Sends everything. What the kernel does not take, because its buffers are full or there is no way, is lost, as
    /// datagrams are.
    mutating func flush() {
        var vector = 0
        for index in 0..<messageCount { prepare(index, &vector) }
        var start = 0
        while start < messageCount {
            let socket = messages[start].socket
            var end = start + 1
            while end < messageCount, messages[end].socket == socket { end += 1 }
            send(start..<end, from: socket)
            start = end
        }
        messageCount = 0
        segmentCount = 0
    }

    private func prepare(_ index: Int, _ vector: inout Int) {
        let message = messages[index]
        let first = vector
        var segment = message.first
        while segment >= 0 {
            let value = segments[Int(segment)]
            if value.headerLength > 0 {
                vectors[vector] = datagram_vector(base: value.header, length: value.headerLength)
                vector += 1
            }
            vectors[vector] = datagram_vector(base: value.payload, length: value.payloadLength)
            vector += 1
            segment = value.next
        }
        var header = datagram_message()
        header.name = UnsafeMutableRawPointer(addresses + index)
        header.name_length = message.destination.write(to: addresses + index)
        header.vectors = vectors + first
        header.vector_count = vector - first
        if message.count > 1 {
            let control = controls + index * Self.controlLength
            // A control message of 18 bytes, rounded up: its length, level, type, and the size of a segment.
            control.storeBytes(of: 18, as: Int.self)
            control.storeBytes(of: Int32(DATAGRAM_SOL_UDP), toByteOffset: 8, as: Int32.self)
            control.storeBytes(of: Int32(DATAGRAM_UDP_SEGMENT), toByteOffset: 12, as: Int32.self)
            control.storeBytes(of: UInt64(UInt16(truncatingIfNeeded: message.size)), toByteOffset: 16, as: UInt64.self)
            header.control = control
            header.control_length = 24
        }
        (headers + index).initialize(to: header)
    }

    private func send(_ range: Range<Int>, from socket: Int32) {
        var next = range.lowerBound
        var hasFailed = false
        while next < range.upperBound {
            let sent = datagram_send(socket, headers + next, UInt32(range.upperBound - next))
            if sent > 0 {
                next += Int(sent)
                hasFailed = false
                continue
            }
            let error = errno
            // A socket reports what ICMP said of an earlier datagram in place of sending this one: again, once.
            if !hasFailed, error != EAGAIN, error != EINVAL, error != EIO, error != EMSGSIZE {
                hasFailed = true
                continue
            }
            // Full buffers are full for the rest, too.
            if error == EAGAIN { return }
            // The way takes no segments, or none of that size.
            if messages[next].count > 1 { sendOneByOne(next, from: socket) }
            next += 1
            hasFailed = false
        }
    }

    private func sendOneByOne(_ index: Int, from socket: Int32) {
        var header = headers[index]
        header.control = nil
        header.control_length = 0
        var segment = messages[index].first
        while segment >= 0, let vector = header.vectors {
            header.vector_count = segments[Int(segment)].headerLength > 0 ? 2 : 1
            _ = datagram_send(socket, &header, 1)
            header.vectors = vector + header.vector_count
            segment = segments[Int(segment)].next
        }
    }
}
