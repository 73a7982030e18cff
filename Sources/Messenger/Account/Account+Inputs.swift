// What the host says to an unlocked account, and what is due after each input.
extension Account {
    func handle(_ input: Input) {
        switch input {
        case .nodeConnected:
            reconnectAt = nil
            link.speak(as: speaker)
            link.connected()
        case .nodeDisconnected: disconnected()
        case .nodeFrame(let frame): receive(frame: frame)
        case .channelState(let device, let state, let path): channelState(device: device, state, path)
        case .channelMessage(let device, let piece): receive(channelMessage: piece, device: device)
        case .localSignal(let device, let kind, let text): localSignal(device: device, kind: kind, text)
        case .records(let records): take(records)
        case .invite(let seconds): invite(validFor: seconds)
        case .withdrawInvitation(let id): withdraw(id)
        case .openConversation(let id):
            openConversation(id)
            remember(view: view?.conversation)
        case .olderMessages(let id): olderMessages(id)
        case .closeConversation:
            closeConversation()
            remember(view: nil)
        case .send(let id, let text): send(text, to: id)
        case .reveal(let id, let message): reveal(conversation: id, message: message)
        case .verified(let member, let isVerified): setVerified(isVerified, member)
        case .rename(let name): rename(name)
        case .petname(let member, let name): setPetname(name, of: member)
        case .settings(let settings): change(settings)
        case .recoveryFileSaved: recoveryFileSaved()
        case .retry(let id, let message): retry(conversation: id, message: message)
        case .channelFingerprintMismatch(let device): fingerprintMismatch(device: device)
        case .prepareFile(let id, let ticket, let file): prepareFile(file, ticket: ticket, to: id)
        case .fileSealed(let file, let hash): fileSealed(file, hash: hash)
        case .fileFailed(let file, let fault): fileFailed(file, fault)
        case .fileReceived(let file): fileReceived(file)
        case .fileBytes(let file, let from, let bytes): fileBytes(file, from: from, bytes)
        case .pauseFile(let file, let isPaused): pauseFile(file, isPaused)
        case .cancelFile(let file): cancelFile(file)
        case .openFile(let id, let file, let purpose): openFile(conversation: id, message: file, for: purpose)
        case .readableCopy(let file, let isKept): setReadableCopy(file, isKept: isKept)
        case .fileProgress(let file, let chunks): fileProgress(file, chunks)
        case .call(let id, let video): call(id, video: video)
        case .answerCall(let id, let video): answerCall(id, video: video)
        case .declineCall(let id): declineCall(id)
        case .hangUp(let id): hangUp(id)
        case .callSignal(let id, let kind, let text): callSignal(id, kind, text)
        case .callMedia(let id, let state): callMedia(id, state)
        case .relayRefused(let username): relayRefused(username: username)
        case .draft(let id, let text): keep(draft: text, in: id)
        case .voiceDraft(let id, let voice): keep(voiceDraft: voice, in: id)
        case .hide(let id, let message): hide(conversation: id, message: message)
        case .showInvitation(let id): showInvitation(id)
        case .labelInvitation(let id, let text): setLabel(text, ofInvitation: id)
        case .unmask(let id, let isUnmasked): setUnmasked(isUnmasked, conversation: id)
        case .tick, .start, .openLink, .enrol, .beginAttempt, .unlock, .lock, .changePassphrase, .recoveryFile,
            .callsSupported:
            break
        }
    }

    /// Does what is due, writes what has changed and asks to be woken for the rest.
    func settle() {
        watchConnection()
        pumpRelay()
        if intake.obstacle == nil { work() }
        judgeIntake()
        publishKeyPackages()
        readCheckpoint()
        reserveGenerations()
        for conversation in conversations {
            failExpired(in: conversation)
            restartIfDue(conversation)
            showGap(conversation)
            checkSlot(of: conversation)
            forgetPastEpochs(of: conversation)
            commitIfDue(in: conversation)
            pumpFiles(conversation)
            sendWaiting(of: conversation)
            pump(conversation)
            pumpPresence(conversation)
        }
        pumpCalls()
        expireInvitations()
        maskAgain()
        flush()
        if hasChangedList { showConversations() }
        giveBack()
        if hasChangedInvitations { showInvitations() }
        hasChangedList = false
        hasChangedInvitations = false
    }

    private func watchConnection() {
        if let time = reconnectAt {
            if time <= effects.now {
                reconnectAt = nil
                effects.output.connection = .reopen
                disconnected()
            } else {
                effects.wake(at: time)
            }
        }
        if let time = errandsAt {
            if time <= effects.now {
                errandsAt = nil
                runErrands()
            } else {
                effects.wake(at: time)
            }
        }
        probeIfQuiet()
        guard let deadline = link.deadline else { return }
        guard deadline <= effects.now else { return effects.wake(at: deadline) }
        // The node is silent: whatever the connection is, it is of no use.
        effects.output.connection = .reopen
        disconnected()
    }

    /// Everything that the user sees after unlocking.
    func show() {
        showProfile()
        takeInventory()
        hasChangedList = true
        hasChangedInvitations = true
        effects.output.connection = .open
        effects.emit(.nodeStatus(.connecting, reason: .none))
    }
}
