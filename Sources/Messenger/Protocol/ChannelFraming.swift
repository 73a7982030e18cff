import WireFormat

/// Cuts an MLS message into pieces that every browser's DataChannel takes, and puts it together again. The channel keeps
/// order and loses nothing, so one bit says whether more follows.
package struct ChannelFraming {
    /// The longest piece, in bytes.
    package static let pieceLength = 65_536
    /// The longest message that is put together: what a text of the greatest length becomes, and room to spare.
    private static let messageLimit = 4 * pieceLength

    private var partial: [UInt8] = []

    package init() {}

    package static func pieces(of message: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        repeat {
            let end = min(message.count, start + pieceLength - 1)
            pieces.append([end < message.count ? 1 : 0] + message[start..<end])
            start = end
        } while start < message.count
        return pieces
    }

    /// The message that `piece` completes; nil while more is to come.
    ///
    /// - Throws: ``WireError`` for what no honest peer sends. What was collected is dropped then.
    package mutating func add(_ piece: [UInt8]) throws(WireError) -> [UInt8]? {
        guard let flag = piece.first, flag <= 1, piece.count <= Self.pieceLength else {
            partial = []
            throw .invalidValue
        }
        guard partial.count + piece.count <= Self.messageLimit else {
            partial = []
            throw .tooLong
        }
        partial += piece[1...]
        guard flag == 0 else { return nil }
        defer { partial = [] }
        return partial
    }
}
