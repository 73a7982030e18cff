import WireFormat

/// The version of this protocol that both sides speak.
public let nodeProtocolVersion: UInt16 = 1

/// Who a connection speaks for.
public enum SessionRole: UInt8, Sendable {
    /// Nobody yet: may open an invitation and redeem it, or claim a fresh node, and nothing else.
    case guest = 0
    /// An enrolled device, which proves it with its session key.
    case device = 1
}

/// What a client sends: one frame per binary WebSocket message.
///
/// The order is `hello`, (the node's `challenge`), `authenticate` for a device, then requests.
public enum ClientFrame: Equatable, Sendable {
    /// Opens the session. `bubble` (16 bytes) and `device` (16 bytes) are zero for a guest; `nonce` is 32 random bytes.
    case hello(version: UInt16, role: SessionRole, bubble: [UInt8], device: [UInt8], nonce: [UInt8])
    /// The device's Ed25519 signature (64 bytes) over the session transcript.
    case authenticate(signature: [UInt8])
    /// A request; `id` is the client's own and comes back with the answer. Requests may be in flight together.
    case request(id: UInt32, Request)
}

/// What a node sends.
public enum NodeFrame: Equatable, Sendable {
    /// The node speaks first to prove itself: its Ed25519 key (32), its nonce (32), its signature (64) over the session
    /// transcript, and its clock in seconds since 1970.
    case challenge(version: UInt16, nodeKey: [UInt8], nonce: [UInt8], signature: [UInt8], time: UInt64)
    /// The session stands: requests are answered from here on. For a guest it follows the challenge at once.
    case established
    case response(id: UInt32, Response)
    case push(Push)
    /// The node ends the session; the connection closes after this frame.
    case goodbye(Refusal)
}

/// What a node tells a connected device unasked.
public enum Push: Equatable, Sendable {
    /// An envelope has arrived. `sequence` is 0 for a transient one, which is stored nowhere and needs no acknowledgement.
    case envelope(mailbox: [UInt8], sequence: UInt64, envelope: [UInt8])
    /// A newer bubble state is to be had.
    case bubbleState(version: UInt64)
    /// One of the device's invitations has been redeemed.
    case invitationRedeemed(invitation: [UInt8])
}

/// Why a node refuses. The client has one sentence for each.
public enum Refusal: UInt8, Error, Equatable, Sendable, CaseIterable {
    /// The frame is not one of this protocol, or not allowed in this state.
    case malformed = 0
    case unsupportedVersion = 1
    /// The session's signature, bubble or device is not known here.
    case notAuthenticated = 2
    /// The device may not do this.
    case notPermitted = 3
    case rateLimited = 4
    case tooLarge = 5
    case quotaExceeded = 6
    case unknownInvitation = 7
    case invitationExpired = 8
    case invitationUsed = 9
    case invitationWithdrawn = 10
    /// A certificate chain or proof does not verify.
    case invalidCredential = 11
    case alreadyClaimed = 12
    case wrongClaimToken = 13
    case unknownMailbox = 14
    case wrongDeliveryKey = 15
    case mailboxFull = 16
    /// A transient envelope, and no session of the recipient is open.
    case recipientAway = 17
    case unknownBlob = 18
    case unknownSlot = 19
    case wrongSlotToken = 20
    /// The slot has moved on: another commit won this epoch.
    case slotTaken = 21
    /// The bubble state's version is not above the stored one.
    case staleBubbleState = 22
    /// The name is in use with other content.
    case conflict = 23
    /// The node cannot serve now (its disk, say); the client tries again later.
    case unavailable = 24
}
