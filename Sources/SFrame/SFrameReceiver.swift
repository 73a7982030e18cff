import CryptoPrimitives

/// Opens frames under whichever of its keys their header names (RFC 9605 §4.4.4), each frame once.
public struct SFrameReceiver: ~Copyable {
    private struct Entry {
        let key: SFrameKey
        var window = ReplayWindow()
    }

    private let suite: SFrameSuite
    /// In the order in which they were added. There are few.
    private var entries: [Entry] = []

    public init(suite: SFrameSuite) {
        self.suite = suite
    }

    /// The KIDs of the keys, oldest first.
    public var keyIDs: [UInt64] { entries.map { $0.key.keyID } }

    /// Frames may come under this key from now on. One with the same KID goes (§5.2), and with it what is known of its
    /// counters: give a base key once only.
    ///
    /// - Throws: ``SFrameError/invalidKey`` for an empty base key.
    public mutating func add(keyID: UInt64, baseKey: Secret) throws(SFrameError) {
        let key = try SFrameKey(keyID: keyID, baseKey: baseKey, suite: suite)
        remove(keyID: keyID)
        entries.append(Entry(key: key))
    }

    /// Forgets a key.
    public mutating func remove(keyID: UInt64) {
        entries.removeAll { $0.key.keyID == keyID }
    }

    /// Opens an SFrame ciphertext.
    ///
    /// - Parameter metadata: what the sender authenticated beside the frame.
    /// - Returns: the frame.
    /// - Throws: the reason. The frame is to be dropped; nothing has changed.
    public mutating func open(_ ciphertext: [UInt8], metadata: [UInt8] = []) throws(SFrameError) -> [UInt8] {
        guard let (header, length) = SFrameHeader.parse(ciphertext),
            ciphertext.count >= length + suite.tagLength
        else { throw .malformed }
        guard let index = entries.firstIndex(where: { $0.key.keyID == header.keyID }) else { throw .unknownKey }
        // A replay costs no decryption; what is counted is only what was authenticated.
        guard entries[index].window.admits(header.counter) else { throw .replayed }
        let frame = try entries[index].key.open(
            [UInt8](ciphertext[length...]), header: [UInt8](ciphertext[..<length]), counter: header.counter,
            metadata: metadata)
        entries[index].window.insert(header.counter)
        return frame
    }
}
