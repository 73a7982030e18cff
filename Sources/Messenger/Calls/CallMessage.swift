/// What one device says to the other about a call. All of a call's messages of one side make an ordered stream of their own
/// (``CallStream``): they are worth nothing later, so the conversation's order and outbox are not for them.
package struct CallMessage: Equatable {
    /// Chosen by the caller.
    package var call: [UInt8]
    /// From 1, in the sender's order. 0: it has no place in it and is not sent again.
    package var number: UInt32
    /// The number up to which the sender has received without a hole.
    package var received: UInt32
    package var word: CallWord

    /// The longest piece of a signal: with it a message fits into a transient envelope.
    package static let pieceLimit = 12_288

    package init(call: [UInt8], number: UInt32, received: UInt32, word: CallWord) {
        self.call = call
        self.number = number
        self.received = received
        self.word = word
    }
}

package enum CallWord: Equatable {
    /// The first of the caller's stream, repeated for as long as it rings.
    case ring(video: Bool, CallSupport)
    case ringing(CallSupport)
    /// With 16 random bytes that the call's keys depend on: a page that was reloaded may answer the same ring once more.
    case answer(video: Bool, CallSupport, nonce: [UInt8])
    case decline
    /// The callee is in another call.
    case busy
    /// The call is over. Without a number: the sender knows of no such call.
    case hangUp
    /// Only tells that the sender is there and how far it has received.
    case alive
    /// The callee's device takes no calls.
    case unable
    /// The sender has entered the epoch in which this message is encrypted, and has its keys.
    case moved
    /// A signal of the RTCPeerConnection's, or a piece of one that is too long for one message.
    case signal(kind: CallSignalKind, isLast: Bool, piece: [UInt8])

    /// Whether nothing follows it.
    var isFinal: Bool {
        switch self {
        case .decline, .busy, .hangUp, .unable: true
        case .ring, .ringing, .answer, .alive, .moved, .signal: false
        }
    }
}

/// A call that the other member did not see, or did not answer: told in the conversation's order, whenever it comes back.
package struct MissedCall: Equatable {
    package var call: [UInt8]
    package var video: Bool
    /// When the caller rang, by its clock, in milliseconds since 1970.
    package var time: UInt64

    package init(call: [UInt8], video: Bool, time: UInt64) {
        self.call = call
        self.video = video
        self.time = time
    }
}
