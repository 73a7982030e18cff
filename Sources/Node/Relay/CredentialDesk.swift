import CryptoPrimitives
import NodeProtocol
import Synchronization

/// Gives enrolled devices their credentials for the relay.
///
/// A device that asks again within a minute is given the same one: it cannot make so many that the relay forgets whose the
/// first ones were, and with that whose quota they count against.
final class CredentialDesk: Sendable {
    private struct Given {
        let credential: RelayCredential
        let time: UInt64
    }

    /// Makes a user name and password: what the user name has behind its expiry, the device, and the time.
    typealias Issue = @Sendable (_ user: [UInt8], _ device: [UInt8], _ unixTime: UInt64) -> RelayCredential

    /// In memory only, and for a minute only.
    private let given = Mutex<[[UInt8]: Given]>([:])
    private let issue: Issue

    private static let repetition: UInt64 = 60
    /// From so many on, those that are older are looked for and forgotten.
    private static let crowd = 1_024

    init(issue: @escaping Issue) {
        self.issue = issue
    }

    /// - Parameter unixTime: seconds since 1970.
    func credential(for device: [UInt8], unixTime: UInt64) -> RelayCredential {
        given.withLock { given in
            if let last = given[device], last.time <= unixTime, unixTime - last.time < Self.repetition {
                return last.credential
            }
            if given.count >= Self.crowd {
                given = given.filter { $0.value.time <= unixTime && unixTime - $0.value.time < Self.repetition }
            }
            // Random: what the relay's own log of it could say is nothing.
            let credential = issue(Self.hex(Randomness.system().bytes(16)), device, unixTime)
            given[device] = Given(credential: credential, time: unixTime)
            return credential
        }
    }

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

extension RelayService {
    /// Where devices get their credentials for this relay.
    var desk: CredentialDesk {
        CredentialDesk { [self] user, device, unixTime in
            let (username, password) = credentials.issue(
                user: user, subject: device, seconds: Limits.relayCredentialLifetime, unixTime: unixTime)
            return RelayCredential(
                username: username, password: password, expires: unixTime + Limits.relayCredentialLifetime,
                udpPort: port, tcpPort: port)
        }
    }
}
