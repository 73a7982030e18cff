import WireFormat

/// Who a leaf belongs to (RFC 9420 §5.3). Whether it is true is the application's to say, through ``LeafAcceptance``.
public enum Credential: Equatable, Sendable {
    /// A bare identity, in the application's own format.
    case basic(identity: [UInt8])
    /// A chain of DER certificates, end entity first. That its key is the leaf's signature key is for the application,
    /// which has the X.509 parser, to check.
    case x509(certificates: [[UInt8]])

    public var type: CredentialType {
        switch self {
        case .basic: return .basic
        case .x509: return .x509
        }
    }
}

/// RFC 9420 §17.5.
public struct CredentialType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let basic = CredentialType(rawValue: 1)
    public static let x509 = CredentialType(rawValue: 2)
}

extension Credential: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(type.rawValue)
        switch self {
        case .basic(let identity):
            writer.write(opaque: identity)
        case .x509(let certificates):
            writer.writeVector { writer in
                for certificate in certificates { writer.write(opaque: certificate) }
            }
        }
    }

    /// A credential of another type has no length of its own, so nothing after it could be read: it is refused.
    public init(from reader: inout WireReader) throws(WireError) {
        switch CredentialType(rawValue: try reader.readUInt16()) {
        case .basic:
            self = .basic(identity: try reader.readOpaque())
        case .x509:
            var chain = try reader.readSlice()
            var certificates: [[UInt8]] = []
            while !chain.isAtEnd { certificates.append(try chain.readOpaque()) }
            self = .x509(certificates: certificates)
        default:
            throw .invalidValue
        }
    }
}
