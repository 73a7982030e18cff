import NIOCore
import STUN
import Synchronization
import TURN

/// One client's stream, TCP or TLS over it, where two threads meet: the connection's event loop hands messages over to a
/// relay thread, which hands back answers and what peers sent. Neither waits for the other, and each side holds a bounded
/// number of bytes for the other.
final class RelayStream: Sendable {
    /// Why a stream ends before its client ends it.
    enum End: CaseIterable, Sendable {
        /// Neither STUN nor ChannelData, or more than a stranger may say.
        case malformed
        /// Answers that are asked for and never read.
        case slow
        /// Nothing allocated and nothing said for a while.
        case silent
    }

    private struct State {
        /// What waits to be written, and how many bytes of it and of what is being written the client has not taken.
        var pending = ByteBuffer()
        var outgoing = 0
        var isWriteScheduled = false
        /// Bytes that were handed to the relay's thread and that it has not got to.
        var incoming = 0
        var isReadingPaused = false
        var holdsAllocation = false
        var isEnded = false
    }

    /// The most bytes that wait for the client: what peers send past that is lost, as datagrams are. Answers have more
    /// room: a client that does not read even them is let go.
    private static let outgoingLimit = 256 << 10
    private static let answerLimit = outgoingLimit + (32 << 10)
    /// The most bytes that wait for the relay's thread until no more is read: a stranger's, and a client's with an
    /// allocation.
    private static let strangerLimit = 8 << 10
    private static let incomingLimit = 128 << 10

    let path: ClientPath
    private let mailbox: RelayMailbox
    private let counts: RelayStreamCounts
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<RelayStreamHandler>
    private let state = Mutex(State())

    init(
        _ path: ClientPath, to mailbox: RelayMailbox, counts: RelayStreamCounts, handler: RelayStreamHandler,
        on eventLoop: any EventLoop
    ) {
        self.path = path
        self.mailbox = mailbox
        self.counts = counts
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    // MARK: On the event loop

    /// Whether the client had an allocation when the relay's thread last looked.
    var holdsAllocation: Bool { state.withLock { $0.holdsAllocation } }

    /// Hands whole messages to the relay's thread.
    func handOver(_ messages: [UInt8]) {
        state.withLock { $0.incoming += messages.count }
        mailbox.put(.received(self, messages))
    }

    /// Has the relay's thread look whether there still is an allocation.
    func inspect() { mailbox.put(.inspect(self)) }

    /// The client has gone, or is let go: what it allocated ends (RFC 8656 §7).
    func end() {
        state.withLock { state in
            state.isEnded = true
            state.pending = ByteBuffer()
        }
        mailbox.put(.ended(self))
    }

    /// Whether more may be read from the client now; if not, ``RelayStreamHandler/resume()`` is called when it may.
    func mayRead() -> Bool {
        state.withLock { state in
            state.isReadingPaused = state.incoming > Self.limit(state)
            return !state.isReadingPaused
        }
    }

    /// What is to be written now.
    func takePending() -> ByteBuffer {
        state.withLock { state in
            state.isWriteScheduled = false
            let pending = state.pending
            state.pending = ByteBuffer()
            return pending
        }
    }

    /// The client's machine has taken so many bytes.
    func written(_ count: Int) { state.withLock { $0.outgoing -= count } }

    // MARK: On the relay's thread

    /// Takes note that messages have been worked on.
    func worked(_ count: Int) {
        let resumes = state.withLock { state in
            state.incoming -= count
            guard state.isReadingPaused, state.incoming <= Self.limit(state) / 2 else { return false }
            state.isReadingPaused = false
            return true
        }
        if resumes { eventLoop.execute { [handler] in handler.value.resume() } }
    }

    func setHoldsAllocation(_ holdsAllocation: Bool) { state.withLock { $0.holdsAllocation = holdsAllocation } }

    /// Sends an answer.
    func answer(_ bytes: [UInt8]) {
        let isTaken = append(bytes.count, limit: Self.answerLimit) { pending in pending.writeBytes(bytes) }
        if isTaken == false { eventLoop.execute { [handler] in handler.value.end(.slow) } }
    }

    /// Sends what a peer sent; it is lost if the client does not read.
    func deliver(_ data: UnsafeRawBufferPointer, _ framing: Framing) {
        let padding = framing.padding(data.count, isStream: true)
        let length = framing.headerLength + data.count + padding
        // The largest datagrams of IPv6 do not fit a Data indication.
        guard length <= StreamFraming.maximumLength else { return counts.lost() }
        let isTaken = append(length, limit: Self.outgoingLimit) { pending in
            pending.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
                framing.writeHeader(data.count, to: room)
                UnsafeMutableRawBufferPointer(rebasing: room[framing.headerLength...]).copyMemory(from: data)
                for index in length - padding..<length { room[index] = 0 }
                return length
            }
        }
        if isTaken == false { counts.lost() }
    }

    /// - Returns: whether it is on its way; nil if there is no client any more.
    private func append(_ count: Int, limit: Int, _ write: (inout ByteBuffer) -> Void) -> Bool? {
        let (isTaken, schedules): (Bool?, Bool) = state.withLock { state in
            if state.isEnded { return (nil, false) }
            guard state.outgoing + count <= limit else { return (false, false) }
            write(&state.pending)
            state.outgoing += count
            defer { state.isWriteScheduled = true }
            return (true, !state.isWriteScheduled)
        }
        if schedules { eventLoop.execute { [handler] in handler.value.write() } }
        return isTaken
    }

    private static func limit(_ state: borrowing State) -> Int {
        state.holdsAllocation ? incomingLimit : strangerLimit
    }
}
