import CryptoPrimitives
import MLS
import NodeProtocol
import SegmentedHSM
import Trust
import WireFormat

// Beginning a conversation's group, and joining one that the other member began.
extension Account {
    private static let groupLimit = 3

    /// A new group of us and the owner of the KeyPackage.
    static func beginGroup(
        adding keyPackage: KeyPackage, identity: LeafIdentity, signer: HSMLeafSigner, instance: UInt32,
        now: UInt64, random: Randomness, accept: LeafAcceptance
    ) throws(AccountFault) -> (group: ConversationGroup, welcome: [UInt8]) {
        do throws(MLSError) {
            var group = try Group.create(
                groupID: random.bytes(16), suite: .xwing, credential: .basic(identity: identity.encoded),
                signatureKey: signer.key.publicKey, signer: signer, random: random)
            let pending = try group.commit(adding: [keyPackage], signer: signer, random: random, accept: accept)
            try group.merge(pending)
            guard let welcome = pending.welcome else { throw .internalFailure }
            let begun = ConversationGroup(
                group: group, instance: instance, slot: random.bytes(16), mustCreateSlot: true, pending: nil,
                ceiling: 0, seen: nil, sinceCommit: 0, lastCommit: now)
            return (begun, welcome)
        } catch {
            throw .failed
        }
    }

    // Joining.

    func receive(introduction bytes: [UInt8]) {
        let introduction: Introduction
        do throws(WireError) {
            introduction = try Introduction(decoding: bytes)
        } catch {
            return effects.warn(.forgedMessage)
        }
        if isKnown(introduction) { return }
        do throws(TrustError) {
            // Kept once it is known that its sender may introduce anything.
            let device = try chains.verify(introduction.chain, now: effects.seconds, revoked: state.revoked)
            if let redemption = introduction.redemption {
                receive(introduction, of: device, redemption)
            } else {
                receive(introduction, of: device)
            }
        } catch {
            effects.warn(error == .invitationReused ? .secondPersonOnInvitation : .memberNotVerified)
        }
    }

    /// The leaf of a group that we join is looked up among the chains that are kept.
    private func keep(_ device: VerifiedDevice) -> Bool {
        do throws(TrustError) {
            try chains.keep(device)
            hasChangedChains = true
            return true
        } catch {
            return false
        }
    }

    /// One that was sent again, because its sender does not know that we have it. Its greeting has to be answered.
    private func isKnown(_ introduction: Introduction) -> Bool {
        guard let header = MessageHeader.peek(introduction.greeting),
            conversations.contains(where: { $0.groups.contains { $0.group.groupID == header.groupID } })
        else { return false }
        _ = receive(introduction.greeting, by: .mailbox)
        return true
    }

    /// A newcomer with one of our invitations.
    private func receive(
        _ introduction: Introduction, of device: VerifiedDevice, _ redemption: IntroductionRedemption
    ) {
        guard device.invitation == redemption.invitation,
            let index = invitations.firstIndex(where: { $0.id == redemption.invitation }),
            isGood(redemption.receipt, of: redemption.invitation, by: device.memberKey)
        else { return effects.warn(.memberNotVerified) }
        guard invitations[index].state != .redeemed else { return effects.warn(.secondPersonOnInvitation) }
        guard invitations[index].state != .withdrawn, redemption.receipt.time <= invitations[index].expires / 1000,
            let bundle = invitations[index].keyPackage, keep(device),
            let group = join(introduction, with: bundle, device)
        else { return effects.warn(.memberNotVerified) }
        invitations[index].state = .redeemed
        invitations[index].keyPackage = nil
        invitations[index].errand = .none
        invitations[index].link = .empty
        invitations[index].guest = device.member
        save(invitations[index])
        let conversation = meet(device)
        add(group, to: conversation)
        append(.began, to: conversation)
        // The greeting tells where to answer.
        _ = receive(introduction.greeting, by: .mailbox)
        countersign(device, in: conversation)
    }

    private func countersign(_ device: VerifiedDevice, in conversation: Conversation) {
        do throws(TrustError) {
            let countersignature = try Countersignature.issue(for: device, by: memberSigner, random: effects.random)
            enqueue(.countersignature(countersignature.encoded), in: conversation)
            enqueue(.profile(name: record.name), in: conversation)
        } catch {
            effects.emit(.problem(.internalError))
        }
    }

    /// A contact whose device begins the conversation anew.
    private func receive(_ introduction: Introduction, of device: VerifiedDevice) {
        guard let contact = contact(device.member), contact.identity.device == device.device,
            device.generation >= contact.identity.generation,
            let conversation = conversations.first(where: { $0.peer == device.member })
        else { return effects.warn(.memberNotVerified) }
        let instance = conversation.current?.instance ?? 0
        guard introduction.instance >= instance else {
            return effects.warn(.replayedMessage, conversation: conversation.id)
        }
        guard keep(device) else { return warn(.memberNotVerified, in: conversation) }
        guard let bundle = stock.bundles.first(where: { $0.isAddressed(by: introduction.welcome) }) else {
            // Our storage was set back to before that KeyPackage: it is for us to begin.
            guard introduction.instance > instance else { return warn(.memberNotVerified, in: conversation) }
            node.keyPackagesPublished = false
            update(device.member) { $0.identity = device.leafIdentity }
            return restart(conversation, above: introduction.instance)
        }
        guard let group = join(introduction, with: bundle, device) else {
            return warn(.memberNotVerified, in: conversation)
        }
        // The node hands the last one out again and again, until there are others.
        if bundle.keyPackage != stock.bundles.last?.keyPackage {
            stock.bundles.removeAll { $0.keyPackage == bundle.keyPackage }
        }
        hasChangedStock = true
        node.keyPackagesPublished = false
        hasChangedNode = true
        update(device.member) { $0.identity = device.leafIdentity }
        add(group, to: conversation)
        append(.restarted, to: conversation)
        _ = receive(introduction.greeting, by: .mailbox)
    }

    private func join(_ introduction: Introduction, with bundle: KeyPackageBundle, _ device: VerifiedDevice)
        -> ConversationGroup?
    {
        do throws(MLSError) {
            let group = try Group.join(introduction.welcome, with: bundle, accept: acceptance)
            // Exactly the two of us: a third member would read along.
            let members = group.members
            // RFC 9420 §12.4.3.1, "verify that the group_id is unique among the groups that the client is currently participating
            // in": else this one would be taken for another conversation's. And the first message is of this group.
            guard !conversations.contains(where: { $0.groups.contains { $0.group.groupID == group.groupID } }),
                MessageHeader.peek(introduction.greeting)?.groupID == group.groupID
            else { return nil }
            guard members.count == 2, group.epoch == 1, group.suite == .xwing,
                let other = members.first(where: { $0.leaf != group.ownLeaf }),
                other.node.credential == .basic(identity: device.leafIdentity.encoded)
            else { return nil }
            // The joiner renews its keys at the first opportunity: the KeyPackage's have lain about for long.
            return ConversationGroup(
                group: group, instance: introduction.instance, slot: [], mustCreateSlot: false, pending: nil,
                ceiling: 0, seen: nil, sinceCommit: .max / 2, lastCommit: effects.now)
        } catch {
            return nil
        }
    }

    /// Makes the group the one that is written to, unless a better one stands: of two that were begun at the same time it
    /// is, for both members, the one with the lower id.
    func add(_ group: ConversationGroup, to conversation: Conversation) {
        let isBetter =
            conversation.current.map { current in
                group.instance > current.instance
                    || (group.instance == current.instance
                        && group.group.groupID.lexicographicallyPrecedes(current.group.groupID))
            } ?? true
        if isBetter {
            conversation.groups.insert(group, at: 0)
            conversation.isCleared = true
            groupBegan(in: conversation)
            conversation.commitHint = nil
            setIntroduction(nil, of: conversation)
            requeue(in: conversation) { _ in true }
        } else {
            conversation.groups.append(group)
        }
        if conversation.groups.count > Self.groupLimit { conversation.groups.removeLast() }
        forgetLeafKeys()
        touch(conversation)
        hasChangedList = true
    }

    /// Forgets the leaf keys that no group has, and no KeyPackage that somebody may still use.
    private func forgetLeafKeys() {
        var used: [[UInt8]] = []
        if let key = leafKeys.last { used.append(key.publicKey) }
        if let renewed { used.append(renewed.publicKey) }
        for conversation in conversations {
            for group in conversation.groups {
                if let leaf = group.group.member(at: group.group.ownLeaf) { used.append(leaf.signatureKey) }
            }
        }
        for bundle in stock.bundles { used.append(bundle.keyPackage.leafNode.signatureKey) }
        for invitation in invitations {
            if let bundle = invitation.keyPackage { used.append(bundle.keyPackage.leafNode.signatureKey) }
        }
        let kept = leafKeys.indices.filter { used.contains(leafKeys[$0].publicKey) }
        guard kept.count < leafKeys.count else { return }
        record.leafKeys = kept.map { record.leafKeys[$0] }
        leafKeys = kept.map { leafKeys[$0] }
        hasChangedAccount = true
    }

    /// The conversation with a member whom we did not know.
    func meet(_ device: VerifiedDevice) -> Conversation {
        if let conversation = conversations.first(where: { $0.peer == device.member }) { return conversation }
        let contact = ContactRecord(
            member: device.member, identity: device.leafIdentity, name: .empty, petname: .empty, isVerified: false,
            mailbox: record.mailbox)
        contacts.append(contact)
        update(device.member) { _ in }
        let conversation = Conversation(
            id: Self.conversationID(own.member, device.member, bubble: own.bubble), peer: device.member)
        conversation.lastTime = effects.now
        conversation.channel.helloAt = effects.now
        conversations.append(conversation)
        return conversation
    }

    func take(_ greeting: Greeting, id: [UInt8], in conversation: Conversation, groupID: [UInt8]) {
        guard let index = conversation.groups.firstIndex(where: { $0.group.groupID == groupID }) else { return }
        if conversation.groups[index].slot.isEmpty { conversation.groups[index].slot = greeting.slot }
        update(conversation.peer) { $0.mailbox = greeting.mailbox }
        take(name: greeting.name, of: conversation)
        take(greeting.have, in: conversation)
        if index == 0 { requeue(in: conversation) { $0.sequence > greeting.have.sequence } }
        // Some answer has to tell the sender that we have joined.
        owe(delivered: id, in: conversation)
        touch(conversation)
    }

    /// Our inviter's word for us.
    func take(countersignature bytes: [UInt8], in conversation: Conversation) {
        guard let contact = contact(conversation.peer), let inviter = device(contact) else { return }
        do throws(WireError) {
            let countersignature = try Countersignature(decoding: bytes)
            do throws(TrustError) {
                try countersignature.verify(newcomer: own, inviter: inviter)
                guard !record.confirmed else { return }
                record.confirmed = true
                hasChangedAccount = true
                append(.confirmed, to: conversation)
                showProfile()
            } catch {
                warn(.forgedMessage, in: conversation)
            }
        } catch {
            warn(.forgedMessage, in: conversation)
        }
    }

    // Beginning anew, because our own state is not what it was.

    func restart(_ conversation: Conversation, above instance: UInt32) {
        conversation.isCleared = false
        conversation.isSetBack = true
        guard !conversation.isRestarting else { return }
        conversation.restartAbove = max(instance, conversation.current?.instance ?? 0)
        warn(.rolledBack, in: conversation)
        beginRestart(of: conversation)
    }

    /// The peer speaks in a group that it has already left: its storage was set back to a time before the present group.
    func rejoin(_ conversation: Conversation, by route: Route) {
        guard route == .transient else { return }
        heal(conversation)
    }

    func keyPackageTaken(_ response: Response, conversation id: [UInt8]) {
        guard let conversation = conversation(id), conversation.isRestarting else { return }
        guard case .keyPackage(let bytes?) = response else {
            // None left: the peer publishes more when it comes back.
            conversation.isRestarting = false
            conversation.restartAt = effects.now + 60_000
            return
        }
        do throws(AccountFault) {
            try beginAnew(conversation, with: try verified(bytes, of: conversation))
        } catch {
            conversation.isRestarting = false
            conversation.restartAt = effects.now + 60_000
            effects.warn(.memberNotVerified, conversation: id)
        }
    }

    /// The KeyPackage of our contact's device, as its newest certificate has it.
    private func verified(_ bytes: [UInt8], of conversation: Conversation) throws(AccountFault) -> KeyPackage {
        guard let contact = contact(conversation.peer) else { throw .failed }
        let published: PublishedKeyPackage
        do throws(WireError) {
            published = try PublishedKeyPackage(decoding: bytes)
        } catch {
            throw .failed
        }
        do throws(MLSError) {
            try published.keyPackage.validate()
        } catch {
            throw .failed
        }
        let leaf = published.keyPackage.leafNode
        do throws(TrustError) {
            let device = try chains.verify(published.chain, now: effects.seconds, revoked: state.revoked)
            guard device.member == contact.member, device.device == contact.identity.device,
                device.generation >= contact.identity.generation, leaf.signatureKey == device.leafKey,
                leaf.credential == .basic(identity: device.leafIdentity.encoded)
            else { throw TrustError.identityMismatch }
            try chains.keep(device)
            hasChangedChains = true
            update(contact.member) { $0.identity = device.leafIdentity }
        } catch {
            throw .failed
        }
        return published.keyPackage
    }

    private func beginAnew(_ conversation: Conversation, with keyPackage: KeyPackage) throws(AccountFault) {
        // Of a state that was set back no key is used again, the leaf's included.
        let signer = conversation.isSetBack ? try renewDevice() : try newestSigner()
        let instance = conversation.restartAbove + 1
        let (group, welcome) = try Self.beginGroup(
            adding: keyPackage, identity: record.identity, signer: signer, instance: instance, now: effects.now,
            random: effects.random, accept: acceptance)
        add(group, to: conversation)
        setIntroduction(
            PendingIntroduction(
                conversation: conversation.id, redemption: nil, instance: instance, chain: record.chain,
                welcome: welcome, sent: 0,
                attempts: 0),
            of: conversation)
        conversation.restarted = effects.now
        conversation.restarts += 1
        append(.restarted, to: conversation)
        createSlot(of: conversation)
    }

    private func newestSigner() throws(AccountFault) -> HSMLeafSigner {
        guard let key = leafKeys.last else { throw .failed }
        return HSMLeafSigner(hsm: vault.hsm, key: key)
    }

    /// A device certificate of a higher generation, with a fresh leaf key. Our own count may have been rolled back, so the
    /// clock counts: generations are seconds since 1970.
    private func renewDevice() throws(AccountFault) -> HSMLeafSigner {
        let hsm = vault.hsm
        // Once is enough for all the conversations that this run begins anew.
        if let renewed { return HSMLeafSigner(hsm: hsm, key: renewed) }
        let generation = max(record.identity.generation + 1, UInt32(clamping: effects.seconds))
        do throws(HSMError) {
            let key = try hsm.generateSigningKey(effects.random)
            record.leafKeys.append(try hsm.seal(key, context: KeyContext.leaf, random: effects.random))
            leafKeys.append(key)
            do throws(TrustError) {
                let certificate = try DeviceCertificate.issue(
                    device: own.device, leafKey: key.publicKey, sessionKey: own.sessionKey, generation: generation,
                    rights: own.rights, validity: Validity(from: effects.seconds), bubble: own.bubble,
                    by: memberSigner, random: effects.random)
                record.chain = record.chain.replacingDevice(certificate)
                record.identity = try chains.insert(record.chain, now: effects.seconds, revoked: state.revoked)
                    .leafIdentity
            } catch {
                throw .notAuthentic
            }
            hasChangedAccount = true
            hasChangedChains = true
            node.keyPackagesPublished = false
            hasChangedNode = true
            renewed = key
            return HSMLeafSigner(hsm: hsm, key: key)
        } catch {
            throw .failed
        }
    }
}
