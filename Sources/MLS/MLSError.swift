import WireFormat

/// Why a message, a proposal list or an operation was refused. Nothing has changed when one of these is thrown.
public enum MLSError: Error, Equatable, Sendable {
    // Reading
    /// The bytes are not the structure they should be.
    case malformed(WireError)
    /// A cipher suite this implementation does not have, or not the group's.
    case unsupportedCipherSuite
    /// A message of a kind that has no meaning here (a Welcome given to a group, a GroupInfo where a Welcome belongs).
    case unexpectedMessage

    // Routing
    /// The message belongs to another group.
    case wrongGroup
    /// The message is of an epoch that this member has not reached: keep it until the commits in between are merged.
    case epochNotReached(UInt64)
    /// The message is of an epoch whose keys are gone, or a handshake message of any past epoch.
    case epochExpired(UInt64)
    /// The message is this member's own.
    case ownMessage
    /// The sender is not a member, or not of a kind that may send this.
    case unauthorizedSender

    // Cryptography
    case decryptionFailed
    case invalidSignature
    case invalidMembershipTag
    case invalidConfirmationTag
    /// A public or private key is not one of the suite's.
    case invalidKey
    /// The message's key was used already (a replay), or was dropped.
    case messageKeyUsed
    /// The message is more than 1,000 generations ahead of its sender's last known one.
    case generationTooFar
    /// This epoch's ratchet has no generation left.
    case generationsExhausted
    /// The group's epochs cannot be counted further.
    case epochsExhausted
    /// Padding holds a byte other than zero (§6.3.1).
    case invalidPadding

    // Trust
    /// The application's check refused a leaf's credential (§5.3.1).
    case credentialRefused
    case invalidLeafNode(LeafNodeFault)
    case invalidKeyPackage(KeyPackageFault)
    case invalidTree(TreeFault)
    case invalidProposals(ProposalFault)
    case invalidCommit(CommitFault)
    case invalidGroupInfo(GroupInfoFault)

    // State
    /// No pre-shared key is known for an identifier that the message uses.
    case missingPreSharedKey
    /// The Welcome is not for this key package.
    case notAddressed
    /// Proposals wait: a commit must come before application data (§12.4).
    case commitRequired
    /// A staged or pending commit that does not start from the group's current state.
    case staleCommit
    /// This member was removed, or the group was reinitialised: it sends and receives no more.
    case inactive
    /// A leaf index that is no member's.
    case noSuchMember
    /// The signer cannot sign: its keys are locked away.
    case signingFailed
    /// A private key that does not belong to its public key.
    case mismatchedKey
    /// The platform refused an operation that cannot fail on well-formed input.
    case internalFailure
}

/// What RFC 9420 §7.3 found wrong with a leaf node.
public enum LeafNodeFault: Equatable, Sendable {
    case source, signature, lifetime, encryptionKey
    case missingRequiredCapability
    case credentialTypeNotSupported
    case extensionNotSupported
    case duplicateSignatureKey, duplicateEncryptionKey
    case unchangedEncryptionKey
}

/// What RFC 9420 §10.1 found wrong with a key package.
public enum KeyPackageFault: Equatable, Sendable {
    case versionOrSuite, signature, initKey, sameKeys
}

/// What RFC 9420 §7.9.2 and §12.4.3.1 found wrong with a ratchet tree.
public enum TreeFault: Equatable, Sendable {
    case tooLarge, treeHash, parentHash, unmergedLeaves, duplicateKey
}

/// What RFC 9420 §12.2 found wrong with a list of proposals.
public enum ProposalFault: Equatable, Sendable {
    case unknownReference
    case updateByCommitter, removeOfCommitter, removeOfNobody, updateByNonMember
    case severalForOneLeaf
    case duplicatePreSharedKey, preSharedKeyUsage, preSharedKeyNonce, tooMany
    case severalGroupContextExtensions
    case reInitNotAlone, reInitVersion
    case externalInitInMemberCommit
    case notAllowedInExternalCommit, externalInitMissing, referenceInExternalCommit
    case externalCommitNotAllowed
    case unknownOwnUpdate
}

/// What RFC 9420 §12.4.2 found wrong with a commit.
public enum CommitFault: Equatable, Sendable {
    case pathMissing, pathLength, pathKeysReused, pathKeysMismatched, parentHash
}

/// What RFC 9420 §12.4.3 found wrong with a GroupInfo.
public enum GroupInfoFault: Equatable, Sendable {
    case treeMissing, signer, signature, externalPubMissing, epoch
}

/// Runs a decoding step, whose errors become ``MLSError/malformed(_:)``.
func decoding<Value>(_ body: () throws(WireError) -> Value) throws(MLSError) -> Value {
    do {
        return try body()
    } catch {
        throw .malformed(error)
    }
}

extension WireDecodable {
    /// Decodes a value that fills `bytes` exactly, with this module's error.
    package static func parse(_ bytes: [UInt8]) throws(MLSError) -> Self {
        do {
            return try Self(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
    }
}
