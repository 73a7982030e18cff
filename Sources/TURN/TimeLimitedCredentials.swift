import CryptoPrimitives
import STUN
import Synchronization

/// Credentials that end by themselves, after the convention of the "TURN REST API": the user name is `expiry:user`, with the
/// expiry in seconds since 1970, and the password is base64(HMAC(secret, user name)). Any program with the secret can make
/// them, and the relay checks them without having heard of them before.
///
/// HMAC-SHA1 is the convention; passwords by HMAC-SHA256 are accepted, too.
///
/// A server with a name of its own accepts what it issued for as long as it remembers it, so that a credential can be
/// withdrawn. A server that was started again does not know to whom one was issued, nor whether it was withdrawn, and
/// refuses it.
public final class TimeLimitedCredentials: CredentialSource, Sendable {
    private struct Issued {
        let subject: [UInt8]
        let userhash: [UInt8]
        var isWithdrawn = false
    }

    private struct State {
        var issued: [[UInt8]: Issued] = [:]
        var usernames: [[UInt8]: [UInt8]] = [:]
        /// What was issued, in the order of its expiry, from `first` on.
        var byExpiry: [(expiry: UInt64, username: [UInt8])] = []

        mutating func forget(before unixTime: UInt64, continuation: UInt64, keeping count: Int) {
            var gone = 0
            while gone < byExpiry.count,
                byExpiry[gone].expiry + continuation <= unixTime || byExpiry.count - gone > count
            {
                if let forgotten = issued.removeValue(forKey: byExpiry[gone].username) {
                    usernames.removeValue(forKey: forgotten.userhash)
                }
                gone += 1
            }
            byExpiry.removeFirst(gone)
        }
    }

    /// What credentials are made with, and then others with which they are accepted.
    private let secrets: [Secret]
    private let realm: [UInt8]
    /// The server's mark under each of the secrets.
    private let marks: [IssuerMark]
    /// Issued credentials that are remembered at most: past that, the oldest are forgotten. Without an issuer they are then
    /// recognised by the secret alone.
    private let capacity: Int
    /// Seconds for which an allocation can be kept beyond its credential's end.
    private let continuation: UInt64
    /// What ``init(secret:realm:issuer:continuation:capacity:)`` takes unless it is told otherwise.
    public static let continuation: UInt64 = 12 * 3_600
    private let state = Mutex(State())

    /// - Parameters:
    ///   - others: secrets with which credentials are accepted as well, while one takes another's place.
    ///   - realm: the server's, for the hashes of user names.
    ///   - issuer: the server's own name among those that share the secret, the same at each start; nil for a program that
    ///     only makes credentials for other servers.
    ///   - continuation: the seconds for which what was allocated can be kept after the credential has ended.
    public init(
        secret: Secret, others: [Secret] = [], realm: [UInt8], issuer: [UInt8]? = nil,
        continuation: UInt64 = TimeLimitedCredentials.continuation, capacity: Int = 65_536
    ) {
        let secrets = [secret] + others
        self.secrets = secrets
        self.realm = realm
        marks = issuer.map { issuer in secrets.map { IssuerMark(issuer: issuer, secret: $0) } } ?? []
        self.continuation = continuation
        self.capacity = capacity
    }

    /// A user name and password, valid for `seconds` from `unixTime` on.
    ///
    /// - Parameters:
    ///   - user: what the user name has behind the expiry, and before the issuer's mark: best random, so that it says nothing.
    ///   - subject: whose quotas it counts against.
    public func issue(user: [UInt8], subject: [UInt8], seconds: UInt64, unixTime: UInt64) -> (
        username: [UInt8], password: [UInt8]
    ) {
        let expiry = unixTime + seconds
        let name = Array(String(expiry).utf8) + [0x3A] + user
        let username = name + (marks.first?.make(for: name) ?? [])
        let userhash = Userhash.of(username: username, realm: realm)
        state.withLock { state in
            state.forget(before: unixTime, continuation: continuation, keeping: capacity - 1)
            state.issued[username] = Issued(subject: subject, userhash: userhash)
            state.usernames[userhash] = username
            let place = state.byExpiry.lastIndex { $0.expiry <= expiry }.map { $0 + 1 } ?? 0
            state.byExpiry.insert((expiry, username), at: place)
        }
        return (username, password(.sha1, username, secrets[0]))
    }

    /// Refuses from now on what was issued to a subject that is no longer admitted.
    public func withdraw(subject: [UInt8]) {
        state.withLock { state in
            for (username, issued) in state.issued where issued.subject == subject {
                state.issued[username]?.isWithdrawn = true
            }
        }
    }

    public let knowsUserhashes = true

    public func credential(username: [UInt8], isContinuing: Bool, unixTime: UInt64) -> Credential? {
        guard let colon = username.firstIndex(of: 0x3A), let expiry = Self.number(username[..<colon]) else {
            return nil
        }
        let (end, overflow) = expiry.addingReportingOverflow(isContinuing ? continuation : 0)
        guard overflow || end > unixTime else { return nil }
        let issued = state.withLock { state in state.issued[username] }
        if let issued {
            guard !issued.isWithdrawn else { return nil }
        } else if marks.contains(where: { $0.isOn(username) }) {
            return nil
        }
        return Credential(
            subject: issued?.subject ?? Array(username[(colon + 1)...]),
            derivations: secrets.flatMap { secret in
                [Derivation.sha1, .sha256].map { derivation in
                    { @Sendable [self] in Secret(password(derivation, username, secret)) }
                }
            })
    }

    public func username(ofUserhash userhash: [UInt8]) -> [UInt8]? {
        state.withLock { state in state.usernames[userhash] }
    }

    private enum Derivation {
        case sha1
        case sha256
    }

    private func password(_ derivation: Derivation, _ username: [UInt8], _ secret: Secret) -> [UInt8] {
        username.withUnsafeBytes { name in
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            switch derivation {
            case .sha1: return Base64.encode(LegacyHash.sha1.hmac(key: secret, name, nothing))
            case .sha256: return Base64.encode(HashAlgorithm.sha256.hmac(key: secret, name, nothing))
            }
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        return number
    }
}

/// Base64 (RFC 4648 §4), which the convention writes passwords in.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                text.append(place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : 0x3D)
            }
        }
        return text
    }
}
