import CryptoPrimitives
import MLS
import Testing
import WireFormat

/// A client in the tests: its identity, its keys, and its side of a group once it is in one.
final class Party {
    let name: String
    let suite: CipherSuite
    let signer: SoftwareSigner
    let random: Randomness
    var group: Group?
    var bundle: KeyPackageBundle?
    /// Asked about each leaf that is new to this party.
    var accept: (LeafNode) -> Bool = { _ in true }

    init(_ name: String, suite: CipherSuite = .xwing, seed: String = "") throws {
        self.name = name
        self.suite = suite
        random = Randomness(seed: [UInt8]("\(seed)/\(name)".utf8))
        let scheme = try Algorithms(suite).signature
        signer = SoftwareSigner(scheme: scheme, keys: try scheme.generate(random))
    }

    var credential: Credential { .basic(identity: [UInt8](name.utf8)) }
    var signatureKey: [UInt8] { signer.keys.publicKey }

    /// The group, which the test has put the party into.
    var state: Group {
        get throws {
            guard let group else { throw NotInGroup() }
            return group
        }
    }

    struct NotInGroup: Error {}

    func keyPackage() throws -> KeyPackage {
        let bundle = try KeyPackageBundle.generate(
            suite: suite, credential: credential, signatureKey: signatureKey, signer: signer, notBefore: 100,
            notAfter: 200, random: random)
        self.bundle = bundle
        return bundle.keyPackage
    }

    func create(_ groupID: String = "group") throws {
        group = try Group.create(
            groupID: [UInt8](groupID.utf8), suite: suite, credential: credential, signatureKey: signatureKey,
            signer: signer, random: random)
    }

    func join(_ welcome: [UInt8], tree: [UInt8]? = nil) throws {
        guard let bundle else { throw NotInGroup() }
        group = try Group.join(welcome, with: bundle, ratchetTree: tree, accept: accept)
    }

    /// Runs `body` on the group, and keeps the result.
    func with<Result>(_ body: (inout Group) throws -> Result) throws -> Result {
        var group = try state
        let result = try body(&group)
        self.group = group
        return result
    }

    func encrypt(_ text: String, paddingTo: Int? = nil) throws -> [UInt8] {
        try with { try $0.encrypt([UInt8](text.utf8), paddingTo: paddingTo, signer: signer, random: random) }
    }

    func process(_ message: [UInt8], _ policy: ExternalCommitPolicy = .resync) throws -> Received {
        try with { try $0.process(message, externalCommits: policy, accept: accept) }
    }

    /// The text of an application message.
    func read(_ message: [UInt8]) throws -> String {
        guard case .application(let application) = try process(message) else { throw UnexpectedKind() }
        return String(decoding: application.data, as: UTF8.self)
    }

    struct UnexpectedKind: Error {}

    func commit(
        adding keyPackages: [KeyPackage] = [], removing leaves: [UInt32] = [], update: Bool = true,
        options: CommitOptions = CommitOptions()
    ) throws -> PendingCommit {
        try with {
            try $0.commit(
                adding: keyPackages, removing: leaves, update: update, options: options, signer: signer,
                random: random, accept: accept)
        }
    }

    func propose(_ request: ProposalRequest) throws -> [UInt8] {
        try with { try $0.propose(request, signer: signer, random: random, accept: accept) }
    }

    /// Processes a commit and merges it.
    @discardableResult
    func apply(_ commit: [UInt8], _ policy: ExternalCommitPolicy = .resync) throws -> StagedCommit {
        guard case .commit(let staged) = try process(commit, policy) else { throw UnexpectedKind() }
        try with { try $0.merge(staged) }
        return staged
    }

    func merge(_ pending: PendingCommit) throws {
        try with { try $0.merge(pending) }
    }

    /// Stores the group and reads it again.
    func restart() throws {
        group = try Group(decoding: try state.encoded)
    }
}

struct SoftwareSigner: LeafSigner {
    let scheme: SignatureScheme
    let keys: SigningKeyPair

    func sign(_ message: [UInt8]) throws(MLSError) -> [UInt8] {
        do {
            return try scheme.sign(message, with: keys.privateKey)
        } catch {
            throw .invalidKey
        }
    }
}

/// A group of parties, the first of which created it and added the others one by one.
func makeGroup(_ names: [String], suite: CipherSuite = .xwing, seed: String = "") throws -> [Party] {
    var parties: [Party] = []
    for name in names {
        let party = try Party(name, suite: suite, seed: seed)
        if let first = parties.first {
            let pending = try first.commit(adding: [try party.keyPackage()])
            for other in parties.dropFirst() { try other.apply(pending.message) }
            try first.merge(pending)
            try party.join(try #require(pending.welcome))
        } else {
            try party.create()
        }
        parties.append(party)
    }
    return parties
}

/// Lets one party commit, and all others follow.
@discardableResult
func commit(
    _ committer: Party, among parties: [Party], adding newcomers: [Party] = [], removing leaves: [UInt32] = [],
    update: Bool = true
) throws -> PendingCommit {
    var keyPackages: [KeyPackage] = []
    for newcomer in newcomers { keyPackages.append(try newcomer.keyPackage()) }
    let pending = try committer.commit(adding: keyPackages, removing: leaves, update: update)
    for party in parties where party !== committer { try party.apply(pending.message) }
    try committer.merge(pending)
    if let welcome = pending.welcome {
        for newcomer in newcomers { try newcomer.join(welcome) }
    }
    return pending
}
