import CryptoPrimitives
import WireFormat

/// A 16-byte name of one kind of thing. `Subject` keeps the kinds apart.
public struct Identifier<Subject>: Hashable, Sendable, WireCodable {
    /// Bytes in an identifier.
    public static var length: Int { 16 }

    /// Always ``length`` of them.
    public let bytes: [UInt8]

    /// - Throws: ``TrustError/malformed(_:)`` for another length.
    public init(_ bytes: [UInt8]) throws(TrustError) {
        guard bytes.count == Self.length else {
            throw .malformed(bytes.count < Self.length ? .truncated : .trailingBytes)
        }
        self.bytes = bytes
    }

    /// The first bytes of a hash.
    init(truncating hash: [UInt8]) {
        bytes = [UInt8](hash[..<Self.length])
    }

    /// A random one.
    public static func generate(_ random: Randomness) -> Self {
        Self(truncating: random.bytes(length))
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: bytes)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        bytes = try reader.readFixed(Self.length)
    }
}

extension Identifier: Comparable {
    /// In the order of the bytes.
    public static func < (first: Self, second: Self) -> Bool {
        first.bytes.lexicographicallyPrecedes(second.bytes)
    }
}

/// What an ``Identifier`` can name.
public enum Subject {
    public enum Bubble {}
    public enum Member {}
    public enum Device {}
    public enum Invitation {}
}

public typealias BubbleID = Identifier<Subject.Bubble>
/// Follows from the member's key: nobody can take another's.
public typealias MemberID = Identifier<Subject.Member>
public typealias DeviceID = Identifier<Subject.Device>
/// Follows from the link's secret.
public typealias InvitationID = Identifier<Subject.Invitation>

extension Identifier where Subject == Trust.Subject.Member {
    /// The id of the member that owns `key` in `bubble`.
    public init(of key: HybridPublicKey, bubble: BubbleID) {
        self.init(truncating: HashAlgorithm.sha256.hash(label("CryptPeer member id 1") + bubble.bytes + key.bytes))
    }
}

/// The bytes of an ASCII label. A static string carries no Unicode tables into the WebAssembly build.
func label(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { [UInt8]($0) }
}
