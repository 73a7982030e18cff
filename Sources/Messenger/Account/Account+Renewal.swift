import MLS
import Trust
import WireFormat

// What a commit may change in a group of two.
extension Account {
    /// Whether a leaf may stand where another one stood, and nothing else has changed: all that a commit does here.
    func isRenewal(_ staged: StagedCommit, of group: Group) -> Bool {
        guard staged.added.isEmpty, staged.removed.isEmpty, staged.updated.count == 1,
            staged.extensions == group.extensions, case .basic(let old) = staged.updated[0].old.credential,
            case .basic(let new) = staged.updated[0].new.credential, let former = leafIdentity(old),
            let identity = leafIdentity(new)
        else { return false }
        return identity.succeeds(former)
    }

    func leafIdentity(_ bytes: [UInt8]) -> LeafIdentity? {
        do throws(WireError) {
            return try LeafIdentity(decoding: bytes)
        } catch {
            return nil
        }
    }
}
