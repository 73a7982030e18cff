import CryptoPrimitives
import Trust

/// The link that makes whoever opens it first the operator of this node.
public struct OperatorInvitation: Sendable {
    public let link: String
    /// SHA-256 of the token that the link's holder shows; the node keeps nothing else of it.
    let tokenHash: [UInt8]

    init(origin: String) throws(StartError) {
        do throws(LinkError) {
            let invitation = try InvitationLink.operatorClaim(origin: origin, random: Randomness.system())
            link = String(decoding: invitation.text, as: UTF8.self)
            tokenHash = invitation.keys.redemptionVerifier
        } catch {
            throw StartError("No link can be made for \(origin)", advice: "give the node another name with --host")
        }
    }

    /// A new invitation for the node whose data is in a folder, running or not.
    ///
    /// - Throws: a ``StartError`` when there is no node, or it has an operator.
    public static func make(forNodeIn path: String) async throws -> OperatorInvitation {
        let store = try SQLiteStore(visiting: DataFolder(existing: path), isReadOnly: false)
        return try await store.whileRunning { store in
            if try await store.read({ try $0.ownership() }) != nil {
                throw StartError(
                    "The node in \(path) has its operator", advice: "ask that operator for an invitation to the bubble")
            }
            guard let origin = try await store.read({ try $0.origin() }) else {
                throw StartError(
                    "The node in \(path) was never started",
                    advice: "start it with `cryptpeer serve --data \(path)`, which prints an invitation")
            }
            let invitation = try OperatorInvitation(origin: origin)
            try await store.change(.freeing) { try $0.offerClaim(tokenHash: invitation.tokenHash) }
            return invitation
        }
    }
}
