import CryptoPrimitives
import Synchronization
import TURN

/// How many passwords have been derived.
final class DerivationCount: Sendable {
    private let number = Mutex(0)
    var derived: Int { number.withLock { $0 } }
    func count() { number.withLock { $0 += 1 } }
}

/// Counts the passwords that are derived.
final class CountedCredentials: CredentialSource {
    private let credentials: TimeLimitedCredentials
    private let counts: DerivationCount

    init(_ credentials: TimeLimitedCredentials, _ counts: DerivationCount) {
        self.credentials = credentials
        self.counts = counts
    }

    var knowsUserhashes: Bool { credentials.knowsUserhashes }

    func credential(username: [UInt8], isContinuing: Bool, unixTime: UInt64) -> Credential? {
        credentials.credential(username: username, isContinuing: isContinuing, unixTime: unixTime).map { known in
            Credential(
                subject: known.subject,
                derivations: (0..<known.passwords.count).map { place in
                    { [counts] in
                        counts.count()
                        return Array(known.passwords)[place]
                    }
                })
        }
    }

    func username(ofUserhash userhash: [UInt8]) -> [UInt8]? { credentials.username(ofUserhash: userhash) }
}
