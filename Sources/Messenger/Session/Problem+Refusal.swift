import NodeProtocol

extension Problem {
    /// Why an invitation cannot be used, in the node's words. nil: the refusal is about something else.
    init?(ofInvitation refusal: Refusal) {
        switch refusal {
        case .unknownInvitation: self = .unknownInvitation
        case .invitationExpired: self = .expired
        case .invitationUsed: self = .alreadyUsed
        case .invitationWithdrawn: self = .withdrawn
        default: return nil
        }
    }
}
