import SegmentedHSM
import CryptoPrimitives
import MLS
import Trust
import WireFormat

// Encrypting for a conversation, and when that is allowed.
extension Account {
    /// Whether a message may be encrypted now: the group's state was checked since unlocking, a generation is reserved, and
    /// every other leaf of it, which is what reads the message, still counts.
    func mayEncrypt(in conversation: Conversation) -> Bool {
        guard conversation.isCleared, !conversation.isRemoved, hasGeneration(in: conversation),
            let group = conversation.current?.group, group.isActive
        else { return false }
        return group.members.allSatisfy { $0.leaf == group.ownLeaf || mayRead($0.node) }
    }

    private func mayRead(_ leaf: LeafNode) -> Bool {
        guard case .basic(let identity) = leaf.credential else { return false }
        return chains.accepts(
            identity: identity, leafKey: leaf.signatureKey, now: effects.seconds, revoked: state.revoked)
    }

    /// Encrypts with the conversation's current group, whose changed state is written with this output.
    func seal(
        _ body: Body, id: [UInt8]? = nil, sequence: UInt64 = 0, time: UInt64? = nil, in conversation: Conversation
    )
        -> EnvelopeContent?
    {
        guard mayEncrypt(in: conversation) else { return nil }
        let content = Content(
            id: id ?? effects.random.bytes(16), sequence: sequence, base: sequence > 0 ? base(of: conversation) : 0,
            time: time ?? effects.now, body: body)
        var plaintext = content.encoded
        defer { wipe(&plaintext) }
        guard let message = encrypt(plaintext, in: conversation) else { return nil }
        conversation.groups[0].sinceCommit += 1
        return .message(message)
    }

    /// An MLS message of the current group. Everything that is encrypted passes here.
    func encrypt(_ plaintext: [UInt8], in conversation: Conversation) -> [UInt8]? {
        guard let current = conversation.current, let signer = signer(of: current.group) else { return nil }
        touch(conversation)
        do throws(MLSError) {
            return try conversation.groups[0].group.encrypt(
                plaintext, paddingTo: Padding.size(of: plaintext.count), signer: signer, random: effects.random)
        } catch {
            return nil
        }
    }

    /// Signs for our leaf of the group: groups begun under an earlier device certificate keep its key.
    func signer(of group: Group) -> HSMLeafSigner? {
        let key = group.member(at: group.ownLeaf)?.signatureKey
        return leafKeys.first { $0.publicKey == key }.map { HSMLeafSigner(hsm: vault.hsm, key: $0) }
    }

    /// The lowest number that we still hold for sending again.
    private func base(of conversation: Conversation) -> UInt64 {
        conversation.outbox.first?.sequence ?? conversation.nextSequence
    }
}
