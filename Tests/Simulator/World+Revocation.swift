import CryptoPrimitives
import Messenger
import ModelNode
import NodeProtocol
import SegmentedHSM
import Trust
import WireFormat

// The authority at work, with the key from the operator's recovery file.
extension World {
    /// Takes a member out of the bubble. The operator's page must be open and unlocked.
    public func revoke(_ person: Int) {
        guard let state = node.newestState, let signer = authority(), let bytes = browsers[person].member else {
            return violate("nobody can revoke \(person)")
        }
        do throws(TrustError) {
            var revoked = state.revoked
            revoked.revoke(try MemberID(bytes))
            let next = try BubbleState.issue(
                version: state.version + 1, nodeKey: state.nodeKey, policy: state.policy, revoked: revoked,
                issued: now / 1_000, by: signer, random: Randomness(seed: World.bytes(of: plan.seed) + [7]))
            guard let outputs = node.publish(next.signed) else { return violate("the node takes no newer state") }
            removed.insert(bytes)
            send(outputs)
        } catch {
            violate("the authority cannot sign")
        }
    }

    /// The operator makes a recovery file, and somebody with its code opens it elsewhere.
    private func authority() -> RestoredAuthority? {
        let browser = browsers[0]
        give(.recoveryFile(passphraseSegment: browser.segment(of: browser.passphrase)), to: browser)
        guard let (file, text) = browser.recovery, let capsule = try? RecoveryCapsule(decoding: file),
            let code = try? RecoveryCode(parsing: text.utf8)
        else { return nil }
        do throws(HSMError) {
            let random = Randomness(seed: World.bytes(of: plan.seed) + [8])
            let parameters = try PassphraseParameters(log2N: 1, r: 1, p: 1, salt: random.bytes(32))
            let (hsm, _) = try HSM.create(
                segments: [.passphrase(random.secret(32), parameters), .device(random.secret(32))], random: random)
            return RestoredAuthority(hsm: hsm, key: try hsm.restore(capsule, code: code))
        } catch {
            return nil
        }
    }
}

private struct RestoredAuthority: HybridSigner {
    let hsm: HSM
    let key: HybridKey

    var publicKey: HybridPublicKey { key.publicKey }

    func sign(_ message: [UInt8], context: [UInt8], random: Randomness) throws(CryptoError) -> HybridSignature {
        do throws(HSMError) {
            return try hsm.sign(message, context: context, with: key, random: random)
        } catch {
            throw .internalFailure
        }
    }
}
