import CryptoPrimitives
import WireFormat

/// The conversation that the user looks at: the heads that were loaded.
struct ConversationView {
    let conversation: [UInt8]
    /// In order.
    var heads: [MessageHead] = []
    /// The first order that is loaded.
    var firstOrder: UInt64
}

/// A message that is legible now.
struct RevealedMessage {
    let conversation: [UInt8]
    let id: [UInt8]
    let text: Text
    /// Where the message is a file; `text` is its name.
    let file: FileAnnouncement?
    /// nil: no end is set.
    let until: UInt64?
}

/// What a read of the store was for.
struct PendingRead {
    enum Reason {
        case page(from: UInt64, replaceAll: Bool)
        case reveal(MessageHead)
        case retry(MessageHead)
        case open(MessageHead, FilePurpose)
    }

    let conversation: [UInt8]
    let reason: Reason
    let keys: [[UInt8]]
}

// The log has two sealed records for each message, under its order: the head, and the content (a text, or what was announced
// of a file). Of what arrived, the content is opened only when the user reveals it, or wants it open.
extension Account {
    private static let pageLength: UInt64 = 50
    private static let headPart: UInt8 = 0
    private static let contentPart: UInt8 = 1

    /// Appends a message.
    func append(_ content: [UInt8], _ head: MessageHead, to conversation: Conversation) {
        write(content, at: head.order, in: conversation)
        guard view?.conversation == conversation.id, isOpenByItself(head, in: conversation) else {
            return store(head, in: conversation)
        }
        open(content, head, in: conversation)
        store(readIfText(head, in: conversation), in: conversation)
    }

    /// Writes a message's content.
    func write(_ content: [UInt8], at order: UInt64, in conversation: Conversation) {
        guard let key = vault.messageKey(conversation.id, order: order, part: Self.contentPart),
            let sealed = vault.seal(content, context: key)
        else { return }
        effects.write(.messages, key, sealed)
    }

    /// Deletes a message's content; its head stays.
    func erase(at order: UInt64, in conversation: Conversation) {
        guard let key = vault.messageKey(conversation.id, order: order, part: Self.contentPart) else { return }
        effects.write(.messages, key, nil)
    }

    func append(
        _ notice: Notice, _ argument: Text = .empty, isOwn: Bool = false, time: UInt64? = nil,
        to conversation: Conversation
    ) {
        let head = MessageHead(
            id: effects.random.bytes(16), isOwn: isOwn, time: time ?? effects.now, order: conversation.messageCount,
            state: .delivered, kind: .notice, notice: notice, failure: .none, argument: argument)
        conversation.messageCount += 1
        touch(conversation)
        store(head, in: conversation)
    }

    /// Writes a head, new or changed, and shows it if the user looks at its conversation.
    func store(_ head: MessageHead, in conversation: Conversation) {
        guard let key = vault.messageKey(conversation.id, order: head.order, part: Self.headPart),
            let sealed = vault.seal(head.encoded, context: key)
        else { return }
        effects.write(.messages, key, sealed)
        show(head, in: conversation.id)
    }

    func eraseLog(of conversation: Conversation) {
        for order in 0..<conversation.messageCount {
            for part in [Self.headPart, Self.contentPart] {
                if let key = vault.messageKey(conversation.id, order: order, part: part) {
                    effects.write(.messages, key, nil)
                }
            }
        }
    }

    private func show(_ head: MessageHead, in conversation: [UInt8]) {
        guard view?.conversation == conversation, let firstOrder = view?.firstOrder, head.order >= firstOrder else {
            return
        }
        if let index = view?.heads.firstIndex(where: { $0.order == head.order }) {
            view?.heads[index] = head
        } else {
            view?.heads.append(head)
        }
        effects.emit(
            .messages(
                conversation: conversation, replaceAll: false, hasOlder: firstOrder > 0,
                [summary(head, in: conversation)]))
    }

    /// Shows a message once more, if the user looks at it: what is said of it beside its head has changed.
    func showMessage(_ id: [UInt8], in conversation: Conversation) {
        if let head = shownHead(conversation.id, id) { show(head, in: conversation.id) }
    }

    /// Texts and voice messages. Of one that was cancelled nothing is left to be revealed.
    private func isMaskable(_ kind: MessageKind, _ file: FileSummary?) -> Bool {
        switch kind {
        case .text: true
        case .notice: false
        case .file: file?.kind == .voice && file?.state != .cancelled
        }
    }

    func summary(_ head: MessageHead, in conversation: [UInt8]) -> MessageSummary {
        let legible = revealed.first { $0.conversation == conversation && $0.id == head.id }
        let record = head.kind == .file ? findFile(head.id).map { $0.conversation.files[$0.index] } : nil
        let file = head.kind == .file ? summary(of: record, legible?.file) : nil
        let isMasked = legible == nil && isMaskable(head.kind, file)
        return MessageSummary(
            id: head.id, isOwn: head.isOwn, time: head.time, order: head.order, state: head.state, kind: head.kind,
            notice: head.notice, isMasked: isMasked,
            text: head.kind == .text ? legible?.text ?? .empty : head.argument,
            failure: record.map { $0.fault } ?? head.failure, file: file)
    }

    // Looking at a conversation.

    func openConversation(_ id: [UInt8]) {
        guard let conversation = conversation(id) else { return effects.emit(.problem(.unknownPeer)) }
        let count = conversation.messageCount
        view = ConversationView(conversation: id, firstOrder: count)
        revealed = []
        reads = []
        if conversation.unread > 0 || conversation.hasWarning {
            conversation.unread = 0
            conversation.hasWarning = false
            touch(conversation)
        }
        hasChangedList = true
        showSafetyNumber(of: conversation)
        readPage(before: count, of: conversation, replaceAll: true)
    }

    func olderMessages(_ id: [UInt8]) {
        guard let view, view.conversation == id, let conversation = conversation(id), view.firstOrder > 0 else {
            return
        }
        readPage(before: view.firstOrder, of: conversation, replaceAll: false)
    }

    func closeConversation() {
        view = nil
        revealed = []
        reads = []
    }

    private func readPage(before end: UInt64, of conversation: Conversation, replaceAll: Bool) {
        let start = end > Self.pageLength ? end - Self.pageLength : 0
        var keys: [[UInt8]] = []
        for order in start..<end {
            for part in [Self.headPart, Self.contentPart] {
                if let key = vault.messageKey(conversation.id, order: order, part: part) { keys.append(key) }
            }
        }
        let read = PendingRead(
            conversation: conversation.id, reason: .page(from: start, replaceAll: replaceAll), keys: keys)
        if keys.isEmpty { return finish(read, with: []) }
        ask(read)
    }

    private func ask(_ read: PendingRead) {
        for key in read.keys { effects.read(.messages, key) }
        reads.append(read)
    }

    /// The host has answered the reads of one output.
    func take(_ records: [ReadRecord]) {
        let asked = reads
        reads = []
        for read in asked {
            var found: [(key: [UInt8], value: [UInt8])] = []
            var answered = 0
            for key in read.keys {
                guard let record = records.first(where: { $0.store == .messages && $0.key == key }) else { continue }
                answered += 1
                if let value = record.value { found.append((key, value)) }
            }
            if answered == read.keys.count { finish(read, with: found) } else { reads.append(read) }
        }
    }

    private func finish(_ read: PendingRead, with records: [(key: [UInt8], value: [UInt8])]) {
        guard let conversation = conversation(read.conversation) else { return }
        switch read.reason {
        case .page(let start, let replaceAll):
            show(page: messages(records, read.keys), from: start, replaceAll: replaceAll, of: conversation)
        case .reveal(let head):
            if head.kind == .file {
                if let file = announcement(records) { reveal(head, file.name, file: file, in: conversation) }
            } else if let text = text(records) {
                reveal(head, text, in: conversation)
            }
        case .retry(let head):
            if head.kind == .file {
                if let file = announcement(records) { retry(file, head, in: conversation) }
            } else if let text = text(records) {
                send(text, again: head, in: conversation)
            }
        case .open(let head, let purpose):
            guard let file = announcement(records) else { return }
            open(file, for: purpose, id: head.id)
            reveal(head, file.name, file: file, in: conversation)
        }
    }

    /// A page's heads, each with its content, which is still sealed. `keys` has a head's key, then its content's.
    private func messages(_ records: [(key: [UInt8], value: [UInt8])], _ keys: [[UInt8]])
        -> [(head: MessageHead, content: (key: [UInt8], value: [UInt8])?)]
    {
        var messages: [(head: MessageHead, content: (key: [UInt8], value: [UInt8])?)] = []
        var isDamaged = false
        for index in stride(from: 0, to: keys.count - 1, by: 2) {
            guard let record = records.first(where: { $0.key == keys[index] }) else { continue }
            do throws(WireError) {
                guard let bytes = vault.open(record.value, context: record.key) else { throw .invalidValue }
                let head = try MessageHead(decoding: bytes)
                messages.append((head, records.first { $0.key == keys[index + 1] }))
            } catch {
                isDamaged = true
            }
        }
        if isDamaged { effects.emit(.problem(.damagedStorage)) }
        return messages
    }

    private func announcement(_ records: [(key: [UInt8], value: [UInt8])]) -> FileAnnouncement? {
        do throws(WireError) {
            guard let record = records.first, let bytes = vault.open(record.value, context: record.key) else {
                effects.emit(.problem(.damagedStorage))
                return nil
            }
            return try FileAnnouncement(decoding: bytes)
        } catch {
            effects.emit(.problem(.damagedStorage))
            return nil
        }
    }

    private func text(_ records: [(key: [UInt8], value: [UInt8])]) -> Text? {
        guard let record = records.first, let bytes = vault.open(record.value, context: record.key),
            let text = Text(validating: bytes)
        else {
            effects.emit(.problem(.damagedStorage))
            return nil
        }
        return text
    }

    private func show(
        page: [(head: MessageHead, content: (key: [UInt8], value: [UInt8])?)], from start: UInt64, replaceAll: Bool,
        of conversation: Conversation
    ) {
        guard var view, view.conversation == conversation.id else { return }
        var heads: [MessageHead] = []
        for message in page { heads.append(message.head) }
        view.heads = replaceAll ? heads : heads + view.heads
        view.firstOrder = start
        self.view = view
        var summaries: [MessageSummary] = []
        for message in page {
            if isOpenByItself(message.head, in: conversation), let sealed = message.content,
                let content = vault.open(sealed.value, context: sealed.key)
            {
                open(content, message.head, in: conversation)
            }
            summaries.append(summary(message.head, in: conversation.id))
        }
        effects.emit(
            .messages(conversation: conversation.id, replaceAll: replaceAll, hasOlder: start > 0, summaries))
        for head in heads where head.state != .read && isLegible(head, in: conversation) {
            let read = readIfText(head, in: conversation)
            if read != head { store(read, in: conversation) }
        }
    }

    // Legible without being revealed.

    /// Our own, what the user has revealed until they hide it, and everything where they want no mask.
    private func isOpenByItself(_ head: MessageHead, in conversation: Conversation) -> Bool {
        head.kind != .notice && (head.isOwn || head.isKept || conversation.isUnmasked)
    }

    private func isLegible(_ head: MessageHead, in conversation: Conversation) -> Bool {
        revealed.contains { $0.conversation == conversation.id && $0.id == head.id }
    }

    /// Makes a message legible without a word to the host: the summary that follows has it.
    private func open(_ content: [UInt8], _ head: MessageHead, in conversation: Conversation) {
        guard !isLegible(head, in: conversation) else { return }
        var text = Text.empty
        var file: FileAnnouncement?
        if head.kind == .file {
            do throws(WireError) {
                let announcement = try FileAnnouncement(decoding: content)
                // Any other file says what it is without being opened.
                guard announcement.kind == .voice else { return }
                file = announcement
                text = announcement.name
            } catch {
                return
            }
        } else if let valid = Text(validating: content) {
            text = valid
        }
        revealed.append(
            RevealedMessage(conversation: conversation.id, id: head.id, text: text, file: file, until: nil))
    }

    /// A text of the peer's that is legible was read. A voice message is when it is listened to.
    private func readIfText(_ head: MessageHead, in conversation: Conversation) -> MessageHead {
        guard !head.isOwn, head.kind == .text, head.state != .read else { return head }
        var head = head
        head.state = .read
        if record.settings.readReceipts { owe(read: head.id, in: conversation) }
        return head
    }

    /// The user wants what arrives in a conversation legible, or masked.
    func setUnmasked(_ isUnmasked: Bool, conversation id: [UInt8]) {
        guard let conversation = conversation(id), conversation.isUnmasked != isUnmasked else { return }
        conversation.isUnmasked = isUnmasked
        touch(conversation)
        hasChangedList = true
        guard view?.conversation == id else { return }
        revealed = []
        readPage(before: conversation.messageCount, of: conversation, replaceAll: true)
    }

    // Revealing.

    func reveal(conversation id: [UInt8], message: [UInt8]) {
        guard let head = shownHead(id, message) else { return }
        askForContent(of: head, in: id, for: .reveal(head))
    }

    func retry(conversation id: [UInt8], message: [UInt8]) {
        guard let head = shownHead(id, message), head.kind == .file || (head.isOwn && head.state == .failed) else {
            return
        }
        askForContent(of: head, in: id, for: .retry(head))
    }

    /// Opening a file is revealing its message.
    func openFile(conversation id: [UInt8], message: [UInt8], for purpose: FilePurpose) {
        guard let head = shownHead(id, message), head.kind == .file, let (conversation, index) = findFile(message),
            isLegible(conversation.files[index])
        else { return }
        askForContent(of: head, in: id, for: .open(head, purpose))
    }

    private func askForContent(of head: MessageHead, in conversation: [UInt8], for reason: PendingRead.Reason) {
        guard head.kind != .notice,
            let key = vault.messageKey(conversation, order: head.order, part: Self.contentPart)
        else { return }
        // A file that was cancelled has none.
        if let (conversation, index) = findFile(head.id), conversation.files[index].phase == .cancelled { return }
        ask(PendingRead(conversation: conversation, reason: reason, keys: [key]))
    }

    func shownHead(_ conversation: [UInt8], _ message: [UInt8]) -> MessageHead? {
        guard let view, view.conversation == conversation else { return nil }
        return view.heads.first { $0.id == message }
    }

    private func reveal(
        _ head: MessageHead, _ text: Text, file: FileAnnouncement? = nil, in conversation: Conversation
    ) {
        // Any other file says what it is without being opened.
        if file == nil || file?.kind == .voice { makeLegible(head, text, file: file, in: conversation) }
        var shown = head
        if !head.isOwn, head.state != .read {
            shown.state = .read
            if record.settings.readReceipts { owe(read: head.id, in: conversation) }
        }
        if !head.isOwn, record.settings.revealSeconds == Settings.untilHidden, file == nil || file?.kind == .voice {
            shown.isKept = true
        }
        if shown != head {
            store(shown, in: conversation)
        } else if file != nil {
            show(head, in: conversation.id)
        }
    }

    /// Shows a text for as long as the settings say, and our own for as long as the conversation is looked at.
    private func makeLegible(
        _ head: MessageHead, _ text: Text, file: FileAnnouncement? = nil, in conversation: Conversation
    ) {
        let seconds = record.settings.revealSeconds
        let hasEnd = !head.isOwn && seconds != Settings.whileInView && seconds != Settings.untilHidden
        let until = hasEnd ? effects.now + UInt64(seconds) * 1000 : nil
        revealed.removeAll { $0.conversation == conversation.id && $0.id == head.id }
        revealed.append(
            RevealedMessage(conversation: conversation.id, id: head.id, text: text, file: file, until: until))
        effects.emit(.revealed(conversation: conversation.id, message: head.id, text: text, untilMs: until ?? 0))
    }

    /// The user hides a message that was revealed. There is nothing to hide of our own.
    func hide(conversation id: [UInt8], message: [UInt8]) {
        guard let conversation = conversation(id), var head = shownHead(id, message), !head.isOwn else { return }
        revealed.removeAll { $0.conversation == id && $0.id == message }
        guard head.isKept else { return show(head, in: id) }
        head.isKept = false
        store(head, in: conversation)
    }

    /// Masks what has been legible for long enough.
    func maskAgain() {
        let now = effects.now
        let over = revealed.filter { ($0.until ?? .max) <= now }
        revealed.removeAll { ($0.until ?? .max) <= now }
        for message in over {
            guard let head = shownHead(message.conversation, message.id), let view else { continue }
            effects.emit(
                .messages(
                    conversation: message.conversation, replaceAll: false, hasOlder: view.firstOrder > 0,
                    [summary(head, in: message.conversation)]))
        }
        for message in revealed {
            if let until = message.until { effects.wake(at: until) }
        }
    }
}
