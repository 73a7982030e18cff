import NIOCore
import STUN
import Synchronization
import TURN

/// The relay's streams, over plain TCP and over TLS: gives each its number and its thread, and holds as many as there may be.
final class RelayStreams: Sendable {
    enum Transport: String, CaseIterable, Sendable {
        case tcp
        case tls
    }

    let counts = RelayStreamCounts()
    let acceptsOldChannelNumbers: Bool
    private let mailboxes: [RelayMailbox]
    private let ledger: ConnectionLedger
    private let state = Mutex(State())

    private struct State {
        var open: Set<UInt32> = []
        var last: UInt32 = 0
    }

    init(_ mailboxes: [RelayMailbox], ledger: ConnectionLedger, acceptsOldChannelNumbers: Bool) {
        self.mailboxes = mailboxes
        self.ledger = ledger
        self.acceptsOldChannelNumbers = acceptsOldChannelNumbers
    }

    /// - Returns: nil when there are as many as there may be, from this address or in total.
    func admit(_ address: SocketAddress?) -> ConnectionLedger.Place? {
        let place = ledger.admit(.stream, from: address)
        if place == nil { counts.refused() }
        return place
    }

    func open(
        _ address: TransportAddress, over transport: Transport, for handler: RelayStreamHandler,
        on eventLoop: any EventLoop
    ) -> RelayStream {
        let number = state.withLock { state in
            repeat { state.last &+= 1 } while !state.open.insert(state.last).inserted
            return state.last
        }
        counts.opened(transport)
        return RelayStream(
            ClientPath(address, link: number, over: transport == .tls ? .tls : .tcp),
            to: mailboxes[Int(number) % mailboxes.count],
            counts: counts, handler: handler, on: eventLoop)
    }

    func close(_ stream: RelayStream, over transport: Transport) {
        stream.end()
        counts.closed(transport)
        // Its number is free for another one behind its end in the same mailbox.
        _ = state.withLock { $0.open.remove(stream.path.link) }
    }
}

/// What became of the relay's streams.
final class RelayStreamCounts: Sendable {
    struct Values: Sendable {
        var open: [RelayStreams.Transport: Int] = [:]
        var opened: [RelayStreams.Transport: UInt64] = [:]
        /// Streams that were not accepted, or let go, by the reason.
        var refused: UInt64 = 0
        var ended: [RelayStream.End: UInt64] = [:]
        /// Datagrams for clients that read too slowly.
        var lost: UInt64 = 0
    }

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    func opened(_ transport: RelayStreams.Transport) {
        state.withLock { state in
            state.open[transport, default: 0] += 1
            state.opened[transport, default: 0] += 1
        }
    }

    func closed(_ transport: RelayStreams.Transport) { state.withLock { $0.open[transport, default: 0] -= 1 } }
    func refused() { state.withLock { $0.refused += 1 } }
    func ended(_ reason: RelayStream.End) { state.withLock { $0.ended[reason, default: 0] += 1 } }
    func lost() { state.withLock { $0.lost += 1 } }
}
