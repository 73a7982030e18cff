import CryptoPrimitives
import MLS

/// How a conversation's epochs open and seal the positions of its commit slot at the node (Documentation/ARCHITECTURE.md, "Commit order").
///
/// A group of two members begins with epoch 1, which is position 0. What an epoch exports opens its own position only.
enum CommitSlot {
    private static let firstEpoch: UInt64 = 1

    static func position(ofEpoch epoch: UInt64) -> UInt64? {
        epoch >= firstEpoch ? epoch - firstEpoch : nil
    }

    /// Shown to the node in order to advance the slot from this epoch, or to see who did.
    static func token(_ group: Group) -> [UInt8] {
        group.export(label: label("CryptPeer slot token 1"), context: [], length: 32).exposed
    }

    /// What the node checks the next epoch's token against.
    static func nextTokenHash(_ pending: PendingCommit) -> [UInt8]? {
        let token = pending.staged.export(label: label("CryptPeer slot token 1"), context: [], length: 32)
        return token.map { HashAlgorithm.sha256.hash($0.exposed) }
    }

    static func tokenHash(_ group: Group) -> [UInt8] {
        HashAlgorithm.sha256.hash(token(group))
    }

    /// The commit, readable by the members of the epoch that it ends.
    static func seal(_ commit: [UInt8], in group: Group, random: Randomness) -> [UInt8]? {
        let nonce = random.bytes(12)
        do throws(CryptoError) {
            return nonce
                + (try AEADAlgorithm.aes256GCM.seal(
                    key: key(group), nonce: nonce, plaintext: commit, aad: group.groupID))
        } catch {
            return nil
        }
    }

    static func open(_ sealed: [UInt8], in group: Group) -> [UInt8]? {
        guard sealed.count > 12 else { return nil }
        do throws(CryptoError) {
            return try AEADAlgorithm.aes256GCM.open(
                key: key(group), nonce: [UInt8](sealed[..<12]), ciphertext: [UInt8](sealed[12...]), aad: group.groupID)
        } catch {
            return nil
        }
    }

    private static func key(_ group: Group) -> Secret {
        group.export(label: label("CryptPeer slot seal 1"), context: [], length: 32)
    }
}
