import CryptoPrimitives
import NodeProtocol
import Synchronization
import TURN

/// Gives enrolled devices their credentials for the relay.
///
/// A device that asks again within a minute is given the same one: it cannot make so many that the relay forgets whose the
/// first ones were, and with that whose quota they count against.
final class CredentialDesk: Sendable {
    private struct Given {
        let credential: RelayCredential
        let device: DeviceRecord
        let time: UInt64
    }

    /// Makes a user name and password: what the user name has behind its expiry, the device, and the time.
    typealias Issue = @Sendable (_ user: [UInt8], _ device: [UInt8], _ unixTime: UInt64) -> RelayCredential

    /// Has the relay refuse a device from now on, and end what it has.
    typealias Withdraw = @Sendable (_ device: [UInt8]) -> Void

    private struct State {
        var given: [[UInt8]: Given] = [:]
        /// The number of entries at which those that have ended are looked for and forgotten.
        var crowd = 1_024
    }

    /// In memory only, and for as long as something can be relayed with it.
    private let state = Mutex(State())
    private let issue: Issue
    private let withdraw: Withdraw

    private static let repetition: UInt64 = 60
    private static let use = Limits.relayCredentialLifetime + TimeLimitedCredentials.continuation

    init(issue: @escaping Issue, withdraw: @escaping Withdraw) {
        self.issue = issue
        self.withdraw = withdraw
    }

    /// - Parameters:
    ///   - unixTime: seconds since 1970.
    ///   - isAdmitted: whether the device is still admitted. Called under the lock that ``end(where:)`` takes: a device
    ///     that is revoked meanwhile gets no credential, or loses the one it got.
    /// - Returns: nil for a device that is no longer admitted.
    func credential(for record: DeviceRecord, unixTime: UInt64, if isAdmitted: (DeviceRecord) -> Bool)
        -> RelayCredential?
    {
        let device = record.device
        return state.withLock { state in
            guard isAdmitted(record) else { return nil }
            if let last = state.given[device], last.time <= unixTime, unixTime - last.time < Self.repetition {
                return last.credential
            }
            if state.given.count >= state.crowd {
                state.given = state.given.filter { unixTime < $0.value.time + Self.use }
                state.crowd = max(1_024, 2 * state.given.count)
            }
            // Random: it tells nobody whose it is, not even a person who seizes the node and has seen it pass.
            let credential = issue(Self.hex(Randomness.system().bytes(8)), device, unixTime)
            state.given[device] = Given(credential: credential, device: record, time: unixTime)
            return credential
        }
    }

    /// Takes back the credentials of devices that are no longer admitted.
    func end(where condition: (DeviceRecord) -> Bool) {
        let ended = state.withLock { state in
            let ended = state.given.values.map(\.device).filter(condition).map(\.device)
            for device in ended { state.given[device] = nil }
            return ended
        }
        for device in ended { withdraw(device) }
    }

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

extension RelayService {
    /// Where devices get their credentials for this relay.
    func makeDesk() -> CredentialDesk {
        CredentialDesk { [self] user, device, unixTime in
            let (username, password) = credentials.issue(
                user: user, subject: device, seconds: Limits.relayCredentialLifetime, unixTime: unixTime)
            return RelayCredential(
                username: username, password: password, expires: unixTime + Limits.relayCredentialLifetime,
                udpPort: port, tcpPort: port)
        } withdraw: { [self] device in
            withdraw(device)
        }
    }
}
