import CryptoPrimitives
import MLS
import SegmentedHSM
import Trust

/// Signs MLS messages with a leaf key that stays in the HSM.
struct HSMLeafSigner: LeafSigner {
    let hsm: HSM
    let key: SigningKey

    func sign(_ message: [UInt8]) throws(MLSError) -> [UInt8] {
        do throws(HSMError) {
            return try hsm.sign(message, with: key)
        } catch {
            throw .internalFailure
        }
    }
}

/// Signs certificates with a hybrid key that stays in the HSM.
struct HSMHybridSigner: HybridSigner {
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
