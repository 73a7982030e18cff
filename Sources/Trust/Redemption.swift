import CryptoPrimitives
import WireFormat

/// What a newcomer shows to the node: its chain, and that it holds the link.
public struct Redemption: Sendable, WireCodable {
    private static let formatVersion: UInt8 = 1
    private static let proofLength = 32

    public let chain: CertificateChain
    /// ``InvitationKeys/redemptionProof``.
    public let proof: [UInt8]

    public init(chain: CertificateChain, keys: InvitationKeys) {
        self.chain = chain
        proof = keys.redemptionProof
    }

    /// Whether the proof is the one that `verifier` is the hash of.
    public func matches(verifier: [UInt8]) -> Bool {
        constantTimeEqual(HashAlgorithm.sha256.hash(proof), verifier)
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(Self.formatVersion)
        writer.write(chain)
        writer.write(fixed: proof)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        try reader.readVersion(Self.formatVersion)
        chain = try reader.read()
        proof = try reader.readFixed(Self.proofLength)
    }
}
