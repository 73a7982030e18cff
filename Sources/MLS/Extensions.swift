import WireFormat

/// RFC 9420 §17.3.
public struct ExtensionType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let applicationID = ExtensionType(rawValue: 1)
    public static let ratchetTree = ExtensionType(rawValue: 2)
    public static let requiredCapabilities = ExtensionType(rawValue: 3)
    public static let externalPub = ExtensionType(rawValue: 4)
    public static let externalSenders = ExtensionType(rawValue: 5)

    /// Every client has these, and lists them nowhere (§7.2).
    public var isDefault: Bool { (1...5).contains(rawValue) }
}

/// One extension of a key package, leaf node, GroupInfo or group context (RFC 9420 §13.4).
public struct Extension: Equatable, Sendable {
    public var type: ExtensionType
    public var data: [UInt8]

    public init(type: ExtensionType, data: [UInt8]) {
        self.type = type
        self.data = data
    }
}

/// `Extension extensions<V>`, at most one of each type (RFC 9420 §13.4).
public struct Extensions: Equatable, Sendable {
    public private(set) var list: [Extension] = []

    /// No extensions.
    public init() {}

    /// The data of an extension, or nil. Setting replaces or appends; setting nil removes.
    public subscript(type: ExtensionType) -> [UInt8]? {
        get {
            for entry in list where entry.type == type { return entry.data }
            return nil
        }
        set {
            for index in list.indices where list[index].type == type {
                if let newValue { list[index].data = newValue } else { list.remove(at: index) }
                return
            }
            if let newValue { list.append(Extension(type: type, data: newValue)) }
        }
    }

    /// Whether each type that is not a default one is among `types`.
    func areSupported(by types: [ExtensionType]) -> Bool {
        for entry in list where !entry.type.isDefault && !types.contains(entry.type) { return false }
        return true
    }
}

extension Extensions: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.writeVector { writer in
            for entry in list {
                writer.write(entry.type.rawValue)
                writer.write(opaque: entry.data)
            }
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        var entries = try reader.readSlice()
        while !entries.isAtEnd {
            let type = ExtensionType(rawValue: try entries.readUInt16())
            let data = try entries.readOpaque()
            // RFC 9420 §13.4: not more than one extension of any given type. The bound keeps this search linear.
            guard list.count < 64 else { throw .tooLong }
            guard self[type] == nil else { throw .invalidValue }
            list.append(Extension(type: type, data: data))
        }
    }
}

/// What every member of a group must be able to do (RFC 9420 §11.1): the content of a `required_capabilities` extension.
public struct RequiredCapabilities: Equatable, Sendable {
    public var extensionTypes: [ExtensionType]
    public var proposalTypes: [ProposalType]
    public var credentialTypes: [CredentialType]

    public init(extensionTypes: [ExtensionType], proposalTypes: [ProposalType], credentialTypes: [CredentialType]) {
        self.extensionTypes = extensionTypes
        self.proposalTypes = proposalTypes
        self.credentialTypes = credentialTypes
    }
}

extension RequiredCapabilities: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        writer.writeCodes(extensionTypes)
        writer.writeCodes(proposalTypes)
        writer.writeCodes(credentialTypes)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        extensionTypes = try reader.readCodes()
        proposalTypes = try reader.readCodes()
        credentialTypes = try reader.readCodes()
    }
}

extension WireWriter {
    /// A vector of 16-bit code points.
    mutating func writeCodes<Code: RawRepresentable>(_ codes: [Code]) where Code.RawValue == UInt16 {
        writeVector { writer in
            for code in codes { writer.write(code.rawValue) }
        }
    }
}

extension WireReader {
    mutating func readCodes<Code: RawRepresentable>() throws(WireError) -> [Code] where Code.RawValue == UInt16 {
        var reader = try readSlice()
        var codes: [Code] = []
        while !reader.isAtEnd {
            guard let code = Code(rawValue: try reader.readUInt16()) else { throw .invalidValue }
            codes.append(code)
        }
        return codes
    }
}
