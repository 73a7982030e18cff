import CryptoPrimitives
import NodeProtocol
import Trust

/// The opening of a session: what a client claims to be, and what both sides sign (Documentation/ARCHITECTURE.md, "Session").
struct Handshake {
    let role: SessionRole
    let bubble: [UInt8]
    let device: [UInt8]
    private let transcript: SessionTranscript
    private let nodeNonce: [UInt8]

    init(role: SessionRole, bubble: [UInt8], device: [UInt8], nonce: [UInt8], origin: String, node: NodeIdentity)
        throws(Refusal)
    {
        self.role = role
        self.bubble = bubble
        self.device = device
        nodeNonce = Randomness.system().bytes(SessionTranscript.nonceLength)
        do throws(TrustError) {
            transcript = try SessionTranscript(
                bubble: try BubbleID(bubble), origin: origin, nodeKey: node.publicKey, device: try DeviceID(device),
                clientNonce: nonce, nodeNonce: nodeNonce)
        } catch {
            throw .malformed
        }
    }

    /// The node's proof of itself.
    func challenge(by node: NodeIdentity, time: UInt64) throws(Refusal) -> NodeFrame {
        do throws(CryptoError) {
            return .challenge(
                version: nodeProtocolVersion, nodeKey: node.publicKey, nonce: nodeNonce,
                signature: try node.sign(transcript.bytes(role: .node)), time: time)
        } catch {
            throw .unavailable
        }
    }

    /// Whether the signature is that of this device's session key.
    func isProved(by signature: [UInt8], key: [UInt8]) -> Bool {
        transcript.verify(signature, role: .client, by: key)
    }
}
