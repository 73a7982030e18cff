import CryptoPrimitives
import SegmentedHSM
import Trust
import WireFormat

/// One person's messenger on one device, without a clock, a socket or a disk.
///
/// Everything comes in through ``handle(_:now:)`` and goes out in its result, so that the same engine runs in a browser's
/// worker, in a command line and in a simulator. Its outputs follow from its inputs and its `Randomness` alone.
public final class Engine {
    private enum Phase {
        /// Not started, or locked for good.
        case off
        /// Started, and there is no vault.
        case newcomer
        case enrolling(Enrolment)
        case locked(VaultHeader)
        case open(Account)
    }

    private let effects: Effects
    private var phase = Phase.off
    private var origin = Text.empty
    private var deviceSegment = Secret([])
    private var link: NodeLink
    /// Counts the attempts at the passphrase, whatever it is asked for.
    private var throttle = UnlockThrottle()
    /// Whether the attempt that follows was counted already, by ``Input/beginAttempt``.
    private var isAttemptCounted = false
    /// What the host can do about calls, said before or after unlocking.
    private var callSupport = CallSupport.none

    public init(random: Randomness) {
        effects = Effects(random: random)
        link = NodeLink(origin: .empty, effects: effects)
    }

    /// Takes one input and says what is to be written, sent and shown because of it. An input that has no meaning in the
    /// engine's state changes nothing.
    ///
    /// - Parameter now: the host's time in milliseconds since 1970.
    public func handle(_ input: Input, now: UInt64) -> Output {
        effects.begin(now: now)
        switch input {
        case .start(let origin, let header, let throttle, let deviceSegment):
            start(origin, header: header, throttle: throttle, deviceSegment: deviceSegment)
        case .openLink(let text): open(text)
        case .enrol(let name, let passphraseSegment): enrol(name, passphraseSegment)
        case .beginAttempt: isAttemptCounted = beginAttempt()
        case .unlock(let passphraseSegment, let records): unlock(passphraseSegment, records)
        case .lock: lock()
        case .changePassphrase(let old, let new): changePassphrase(from: old, to: new)
        case .recoveryFile(let passphraseSegment): makeRecoveryFile(passphraseSegment)
        case .callsSupported(let support):
            callSupport = support
            if case .open(let account) = phase { account.setCallSupport(support) }
        default: pass(input)
        }
        settle()
        return effects.finish()
    }

    /// Every output tells anew when the next tick is wanted, whatever the input was.
    private func settle() {
        switch phase {
        case .open(let account):
            if account.isRefused { forget(account) } else { account.settle() }
        case .enrolling(let enrolment):
            if let account = enrolment.makeAccount(deviceSegment: deviceSegment) {
                phase = .open(account)
                // Of an earlier vault of this profile nothing is to be left.
                account.takeInventory()
                account.callSupport = callSupport
                account.requestEnrolment()
                account.settle()
            } else {
                enrolment.settle()
            }
        case .off, .newcomer, .locked: break
        }
    }

    private func pass(_ input: Input) {
        switch phase {
        case .open(let account): account.handle(input)
        case .enrolling(let enrolment):
            switch input {
            case .nodeConnected: link.connected()
            case .nodeDisconnected: link.disconnected()
            case .nodeFrame(let frame): enrolment.receive(frame: frame)
            default: break
            }
        case .newcomer, .locked:
            if input == .nodeConnected { link.connected() }
            if input == .nodeDisconnected { link.disconnected() }
        case .off: break
        }
    }

    private func start(_ origin: Text, header: [UInt8], throttle: [UInt8], deviceSegment: [UInt8]) {
        guard case .off = phase else { return }
        self.origin = origin
        self.deviceSegment = Secret(deviceSegment)
        link = NodeLink(origin: origin, effects: effects)
        guard !header.isEmpty else {
            phase = .newcomer
            return effects.emit(.noVault)
        }
        do throws(WireError) {
            let header = try VaultHeader(decoding: header)
            guard header.recognises(device: self.deviceSegment) else {
                return effects.emit(.problem(.damagedStorage))
            }
            self.throttle = Self.decode(throttle: throttle)
            phase = .locked(header)
            showVault()
        } catch {
            effects.emit(.problem(.damagedStorage))
        }
    }

    /// A throttle that cannot be read counts as a fresh one: the passphrase's own cost remains, and a person who can spoil
    /// the record could also delete it.
    private static func decode(throttle bytes: [UInt8]) -> UnlockThrottle {
        do throws(WireError) {
            return try UnlockThrottle(decoding: bytes)
        } catch {
            return UnlockThrottle()
        }
    }

    private func showVault() {
        guard case .locked(let header) = phase else { return }
        let wait = throttle.waitingTime(now: effects.seconds)
        effects.emit(.vault(waitMs: wait * 1000, scrypt: ScryptParameters(header.passphraseParameters)))
    }

    // Enrolment.

    private func open(_ text: Text) {
        switch phase {
        case .newcomer, .enrolling: break
        case .locked, .open: return effects.emit(.linkRefused(.otherBubble))
        case .off: return
        }
        do throws(LinkError) {
            let invitation = try InvitationLink(parsing: text.utf8)
            guard Text(invitation.origin) == origin else { return effects.emit(.linkRefused(.otherBubble)) }
            let enrolment = Enrolment(link: invitation, session: link, origin: origin, effects: effects)
            phase = .enrolling(enrolment)
            enrolment.begin()
        } catch {
            switch error {
            case .notHTTPS, .badHost, .badPort, .noFragment, .unknownVersion:
                effects.emit(.linkRefused(.unknownLinkFormat))
            case .badCharacter, .wrongLength, .badAuthorityHash: effects.emit(.linkRefused(.damagedLink))
            }
        }
    }

    private func enrol(_ name: Text, _ passphraseSegment: [UInt8]) {
        guard case .enrolling(let enrolment) = phase else { return }
        enrolment.accept(name: name, passphraseSegment: passphraseSegment)
    }

    /// The node refused to enrol us: the vault holds nothing that could still be of use.
    private func forget(_ account: Account) {
        account.eraseAll()
        effects.write(.meta, label("header"), nil)
        effects.write(.meta, label("throttle"), nil)
        account.vault.hsm.lock()
        phase = .newcomer
        effects.emit(.noVault)
    }

    // The vault.

    /// Counts an attempt and has that stored, before anything is derived from the passphrase: to end the program in the middle is
    /// no free guess.
    ///
    /// - Returns: whether it may be made.
    private func beginAttempt() -> Bool {
        switch phase {
        case .locked, .open: break
        case .off, .newcomer, .enrolling: return false
        }
        let now = effects.seconds
        guard throttle.beginAttempt(now: now) else {
            if case .open = phase { effects.emit(.problem(.tooManyAttempts)) }
            effects.emit(.unlockRefused(waitMs: throttle.waitingTime(now: now) * 1000))
            return false
        }
        effects.write(.meta, label("throttle"), throttle.encoded)
        return true
    }

    /// Whether the passphrase that has come may be tried: a host that did not ask before is counted now.
    private func takeAttempt() -> Bool {
        if isAttemptCounted {
            isAttemptCounted = false
            return true
        }
        return beginAttempt()
    }

    private func attemptSucceeded() {
        throttle.succeed()
        effects.write(.meta, label("throttle"), throttle.encoded)
    }

    private func unlock(_ passphraseSegment: [UInt8], _ records: [StoredRecord]) {
        guard case .locked(let header) = phase, takeAttempt() else { return }
        do throws(HSMError) {
            let hsm = try HSM.unlock(
                header,
                segments: [.passphrase(Secret(passphraseSegment), header.passphraseParameters), .device(deviceSegment)])
            attemptSucceeded()
            open(hsm, header, records)
        } catch {
            effects.emit(.problem(.wrongPassphrase))
            effects.emit(.unlockRefused(waitMs: throttle.waitingTime(now: effects.seconds) * 1000))
        }
    }

    private func open(_ hsm: HSM, _ header: VaultHeader, _ records: [StoredRecord]) {
        do throws(AccountFault) {
            let (account, isComplete) = try Account.load(
                records, hsm: hsm, link: link, origin: origin, effects: effects)
            if !isComplete { effects.emit(.problem(.damagedStorage)) }
            account.header = header
            account.callSupport = callSupport
            phase = .open(account)
            account.show()
            // A host that was connected all along is heard at once.
            if link.isConnected { link.speak(as: account.speaker) }
        } catch {
            hsm.lock()
            phase = .locked(header)
            effects.emit(.problem(.damagedStorage))
        }
    }

    private func lock() {
        if case .open(let account) = phase {
            account.leaveCalls()
            account.flush()
            account.vault.hsm.lock()
        }
        phase = .off
        isAttemptCounted = false
        deviceSegment = Secret([])
        link = NodeLink(origin: .empty, effects: effects)
        effects.output.connection = .close
        effects.output.toNode = []
        effects.output.nextTimeout = nil
        effects.emit(.locked)
    }

    /// The new passphrase's segment is derived with the same parameters: the salt is the vault's, not the passphrase's.
    private func changePassphrase(from old: [UInt8], to new: [UInt8]) {
        guard case .open(let account) = phase, let header = account.header, takeAttempt() else { return }
        let parameters = header.passphraseParameters
        do throws(HSMError) {
            let rekey = try HSM.rekey(
                header, from: [.passphrase(Secret(old), parameters), .device(deviceSegment)],
                to: [.passphrase(Secret(new), parameters), .device(deviceSegment)], random: effects.random)
            // Both steps in one durable write: at every moment one of the two passphrases opens the vault.
            effects.write(.meta, label("header"), rekey.switched.encoded)
            attemptSucceeded()
            account.header = rekey.switched
            account.showProfile()
        } catch {
            effects.emit(.problem(.wrongPassphrase))
        }
    }

    /// The authority's keys leave the vault only with the passphrase: an unlocked screen is not enough.
    private func makeRecoveryFile(_ passphraseSegment: [UInt8]) {
        guard case .open(let account) = phase, let header = account.header else { return }
        guard account.authorityKey != nil else { return effects.emit(.problem(.notPermitted)) }
        guard takeAttempt() else { return }
        do throws(HSMError) {
            let check = try HSM.unlock(
                header,
                segments: [.passphrase(Secret(passphraseSegment), header.passphraseParameters), .device(deviceSegment)])
            check.lock()
            attemptSucceeded()
            account.makeRecoveryFile()
        } catch {
            effects.emit(.problem(.wrongPassphrase))
        }
    }
}
