import CryptoPrimitives
import MLS
import NodeProtocol
import SegmentedHSM
import Trust
import WireFormat

// Inviting, and what the node and the newcomers make of it.
extension Account {
    static let defaultValidity: UInt32 = 7 * 86_400
    /// The reserved KeyPackage outlives the invitation: the newcomer may have redeemed it at the last moment and be
    /// offline for long. In seconds.
    static let keyPackageLifetime: UInt64 = Limits.invitationLifetime + Limits.envelopeLifetime

    func invite(validFor seconds: UInt32) {
        guard own.rights.contains(.mayInvite) else { return effects.emit(.problem(.notPermitted)) }
        let length = min(UInt64(seconds == 0 ? Self.defaultValidity : seconds), Limits.invitationLifetime)
        let expires = effects.seconds + length
        do throws(AccountFault) {
            let link = try makeLink()
            let keyPackage = try makeKeyPackage(until: effects.seconds + Self.keyPackageLifetime)
            let invitation = InvitationRecord(
                id: link.keys.id, created: effects.now, expires: expires * 1000, state: .open, errand: .put,
                link: Text(String(decoding: link.text, as: UTF8.self)), verifier: link.keys.redemptionVerifier,
                bundle: try makeBundle(link, keyPackage, until: expires), keyPackage: keyPackage)
            invitations.append(invitation)
            save(invitation)
            runErrand(of: invitation)
        } catch {
            effects.emit(.problem(.internalError))
        }
    }

    /// An open invitation, once more.
    func showInvitation(_ id: [UInt8]) {
        if let invitation = invitations.first(where: { $0.id.bytes == id }), invitation.isShowable { show(invitation) }
    }

    private func show(_ invitation: InvitationRecord) {
        effects.emit(
            .invitation(invitation: invitation.id.bytes, link: invitation.link, expires: invitation.expires))
    }

    /// Whom it is for, in the user's own words.
    func setLabel(_ label: Text, ofInvitation id: [UInt8]) {
        guard let index = invitations.firstIndex(where: { $0.id.bytes == id }) else { return }
        invitations[index].label = DisplayName.cleaned(label)
        save(invitations[index])
    }

    private func makeLink() throws(AccountFault) -> InvitationLink {
        do throws(LinkError) {
            return try .member(
                origin: origin.string, authorityHash: record.authority.hash, random: effects.random)
        } catch {
            throw .failed
        }
    }

    private func makeBundle(_ link: InvitationLink, _ keyPackage: KeyPackageBundle, until expires: UInt64)
        throws(AccountFault) -> [UInt8]
    {
        do throws(TrustError) {
            let certificate = try InvitationCertificate.issue(
                for: link.keys, validity: Validity(from: effects.seconds, until: expires), bubble: own.bubble,
                by: own.member, signer: memberSigner, random: effects.random)
            let bundle = InvitationBundle(
                authority: record.authority, state: record.state, inviterChain: record.chain,
                certificate: certificate, keyPackage: keyPackage.keyPackage.encoded, mailbox: record.mailbox,
                inviterName: record.name.string)
            return try bundle.seal(link.keys, random: effects.random)
        } catch {
            throw .failed
        }
    }

    func makeKeyPackage(until end: UInt64) throws(AccountFault) -> KeyPackageBundle {
        guard let key = leafKeys.last else { throw .failed }
        do throws(MLSError) {
            return try KeyPackageBundle.generate(
                suite: .xwing, credential: .basic(identity: record.identity.encoded), signatureKey: key.publicKey,
                signer: HSMLeafSigner(hsm: vault.hsm, key: key),
                notBefore: effects.seconds - min(effects.seconds, 86_400), notAfter: end, random: effects.random)
        } catch {
            throw .failed
        }
    }

    func withdraw(_ id: [UInt8]) {
        guard let index = invitations.firstIndex(where: { $0.id.bytes == id }), invitations[index].state == .open else {
            return
        }
        invitations[index].state = .withdrawn
        invitations[index].keyPackage = nil
        invitations[index].link = .empty
        // One that the node has perhaps been given has to be taken back there.
        invitations[index].errand = .withdraw
        invitations[index].bundle = []
        save(invitations[index])
        runErrand(of: invitations[index])
    }

    func runErrands() {
        for invitation in invitations { runErrand(of: invitation) }
    }

    private func runErrand(of invitation: InvitationRecord) {
        switch invitation.errand {
        case .none: break
        case .put:
            link.send(
                .putInvitation(
                    invitation: invitation.id.bytes, verifier: invitation.verifier,
                    expires: invitation.expires / 1000, bundle: invitation.bundle),
                for: .putInvitation(id: invitation.id.bytes))
        case .withdraw:
            link.send(
                .withdrawInvitation(invitation: invitation.id.bytes),
                for: .withdrawInvitation(id: invitation.id.bytes))
        }
    }

    func invitationPut(_ response: Response, id: [UInt8]) {
        guard let index = invitations.firstIndex(where: { $0.id.bytes == id }), invitations[index].errand == .put else {
            return
        }
        switch response {
        case .done:
            invitations[index].errand = .none
            invitations[index].bundle = []
            save(invitations[index])
            show(invitations[index])
        case .refused(.rateLimited), .refused(.unavailable):
            errandsAt = effects.now + 2_000
        default:
            invitations[index].errand = .none
            invitations[index].state = .withdrawn
            invitations[index].keyPackage = nil
            invitations[index].bundle = []
            invitations[index].link = .empty
            save(invitations[index])
            if case .refused(.quotaExceeded) = response {
                effects.emit(.problem(.tooManyRequests))
            } else {
                effects.emit(.problem(.notPermitted))
            }
        }
    }

    func invitationWithdrawn(_ response: Response, id: [UInt8]) {
        guard let index = invitations.firstIndex(where: { $0.id.bytes == id }) else { return }
        switch response {
        case .refused(.rateLimited), .refused(.unavailable):
            errandsAt = effects.now + 2_000
        default:
            // Withdrawn, used already (then we refuse the newcomer) or never known to the node.
            invitations[index].errand = .none
            save(invitations[index])
        }
    }

    func expireInvitations() {
        dropReservedKeyPackages()
        for index in invitations.indices where invitations[index].state == .open {
            guard invitations[index].expires <= effects.now else {
                effects.wake(at: invitations[index].expires)
                continue
            }
            invitations[index].state = .expired
            invitations[index].errand = .none
            invitations[index].link = .empty
            // The KeyPackage stays: somebody may have redeemed in time and not have reached us yet.
            save(invitations[index])
        }
    }

    /// Nobody can come any more with a KeyPackage whose lifetime is over: its private keys go.
    private func dropReservedKeyPackages() {
        for index in invitations.indices where invitations[index].keyPackage != nil {
            let end = invitations[index].created + Self.keyPackageLifetime * 1000
            guard end <= effects.now else {
                effects.wake(at: end)
                continue
            }
            invitations[index].keyPackage = nil
            save(invitations[index])
        }
    }

    func showInvitations() {
        var summaries: [InvitationSummary] = []
        for invitation in invitations {
            summaries.append(
                InvitationSummary(
                    invitation: invitation.id.bytes, created: invitation.created, expires: invitation.expires,
                    state: invitation.state, label: invitation.label,
                    guest: invitation.guest.flatMap { contact($0)?.shownName } ?? .empty,
                    isShowable: invitation.isShowable))
        }
        effects.emit(.invitations(summaries))
    }

    // KeyPackages for our contacts.

    private static let stockSize = 4
    private static let keptBundles = 16
    /// How long a KeyPackage may be handed out, and after what time those at the node are replaced: some may have been taken,
    /// and the rest must not come to the end of their lives there. In seconds.
    private static let publishedLifetime: UInt64 = 365 * 86_400
    private static let publishedAge: UInt64 = 30 * 86_400

    func publishKeyPackages() {
        guard link.isEstablished, record.phase == .enrolled, !link.isWaiting(for: .publishKeyPackages) else { return }
        guard !node.keyPackagesPublished || node.keyPackagesTime + Self.publishedAge <= effects.seconds else {
            return effects.wake(at: (node.keyPackagesTime + Self.publishedAge) * 1000)
        }
        guard keyPackagesAt <= effects.now else { return effects.wake(at: keyPackagesAt) }
        var fresh: [KeyPackageBundle] = []
        var encoded: [[UInt8]] = []
        do throws(AccountFault) {
            for _ in 0..<Self.stockSize {
                let bundle = try makeKeyPackage(until: effects.seconds + Self.publishedLifetime)
                fresh.append(bundle)
                encoded.append(PublishedKeyPackage(keyPackage: bundle.keyPackage, chain: record.chain).encoded)
            }
        } catch {
            return
        }
        // The former ones may have been handed out: their Welcomes are on the way.
        stock.bundles = [KeyPackageBundle](stock.bundles.suffix(Self.keptBundles - Self.stockSize)) + fresh
        hasChangedStock = true
        link.send(
            .publishKeyPackages(mailbox: record.mailbox.mailbox, keyPackages: encoded), for: .publishKeyPackages)
    }

    func keyPackagesPublished(_ response: Response) {
        guard case .done = response else {
            keyPackagesAt = effects.now + 10_000
            return
        }
        node.keyPackagesPublished = true
        node.keyPackagesTime = effects.seconds
        hasChangedNode = true
    }
}
