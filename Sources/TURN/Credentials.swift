import CryptoPrimitives

/// Knows who may use the relay. Asked for each request that names a user, never for relayed data.
public protocol CredentialSource: AnyObject {
    /// Whether ``username(ofUserhash:)`` knows anybody: then clients are told that they may hide their names.
    var knowsUserhashes: Bool { get }

    /// What is known of that user; nil if there is none.
    ///
    /// - Parameter isContinuing: the request is about an allocation that this user name made when it was valid. A call
    ///   outlives the hour that its credential was good for; a new one does not begin after it.
    func credential(username: [UInt8], isContinuing: Bool, unixTime: UInt64) -> Credential?

    /// The user name that hashes to that in the server's realm; nil if there is none.
    func username(ofUserhash userhash: [UInt8]) -> [UInt8]?
}

/// What is known of a user.
public struct Credential: Sendable {
    /// Whose quotas the user's allocations count against. Several user names may belong to one subject.
    public let subject: [UInt8]
    private let derivations: [@Sendable () -> Secret]

    /// - Parameter derivations: makes each password that is accepted: one, or several where it is not known which of them
    ///   the user has.
    public init(subject: [UInt8], derivations: [@Sendable () -> Secret]) {
        self.subject = subject
        self.derivations = derivations
    }

    /// The passwords that are accepted, in the order of the derivations. Each is derived when it is asked for: mostly only
    /// the first one is.
    public var passwords: some Collection<Secret> { derivations.lazy.map { derive in derive() } }
}
