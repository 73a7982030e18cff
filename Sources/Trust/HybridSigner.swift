import CryptoPrimitives
import WireFormat

/// Whatever can sign with a hybrid key: the key itself, or the HSM that holds it.
public protocol HybridSigner {
    var publicKey: HybridPublicKey { get }

    /// Both signatures of `message` under `context`.
    func sign(_ message: [UInt8], context: [UInt8], random: Randomness) throws(CryptoError) -> HybridSignature
}

extension HybridSigningKey: HybridSigner {}

/// A structure that carries both signatures of what stands before them, under a context string of its own kind.
protocol HybridSigned {
    /// What the signatures are for.
    static var signatureContext: StaticString { get }
    /// Ed25519 and ML-DSA-65, checked for their length only.
    var signature: [UInt8] { get set }

    func encodeContent(into writer: inout WireWriter)
}

extension HybridSigned {
    var content: [UInt8] {
        var writer = WireWriter()
        encodeContent(into: &writer)
        return writer.bytes
    }

    /// - Throws: ``TrustError/signingFailed``.
    mutating func sign(with signer: some HybridSigner, random: Randomness) throws(TrustError) {
        do throws(CryptoError) {
            signature = try signer.sign(content, context: label(Self.signatureContext), random: random).bytes
        } catch {
            throw .signingFailed
        }
    }

    /// - Throws: ``TrustError/invalidSignature`` unless both hold.
    func checkSignature(by key: HybridPublicKey) throws(TrustError) {
        do throws(CryptoError) {
            let signature = try HybridSignature(signature)
            guard key.verify(signature, over: content, context: label(Self.signatureContext)) else {
                throw .invalidSignature
            }
        } catch {
            throw .invalidSignature
        }
    }

    func encodeSigned(into writer: inout WireWriter) {
        encodeContent(into: &writer)
        writer.write(fixed: signature)
    }
}

extension WireReader {
    mutating func readHybridKey() throws(WireError) -> HybridPublicKey {
        let bytes = try readFixed(HybridPublicKey.length)
        do throws(CryptoError) {
            return try HybridPublicKey(bytes)
        } catch {
            throw .invalidValue
        }
    }

    mutating func readHybridSignature() throws(WireError) -> [UInt8] {
        try readFixed(HybridSignature.length)
    }

    /// Each structure begins with the version of its format.
    mutating func readVersion(_ version: UInt8) throws(WireError) {
        guard try readUInt8() == version else { throw .invalidValue }
    }
}

/// Decodes a value that fills `bytes`, turning a ``WireError`` into a ``TrustError``.
func decode<Value: WireDecodable>(_ bytes: [UInt8], as type: Value.Type = Value.self) throws(TrustError) -> Value {
    do throws(WireError) {
        return try Value(decoding: bytes)
    } catch {
        throw .malformed(error)
    }
}
