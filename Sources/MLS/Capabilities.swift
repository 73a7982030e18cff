import WireFormat

/// What a client can do (RFC 9420 §7.2). Values it does not know are kept and ignored.
public struct Capabilities: Equatable, Sendable {
    public var versions: [ProtocolVersion]
    public var suites: [CipherSuite]
    public var extensions: [ExtensionType]
    public var proposals: [ProposalType]
    public var credentials: [CredentialType]

    /// What this implementation can do, for a client of one suite.
    public init(suite: CipherSuite, credentials: [CredentialType] = [.basic]) {
        versions = [.mls10]
        suites = [suite]
        extensions = []
        proposals = []
        self.credentials = credentials
    }

    /// RFC 9420 §11.1. Default extension and proposal types are everyone's; credential types have no defaults.
    func satisfy(_ required: RequiredCapabilities) -> Bool {
        for type in required.extensionTypes where !type.isDefault && !extensions.contains(type) { return false }
        for type in required.proposalTypes where !type.isDefault && !proposals.contains(type) { return false }
        for type in required.credentialTypes where !credentials.contains(type) { return false }
        return true
    }
}

/// RFC 9420 §6. There is one version so far.
public struct ProtocolVersion: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let mls10 = ProtocolVersion(rawValue: 1)
}

extension Capabilities: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.writeCodes(versions)
        writer.writeCodes(suites)
        writer.writeCodes(extensions)
        writer.writeCodes(proposals)
        writer.writeCodes(credentials)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        versions = try reader.readCodes()
        suites = try reader.readCodes()
        extensions = try reader.readCodes()
        proposals = try reader.readCodes()
        credentials = try reader.readCodes()
    }
}
