import CryptoPrimitives
import NIOPosix
import NodeProtocol
import Trust
import WireFormat

/// What the operator shows to claim a fresh node.
struct Claim: Sendable {
    let token: [UInt8]
    let authority: [UInt8]
    let bubbleState: [UInt8]
    let chain: [UInt8]
}

extension NodeService {
    func claim(_ claim: Claim, reply: @escaping Reply) {
        let tokenHash = hash(claim.token)
        let now = clock()
        // The token first: nobody without it makes the node verify anything.
        store.read {
            try Self.checkClaim(claim, tokenHash, $0)
        } then: { [self] checked in
            switch checked {
            case .failure(let refusal): return reply(.refused(refusal))
            case .success(true): return reply(.done)
            case .success(false): break
            }
            verify { [self] () throws(Refusal) -> (Bubble, DeviceRecord) in
                try verifyClaim(claim, now: now)
            } then: { [self] verified in
                switch verified {
                case .failure(let refusal): reply(.refused(refusal))
                case .success((let bubble, let device)):
                    store.change(.storing(claim.bubbleState.count)) { store in
                        if try Self.checkClaim(claim, tokenHash, store) { return }
                        try store.set(ownership: Ownership(authority: claim.authority, tokenHash: tokenHash))
                        try store.set(bubbleState: claim.bubbleState)
                        try store.put(device)
                    } then: { [self] outcome in
                        if case .success = outcome { adopt(bubble) }
                        reply(outcome.map { .done }.response)
                    }
                }
            }
        }
    }

    /// - Returns: whether this very claim has been made before.
    private static func checkClaim(_ claim: Claim, _ tokenHash: [UInt8], _ store: any StoreReads) throws -> Bool {
        if let ownership = try store.ownership() {
            guard ownership.authority == claim.authority, constantTimeEqual(ownership.tokenHash, tokenHash) else {
                throw Refusal.alreadyClaimed
            }
            return true
        }
        guard try store.isOffered(claim: tokenHash) else { throw Refusal.wrongClaimToken }
        return false
    }

    private func verifyClaim(_ claim: Claim, now: UInt64) throws(Refusal) -> (Bubble, DeviceRecord) {
        do {
            let authority = try Authority(decoding: claim.authority)
            let state = try SignedBubbleState(decoding: claim.bubbleState).verify(authority: authority)
            let chain = try CertificateChain(decoding: claim.chain)
            let device = try chain.verify(authority: authority, now: now, revoked: state.revoked)
            guard state.nodeKey == identity.publicKey, device.rights.contains(.operator) else {
                throw Refusal.invalidCredential
            }
            return (Bubble(authority: authority, state: state), DeviceRecord(device, chain: chain))
        } catch {
            throw .invalidCredential
        }
    }

    func publish(bubbleState bytes: [UInt8], reply: @escaping Reply) {
        guard let bubble else { return reply(.refused(.unavailable)) }
        verify { [self] () throws(Refusal) -> BubbleState in
            guard let candidate = try? SignedBubbleState(decoding: bytes).verify(authority: bubble.authority),
                candidate.nodeKey == identity.publicKey
            else { throw .invalidCredential }
            return candidate
        } then: { [self] verified in
            switch verified {
            case .failure(let refusal): reply(.refused(refusal))
            case .success(let state):
                // A revocation is not to wait for a larger disk.
                store.change(.freeing) { store in
                    guard let held = try store.bubbleState() else { throw Refusal.unavailable }
                    if held == bytes { return false }
                    guard
                        try SignedBubbleState(decoding: held).verify(authority: bubble.authority).version
                            < state.version
                    else { throw Refusal.staleBubbleState }
                    try store.set(bubbleState: bytes)
                    return true
                } then: { [self] outcome in
                    reply(outcome.map { _ in .done }.response)
                    if case .success(true) = outcome {
                        announce(Bubble(authority: bubble.authority, state: state))
                    }
                }
            }
        }
    }

    /// Tells every session, and shows those out, of the relay as well, whose device no longer counts.
    private func announce(_ bubble: Bubble) {
        adopt(bubble)
        sessions.push(toAll: .bubbleState(version: bubble.state.version))
        let now = clock()
        sessions.end(.notAuthenticated) { !bubble.admits($0, now: now) }
        desk?.end { !bubble.admits($0, now: now) }
    }

    /// Verifying post-quantum signatures takes milliseconds: that is not done where sockets wait.
    func verify<Value: Sendable>(
        _ body: @escaping @Sendable () throws(Refusal) -> Value,
        then: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        NIOThreadPool.singleton.submit { state in
            guard case .active = state else { return then(.failure(.unavailable)) }
            do throws(Refusal) {
                then(.success(try body()))
            } catch {
                then(.failure(error))
            }
        }
    }
}
