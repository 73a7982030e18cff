/// What the host tells the engine. Identifiers are 16 bytes, storage keys and segments 32.
///
/// The host gives its time, in milliseconds since 1970, with each input; on the wire it stands before the input.
public enum Input: Equatable, Sendable {
    /// The first input. `origin` is "https://host:port"; `header` and `throttle` are the stored meta records, empty if there
    /// are none; `deviceSegment` is the device's half of the vault key, which the host keeps under a key of its own.
    case start(origin: Text, header: [UInt8], throttle: [UInt8], deviceSegment: [UInt8])
    /// An invitation link was opened or pasted, before enrolment.
    case openLink(Text)
    /// Joins through the opened link, after ``Event/newVaultParameters(scrypt:kind:inviterName:host:)``.
    case enrol(displayName: Text, passphraseSegment: [UInt8])
    /// Every record of the store `state` comes with it.
    case unlock(passphraseSegment: [UInt8], records: [StoredRecord])
    /// Forget every key. The host drops the instance afterwards.
    case lock
    case nodeConnected
    case nodeDisconnected
    case nodeFrame([UInt8])
    case channelState(device: [UInt8], state: ChannelState, path: ChannelPath)
    case channelMessage(device: [UInt8], [UInt8])
    case localSignal(device: [UInt8], kind: SignalKind, Text)
    /// Answers ``Output/reads``.
    case records([ReadRecord])
    /// The time asked for by ``Output/nextTimeout`` has come, or the host has slept.
    case tick
    /// Makes an invitation. 0 seconds: the usual seven days.
    case invite(validForSeconds: UInt32)
    case withdrawInvitation([UInt8])
    case openConversation([UInt8])
    case olderMessages(conversation: [UInt8])
    case closeConversation
    case send(conversation: [UInt8], Text)
    /// For as long as ``Settings/revealSeconds`` says.
    case reveal(conversation: [UInt8], message: [UInt8])
    case verified(member: [UInt8], Bool)
    case rename(Text)
    case petname(member: [UInt8], Text)
    case settings(Settings)
    case recoveryFileSaved
    /// Asks for the authority's recovery file. The passphrase is asked for although the vault is unlocked.
    case recoveryFile(passphraseSegment: [UInt8])
    case changePassphrase(old: [UInt8], new: [UInt8])
    case retry(conversation: [UInt8], message: [UInt8])
    case channelFingerprintMismatch(device: [UInt8])

    // Files. `file` and `message` are the id of the file's message.

    /// The user sends a file; `ticket` is the host's number for what was picked. Answered by
    /// ``FileAction/seal(file:ticket:storage:key:size:)`` or a problem.
    case prepareFile(conversation: [UInt8], ticket: UInt32, FileDescription)
    /// All of it is sealed and stored: it may be announced.
    case fileSealed(file: [UInt8], hash: [UInt8])
    case fileFailed(file: [UInt8], FileFault)
    /// All of it is stored, and its hash is the one that was announced.
    case fileReceived(file: [UInt8])
    /// Answers ``FileAction/read(file:storage:from:count:)``: sealed chunks.
    case fileBytes(file: [UInt8], from: UInt32, [UInt8])
    case pauseFile(message: [UInt8], Bool)
    /// Ends a transfer for both, or deletes a file that is here from this device.
    case cancelFile(message: [UInt8])
    /// Counts as revealing the message.
    case openFile(conversation: [UInt8], message: [UInt8], FilePurpose)
    /// The host has made a readable copy, or removed it.
    case readableCopy(message: [UInt8], isKept: Bool)
    /// So many chunks are stored at the recipient. About once a second while they move, and where an action asks for it.
    case fileProgress(file: [UInt8], chunks: UInt32)
    /// Rings the other member of a conversation. The call's id comes with ``Event/call(_:)``.
    case call(conversation: [UInt8], video: Bool)
    case answerCall([UInt8], video: Bool)
    case declineCall([UInt8])
    case hangUp([UInt8])
    /// What the call's RTCPeerConnection wants the other one to know, between
    /// ``CallAction/start(call:device:polite:video:relayOnly:keys:)`` and ``CallAction/end(call:)``.
    case callSignal([UInt8], kind: CallSignalKind, Text)
    case callMedia([UInt8], CallMediaState)
    /// What the host can do about calls, and whether it makes channels. Given before unlocking, or at any time later; until then
    /// the engine takes no calls.
    case callsSupported(CallSupport)
    /// The relay does not take the right of that user name, ``RelayGrant/username``: it answered 401, 403, 438 or 441
    /// (RFC 8489 §14.8, RFC 8656 §19). Unless the host has another one by now, the node is asked for one, at most every 30
    /// seconds; ``Output/relay`` answers.
    case relayRefused(username: Text)

    // Drafts. They come back with ``Event/resumed(conversation:drafts:)``.

    /// What is typed and not sent. Empty: nothing is.
    case draft(conversation: [UInt8], Text)
    /// What is recorded and not sent. nil: nothing is.
    case voiceDraft(conversation: [UInt8], VoiceDraft?)

    // Masking: what arrives is masked, what is our own is not.

    /// Masks a revealed message again.
    case hide(conversation: [UInt8], message: [UInt8])
    /// Whether what arrives in a conversation is legible without being revealed.
    case unmask(conversation: [UInt8], Bool)

    /// Answered by ``Event/invitation(invitation:link:expires:)`` while the invitation is open.
    case showInvitation([UInt8])
    case labelInvitation([UInt8], Text)

    /// A passphrase was typed, and is about to be turned into a segment: the attempt is counted, and that is stored, before it is
    /// made. Answered by ``Event/unlockRefused(waitMs:)`` if it may not be.
    case beginAttempt
}

/// A record of the store `state`, sealed.
public struct StoredRecord: Equatable, Sendable {
    public let key: [UInt8]
    public let value: [UInt8]

    public init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// What the host found under a key.
public struct ReadRecord: Equatable, Sendable {
    public let store: Store
    public let key: [UInt8]
    /// nil: nothing is stored there.
    public let value: [UInt8]?

    public init(store: Store, key: [UInt8], value: [UInt8]?) {
        self.store = store
        self.key = key
        self.value = value
    }
}

public enum ChannelState: UInt8, Sendable {
    case open = 0
    case closed = 1
}

public enum ChannelPath: UInt8, Sendable {
    case direct = 0
    case relayed = 1
}

/// What two browsers exchange to find a path (RFC 8829, RFC 8838).
public enum SignalKind: UInt8, Sendable {
    case offer = 0
    case answer = 1
    case candidate = 2
    case endOfCandidates = 3
    /// The side that does not offer asks for new candidates (RFC 8445 §9): it has moved to another network, or hears nothing.
    case restart = 4
}

/// The user's choices that the engine acts on.
public struct Settings: Equatable, Sendable {
    /// How long a revealed message stays legible, or ``whileInView`` or ``untilHidden``.
    public var revealSeconds: UInt16
    /// How long without input until the host locks. 0: never.
    public var idleLockSeconds: UInt16
    /// Whether senders are told that their messages were revealed.
    public var readReceipts: Bool
    /// Whether peers see the relay's address only, never this device's.
    public var relayOnly: Bool

    /// Legible until another conversation is opened, or none, or everything is locked.
    public static let whileInView: UInt16 = 0
    /// Legible until the user hides it, whatever is closed and locked meanwhile.
    public static let untilHidden = UInt16.max

    public init(
        revealSeconds: UInt16 = whileInView, idleLockSeconds: UInt16 = 300, readReceipts: Bool = true,
        relayOnly: Bool = false
    ) {
        self.revealSeconds = revealSeconds
        self.idleLockSeconds = idleLockSeconds
        self.readReceipts = readReceipts
        self.relayOnly = relayOnly
    }
}
