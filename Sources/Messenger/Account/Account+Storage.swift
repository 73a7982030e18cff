import CryptoPrimitives
import MLS
import SegmentedHSM
import Trust
import WireFormat

extension Account {
    /// Reads the records of the store `state` back.
    ///
    /// - Throws: ``AccountFault/damaged`` if the account itself cannot be read. Another record that is damaged is left out:
    ///   what it held is asked for again or shows as missing.
    static func load(_ records: [StoredRecord], hsm: HSM, link: NodeLink, origin: Text, effects: Effects)
        throws(AccountFault) -> (account: Account, isComplete: Bool)
    {
        let vault = Vault(hsm: hsm, effects: effects)
        var loaded = LoadedRecords()
        for record in records {
            guard case (let kind, var content)? = vault.open(record) else {
                loaded.isComplete = false
                continue
            }
            if !loaded.take(kind, content) { loaded.isComplete = false }
            wipe(&content)
        }
        guard let record = loaded.account, let chains = loaded.chains else { throw .damaged }
        let account = try Account(
            record: record, node: loaded.node, chains: chains, vault: vault, link: link, origin: origin,
            effects: effects)
        account.contacts = loaded.contacts.sorted { $0.member < $1.member }
        account.invitations = loaded.invitations.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
        account.stock = loaded.stock
        account.resumption = loaded.resumption
        account.conversations = loaded.conversations.sorted { $0.id.lexicographicallyPrecedes($1.id) }
        for conversation in account.conversations {
            conversation.outbox = loaded.outbox.filter { $0.conversation == conversation.id }
                .sorted { $0.sequence < $1.sequence }
            conversation.held = loaded.held.filter { $0.conversation == conversation.id }
                .sorted { $0.content.sequence < $1.content.sequence }
            conversation.introduction = loaded.introductions.first { $0.conversation == conversation.id }
            conversation.files = loaded.files.filter { $0.conversation == conversation.id }
                .sorted { $0.order < $1.order }
            if !conversation.held.isEmpty { account.noticeGap(in: conversation) }
        }
        account.noteRevocations(isNews: false)
        return (account, loaded.isComplete)
    }

    /// Writes what the current input has changed.
    func flush() {
        if hasChangedAccount { vault.save(.account, [], record) }
        if hasChangedNode { vault.save(.nodeState, [], node) }
        if hasChangedChains { vault.save(.chains, [], chains) }
        if hasChangedStock { vault.save(.keyPackages, [], stock) }
        for id in changedConversations {
            if let conversation = conversation(id) { vault.save(.conversation, id, conversation) }
        }
        for member in changedContacts {
            if let contact = contact(member) { vault.save(.contact, member.bytes, contact) }
        }
        hasChangedAccount = false
        hasChangedNode = false
        hasChangedChains = false
        hasChangedStock = false
        changedConversations = []
        changedContacts = []
    }

    /// Deletes every record of an account that never came to be.
    func eraseAll() {
        vault.delete(.account, [])
        vault.delete(.nodeState, [])
        vault.delete(.chains, [])
        vault.delete(.keyPackages, [])
        vault.delete(.view, [])
        for contact in contacts { vault.delete(.contact, contact.member.bytes) }
        for conversation in conversations {
            for item in conversation.outbox { vault.delete(.outboxItem, item.id) }
            for file in conversation.files { vault.delete(.file, file.conversation + file.id) }
            vault.delete(.introduction, conversation.id)
            vault.delete(.draft, conversation.id)
            vault.delete(.voiceDraft, conversation.id)
            vault.delete(.conversation, conversation.id)
            eraseLog(of: conversation)
        }
    }

    func save(_ item: OutboxItem) {
        vault.save(.outboxItem, item.id, item)
    }

    func save(_ invitation: InvitationRecord) {
        vault.save(.invitation, invitation.id.bytes, invitation)
        hasChangedInvitations = true
    }

    func save(_ file: FileRecord) {
        vault.save(.file, file.conversation + file.id, file)
    }

    func save(_ held: HeldMessage) {
        vault.save(.held, held.conversation + held.content.id, held)
    }

    func delete(_ held: HeldMessage) {
        vault.delete(.held, held.conversation + held.content.id)
    }

    func setIntroduction(_ introduction: PendingIntroduction?, of conversation: Conversation) {
        conversation.introduction = introduction
        if let introduction {
            vault.save(.introduction, conversation.id, introduction)
        } else {
            vault.delete(.introduction, conversation.id)
        }
    }
}

/// The records of the store `state`, by kind.
private struct LoadedRecords {
    var account: AccountRecord?
    var node = NodeRecord()
    var chains: ChainCache?
    var contacts: [ContactRecord] = []
    var conversations: [Conversation] = []
    var outbox: [OutboxItem] = []
    var held: [HeldMessage] = []
    var invitations: [InvitationRecord] = []
    var introductions: [PendingIntroduction] = []
    var files: [FileRecord] = []
    var stock = KeyPackageStock()
    var resumption = Resumption()
    var isComplete = true

    /// false: the content is damaged.
    mutating func take(_ kind: RecordKind, _ content: [UInt8]) -> Bool {
        do throws(WireError) {
            switch kind {
            case .account: account = try AccountRecord(decoding: content)
            case .nodeState: node = try NodeRecord(decoding: content)
            case .chains: chains = try ChainCache(decoding: content)
            case .contact: contacts.append(try ContactRecord(decoding: content))
            case .conversation: conversations.append(try Conversation.decode(content))
            case .outboxItem: outbox.append(try OutboxItem(decoding: content))
            case .held: held.append(try HeldMessage(decoding: content))
            case .invitation: invitations.append(try InvitationRecord(decoding: content))
            case .introduction: introductions.append(try PendingIntroduction(decoding: content))
            case .file: files.append(try FileRecord(decoding: content))
            case .keyPackages: stock = try KeyPackageStock(decoding: content)
            case .draft: resumption.texts.append(try DraftRecord(decoding: content))
            case .voiceDraft: resumption.voices.append(try VoiceDraftRecord(decoding: content))
            case .view: resumption.view = try ViewRecord(decoding: content)
            }
            return true
        } catch {
            return false
        }
    }
}
