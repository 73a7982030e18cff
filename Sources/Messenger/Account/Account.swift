import CryptoPrimitives
import MLS
import SegmentedHSM
import Trust
import WireFormat

/// An unlocked account: everything of one member on one device that needs keys.
///
/// It owns what is stored and decides what is to be sent. How bytes reach the node is ``NodeLink``'s concern, how records
/// are sealed ``Vault``'s.
final class Account {
    let effects: Effects
    let vault: Vault
    let link: NodeLink
    let origin: Text

    // Stored.
    var record: AccountRecord
    var node: NodeRecord
    var chains: ChainCache
    var contacts: [ContactRecord] = []
    var conversations: [Conversation] = []
    var invitations: [InvitationRecord] = []
    var stock = KeyPackageStock()

    /// The bubble's state in ``record``, verified.
    var state: BubbleState
    let own: VerifiedDevice
    let memberKey: HybridKey
    let sessionKey: SigningKey
    let authorityKey: HybridKey?
    var leafKeys: [SigningKey]

    // Of this run only.

    /// The vault's, for changing the passphrase.
    var header: VaultHeader?
    /// Envelopes on their way through.
    var intake = Intake()
    /// The leaf key of a device certificate that was made in this run.
    var renewed: SigningKey?
    /// Whether our MLS states have been compared with the node's checkpoint since unlocking.
    var hasReadCheckpoint = false
    /// Whether the node has shown it in this session.
    var hasSeenCheckpoint = false
    /// What it said when it was last compared.
    var seenEntries: [Checkpoint.Entry] = []
    /// The SHA-256 hashes of the last ones that this run has sent.
    var ownCheckpoints: [[UInt8]] = []
    /// The one that the node has not answered for.
    var sentCheckpoint: SentCheckpoint?
    /// When to ask for it again.
    var checkpointAt: UInt64 = 0
    /// When generations may be reserved again, after the node would not take a checkpoint.
    var reserveAt: UInt64 = 0
    /// Since when it has not taken any.
    var reservationsRefused: UInt64?
    /// The highest version of the bubble's state that a member has told us of.
    var toldVersion: UInt64 = 0
    var nextDelivery: UInt32 = 0
    /// When to try a node again that was not ours or could not serve. nil: the host is connecting, or connected.
    var reconnectAt: UInt64?
    /// When to publish KeyPackages again, after the node would not take them.
    var keyPackagesAt: UInt64 = 0
    /// When to tell the node again about invitations, after it was too busy.
    var errandsAt: UInt64?
    /// When blobs of files may be put and fetched again, after the node would not.
    var uploadsAt: UInt64 = 0
    var fetchesAt: UInt64 = 0
    /// When to ask for another credential for the relay. nil: one has been asked for, or the node has no relay.
    var relayAt: UInt64?
    /// The earliest that the relay's refusal has us ask again.
    var relayRepairAt: UInt64 = 0
    /// Of the credential that the host has.
    var relayUsername: Text?
    /// Whether the node has refused to enrol us: nothing of this account is worth keeping.
    var isRefused = false
    /// What the host can do about calls.
    var callSupport = CallSupport.none
    /// The one that goes on, and those whose end the other side has not confirmed.
    var calls: [Call] = []
    /// Calls that are over, the last ones: late copies of their messages mean nothing.
    var pastCalls: [[UInt8]] = []
    /// Calls whose notice was shown already.
    var missedCalls: [[UInt8]] = []
    /// The conversation that the user looks at.
    var view: ConversationView?
    var reads: [PendingRead] = []
    /// What was kept when the account was locked, until the host has it.
    var resumption: Resumption?
    /// Messages that are legible now.
    var revealed: [RevealedMessage] = []

    // What the current input has changed.
    var changedConversations: [[UInt8]] = []
    var changedContacts: [MemberID] = []
    var hasChangedAccount = false
    var hasChangedNode = false
    var hasChangedChains = false
    var hasChangedStock = false
    var hasChangedList = false
    var hasChangedInvitations = false

    /// - Throws: ``AccountFault`` if the records do not belong together.
    init(
        record: AccountRecord, node: NodeRecord, chains: ChainCache, vault: Vault, link: NodeLink, origin: Text,
        effects: Effects
    ) throws(AccountFault) {
        self.effects = effects
        self.vault = vault
        self.link = link
        self.origin = origin
        self.record = record
        self.node = node
        self.chains = chains
        do throws(TrustError) {
            state = try record.state.verify(authority: record.authority)
            own = try chains.device(for: record.identity)
        } catch {
            throw .damaged
        }
        let hsm = vault.hsm
        do throws(HSMError) {
            memberKey = try hsm.openHybridKey(record.memberKey, context: KeyContext.member)
            sessionKey = try hsm.openSigningKey(record.sessionKey, context: KeyContext.session)
            authorityKey =
                if let sealed = record.authorityKey {
                    try hsm.openHybridKey(sealed, context: KeyContext.authority)
                } else { nil }
            leafKeys = []
            for sealed in record.leafKeys {
                leafKeys.append(try hsm.openSigningKey(sealed, context: KeyContext.leaf))
            }
        } catch {
            throw .damaged
        }
    }

    var memberSigner: HSMHybridSigner { HSMHybridSigner(hsm: vault.hsm, key: memberKey) }

    /// Trust's check of a leaf, for MLS to ask (Documentation/ARCHITECTURE.md, "Trust chain"): a certified key, not revoked, not expired.
    var acceptance: LeafAcceptance {
        let chains = chains
        let now = effects.seconds
        let revoked = state.revoked
        return { leaf in
            guard case .basic(let identity) = leaf.credential else { return false }
            if case .keyPackage(let lifetime) = leaf.source, !lifetime.contains(now) { return false }
            return chains.accepts(identity: identity, leafKey: leaf.signatureKey, now: now, revoked: revoked)
        }
    }

    func conversation(_ id: [UInt8]) -> Conversation? {
        conversations.first { $0.id == id }
    }

    func conversation(withDevice device: [UInt8]) -> Conversation? {
        guard let contact = contacts.first(where: { $0.identity.device.bytes == device }) else { return nil }
        return conversations.first { $0.peer == contact.member }
    }

    func contact(_ member: MemberID) -> ContactRecord? {
        contacts.first { $0.member == member }
    }

    func update(_ member: MemberID, _ change: (inout ContactRecord) -> Void) {
        guard let index = contacts.firstIndex(where: { $0.member == member }) else { return }
        change(&contacts[index])
        if !changedContacts.contains(member) { changedContacts.append(member) }
        hasChangedList = true
    }

    /// The conversation's record is to be written with this output.
    func touch(_ conversation: Conversation) {
        if !changedConversations.contains(conversation.id) { changedConversations.append(conversation.id) }
    }

    /// The conversation between two members has the same id for both and for ever.
    static func conversationID(_ first: MemberID, _ second: MemberID, bubble: BubbleID) -> [UInt8] {
        let members = first < second ? first.bytes + second.bytes : second.bytes + first.bytes
        return [UInt8](HashAlgorithm.sha256.hash(label("CryptPeer conversation 1") + bubble.bytes + members)[..<16])
    }
}

enum AccountFault: Error {
    /// A record is missing or not what we wrote.
    case damaged
    /// A certificate, key or signature could not be made.
    case failed
}

/// What each sealed key is for: one cannot stand in for another.
enum KeyContext {
    static let member = label("member key")
    static let session = label("session key")
    static let authority = label("authority key")
    static let leaf = label("leaf key")
}
