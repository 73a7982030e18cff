import WireFormat

// What the user was at: it is sealed as it is made, so that neither a lock nor a reload takes it away.
extension Account {
    /// As much as fifteen minutes of speech take, with room to spare.
    private static let largestVoiceDraft = 8 << 20
    /// A draft may be longer than a message: it is shortened before it is sent, not before it is kept.
    private static let largestDraft = 1 << 20

    func keep(draft text: Text, in id: [UInt8]) {
        guard conversation(id) != nil, text.utf8.count <= Self.largestDraft else { return }
        if text.isEmpty {
            vault.delete(.draft, id)
        } else {
            vault.save(.draft, id, DraftRecord(conversation: id, text: text))
        }
    }

    func keep(voiceDraft voice: VoiceDraft?, in id: [UInt8]) {
        guard conversation(id) != nil else { return }
        guard let voice else { return vault.delete(.voiceDraft, id) }
        guard voice.bytes.count <= Self.largestVoiceDraft else { return }
        vault.save(.voiceDraft, id, VoiceDraftRecord(conversation: id, voice: voice))
    }

    /// The conversation that the user looks at is opened again after a lock. nil: the list.
    func remember(view id: [UInt8]?) {
        if let id {
            vault.save(.view, [], ViewRecord(conversation: id))
        } else {
            vault.delete(.view, [])
        }
    }

    /// Tells the host what was kept, once.
    func giveBack() {
        guard let kept = resumption else { return }
        resumption = nil
        var drafts: [Draft] = []
        for conversation in conversations {
            let text = kept.texts.first { $0.conversation == conversation.id }?.text ?? .empty
            let voice = kept.voices.first { $0.conversation == conversation.id }?.voice
            if !text.isEmpty || voice != nil {
                drafts.append(Draft(conversation: conversation.id, text: text, voice: voice))
            }
        }
        let open = kept.view.flatMap { conversation($0.conversation)?.id }
        effects.emit(.resumed(conversation: open, drafts: drafts))
    }
}

/// What was kept of what the user was at.
struct Resumption {
    var view: ViewRecord?
    var texts: [DraftRecord] = []
    var voices: [VoiceDraftRecord] = []
}
