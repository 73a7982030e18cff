import WireFormat
import SegmentedHSM
import Trust

// Who we are and whom we know, as the user sees and changes it.
extension Account {
    func showProfile() {
        effects.emit(
            .unlocked(
                Profile(
                    ownName: record.name, ownMember: own.member.bytes, isOperator: authorityKey != nil,
                    mayInvite: own.rights.contains(.mayInvite), settings: record.settings,
                    recoverySaved: record.recoverySaved, confirmed: record.confirmed,
                    recoveryMade: record.recoveryMade)))
    }

    func rename(_ text: Text) {
        let name = DisplayName.cleaned(text)
        guard !name.isEmpty else { return effects.emit(.problem(.badName)) }
        record.name = name
        hasChangedAccount = true
        for conversation in conversations { enqueue(.profile(name: name), in: conversation) }
        showProfile()
    }

    func setPetname(_ text: Text, of member: [UInt8]) {
        guard let contact = contacts.first(where: { $0.member.bytes == member }) else { return }
        update(contact.member) { $0.petname = DisplayName.cleaned(text) }
    }

    func setVerified(_ isVerified: Bool, _ member: [UInt8]) {
        guard let contact = contacts.first(where: { $0.member.bytes == member }) else { return }
        update(contact.member) { $0.isVerified = isVerified }
    }

    func change(_ settings: Settings) {
        let isHiding = settings.relayOnly != record.settings.relayOnly
        record.settings = settings
        hasChangedAccount = true
        if isHiding { remakeChannels() }
        showProfile()
    }

    /// The name that a contact gives itself.
    func take(name: Text, of conversation: Conversation) {
        let name = DisplayName.cleaned(name)
        guard !name.isEmpty, let contact = contact(conversation.peer), contact.name != name else { return }
        if !contact.name.isEmpty { append(.renamed, contact.name, to: conversation) }
        update(contact.member) { $0.name = name }
        warnOfCollision(conversation)
    }

    func warnOfCollision(_ conversation: Conversation) {
        guard let contact = contact(conversation.peer), collides(contact) else { return }
        effects.warn(.nameCollision, conversation: conversation.id)
    }

    private func collides(_ contact: ContactRecord) -> Bool {
        if DisplayName.collide(contact.shownName, record.name) { return true }
        return contacts.contains {
            $0.member != contact.member && DisplayName.collide($0.shownName, contact.shownName)
        }
    }

    // The safety number.

    private func safetyNumber(with member: MemberID) -> SafetyNumber? {
        guard let contact = contact(member), let device = device(contact) else { return nil }
        return SafetyNumber(own, device)
    }

    func device(_ contact: ContactRecord) -> VerifiedDevice? {
        do throws(TrustError) {
            return try chains.device(for: contact.identity)
        } catch {
            return nil
        }
    }

    func showSafetyNumber(of conversation: Conversation) {
        guard let number = safetyNumber(with: conversation.peer), let contact = contact(conversation.peer),
            let digits = Text(validating: number.digits)
        else { return }
        effects.emit(
            .safetyNumber(
                member: contact.member.bytes, digits: digits, qr: number.qrPayload, verified: contact.isVerified))
    }

    // The authority's recovery file.

    func makeRecoveryFile() {
        guard let authorityKey else { return effects.emit(.problem(.notPermitted)) }
        do throws(HSMError) {
            let (code, capsule) = try vault.hsm.makeRecoveryCapsule(
                of: authorityKey, context: record.authority.bubble.bytes + record.authority.hash,
                random: effects.random)
            guard let text = Text(validating: code.text) else { return effects.emit(.problem(.internalError)) }
            record.recoveryMade = effects.now
            hasChangedAccount = true
            showProfile()
            effects.emit(.recoveryFile(file: capsule.encoded, code: text))
        } catch {
            effects.emit(.problem(.internalError))
        }
    }

    func recoveryFileSaved() {
        record.recoverySaved = true
        hasChangedAccount = true
        showProfile()
    }

    // The list of conversations.

    func showConversations() {
        var summaries: [ConversationSummary] = []
        for conversation in conversations {
            guard let contact = contact(conversation.peer) else { continue }
            summaries.append(
                ConversationSummary(
                    conversation: conversation.id, member: contact.member.bytes,
                    device: contact.identity.device.bytes, name: contact.shownName, selfName: contact.name,
                    petname: contact.petname, verified: contact.isVerified, removed: conversation.isRemoved,
                    unread: conversation.unread, lastTime: conversation.lastTime,
                    connection: connection(of: conversation), nameCollision: collides(contact),
                    gap: conversation.gapShown, warning: conversation.hasWarning,
                    calls: conversation.peerCalls, unmasked: conversation.isUnmasked))
        }
        effects.emit(.conversations(summaries))
    }

    private func connection(of conversation: Conversation) -> ConnectionState {
        if case .open(_, let path) = conversation.channel.state { return path == .direct ? .direct : .relayed }
        return link.isEstablished ? .mailbox : .offline
    }
}
