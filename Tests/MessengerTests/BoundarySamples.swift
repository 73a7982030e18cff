import Messenger
import WireFormat

/// What crosses the boundary in several kinds, told apart by the byte in front.
protocol BoundaryUnion: WireCodable, Equatable, Sendable {
    /// A value of the same kind as this one. No `switch` here has a default: a new kind needs a sample.
    func sample(_ next: BoundarySampler) -> Self
}

extension BoundaryUnion {
    /// One of each kind that can be read. Zeros are a value for every field.
    static var kinds: [Self] {
        (0...UInt8.max).compactMap { number in
            var reader = WireReader([number] + [UInt8](repeating: 0, count: 1_024))
            return try? Self(from: &reader)
        }
    }

    /// Of each kind, all there is to show.
    static var samples: [Self] {
        kinds.flatMap { kind in BoundarySampler.samples(kind.sample) }
    }
}

extension BoundarySampler {
    static func samples<Value>(_ make: (BoundarySampler) -> Value) -> [Value] {
        var samples: [Value] = []
        var rounds = 1
        while samples.count < rounds {
            let sampler = BoundarySampler(round: samples.count)
            samples.append(make(sampler))
            rounds = sampler.rounds
        }
        return samples
    }
}

extension Input: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> Input {
        switch self {
        case .start:
            .start(origin: next.text(), header: next.bytes(), throttle: next.bytes(), deviceSegment: next.fixed(32))
        case .openLink: .openLink(next.text())
        case .enrol: .enrol(displayName: next.text(), passphraseSegment: next.fixed(32))
        case .unlock:
            .unlock(
                passphraseSegment: next.fixed(32),
                records: next.list { StoredRecord(key: $0.fixed(32), value: $0.bytes()) })
        case .lock: .lock
        case .nodeConnected: .nodeConnected
        case .nodeDisconnected: .nodeDisconnected
        case .nodeFrame: .nodeFrame(next.bytes())
        case .channelState: .channelState(device: next.id(), state: next.value(), path: next.value())
        case .channelMessage: .channelMessage(device: next.id(), next.bytes())
        case .localSignal: .localSignal(device: next.id(), kind: next.value(), next.text())
        case .records:
            .records(
                next.list { ReadRecord(store: $0.value(), key: $0.fixed(32), value: $0.maybe { $0.bytes() }) })
        case .tick: .tick
        case .invite: .invite(validForSeconds: next.u32())
        case .withdrawInvitation: .withdrawInvitation(next.id())
        case .openConversation: .openConversation(next.id())
        case .olderMessages: .olderMessages(conversation: next.id())
        case .closeConversation: .closeConversation
        case .send: .send(conversation: next.id(), next.text())
        case .reveal: .reveal(conversation: next.id(), message: next.id())
        case .verified: .verified(member: next.id(), next.flag())
        case .rename: .rename(next.text())
        case .petname: .petname(member: next.id(), next.text())
        case .settings: .settings(Settings(sample: next))
        case .recoveryFileSaved: .recoveryFileSaved
        case .recoveryFile: .recoveryFile(passphraseSegment: next.fixed(32))
        case .changePassphrase: .changePassphrase(old: next.fixed(32), new: next.fixed(32))
        case .retry: .retry(conversation: next.id(), message: next.id())
        case .channelFingerprintMismatch: .channelFingerprintMismatch(device: next.id())
        case .prepareFile:
            .prepareFile(
                conversation: next.id(), ticket: next.u32(),
                FileDescription(
                    name: next.text(), type: next.text(), size: next.u64(), kind: next.value(),
                    durationMs: next.u32(), waveform: next.bytes()))
        case .fileSealed: .fileSealed(file: next.id(), hash: next.fixed(32))
        case .fileFailed: .fileFailed(file: next.id(), next.value())
        case .fileReceived: .fileReceived(file: next.id())
        case .fileBytes: .fileBytes(file: next.id(), from: next.u32(), next.bytes())
        case .pauseFile: .pauseFile(message: next.id(), next.flag())
        case .cancelFile: .cancelFile(message: next.id())
        case .openFile: .openFile(conversation: next.id(), message: next.id(), next.value())
        case .readableCopy: .readableCopy(message: next.id(), isKept: next.flag())
        case .fileProgress: .fileProgress(file: next.id(), chunks: next.u32())
        case .call: .call(conversation: next.id(), video: next.flag())
        case .answerCall: .answerCall(next.id(), video: next.flag())
        case .declineCall: .declineCall(next.id())
        case .hangUp: .hangUp(next.id())
        case .callSignal: .callSignal(next.id(), kind: next.value(), next.text())
        case .callMedia: .callMedia(next.id(), next.value())
        case .callsSupported: .callsSupported(next.value())
        case .relayRefused: .relayRefused(username: next.text())
        case .draft: .draft(conversation: next.id(), next.text())
        case .voiceDraft: .voiceDraft(conversation: next.id(), next.maybe(VoiceDraft.init(sample:)))
        case .hide: .hide(conversation: next.id(), message: next.id())
        case .unmask: .unmask(conversation: next.id(), next.flag())
        case .showInvitation: .showInvitation(next.id())
        case .labelInvitation: .labelInvitation(next.id(), next.text())
        case .beginAttempt: .beginAttempt
        }
    }
}

extension RelayAccess: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> RelayAccess {
        switch self {
        case .off: .off
        case .refused: .refused
        case .granted:
            .granted(
                RelayGrant(
                    username: next.text(), password: next.text(), until: next.u64(), udpPort: next.u16(),
                    tcpPort: next.u16()))
        }
    }
}

extension ChannelAction: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> ChannelAction {
        switch self {
        case .connect: .connect(device: next.id(), initiator: next.flag(), relayOnly: next.flag())
        case .remoteSignal: .remoteSignal(device: next.id(), kind: next.value(), next.text())
        case .send: .send(device: next.id(), next.bytes())
        case .close: .close(device: next.id())
        }
    }
}

extension FileAction: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> FileAction {
        switch self {
        case .seal:
            .seal(
                file: next.id(), ticket: next.u32(), storage: next.id(), key: next.fixed(32), size: next.u64())
        case .send:
            .send(device: next.id(), file: next.id(), storage: next.id(), chunks: next.u32())
        case .receive:
            .receive(
                device: next.id(), file: next.id(), storage: next.id(), key: next.fixed(32), size: next.u64(),
                hash: next.fixed(32))
        case .stop: .stop(file: next.id())
        case .read: .read(file: next.id(), storage: next.id(), from: next.u32(), count: next.u32())
        case .store:
            .store(
                file: next.id(), storage: next.id(), key: next.fixed(32), size: next.u64(), hash: next.fixed(32),
                from: next.u32(), chunks: next.bytes())
        case .delete: .delete(file: next.id(), storage: next.id())
        case .open:
            .open(
                file: next.id(), storage: next.id(), key: next.fixed(32), size: next.u64(), name: next.text(),
                type: next.text(), purpose: next.value())
        case .inventory:
            .inventory(next.list { StoredFile(file: $0.id(), storage: $0.id(), length: $0.u64()) })
        }
    }
}

extension CallAction: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> CallAction {
        switch self {
        case .start:
            .start(
                call: next.id(), device: next.id(), polite: next.flag(), video: next.flag(), relayOnly: next.flag(),
                keys: next.maybe { CallKeys(send: CallKey(sample: $0), receive: CallKey(sample: $0)) })
        case .signal: .signal(call: next.id(), kind: next.value(), next.text())
        case .end: .end(call: next.id())
        case .receiveKey: .receiveKey(call: next.id(), CallKey(sample: next))
        case .sendKey: .sendKey(call: next.id(), CallKey(sample: next))
        case .forgetKey: .forgetKey(call: next.id(), id: next.u8())
        }
    }
}

extension Event: BoundaryUnion {
    func sample(_ next: BoundarySampler) -> Event {
        switch self {
        case .noVault: .noVault
        case .vault: .vault(waitMs: next.u64(), scrypt: ScryptParameters(sample: next))
        case .newVaultParameters:
            .newVaultParameters(
                scrypt: ScryptParameters(sample: next), kind: next.value(), inviterName: next.text(),
                host: next.text())
        case .linkRefused: .linkRefused(next.value())
        case .enrolled: .enrolled
        case .unlocked:
            .unlocked(
                Profile(
                    ownName: next.text(), ownMember: next.id(), isOperator: next.flag(), mayInvite: next.flag(),
                    settings: Settings(sample: next), recoverySaved: next.flag(), confirmed: next.flag(),
                    recoveryMade: next.u64()))
        case .unlockRefused: .unlockRefused(waitMs: next.u64())
        case .conversations: .conversations(next.list(ConversationSummary.init(sample:)))
        case .messages:
            .messages(
                conversation: next.id(), replaceAll: next.flag(), hasOlder: next.flag(),
                next.list(MessageSummary.init(sample:)))
        case .revealed:
            .revealed(conversation: next.id(), message: next.id(), text: next.text(), untilMs: next.u64())
        case .invitation: .invitation(invitation: next.id(), link: next.text(), expires: next.u64())
        case .invitations:
            .invitations(
                next.list {
                    InvitationSummary(
                        invitation: $0.id(), created: $0.u64(), expires: $0.u64(), state: $0.value(),
                        label: $0.text(), guest: $0.text(), isShowable: $0.flag())
                })
        case .safetyNumber:
            .safetyNumber(member: next.id(), digits: next.text(), qr: next.bytes(), verified: next.flag())
        case .recoveryFile: .recoveryFile(file: next.bytes(), code: next.text())
        case .nodeStatus: .nodeStatus(next.value(), reason: next.value())
        case .warning: .warning(next.value(), conversation: next.id())
        case .locked: .locked
        case .problem: .problem(next.value())
        case .call:
            .call(
                CallSummary(
                    call: next.id(), conversation: next.id(), isOwn: next.flag(), video: next.flag(),
                    encryption: next.value(), state: next.value(), reason: next.value(), startedMs: next.u64()))
        case .resumed:
            .resumed(
                conversation: next.maybe { $0.id() },
                drafts: next.list {
                    Draft(conversation: $0.id(), text: $0.text(), voice: $0.maybe(VoiceDraft.init(sample:)))
                })
        }
    }
}

extension Settings {
    fileprivate init(sample next: BoundarySampler) {
        self.init(
            revealSeconds: next.u16(), idleLockSeconds: next.u16(), readReceipts: next.flag(), relayOnly: next.flag())
    }
}

extension VoiceDraft {
    fileprivate init(sample next: BoundarySampler) {
        self.init(type: next.text(), durationMs: next.u32(), waveform: next.bytes(), bytes: next.bytes())
    }
}

extension ScryptParameters {
    fileprivate init(sample next: BoundarySampler) {
        self.init(n: next.u64(), r: next.u32(), p: next.u32(), salt: next.bytes())
    }
}

extension CallKey {
    fileprivate init(sample next: BoundarySampler) {
        self.init(id: next.u8(), key: next.fixed(32))
    }
}

extension ConversationSummary {
    fileprivate init(sample next: BoundarySampler) {
        self.init(
            conversation: next.id(), member: next.id(), device: next.id(), name: next.text(), selfName: next.text(),
            petname: next.text(), verified: next.flag(), removed: next.flag(), unread: next.u32(),
            lastTime: next.u64(), connection: next.value(), nameCollision: next.flag(), gap: next.flag(),
            warning: next.flag(), calls: next.value(), unmasked: next.flag())
    }
}

extension MessageSummary {
    fileprivate init(sample next: BoundarySampler) {
        self.init(
            id: next.id(), isOwn: next.flag(), time: next.u64(), order: next.u64(), state: next.value(),
            kind: next.value(), notice: next.value(), isMasked: next.flag(), text: next.text(), failure: next.value(),
            file: next.maybe(FileSummary.init(sample:)))
    }
}

extension FileSummary {
    fileprivate init(sample next: BoundarySampler) {
        self.init(
            name: next.text(), type: next.text(), size: next.u64(), kind: next.value(), durationMs: next.u32(),
            waveform: next.bytes(), state: next.value(), chunks: next.u32(), hasReadableCopy: next.flag())
    }
}
