import MLS
import Trust
import WireFormat

// What becomes of a contact whom the bubble's state has taken out. Only a revocation silences anybody: a certificate's end is a
// matter of clocks, and a wrong one must not cost a message.
extension Account {
    /// Whether what a leaf says is taken: what it was certified for has not been revoked.
    func isHeard(_ credential: Credential) -> Bool {
        guard case .basic(let bytes) = credential, let identity = leafIdentity(bytes) else { return false }
        return !chains.isRevoked(identity, by: state.revoked)
    }

    /// Marks contacts that are no longer members. One that was only now removed is cut off, and the user is told.
    ///
    /// - Parameter isNews: false after unlocking, when nothing is open and all was said before.
    func noteRevocations(isNews: Bool) {
        for conversation in conversations {
            guard let contact = contact(conversation.peer) else { continue }
            let isRemoved = chains.isRevoked(contact.identity, by: state.revoked)
            guard isRemoved != conversation.isRemoved else { continue }
            conversation.isRemoved = isRemoved
            hasChangedList = true
            if isRemoved, isNews { cutOff(conversation) }
        }
    }

    private func cutOff(_ conversation: Conversation) {
        for call in calls where call.conversation == conversation.id { end(call, .lost) }
        dropChannel(of: conversation)
        append(.removed, to: conversation)
    }
}
