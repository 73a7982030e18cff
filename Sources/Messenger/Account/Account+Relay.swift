import NodeProtocol
import WireFormat

// The credential for the node's relay: for an hour at a time, in memory only, passed on to the host, which makes the
// connections.
extension Account {
    /// The longest that a credential is believed to last, in seconds.
    private static let longestLife: UInt64 = 86_400
    /// A node that gives no credential, or one that ends at once or that the relay refuses, is asked again after this, in
    /// milliseconds.
    private static let refusalPause: UInt64 = 30_000

    func requestRelay() {
        guard !link.isWaiting(for: .relayCredential) else { return }
        relayAt = nil
        link.send(.relayCredential, for: .relayCredential)
    }

    /// Asks again when the present credential is near its end. While the node is away, that waits for the next session.
    func pumpRelay() {
        guard let time = relayAt, link.isEstablished else { return }
        if time <= effects.now { requestRelay() } else { effects.wake(at: time) }
    }

    /// The relay rejected the credential of that user name though it has not ended: the relay's clock was set, its secret
    /// has changed, or it had too many credentials to remember. The node is asked for another one at once.
    ///
    /// The relay's answer is not authenticated (RFC 8489 §9.2.4). Anybody on the way can give it, as often as the host
    /// tries: that becomes a request every half minute.
    func relayRefused(username: Text) {
        // A late word of an earlier one means nothing. Where nothing is planned, an answer is under way.
        guard username == relayUsername, let renewal = relayAt else { return }
        let now = effects.now
        let time = min(renewal, min(max(relayRepairAt, now), now + Self.refusalPause))
        relayAt = time
        relayRepairAt = time + Self.refusalPause
    }

    func relayAnswered(_ response: Response) {
        relayUsername = nil
        switch response {
        case .relayCredential(let credential):
            guard let grant = grant(credential) else { return refused() }
            relayAt = effects.now + max((grant.until - effects.now) / 4 * 3, Self.refusalPause)
            relayUsername = grant.username
            effects.output.relay = .granted(grant)
        case .refused(.unavailable):
            // It may be switched on when the node starts again: then there is another session, too.
            effects.output.relay = .off
        default:
            refused()
        }
    }

    private func refused() {
        relayAt = effects.now + Self.refusalPause
        effects.output.relay = .refused
    }

    /// nil: the credential has ended, or no browser could use it.
    private func grant(_ credential: RelayCredential) -> RelayGrant? {
        guard let username = Text(validating: credential.username), let password = Text(validating: credential.password)
        else { return nil }
        // By the node's clock, which may differ from ours.
        let now = Int64(clamping: effects.seconds) &+ link.clockDifference
        let expires = Int64(clamping: credential.expires)
        guard now >= 0, expires > now else { return nil }
        let life = min(UInt64(expires - now), Self.longestLife)
        return RelayGrant(
            username: username, password: password, until: effects.now + life * 1_000, udpPort: credential.udpPort,
            tcpPort: credential.tcpPort)
    }
}
