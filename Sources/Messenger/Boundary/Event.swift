/// What the user should see. Nothing in an event is persisted by the host.
public enum Event: Equatable, Sendable {
    /// This profile has not enrolled: an invitation link is needed.
    case noVault
    case vault(waitMs: UInt64, scrypt: ScryptParameters)
    /// The link is good. `scrypt` says how to turn the passphrase into a segment; answered by ``Input/enrol``.
    case newVaultParameters(scrypt: ScryptParameters, kind: EnrolmentKind, inviterName: Text, host: Text)
    case linkRefused(Problem)
    case enrolled
    case unlocked(Profile)
    case unlockRefused(waitMs: UInt64)
    /// The whole list, each time something in it changes.
    case conversations([ConversationSummary])
    case messages(conversation: [UInt8], replaceAll: Bool, hasOlder: Bool, [MessageSummary])
    /// `untilMs` is 0 where no end is set.
    case revealed(conversation: [UInt8], message: [UInt8], text: Text, untilMs: UInt64)
    case invitation(invitation: [UInt8], link: Text, expires: UInt64)
    case invitations([InvitationSummary])
    case safetyNumber(member: [UInt8], digits: Text, qr: [UInt8], verified: Bool)
    case recoveryFile(file: [UInt8], code: Text)
    case nodeStatus(NodeStatus, reason: Problem)
    case warning(Warning, conversation: [UInt8])
    case locked
    case problem(Problem)
    case call(CallSummary)
    /// Once after unlocking, behind the list: the conversation that was open (nil: none was), and what was not sent.
    case resumed(conversation: [UInt8]?, drafts: [Draft])
}

public struct ScryptParameters: Equatable, Sendable {
    public let n: UInt64
    public let r: UInt32
    public let p: UInt32
    public let salt: [UInt8]

    public init(n: UInt64, r: UInt32, p: UInt32, salt: [UInt8]) {
        self.n = n
        self.r = r
        self.p = p
        self.salt = salt
    }
}

public enum EnrolmentKind: UInt8, Sendable {
    case `operator` = 0
    case member = 1
}

/// The unlocked account.
public struct Profile: Equatable, Sendable {
    public let ownName: Text
    public let ownMember: [UInt8]
    public let isOperator: Bool
    public let mayInvite: Bool
    public let settings: Settings
    /// Whether the operator has confirmed that the authority's recovery file is kept.
    public let recoverySaved: Bool
    /// Whether the inviter's client has countersigned.
    public let confirmed: Bool
    /// When a recovery file was last made, in milliseconds since 1970; 0: never. The operator sees whether somebody else has.
    public let recoveryMade: UInt64

    package init(
        ownName: Text, ownMember: [UInt8], isOperator: Bool, mayInvite: Bool, settings: Settings, recoverySaved: Bool,
        confirmed: Bool, recoveryMade: UInt64
    ) {
        self.ownName = ownName
        self.ownMember = ownMember
        self.isOperator = isOperator
        self.mayInvite = mayInvite
        self.settings = settings
        self.recoverySaved = recoverySaved
        self.confirmed = confirmed
        self.recoveryMade = recoveryMade
    }
}

public enum ConnectionState: UInt8, Sendable {
    case direct = 0
    case relayed = 1
    case mailbox = 2
    case offline = 3
}

public struct ConversationSummary: Equatable, Sendable {
    public let conversation: [UInt8]
    public let member: [UInt8]
    public let device: [UInt8]
    /// What to show: the petname, else the name that the member gives itself.
    public let name: Text
    public let selfName: Text
    public let petname: Text
    public let verified: Bool
    /// Whether the bubble's state has taken the member, or its device, out.
    public let removed: Bool
    public let unread: UInt32
    public let lastTime: UInt64
    public let connection: ConnectionState
    public let nameCollision: Bool
    /// Messages are missing and have been asked for.
    public let gap: Bool
    public let warning: Bool
    /// What the peer's device said about calls when it was last heard of.
    public let calls: CallSupport
    /// Whether what arrives is legible without being revealed.
    public let unmasked: Bool

    package init(
        conversation: [UInt8], member: [UInt8], device: [UInt8], name: Text, selfName: Text, petname: Text,
        verified: Bool, removed: Bool, unread: UInt32, lastTime: UInt64, connection: ConnectionState,
        nameCollision: Bool, gap: Bool, warning: Bool, calls: CallSupport, unmasked: Bool
    ) {
        self.conversation = conversation
        self.member = member
        self.device = device
        self.name = name
        self.selfName = selfName
        self.petname = petname
        self.verified = verified
        self.removed = removed
        self.unread = unread
        self.lastTime = lastTime
        self.connection = connection
        self.nameCollision = nameCollision
        self.gap = gap
        self.warning = warning
        self.calls = calls
        self.unmasked = unmasked
    }
}

public enum MessageState: UInt8, Sendable {
    case sending = 0
    case sent = 1
    case delivered = 2
    case read = 3
    case failed = 4
}

public enum MessageKind: UInt8, Sendable {
    case text = 0
    case notice = 1
    case file = 2
}

public struct MessageSummary: Equatable, Sendable {
    public let id: [UInt8]
    public let isOwn: Bool
    public let time: UInt64
    /// The place in the conversation on this device, from 0.
    public let order: UInt64
    public let state: MessageState
    public let kind: MessageKind
    public let notice: Notice
    public let isMasked: Bool
    /// A notice's argument, or the text of a message that is legible now.
    public let text: Text
    public let failure: Problem
    /// Of a message that is a file.
    public let file: FileSummary?

    package init(
        id: [UInt8], isOwn: Bool, time: UInt64, order: UInt64, state: MessageState, kind: MessageKind, notice: Notice,
        isMasked: Bool, text: Text, failure: Problem, file: FileSummary?
    ) {
        self.id = id
        self.isOwn = isOwn
        self.time = time
        self.order = order
        self.state = state
        self.kind = kind
        self.notice = notice
        self.isMasked = isMasked
        self.text = text
        self.failure = failure
        self.file = file
    }
}

/// What a notice in a conversation says.
public enum Notice: UInt8, Sendable {
    case none = 0
    /// The conversation's keys were set up.
    case began = 1
    /// The member's invitation was countersigned by the inviter.
    case confirmed = 2
    /// The secure session was set up anew, with the same person.
    case restarted = 3
    /// The member calls itself otherwise now; the text is the former name.
    case renamed = 4
    /// A call is over, and was seen by both sides. The text is "voice" or "video", how many seconds it lasted (0: it was not
    /// answered) and its ``CallReason``, with a space between: "video 93 1". It is our own if we called.
    case call = 5
    /// The member called and nobody answered. The text is "voice" or "video".
    case missedCall = 6
    /// The bubble's state has taken the member out: nothing is sent to it or taken from it any more.
    case removed = 7
}

public enum InvitationState: UInt8, Sendable {
    case open = 0
    case redeemed = 1
    case withdrawn = 2
    case expired = 3
}

public struct InvitationSummary: Equatable, Sendable {
    public let invitation: [UInt8]
    public let created: UInt64
    public let expires: UInt64
    public let state: InvitationState
    /// Whom the user made it for, in their own words.
    public let label: Text
    /// The name of whoever joined with it; empty while nobody has.
    public let guest: Text
    /// Whether ``Input/showInvitation(_:)`` brings its link.
    public let isShowable: Bool

    package init(
        invitation: [UInt8], created: UInt64, expires: UInt64, state: InvitationState, label: Text, guest: Text,
        isShowable: Bool
    ) {
        self.invitation = invitation
        self.created = created
        self.expires = expires
        self.state = state
        self.label = label
        self.guest = guest
        self.isShowable = isShowable
    }
}

public enum NodeStatus: UInt8, Sendable {
    case connecting = 0
    case connected = 1
    case refused = 2
}

/// Something that an attacker, or a fault that looks like one, did. The conversation goes on with honest traffic.
public enum Warning: UInt8, Sendable {
    case fingerprintMismatch = 0
    case forgedMessage = 1
    case replayedMessage = 2
    case olderBubbleState = 3
    case secondPersonOnInvitation = 4
    case nameCollision = 5
    case rolledBack = 6
    case nodeKeyChanged = 7
    case messagesMissing = 8
    case invitationForged = 9
    case memberNotVerified = 10
}

/// A user's mistake or a limit, for which the host has one clear sentence.
public enum Problem: UInt8, Sendable {
    case unknownLinkFormat = 0
    case damagedLink = 1
    case unknownInvitation = 2
    case expired = 3
    case alreadyUsed = 4
    case withdrawn = 5
    case forgedBundle = 6
    case nodeUnreachable = 7
    case alreadyClaimed = 8
    case wrongClaimToken = 9
    case textTooLong = 10
    case tooManyRequests = 11
    case mailboxFull = 12
    case notPermitted = 13
    case badName = 14
    case wrongPassphrase = 15
    case damagedStorage = 16
    case wrongClock = 17
    case unknownPeer = 18
    case otherBubble = 19
    case recipientRefuses = 20
    case internalError = 21
    case fileTooLarge = 22
    /// The file does not fit into what the browser gives us.
    case noRoom = 24
    /// What came, or what was stored, is not what its sender sealed.
    case fileDamaged = 25
    /// What the user picked could not be read to its end.
    case fileUnreadable = 26
    case callInProgress = 28
    /// The peer's device, or this one, takes no calls.
    case callsUnsupported = 29
    /// The bubble's state has taken the other member out.
    case noLongerMember = 40
    /// Wrong passphrases have come too often.
    case tooManyAttempts = 41
    /// Nothing is wrong.
    case none = 255
}
