import Messenger
import NodeProtocol
import WireFormat

// Short words for a trace: what happened, never what was said.
extension World {
    func describe(_ input: Input) -> String {
        switch input {
        case .start: "start"
        case .openLink: "openLink"
        case .enrol: "enrol"
        case .unlock(_, let records): "unlock(\(records.count) records)"
        case .lock: "lock"
        case .nodeConnected: "nodeConnected"
        case .nodeDisconnected: "nodeDisconnected"
        case .nodeFrame: "nodeFrame"
        case .channelState(let device, let state, _): "channel(\(short(device))) \(state == .open ? "opens" : "closes")"
        case .channelMessage(let device, let bytes): "channelMessage(\(short(device)), \(bytes.count))"
        case .localSignal(let device, let kind, _): "localSignal(\(short(device)), \(kind.rawValue))"
        case .records(let records): "records(\(records.count), \(records.count { $0.value == nil }) missing)"
        case .tick: "tick"
        case .invite: "invite"
        case .withdrawInvitation: "withdrawInvitation"
        case .openConversation: "openConversation"
        case .olderMessages: "olderMessages"
        case .closeConversation: "closeConversation"
        case .send(_, let text): "send(\(text.utf8.count) bytes, text \(counts.texts))"
        case .reveal: "reveal"
        case .verified: "verified"
        case .rename: "rename"
        case .petname: "petname"
        case .settings: "settings"
        case .recoveryFileSaved: "recoveryFileSaved"
        case .recoveryFile: "recoveryFile"
        case .changePassphrase: "changePassphrase"
        case .retry: "retry"
        case .channelFingerprintMismatch: "channelFingerprintMismatch"
        case .prepareFile(_, let ticket, let file): "prepareFile(\(ticket), \(file.size) bytes)"
        case .fileSealed(let file, _): "fileSealed(\(short(file)))"
        case .fileFailed(let file, let fault): "fileFailed(\(short(file)), \(fault.rawValue))"
        case .fileReceived(let file): "fileReceived(\(short(file)))"
        case .fileBytes(let file, let from, let bytes): "fileBytes(\(short(file)), \(from), \(bytes.count))"
        case .pauseFile(let file, let isPaused): "pauseFile(\(short(file)), \(isPaused))"
        case .cancelFile(let file): "cancelFile(\(short(file)))"
        case .openFile(_, let file, _): "openFile(\(short(file)))"
        case .readableCopy(let file, let isKept): "readableCopy(\(short(file)), \(isKept))"
        case .fileProgress(let file, let chunks): "fileProgress(\(short(file)), \(chunks))"
        case .call(_, let video): "call(\(video ? "video" : "voice"))"
        case .answerCall(let call, _): "answerCall(\(short(call)))"
        case .declineCall(let call): "declineCall(\(short(call)))"
        case .hangUp(let call): "hangUp(\(short(call)))"
        case .callSignal(let call, let kind, _): "callSignal(\(short(call)), \(kind.rawValue))"
        case .callMedia(let call, let state): "callMedia(\(short(call)), \(state.rawValue))"
        case .callsSupported(let support): "callsSupported(\(support.rawValue))"
        case .relayRefused: "relayRefused"
        case .hide: "hide"
        case .showInvitation: "showInvitation"
        case .labelInvitation: "labelInvitation"
        case .unmask(_, let isUnmasked): "unmask(\(isUnmasked))"
        case .draft(_, let text): "draft(\(text.utf8.count) bytes)"
        case .voiceDraft(_, let voice): "voiceDraft(\(voice?.bytes.count ?? 0) bytes)"
        case .beginAttempt: "beginAttempt"
        }
    }

    func describe(_ output: Output) -> String {
        var words = "\(output.writes.count) writes"
        if !output.reads.isEmpty { words += ", \(output.reads.count) reads" }
        if output.connection != .unchanged { words += ", connection \(output.connection.rawValue)" }
        if !output.toNode.isEmpty { words += ", \(output.toNode.count) to node" }
        for action in output.channels {
            switch action {
            case .connect(let device, let initiator, _): words += ", connect(\(short(device)), \(initiator))"
            case .remoteSignal(let device, let kind, _): words += ", remoteSignal(\(short(device)), \(kind.rawValue))"
            case .send(let device, let bytes): words += ", channelSend(\(short(device)), \(bytes.count))"
            case .close(let device): words += ", close(\(short(device)))"
            }
        }
        for action in output.files {
            switch action {
            case .seal(let file, let ticket, _, _, _): words += ", seal(\(short(file)), \(ticket))"
            case .send(_, let file, _, _): words += ", sendFile(\(short(file)))"
            case .receive(_, let file, _, _, _, _): words += ", receiveFile(\(short(file)))"
            case .stop(let file): words += ", stopFile(\(short(file)))"
            case .read(let file, _, let from, let count): words += ", readFile(\(short(file)), \(from), \(count))"
            case .store(let file, _, _, _, _, let from, let chunks):
                words += ", storeFile(\(short(file)), \(from), \(chunks.count))"
            case .delete(let file, _): words += ", deleteFile(\(short(file)))"
            case .open(let file, _, _, _, _, _, _): words += ", openFile(\(short(file)))"
            case .inventory(let files): words += ", inventory(\(files.count))"
            }
        }
        for action in output.calls { words += ", \(describe(action))" }
        for event in output.events { words += ", \(describe(event))" }
        if let time = output.nextTimeout { words += ", tick at \(Int64(bitPattern: time) - 1_800_000_000_000)" }
        return words
    }

    private func describe(_ action: CallAction) -> String {
        switch action {
        case .start(let call, _, let polite, _, _, _): "startCall(\(short(call)), \(polite ? "polite" : "impolite"))"
        case .signal(let call, let kind, _): "callSignal(\(short(call)), \(kind.rawValue))"
        case .end(let call): "endCall(\(short(call)))"
        case .receiveKey(let call, let key): "receiveKey(\(short(call)), \(key.id))"
        case .sendKey(let call, let key): "sendKey(\(short(call)), \(key.id))"
        case .forgetKey(let call, let id): "forgetKey(\(short(call)), \(id))"
        }
    }

    func describe(_ call: CallSummary) -> String {
        "call(\(short(call.call)), state \(call.state.rawValue), reason \(call.reason.rawValue))"
    }

    private func describe(_ event: Event) -> String {
        switch event {
        case .noVault: "noVault"
        case .vault(let waitMs, _): "vault(\(waitMs))"
        case .newVaultParameters: "newVaultParameters"
        case .linkRefused(let problem): "linkRefused(\(problem.rawValue))"
        case .enrolled: "enrolled"
        case .unlocked: "unlocked"
        case .unlockRefused(let waitMs): "unlockRefused(\(waitMs))"
        case .conversations(let list): describe(list)
        case .messages(_, _, let hasOlder, let list): describe(list, hasOlder: hasOlder)
        case .revealed: "revealed"
        case .invitation: "invitation"
        case .invitations(let list): "invitations(\(list.count))"
        case .safetyNumber: "safetyNumber"
        case .recoveryFile: "recoveryFile"
        case .nodeStatus(let status, let reason): "nodeStatus(\(status.rawValue), \(reason.rawValue))"
        case .warning(let warning, _): "warning(\(describe(warning)))"
        case .locked: "locked"
        case .problem(let problem): "problem(\(problem.rawValue))"
        case .call(let call): describe(call)
        case .resumed(_, let drafts): "resumed(\(drafts.count) drafts)"
        }
    }

    private func describe(_ list: [ConversationSummary]) -> String {
        var words = "conversations("
        for summary in list {
            words += " \(summary.connection.rawValue)"
            if summary.gap { words += "gap" }
            if summary.removed { words += "†" }
        }
        return words + ")"
    }

    private func describe(_ list: [MessageSummary], hasOlder: Bool) -> String {
        var words = "messages("
        for message in list {
            words += message.isOwn ? " own" : " "
            words += "\(message.order):\(message.state.rawValue)"
        }
        return words + (hasOlder ? ", older)" : ")")
    }

    func describe(client bytes: [UInt8]) -> String {
        guard let frame = try? ClientFrame(decoding: bytes) else { return "no frame" }
        switch frame {
        case .hello(_, let role, _, let device, _): return "hello(\(role == .guest ? "guest" : short(device)))"
        case .authenticate: return "authenticate"
        case .request(let id, let request): return "\(id): \(describe(request))"
        }
    }

    private func describe(_ request: Request) -> String {
        switch request {
        case .claim: "claim"
        case .invitationBundle: "invitationBundle"
        case .redeem: "redeem"
        case .bubbleState: "bubbleState"
        case .publishBubbleState: "publishBubbleState"
        case .putInvitation: "putInvitation"
        case .withdrawInvitation: "withdrawInvitation"
        case .createMailbox(let mailbox, _): "createMailbox(\(short(mailbox)))"
        case .rotateDeliveryKey: "rotateDeliveryKey"
        case .fetchEnvelopes(let mailbox, let after, let limit): "fetch(\(short(mailbox)), \(after), \(limit))"
        case .acknowledge(let mailbox, let through): "acknowledge(\(short(mailbox)), \(through))"
        case .deliver(let mailbox, _, let transient, _, let envelope):
            "deliver(\(short(mailbox)), \(transient ? "transient " : "")\(envelope.count))"
        case .putBlob(_, _, let bytes): "putBlob(\(bytes.count))"
        case .fetchBlob: "fetchBlob"
        case .deleteBlob: "deleteBlob"
        case .publishKeyPackages(_, let packages): "publishKeyPackages(\(packages.count))"
        case .takeKeyPackage: "takeKeyPackage"
        case .createSlot(let slot, _): "createSlot(\(short(slot)))"
        case .commit(let slot, let position, _, _, _): "commit(\(short(slot)), \(position))"
        case .fetchCommit(let slot, let position, _): "fetchCommit(\(short(slot)), \(position))"
        case .putCheckpoint: "putCheckpoint"
        case .checkpoint: "checkpoint"
        case .relayCredential: "relayCredential"
        }
    }

    func describe(node bytes: [UInt8]) -> String {
        guard let frame = try? NodeFrame(decoding: bytes) else { return "no frame" }
        switch frame {
        case .challenge: return "challenge"
        case .established: return "established"
        case .response(let id, let response): return "\(id): \(describe(response))"
        case .push(.envelope(let mailbox, let sequence, _)): return "push envelope(\(short(mailbox)), \(sequence))"
        case .push(.bubbleState(let version)): return "push bubbleState(\(version))"
        case .push(.invitationRedeemed): return "push invitationRedeemed"
        case .goodbye(let refusal): return "goodbye(\(refusal.rawValue))"
        }
    }

    private func describe(_ response: Response) -> String {
        switch response {
        case .done: "done"
        case .bubbleState: "bubbleState"
        case .invitationBundle: "invitationBundle"
        case .redeemed: "redeemed"
        case .envelopes(let stored, let more):
            "envelopes(\(stored.first?.sequence ?? 0)...\(stored.last?.sequence ?? 0)\(more ? ", more" : ""))"
        case .blob(let bytes): "blob(\(bytes.count))"
        case .keyPackage(let package): package == nil ? "no keyPackage" : "keyPackage"
        case .commit(let commit): commit == nil ? "no commit" : "commit"
        case .checkpoint(let checkpoint): checkpoint == nil ? "no checkpoint" : "checkpoint"
        case .refused(let refusal): "refused(\(refusal.rawValue))"
        case .relayCredential: "relayCredential"
        }
    }

    func describe(_ warning: Warning) -> String {
        switch warning {
        case .fingerprintMismatch: "fingerprintMismatch"
        case .forgedMessage: "forgedMessage"
        case .replayedMessage: "replayedMessage"
        case .olderBubbleState: "olderBubbleState"
        case .secondPersonOnInvitation: "secondPersonOnInvitation"
        case .nameCollision: "nameCollision"
        case .rolledBack: "rolledBack"
        case .nodeKeyChanged: "nodeKeyChanged"
        case .messagesMissing: "messagesMissing"
        case .invitationForged: "invitationForged"
        case .memberNotVerified: "memberNotVerified"
        }
    }

    func describe(_ problem: Problem) -> String {
        "problem \(problem.rawValue)"
    }

    func describe(_ state: MessageState) -> String {
        switch state {
        case .sending: "Sending"
        case .sent: "Sent"
        case .delivered: "Delivered"
        case .read: "Read"
        case .failed: "Failed"
        }
    }

    /// The first two bytes of an identifier, in hexadecimal.
    private func short(_ id: [UInt8]) -> String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in id.prefix(2) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
