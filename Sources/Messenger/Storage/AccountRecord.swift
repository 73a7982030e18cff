import Trust
import WireFormat

/// How far enrolment has come. What is needed to go on after a crash is in it.
enum EnrolmentPhase: Equatable {
    /// The operator's claim has not been confirmed by the node.
    case claiming(token: [UInt8])
    /// The invitation has not been confirmed as redeemed by the node. `redemption` is Trust's, encoded.
    case redeeming(invitation: InvitationID, redemption: [UInt8])
    case enrolled
}

/// Who we are: changes rarely.
struct AccountRecord {
    var phase: EnrolmentPhase
    var name: Text
    var settings: Settings
    /// Whether the operator has confirmed that the authority's recovery file is kept.
    var recoverySaved: Bool
    /// When a recovery file was last made, in milliseconds since 1970. 0: never, or before this was noted.
    var recoveryMade: UInt64 = 0
    /// Whether the inviter has countersigned us. The operator needs nobody's word.
    var confirmed: Bool
    var authority: Authority
    /// The newest known; verified again when it is read.
    var state: SignedBubbleState
    /// Our own, of the newest generation.
    var chain: CertificateChain
    /// What our leaves say: the chain's.
    var identity: LeafIdentity
    var mailbox: MailboxCapability
    /// Sealed by the HSM, each under a context of its own.
    var memberKey: [UInt8]
    var sessionKey: [UInt8]
    /// The operator's only.
    var authorityKey: [UInt8]?
    /// One for each device certificate that a group may still use; the newest is the last.
    var leafKeys: [[UInt8]]
}

extension EnrolmentPhase: WireCodable {
    func encode(into writer: inout WireWriter) {
        switch self {
        case .claiming(let token):
            writer.write(UInt8(0))
            writer.write(fixed: token)
        case .redeeming(let invitation, let redemption):
            writer.write(UInt8(1))
            writer.write(invitation)
            writer.write(opaque: redemption)
        case .enrolled:
            writer.write(UInt8(2))
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .claiming(token: try reader.readFixed(32))
        case 1: self = .redeeming(invitation: try reader.read(), redemption: try reader.readOpaque())
        case 2: self = .enrolled
        default: throw .invalidValue
        }
    }
}

extension AccountRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(phase)
        writer.write(name)
        writer.write(settings.revealSeconds)
        writer.write(settings.idleLockSeconds)
        writer.write(settings.readReceipts)
        writer.write(recoverySaved)
        writer.write(confirmed)
        writer.write(authority)
        writer.write(state)
        writer.write(chain)
        writer.write(identity)
        writer.write(mailbox)
        writer.write(opaque: memberKey)
        writer.write(opaque: sessionKey)
        writer.write(opaque: authorityKey ?? [])
        writer.writeVector { writer in
            for key in leafKeys { writer.write(opaque: key) }
        }
        writer.write(settings.relayOnly)
        writer.write(recoveryMade)
    }

    init(from reader: inout WireReader) throws(WireError) {
        phase = try reader.read()
        name = try reader.read()
        settings = Settings(
            revealSeconds: try reader.readUInt16(), idleLockSeconds: try reader.readUInt16(),
            readReceipts: try reader.readBool())
        recoverySaved = try reader.readBool()
        confirmed = try reader.readBool()
        authority = try reader.read()
        state = try reader.read()
        chain = try reader.read()
        identity = try reader.read()
        mailbox = try reader.read()
        memberKey = try reader.readOpaque()
        sessionKey = try reader.readOpaque()
        let authorityKey = try reader.readOpaque()
        self.authorityKey = authorityKey.isEmpty ? nil : authorityKey
        var keys = try reader.readSlice()
        leafKeys = []
        while !keys.isAtEnd { leafKeys.append(try keys.readOpaque()) }
        // Records from before this setting end here.
        if !reader.isAtEnd { settings.relayOnly = try reader.readBool() }
        if !reader.isAtEnd { recoveryMade = min(try reader.readUInt64(), Body.timeLimit) }
    }
}

/// What we have agreed with the node: changes often.
struct NodeRecord {
    /// Sequence numbers and SHA-256 hashes of the last envelopes that were processed, so that one that comes again because
    /// its acknowledgement got lost is not taken for a replay.
    var processed: [(sequence: UInt64, hash: [UInt8])] = []
    /// Of the last checkpoint that we sent.
    var checkpointCounter: UInt64 = 0
    /// Of the last one that the node confirmed.
    var confirmedCheckpoint: UInt64 = 0
    var keyPackagesPublished = false
    /// When the node last took some, in seconds since 1970. 0: never, as far as is known.
    var keyPackagesTime: UInt64 = 0

    static let processedLimit = 64
}

extension NodeRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.writeVector { writer in
            for entry in processed {
                writer.write(entry.sequence)
                writer.write(fixed: entry.hash)
            }
        }
        writer.write(checkpointCounter)
        writer.write(confirmedCheckpoint)
        writer.write(keyPackagesPublished)
        writer.write(keyPackagesTime)
    }

    init(from reader: inout WireReader) throws(WireError) {
        var slice = try reader.readSlice()
        while !slice.isAtEnd { processed.append((try slice.readUInt64(), try slice.readFixed(32))) }
        checkpointCounter = try reader.readUInt64()
        confirmedCheckpoint = try reader.readUInt64()
        keyPackagesPublished = try reader.readBool()
        // Records from before their age was known end here.
        if !reader.isAtEnd { keyPackagesTime = try reader.readUInt64() }
    }
}
