import CryptoPrimitives
import MLS
import NodeProtocol
import SegmentedHSM
import Trust
import WireFormat

/// Joining through a link, up to the moment when there is an account to go on with.
final class Enrolment {
    private let link: InvitationLink
    private let session: NodeLink
    private let origin: Text
    private let effects: Effects
    /// Proposed to the host for the new vault.
    private let parameters: PassphraseParameters
    /// The invitation's bundle, opened and verified. nil for an operator's claim.
    private var opened: (invitation: OpenedInvitation, keyPackage: KeyPackage)?
    private var isReady = false
    /// What the person has chosen, until the account is made of it.
    private var choice: (name: Text, passphraseSegment: Secret)?

    init(link: InvitationLink, session: NodeLink, origin: Text, effects: Effects) {
        self.link = link
        self.session = session
        self.origin = origin
        self.effects = effects
        parameters = PassphraseParameters.generate(effects.random)
    }

    func begin() {
        effects.output.connection = .open
        effects.emit(.nodeStatus(.connecting, reason: .none))
        session.speak(as: .guest)
        if session.isEstablished { established() }
    }

    func receive(frame: [UInt8]) {
        switch session.receive(frame) {
        case .established: established()
        case .response(.openBundle, let response): open(response)
        case .goodbye(let refusal):
            // A person who is choosing a passphrase goes on: the node will be there again.
            if isReady { break }
            effects.emit(.linkRefused(refusal == .rateLimited ? .tooManyRequests : .nodeUnreachable))
        case .forged: effects.emit(.linkRefused(.nodeUnreachable))
        case .nothing, .response, .push, .wrongNodeKey: break
        }
    }

    /// A node that says nothing is as good as none.
    func settle() {
        guard let deadline = session.deadline else { return }
        guard deadline <= effects.now else { return effects.wake(at: deadline) }
        session.disconnected()
        effects.output.connection = .reopen
        if !isReady { effects.emit(.linkRefused(.nodeUnreachable)) }
    }

    private func established() {
        effects.emit(.nodeStatus(.connected, reason: .none))
        // The person is already choosing a passphrase.
        if isReady { return }
        // Whatever a wrong clock makes of the link, it is not the link's fault; and keys that begin in the future join nothing.
        guard !hasWrongClock else { return effects.emit(.linkRefused(.wrongClock)) }
        switch link.kind {
        case .operatorClaim: ready(.operator, inviterName: .empty)
        case .member:
            session.send(.invitationBundle(invitation: link.keys.id.bytes), for: .openBundle)
        }
    }

    private var hasWrongClock: Bool { session.clockDifference.magnitude > Account.clockTolerance.magnitude }

    private func open(_ response: Response) {
        guard case .invitationBundle(let sealed) = response else {
            return effects.emit(.linkRefused(Self.problem(response)))
        }
        do throws(TrustError) {
            let invitation = try InvitationBundle.open(sealed, link: link, now: effects.seconds)
            guard session.nodeKey == invitation.state.nodeKey else {
                effects.warn(.nodeKeyChanged)
                return effects.emit(.linkRefused(.forgedBundle))
            }
            guard let keyPackage = Self.keyPackage(of: invitation) else {
                effects.warn(.memberNotVerified)
                return effects.emit(.linkRefused(.forgedBundle))
            }
            opened = (invitation, keyPackage)
            ready(.member, inviterName: DisplayName.cleaned(Text(invitation.inviterName)))
        } catch {
            switch error {
            case .expired: effects.emit(.linkRefused(.expired))
            case .notYetValid: effects.emit(.linkRefused(.wrongClock))
            case .revoked: effects.emit(.linkRefused(.withdrawn))
            default:
                effects.warn(.invitationForged)
                effects.emit(.linkRefused(.forgedBundle))
            }
        }
    }

    /// The KeyPackage in the bundle, if it is the inviter's device's. Whoever knows the link can seal another one in its place.
    private static func keyPackage(of invitation: OpenedInvitation) -> KeyPackage? {
        do throws(WireError) {
            let keyPackage = try KeyPackage(decoding: invitation.keyPackage)
            do throws(MLSError) {
                try keyPackage.validate()
            } catch {
                return nil
            }
            let leaf = keyPackage.leafNode
            let isInviters =
                leaf.credential == .basic(identity: invitation.inviter.leafIdentity.encoded)
                && leaf.signatureKey == invitation.inviter.leafKey
            return isInviters ? keyPackage : nil
        } catch {
            return nil
        }
    }

    private static func problem(_ response: Response) -> Problem {
        guard case .refused(let refusal) = response else { return .nodeUnreachable }
        return Problem(ofInvitation: refusal) ?? (refusal == .rateLimited ? .tooManyRequests : .nodeUnreachable)
    }

    private func ready(_ kind: EnrolmentKind, inviterName: Text) {
        isReady = true
        let host = origin.string.utf8.count > 8 ? Text(validating: [UInt8](origin.utf8.dropFirst(8))) : nil
        effects.emit(
            .newVaultParameters(
                scrypt: ScryptParameters(parameters), kind: kind, inviterName: inviterName, host: host ?? .empty))
    }

    /// The person has chosen a name and a passphrase.
    func accept(name: Text, passphraseSegment: [UInt8]) {
        let name = DisplayName.cleaned(name)
        guard isReady else { return }
        guard !name.isEmpty else { return effects.emit(.problem(.badName)) }
        choice = (name, Secret(passphraseSegment))
        if !session.isEstablished { effects.emit(.problem(.nodeUnreachable)) }
    }

    /// Makes the vault and the account and writes both, once the person has chosen and the node is there to take us in.
    func makeAccount(deviceSegment: Secret) -> Account? {
        guard let (name, passphraseSegment) = choice, session.isEstablished, let nodeKey = session.nodeKey else {
            return nil
        }
        choice = nil
        do throws(AccountFault) {
            let (hsm, header) = try makeVault(passphraseSegment, deviceSegment)
            let account =
                if let opened {
                    try makeMember(name, opened.invitation, opened.keyPackage, hsm)
                } else {
                    try makeOperator(name, nodeKey, hsm)
                }
            effects.write(.meta, label("header"), header.encoded)
            effects.write(.meta, label("throttle"), UnlockThrottle().encoded)
            account.header = header
            account.hasReadCheckpoint = true
            account.hasChangedAccount = true
            account.hasChangedNode = true
            account.hasChangedChains = true
            return account
        } catch {
            effects.emit(.problem(.internalError))
            return nil
        }
    }

    private func makeVault(_ passphraseSegment: Secret, _ deviceSegment: Secret) throws(AccountFault)
        -> (HSM, VaultHeader)
    {
        do throws(HSMError) {
            let (hsm, header) = try HSM.create(
                segments: [.passphrase(passphraseSegment, parameters), .device(deviceSegment)],
                random: effects.random)
            return (hsm, header)
        } catch {
            throw .failed
        }
    }

    // The operator: the bubble begins here.

    private func makeOperator(_ name: Text, _ nodeKey: [UInt8], _ hsm: HSM) throws(AccountFault) -> Account {
        let keys = try NewKeys(hsm, effects.random)
        let random = effects.random
        let authorityKey: HybridKey
        let sealedAuthority: [UInt8]
        do throws(HSMError) {
            authorityKey = try hsm.generateHybridKey(random)
            sealedAuthority = try hsm.seal(authorityKey, context: KeyContext.authority, random: random)
        } catch {
            throw .failed
        }
        var record: AccountRecord
        var chains: ChainCache
        do throws(TrustError) {
            let authority = Authority(bubble: .generate(random), key: authorityKey.publicKey)
            let signer = HSMHybridSigner(hsm: hsm, key: authorityKey)
            let validity = Validity(from: effects.seconds)
            let state = try BubbleState.issue(
                version: 1, nodeKey: nodeKey, revoked: RevocationList(bubble: authority.bubble),
                issued: effects.seconds, by: signer, random: random)
            let member = try MemberCertificate.issue(
                to: keys.member.publicKey, rights: [.mayInvite, .operator], validity: validity,
                bubble: authority.bubble, by: signer, random: random)
            let device = try keys.certify(
                hsm, rights: [.mayInvite, .operator], bubble: authority.bubble, now: effects.seconds, random)
            let chain = CertificateChain(member: member, device: device)
            chains = ChainCache(authority: authority)
            let verified = try chains.insert(chain, now: effects.seconds, revoked: state.revoked)
            record = try keys.record(
                phase: .claiming(token: link.keys.redemptionProof), name: name, authority: authority,
                state: state.signed,
                chain: chain, identity: verified.leafIdentity, random)
        } catch {
            throw .failed
        }
        record.authorityKey = sealedAuthority
        record.confirmed = true
        return try account(record, chains, hsm)
    }

    // A member: the invitation key certifies it, and its first conversation is with the inviter.

    private func makeMember(_ name: Text, _ opened: OpenedInvitation, _ keyPackage: KeyPackage, _ hsm: HSM)
        throws(AccountFault) -> Account
    {
        let keys = try NewKeys(hsm, effects.random)
        let random = effects.random
        let record: AccountRecord
        var chains = ChainCache(authority: opened.authority)
        do throws(TrustError) {
            let member = try MemberCertificate.issue(
                to: keys.member.publicKey, redeeming: opened.certificate, with: link.keys, now: effects.seconds,
                random: random)
            let device = try keys.certify(
                hsm, rights: [], bubble: opened.authority.bubble, now: effects.seconds, random)
            let chain = opened.chain(member: member, device: device)
            let verified = try chains.insert(chain, now: effects.seconds, revoked: opened.state.revoked)
            try chains.insert(opened.inviterChain, now: effects.seconds, revoked: opened.state.revoked)
            record = try keys.record(
                phase: .redeeming(
                    invitation: link.keys.id, redemption: Redemption(chain: chain, keys: link.keys).encoded),
                name: name, authority: opened.authority, state: opened.state.signed, chain: chain,
                identity: verified.leafIdentity, random)
        } catch {
            throw .failed
        }
        let account = try account(record, chains, hsm)
        try meetInviter(account, opened, keyPackage)
        return account
    }

    private func meetInviter(_ account: Account, _ opened: OpenedInvitation, _ keyPackage: KeyPackage)
        throws(AccountFault)
    {
        guard let key = account.leafKeys.last else { throw .failed }
        let (group, welcome) = try Account.beginGroup(
            adding: keyPackage, identity: account.record.identity,
            signer: HSMLeafSigner(hsm: account.vault.hsm, key: key), instance: 0, now: effects.now,
            random: effects.random, accept: account.acceptance)
        let conversation = account.meet(opened.inviter)
        account.update(opened.inviter.member) { contact in
            contact.mailbox = opened.mailbox
            contact.name = DisplayName.cleaned(Text(opened.inviterName))
        }
        account.add(group, to: conversation)
        account.append(.began, to: conversation)
        account.setIntroduction(
            PendingIntroduction(
                conversation: conversation.id, redemption: nil, instance: 0, chain: account.record.chain,
                welcome: welcome, sent: 0, attempts: 0),
            of: conversation)
    }

    private func account(_ record: AccountRecord, _ chains: ChainCache, _ hsm: HSM) throws(AccountFault) -> Account {
        try Account(
            record: record, node: NodeRecord(), chains: chains, vault: Vault(hsm: hsm, effects: effects),
            link: session, origin: origin, effects: effects)
    }
}

/// The keys of a member and its device, just made.
private struct NewKeys {
    let member: HybridKey
    let session: SigningKey
    let leaf: SigningKey
    private let sealed: (member: [UInt8], session: [UInt8], leaf: [UInt8])

    init(_ hsm: HSM, _ random: Randomness) throws(AccountFault) {
        do throws(HSMError) {
            member = try hsm.generateHybridKey(random)
            session = try hsm.generateSigningKey(random)
            leaf = try hsm.generateSigningKey(random)
            sealed = (
                try hsm.seal(member, context: KeyContext.member, random: random),
                try hsm.seal(session, context: KeyContext.session, random: random),
                try hsm.seal(leaf, context: KeyContext.leaf, random: random)
            )
        } catch {
            throw .failed
        }
    }

    func certify(_ hsm: HSM, rights: Rights, bubble: BubbleID, now: UInt64, _ random: Randomness) throws(TrustError)
        -> DeviceCertificate
    {
        try DeviceCertificate.issue(
            device: .generate(random), leafKey: leaf.publicKey, sessionKey: session.publicKey, generation: 1,
            rights: rights, validity: Validity(from: now), bubble: bubble, by: HSMHybridSigner(hsm: hsm, key: member),
            random: random)
    }

    func record(
        phase: EnrolmentPhase, name: Text, authority: Authority, state: SignedBubbleState, chain: CertificateChain,
        identity: LeafIdentity, _ random: Randomness
    ) throws(TrustError) -> AccountRecord {
        AccountRecord(
            phase: phase, name: name, settings: Settings(), recoverySaved: false, confirmed: false,
            authority: authority, state: state, chain: chain, identity: identity,
            mailbox: try MailboxCapability(
                mailbox: random.bytes(16), deliveryKey: random.secret(32), envelopeSecret: random.secret(32)),
            memberKey: sealed.member, sessionKey: sealed.session, authorityKey: nil, leafKeys: [sealed.leaf])
    }
}

extension ScryptParameters {
    init(_ parameters: PassphraseParameters) {
        self.init(
            n: 1 << UInt64(parameters.log2N), r: UInt32(parameters.r), p: UInt32(parameters.p), salt: parameters.salt)
    }
}
