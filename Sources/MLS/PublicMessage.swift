import CryptoPrimitives
import WireFormat

/// A message that is signed, and not encrypted (RFC 9420 §6.2).
package struct PublicMessage: Equatable, Sendable {
    package var content: FramedContent
    package var auth: ContentAuth
    /// From members, and only from them.
    package var membershipTag: [UInt8]?

    package var authenticated: AuthenticatedContent {
        AuthenticatedContent(format: .publicMessage, content: content, auth: auth)
    }

    /// Protects a member's or a joiner's message.
    ///
    /// - Throws: ``MLSError/unexpectedMessage`` for application data, which must be encrypted (§6).
    package init(
        _ message: AuthenticatedContent, membershipKey: Secret, context: GroupContext, _ algorithms: Algorithms
    ) throws(MLSError) {
        guard message.format == .publicMessage, message.content.content.type != .application else {
            throw .unexpectedMessage
        }
        content = message.content
        auth = message.auth
        membershipTag = nil
        if case .member = content.sender {
            membershipTag = message.membershipTag(membershipKey, context, algorithms)
        }
    }

    /// Checks the membership tag, where there must be one.
    ///
    /// - Throws: ``MLSError/invalidMembershipTag``.
    package func unprotected(
        membershipKey: Secret, context: GroupContext, _ algorithms: Algorithms
    ) throws(MLSError) -> AuthenticatedContent {
        let message = authenticated
        if let membershipTag {
            guard constantTimeEqual(membershipTag, message.membershipTag(membershipKey, context, algorithms)) else {
                throw .invalidMembershipTag
            }
        }
        return message
    }
}

extension AuthenticatedContent {
    /// `MAC(membership_key, AuthenticatedContentTBM)` (RFC 9420 §6.2).
    fileprivate func membershipTag(_ key: Secret, _ context: GroupContext, _ algorithms: Algorithms) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: toBeSigned(in: context))
        auth.encode(into: &writer)
        return algorithms.mac(key, writer.bytes)
    }
}

extension PublicMessage: WireEncodable, WireDecodable {
    package func encode(into writer: inout WireWriter) {
        writer.write(content)
        auth.encode(into: &writer)
        if let membershipTag { writer.write(opaque: membershipTag) }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        content = try reader.read()
        auth = try ContentAuth(content.content.type, from: &reader)
        if case .member = content.sender {
            membershipTag = try reader.readOpaque()
        } else {
            membershipTag = nil
        }
    }
}
