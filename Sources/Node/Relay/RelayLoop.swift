import CDatagrams
import CryptoPrimitives
import Glibc
import STUN
import TURN

/// One thread's part of the relay: a server, its sockets, and the loop that carries datagrams between them in batches. Each
/// time round, everything that has come is received, decided upon where it lies, and sent, with a few system calls for all
/// of it; nothing is copied or allocated on the way.
struct RelayLoop: ~Copyable {
    private struct Listener {
        let ip: IPAddress
        var socket: Int32
    }

    /// What the loop is told from outside, between two batches.
    typealias Command = @Sendable (inout Server) -> Void

    var server: Server
    private let sockets: RelaySocketTable
    private let port: UInt16
    private let isShared: Bool
    /// At the number of their link; -1 where an address has gone.
    private var listeners: [Listener] = []
    /// Streams that have said something, by their number.
    private var streams: [UInt32: RelayStream] = [:]
    private var received = ReceiveBatch()
    private var outgoing = SendBatch()
    private let events: UnsafeMutablePointer<datagram_event>

    private static let eventCount = 128
    /// Batches taken from a listener before others have their turn.
    private static let rounds = 4
    /// The number by which the poll set names the mailbox that wakes the loop. Listeners have lower numbers. A relay's
    /// number has its generation in the upper half, and so is higher.
    private static let wake = UInt64(UInt32.max)

    init(server: consuming Server, sockets: RelaySocketTable, port: UInt16, isShared: Bool) {
        self.server = server
        self.sockets = sockets
        self.port = port
        self.isShared = isShared
        events = .allocate(capacity: Self.eventCount)
    }

    deinit {
        for listener in listeners where listener.socket >= 0 { close(listener.socket) }
        events.deallocate()
    }

    /// Addresses of the machine at which it does not listen, though it should.
    private var missing = 0

    /// Begins to listen at these addresses and to the mailbox.
    ///
    /// - Returns: 0, or why it cannot (`errno`).
    mutating func open(_ mailbox: RelayMailbox, at addresses: [IPAddress]) -> Int32 {
        if let error = [sockets.failure, mailbox.failure].first(where: { $0 != 0 }) { return error }
        guard sockets.watch(mailbox.descriptor, as: Self.wake) else { return errno }
        return listen(at: addresses)
    }

    /// Listens at these addresses, and no longer at others.
    ///
    /// - Returns: the `errno` of the last address at which it cannot, 0 without any: an address that the machine has no more, or
    ///   not yet, is counted and is no error.
    @discardableResult
    private mutating func listen(at addresses: [IPAddress]) -> Int32 {
        for link in listeners.indices where listeners[link].socket >= 0 && !addresses.contains(listeners[link].ip) {
            close(listeners[link].socket)
            listeners[link].socket = -1
        }
        var failure: Int32 = 0
        missing = 0
        for ip in addresses where !listeners.contains(where: { $0.ip == ip && $0.socket >= 0 }) {
            let socket = DatagramSocket.open(ip.family, ip, port: port, for: .listener(isShared: isShared))
            guard socket >= 0 else {
                // The system may refuse this process all of IPv6: then it has no such address.
                if ip.family == .ipv6, socket == -EAFNOSUPPORT { continue }
                missing += 1
                if socket != -EADDRNOTAVAIL { failure = -socket }
                continue
            }
            // An address that comes back has its old link again, and its clients their allocations.
            let known = listeners.firstIndex { $0.ip == ip }
            let link = known ?? listeners.count
            guard sockets.watch(socket, as: UInt64(link)) else {
                failure = errno
                missing += 1
                close(socket)
                continue
            }
            if known == nil {
                listeners.append(Listener(ip: ip, socket: socket))
            } else {
                listeners[link].socket = socket
            }
        }
        return failure
    }

    /// Runs until the mailbox is closed. It has been opened before.
    mutating func run(_ mailbox: RelayMailbox) {
        while true {
            let milliseconds = Self.now().milliseconds
            // At least once a second: things end by the second.
            let count = datagram_poll_wait(
                sockets.poll, events, Int32(Self.eventCount), Int32(1_000 - milliseconds % 1_000))
            server.advance(to: Self.now())
            for index in 0..<Int(max(0, count)) {
                let event = events[index]
                let number = event.number
                if number == Self.wake {
                    guard take(mailbox) else { return }
                } else if number < Self.wake {
                    receiveFromClients(Int(number))
                } else {
                    receiveFromPeers(RelayID(rawValue: number), event.events)
                }
            }
            flush()
            mailbox.report(server, listeners: listeners.count { $0.socket >= 0 }, missing: missing)
        }
    }

    static func now() -> Moment {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        return Moment(
            milliseconds: UInt64(clock.tv_sec) * 1_000 + UInt64(clock.tv_nsec) / 1_000_000,
            unixTime: UInt64(clamping: time(nil)))
    }

    /// Seconds of a clock that only goes forward.
    static var seconds: Int64 { Int64(clamping: now().milliseconds / 1_000) }

    /// - Returns: false if there is nothing more to do.
    private mutating func take(_ mailbox: RelayMailbox) -> Bool {
        flush()
        for message in mailbox.take() {
            switch message {
            case .stop: return false
            case .command(let command): command(&server)
            case .follow(let addresses, let policy):
                listen(at: addresses.listening)
                sockets.bind(to: addresses)
                server.setRelayAddresses(ipv4: addresses.ipv4, ipv6: addresses.ipv6)
                server.setPolicy(policy)
            case .received(let stream, let messages): receive(messages, from: stream)
            case .inspect(let stream): stream.setHoldsAllocation(server.hasAllocation(stream.path))
            case .ended(let stream):
                // RFC 8656 §7: the allocation ends with the stream.
                server.close(stream.path)
                streams[stream.path.link] = nil
            case .remove(let device): server.remove(subject: device)
            }
        }
        return true
    }

    private mutating func flush() {
        outgoing.flush()
        received.clear()
        sockets.closeEnded()
    }

    // MARK: From clients

    private mutating func receiveFromClients(_ link: Int) {
        for _ in 0..<Self.rounds {
            if received.isFull { flush() }
            let free = ReceiveBatch.places - received.count
            let socket = listeners[link].socket
            let places = received.receive(socket)
            for place in places {
                guard let datagram = received.datagram(place) else { continue }
                let client = ClientPath(datagram.source, link: UInt32(link))
                receive(datagram, from: client)
            }
            guard places.count == free else { return }
        }
    }

    private mutating func receive(_ datagram: ReceiveBatch.Datagram, from client: ClientPath) {
        var offset = 0
        repeat {
            let length = min(datagram.segment, datagram.bytes.count - offset)
            let bytes = UnsafeMutableRawBufferPointer(rebasing: datagram.bytes[offset..<offset + length])
            offset += length
            // Only the framing of the last piece has free room around it.
            receive(bytes, from: client, isAlone: datagram.segment >= datagram.bytes.count)
        } while offset < datagram.bytes.count
    }

    /// - Parameter isAlone: there is room for the framing around the data.
    @inline(__always)
    private mutating func receive(_ bytes: UnsafeMutableRawBufferPointer, from client: ClientPath, isAlone: Bool) {
        switch server.receive(UnsafeRawBufferPointer(bytes), from: client) {
        case .discard:
            return
        case .answer:
            answer(client)
        case .relay(let relayed):
            guard let start = bytes.baseAddress else { return }
            let payload = start + relayed.payload.lowerBound
            if relayed.dontFragment {
                sendWhole(payload, relayed)
            } else {
                makeRoom()
                outgoing.append(payload, relayed.payload.count, from: relayed.socket, to: relayed.peer)
            }
        case .deliver(let delivery, let payload):
            deliver(
                UnsafeMutableRawBufferPointer(rebasing: bytes[payload]), delivery.client, delivery.framing,
                inPlace: isAlone)
        }
    }

    /// Takes whole messages of a stream.
    private mutating func receive(_ messages: [UInt8], from stream: RelayStream) {
        streams[stream.path.link] = stream
        messages.withUnsafeBytes { messages in
            var offset = 0
            while offset < messages.count {
                let rest = UnsafeRawBufferPointer(rebasing: messages[offset...])
                guard case .length(let length) = StreamFraming.next(rest, acceptingOldNumbers: true) else { break }
                let bytes = UnsafeRawBufferPointer(rebasing: rest[..<min(length, rest.count)])
                // Nothing is written to it: its framing has no room there.
                receive(UnsafeMutableRawBufferPointer(mutating: bytes), from: stream.path, isAlone: false)
                offset += length
            }
            // The bytes are here only until then.
            outgoing.flush()
        }
        stream.worked(messages.count)
    }

    /// Answers are few and short, and the next one overwrites this one: sent at once.
    private func answer(_ client: ClientPath) {
        if client.isStream {
            guard let stream = streams[client.link] else { return }
            stream.setHoldsAllocation(server.hasAllocation(client))
            return stream.answer(server.answer)
        }
        let socket = listeners[Int(client.link)].socket
        server.answer.withUnsafeBytes { bytes in Self.send(bytes, from: socket, to: client.address) }
    }

    private static func send(_ bytes: UnsafeRawBufferPointer, from socket: Int32, to destination: TransportAddress) {
        var address = sockaddr_in6()
        let length = destination.write(to: &address)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(socket, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT), address, length)
            }
        }
    }

    /// With DONT-FRAGMENT, which is a socket's property and not a datagram's.
    private mutating func sendWhole(_ payload: UnsafeMutableRawPointer, _ relayed: Relayed) {
        outgoing.flush()
        DatagramSocket.setDontFragment(true, relayed.socket, relayed.peer.family)
        Self.send(
            UnsafeRawBufferPointer(start: payload, count: relayed.payload.count), from: relayed.socket, to: relayed.peer
        )
        DatagramSocket.setDontFragment(false, relayed.socket, relayed.peer.family)
    }

    // MARK: From peers

    private mutating func receiveFromPeers(_ relay: RelayID, _ events: UInt32) {
        guard let socket = server.socket(of: relay) else { return }
        if events & UInt32(DATAGRAM_EVENT_ERROR) != 0 { receiveErrors(relay, socket) }
        guard events & UInt32(DATAGRAM_EVENT_IN) != 0 else { return }
        if received.isFull { flush() }
        for place in received.receive(socket) {
            guard let datagram = received.datagram(place) else { continue }
            let total = datagram.bytes.count
            let count = datagram.segment > 0 ? (total + datagram.segment - 1) / datagram.segment : 1
            let verdict = server.receive(fromPeer: datagram.source, at: relay, byteCount: total, datagrams: count)
            guard case .deliver(let delivery) = verdict else { continue }
            var offset = 0
            var framing = delivery.framing
            repeat {
                let length = min(datagram.segment, total - offset)
                deliver(
                    UnsafeMutableRawBufferPointer(rebasing: datagram.bytes[offset..<offset + length]), delivery.client,
                    framing, inPlace: count == 1)
                offset += length
                framing = framing.following
            } while offset < total
        }
    }

    /// - Parameter inPlace: there is room for the framing around the data.
    private mutating func deliver(
        _ data: UnsafeMutableRawBufferPointer, _ client: ClientPath, _ framing: Framing, inPlace: Bool
    ) {
        if client.isStream {
            streams[client.link]?.deliver(UnsafeRawBufferPointer(data), framing)
            return
        }
        let link = Int(client.link)
        guard let start = data.baseAddress, listeners.indices.contains(link) else { return }
        let socket = listeners[link].socket
        makeRoom()
        if inPlace {
            let header = framing.headerLength
            framing.writeHeader(data.count, to: UnsafeMutableRawBufferPointer(start: start - header, count: header))
            let padding = framing.padding(data.count, isStream: false)
            for index in 0..<padding { start.storeBytes(of: 0, toByteOffset: data.count + index, as: UInt8.self) }
            outgoing.append(start - header, header + data.count + padding, from: socket, to: client.address)
        } else if framing.padding(data.count, isStream: false) == 0 {
            framing.writeHeader(data.count, to: outgoing.frame)
            outgoing.append(start, data.count, headerLength: framing.headerLength, from: socket, to: client.address)
        } else {
            // A Data indication's padding would stand where the next piece begins.
            outgoing.flush()
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: Framing.headroom + data.count + Framing.tailroom, alignment: 16)
            defer { memory.deallocate() }
            let payload = Framing.headroom..<Framing.headroom + data.count
            UnsafeMutableRawBufferPointer(rebasing: memory[payload]).copyMemory(from: UnsafeRawBufferPointer(data))
            let whole = framing.frame(payload, in: memory, isStream: false)
            Self.send(UnsafeRawBufferPointer(rebasing: memory[whole]), from: socket, to: client.address)
        }
    }

    private mutating func makeRoom() {
        // The data stays in its place until everything is sent.
        if !outgoing.hasRoom(1) { outgoing.flush() }
    }

    // MARK: ICMP

    /// What ICMP said of datagrams to peers, which the kernel keeps beside the socket.
    private mutating func receiveErrors(_ relay: RelayID, _ socket: Int32) {
        for _ in 0..<16 {
            var address = sockaddr_in6()
            var control: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
            var header = msghdr()
            header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
            header.msg_controllen = MemoryLayout.size(ofValue: control)
            let received = withUnsafeMutableBytes(of: &address) { address in
                withUnsafeMutableBytes(of: &control) { control in
                    header.msg_name = address.baseAddress
                    header.msg_control = control.baseAddress
                    return recvmsg(socket, &header, Int32(MSG_ERRQUEUE) | Int32(MSG_DONTWAIT))
                }
            }
            guard received >= 0 else { return }
            guard
                let peer = withUnsafeBytes(
                    of: &address, { $0.baseAddress.flatMap { TransportAddress(socketAddress: $0) } })
            else { continue }
            // Behind the control message's head lies `struct sock_extended_err`.
            let icmp: ICMPMessage? = withUnsafeBytes(of: &control) { control in
                let origin = Int(control[20])
                guard origin == DATAGRAM_ORIGIN_ICMP || origin == DATAGRAM_ORIGIN_ICMP6 else { return nil }
                return ICMPMessage(
                    type: control[21], code: control[22], data: control.load(fromByteOffset: 24, as: UInt32.self))
            }
            guard let icmp else { continue }
            if let client = server.receive(icmp, about: peer, at: relay) { answer(client) }
        }
    }
}
