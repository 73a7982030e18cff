/// The direct channel of a conversation, and whether the peer is there to make one.
struct Channel {
    enum State: Equatable {
        case none
        /// Being set up since this time. `session` tells its signals from those of another attempt.
        case connecting(session: [UInt8], since: UInt64)
        case open(session: [UInt8], path: ChannelPath)
    }

    var state = State.none
    /// Counts the channels that were opened: what was sent through an earlier one may be lost.
    var number: UInt32 = 0
    /// Whether the peer has said on this channel what it has; messages wait for that, so that none goes twice.
    var isReady = false
    /// Whether we have.
    var hasGreeted = false
    var openedAt: UInt64 = 0
    var framing = ChannelFraming()
    /// When to say hello to the peer next. nil: not before something happens.
    var helloAt: UInt64?
    /// Hellos and channels in a row that led to nothing.
    var failures: UInt32 = 0

    var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    var session: [UInt8]? {
        switch state {
        case .none: nil
        case .connecting(let session, _), .open(let session, _): session
        }
    }
}
