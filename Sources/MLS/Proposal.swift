import WireFormat

/// RFC 9420 §17.4.
public struct ProposalType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let add = ProposalType(rawValue: 1)
    public static let update = ProposalType(rawValue: 2)
    public static let remove = ProposalType(rawValue: 3)
    public static let preSharedKey = ProposalType(rawValue: 4)
    public static let reInit = ProposalType(rawValue: 5)
    public static let externalInit = ProposalType(rawValue: 6)
    public static let groupContextExtensions = ProposalType(rawValue: 7)

    /// Every client has these, and lists them nowhere (§7.2).
    public var isDefault: Bool { (1...7).contains(rawValue) }

    /// Whether a commit that covers this proposal must carry a path (§12.4).
    var requiresPath: Bool {
        switch self {
        case .add, .preSharedKey, .reInit: return false
        default: return true
        }
    }
}

/// A change to the group that a commit can bring into effect (RFC 9420 §12.1).
public enum Proposal: Equatable, Sendable {
    case add(KeyPackage)
    /// The sender's new leaf.
    case update(LeafNode)
    /// The leaf index of the member to remove.
    case remove(UInt32)
    case preSharedKey(PreSharedKeyID)
    case reInit(ReInit)
    /// The KEM output that gives the next epoch's init secret.
    case externalInit(kemOutput: [UInt8])
    case groupContextExtensions(Extensions)

    public var type: ProposalType {
        switch self {
        case .add: return .add
        case .update: return .update
        case .remove: return .remove
        case .preSharedKey: return .preSharedKey
        case .reInit: return .reInit
        case .externalInit: return .externalInit
        case .groupContextExtensions: return .groupContextExtensions
        }
    }
}

/// The group to create instead of this one (RFC 9420 §12.1.5).
public struct ReInit: Equatable, Sendable {
    public var groupID: [UInt8]
    public var version: ProtocolVersion
    public var suite: CipherSuite
    public var extensions: Extensions

    public init(groupID: [UInt8], version: ProtocolVersion, suite: CipherSuite, extensions: Extensions) {
        self.groupID = groupID
        self.version = version
        self.suite = suite
        self.extensions = extensions
    }
}

extension ReInit: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(opaque: groupID)
        writer.write(version.rawValue)
        writer.write(suite)
        writer.write(extensions)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        groupID = try reader.readOpaque()
        version = ProtocolVersion(rawValue: try reader.readUInt16())
        suite = try reader.read()
        extensions = try reader.read()
    }
}

extension Proposal: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(type.rawValue)
        switch self {
        case .add(let keyPackage): writer.write(keyPackage)
        case .update(let leafNode): writer.write(leafNode)
        case .remove(let leaf): writer.write(leaf)
        case .preSharedKey(let id): writer.write(id)
        case .reInit(let reInit): writer.write(reInit)
        case .externalInit(let kemOutput): writer.write(opaque: kemOutput)
        case .groupContextExtensions(let extensions): writer.write(extensions)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch ProposalType(rawValue: try reader.readUInt16()) {
        case .add: self = .add(try reader.read())
        case .update: self = .update(try reader.read())
        case .remove: self = .remove(try reader.readUInt32())
        case .preSharedKey: self = .preSharedKey(try reader.read())
        case .reInit: self = .reInit(try reader.read())
        case .externalInit: self = .externalInit(kemOutput: try reader.readOpaque())
        case .groupContextExtensions: self = .groupContextExtensions(try reader.read())
        default: throw .invalidValue
        }
    }
}
