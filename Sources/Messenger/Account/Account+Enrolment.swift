import CryptoPrimitives
import MLS
import NodeProtocol
import Trust
import WireFormat

// The last steps of enrolment, which go on after a crash where it ended.
extension Account {
    private static let enrolmentPause: UInt64 = 10_000

    func claimed(_ response: Response) {
        guard case .done = response else { return enrolmentRefused(response) }
        finishEnrolment()
    }

    /// The node confirms that the invitation is ours: with its receipt the inviter will believe us.
    func redeemed(_ response: Response) {
        guard case .redeemed(let bytes) = response else { return enrolmentRefused(response) }
        guard case .redeeming(let invitation, _) = record.phase else { return }
        do throws(WireError) {
            let receipt = try RedemptionReceipt(decoding: bytes)
            guard isGood(receipt, of: invitation, by: own.memberKey) else { return receiptForged() }
            for conversation in conversations {
                guard var introduction = conversation.introduction else { continue }
                introduction.redemption = IntroductionRedemption(invitation: invitation, receipt: receipt)
                setIntroduction(introduction, of: conversation)
            }
            finishEnrolment()
        } catch {
            receiptForged()
        }
    }

    /// Whatever answered, the invitation may still be redeemed with the node itself.
    private func receiptForged() {
        effects.warn(.invitationForged)
        reconnectAt = effects.now + Self.enrolmentPause
    }

    /// Whether the node's receipt is for that invitation, redeemed by that member.
    func isGood(_ receipt: RedemptionReceipt, of invitation: InvitationID, by memberKey: HybridPublicKey) -> Bool {
        do throws(TrustError) {
            try receipt.verify(
                nodeKey: state.nodeKey, bubble: own.bubble, invitation: invitation, memberKey: memberKey)
            return true
        } catch {
            return false
        }
    }

    private func finishEnrolment() {
        record.phase = .enrolled
        hasChangedAccount = true
        effects.emit(.enrolled)
        showProfile()
        hasChangedList = true
        link.disconnected()
        link.speak(as: speaker)
        effects.output.connection = .reopen
    }

    private var hasWrongClock: Bool { link.clockDifference.magnitude > Self.clockTolerance.magnitude }

    private func enrolmentRefused(_ response: Response) {
        guard case .refused(let refusal) = response else { return }
        let problem: Problem =
            switch refusal {
            case .alreadyClaimed: .alreadyClaimed
            case .wrongClaimToken: .wrongClaimToken
            case .invalidCredential: hasWrongClock ? .wrongClock : .notPermitted
            default: Problem(ofInvitation: refusal) ?? .nodeUnreachable
            }
        guard problem != .nodeUnreachable, problem != .wrongClock else {
            // Later, perhaps.
            if problem == .wrongClock { effects.emit(.problem(.wrongClock)) }
            reconnectAt = effects.now + Self.enrolmentPause
            return
        }
        effects.emit(.linkRefused(problem))
        isRefused = true
    }
}
