import CryptoPrimitives
import WireFormat

extension AuthenticatedContent {
    /// `FramedContentTBS` (RFC 9420 §6.1): members and joiners sign for one group and epoch, by covering its context.
    func toBeSigned(in context: GroupContext) -> [UInt8] {
        var writer = WireWriter()
        writer.write(ProtocolVersion.mls10.rawValue)
        writer.write(format.rawValue)
        writer.write(content)
        switch content.sender {
        case .member, .newMemberCommit: writer.write(context)
        case .external, .newMemberProposal: break
        }
        return writer.bytes
    }

    /// Frames and signs content. A commit's confirmation tag is added when it can be computed.
    package init(
        signing content: FramedContent, as format: MessageFormat, in context: GroupContext, by signer: some LeafSigner
    ) throws(MLSError) {
        self.format = format
        self.content = content
        auth = ContentAuth(signature: [], confirmationTag: nil)
        auth.signature = try signer.sign(label: "FramedContentTBS", toBeSigned(in: context))
    }
}

/// A message whose signature was checked against its sender's key. Only that check makes one, so what needs a verified
/// message cannot be given another.
package struct VerifiedContent: Sendable {
    package let message: AuthenticatedContent

    package var sender: Sender { message.content.sender }
    package var content: FramedContent.Content { message.content.content }

    /// - Parameter signatureKey: the key that the sender's type demands (RFC 9420 §6.1).
    /// - Throws: ``MLSError/invalidSignature``.
    package init(
        _ message: AuthenticatedContent, by signatureKey: [UInt8], in context: GroupContext, _ algorithms: Algorithms
    ) throws(MLSError) {
        guard
            algorithms.verify(
                message.auth.signature, label: "FramedContentTBS", over: message.toBeSigned(in: context),
                by: signatureKey)
        else { throw .invalidSignature }
        self.message = message
    }
}
