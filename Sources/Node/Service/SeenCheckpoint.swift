import CryptoPrimitives
import Synchronization

/// The checkpoint of its device that a session was last shown, or has stored: it replaces no other.
///
/// Two copies of one profile would otherwise reserve the same keys, each unaware of the other. In memory only, and in the order
/// in which the session's requests take effect.
final class SeenCheckpoint: Sendable {
    private enum Knowledge {
        /// The session has not asked: it replaces what there is.
        case none
        /// Its SHA-256; nil: there was none.
        case hash([UInt8]?)
    }

    private let knowledge = Mutex(Knowledge.none)

    func note(_ checkpoint: [UInt8]?) {
        let hash = checkpoint.map { HashAlgorithm.sha256.hash($0) }
        knowledge.withLock { $0 = .hash(hash) }
    }

    func isCurrent(_ checkpoint: [UInt8]?) -> Bool {
        let hash = checkpoint.map { HashAlgorithm.sha256.hash($0) }
        return knowledge.withLock { knowledge in
            switch knowledge {
            case .none: true
            case .hash(let seen): seen == hash
            }
        }
    }
}
