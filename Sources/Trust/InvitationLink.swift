import CryptoPrimitives
import WireFormat

/// Why a text is no invitation link.
public enum LinkError: Error, Equatable, Sendable {
    /// It does not begin with `https://`.
    case notHTTPS
    /// There is no host, or one that no host is called.
    case badHost
    /// The port is not a number from 1 to 65535.
    case badPort
    /// There is no `/#` after the host and port.
    case noFragment
    /// What follows `#` has a character that no link has: part of the text around it was copied too.
    case badCharacter
    /// What follows `#` is too short or too long: the link was not copied whole.
    case wrongLength
    /// The link is of a later version.
    case unknownVersion
    /// An invitation that pins no authority, or an operator's that pins one.
    case badAuthorityHash
}

/// `https://HOST:PORT/#` and, in base64url, a version byte, a 32-byte secret and the 32-byte hash of the authority.
///
/// The secret stands in the URL's fragment, which a browser does not send. In the node's own invitation to the operator the
/// secret is the claim token, and the hash is 32 zeros: there is no authority yet.
public struct InvitationLink: Equatable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// Into an existing bubble.
        case member = 1
        /// To whoever will make the bubble's authority.
        case operatorClaim = 2
    }

    private static let payloadLength = 1 + InvitationKeys.secretLength + 32
    private static let scheme = label("https://")
    private static let separator = label("/#")
    private static let textLimit = 1024

    /// `https://HOST` or `https://HOST:PORT`.
    public let origin: String
    public let kind: Kind
    public let keys: InvitationKeys
    /// 32 bytes; zeros in an operator's link.
    public let authorityHash: [UInt8]

    /// A new invitation into the bubble of the authority with this hash.
    ///
    /// - Throws: ``LinkError/badAuthorityHash``, or what is wrong with `origin`.
    public static func member(origin: String, authorityHash: [UInt8], random: Randomness) throws(LinkError)
        -> InvitationLink
    {
        try InvitationLink(
            origin: [UInt8](origin.utf8), kind: .member, secret: random.secret(InvitationKeys.secretLength),
            authorityHash: authorityHash)
    }

    /// A new invitation to the operator of a node that has none.
    ///
    /// - Throws: what is wrong with `origin`.
    public static func operatorClaim(origin: String, random: Randomness) throws(LinkError) -> InvitationLink {
        try InvitationLink(
            origin: [UInt8](origin.utf8), kind: .operatorClaim, secret: random.secret(InvitationKeys.secretLength),
            authorityHash: [UInt8](repeating: 0, count: 32))
    }

    /// Reads a link, in UTF-8, with white space around it or none.
    public init(parsing text: [UInt8]) throws(LinkError) {
        var text = text[...]
        while let first = text.first, Self.isSpace(first) { text.removeFirst() }
        while let last = text.last, Self.isSpace(last) { text.removeLast() }
        guard text.count <= Self.textLimit else { throw .wrongLength }
        guard let hash = text.firstIndex(of: UInt8(ascii: "#")) else {
            guard text.starts(with: Self.scheme) else { throw .notHTTPS }
            throw .noFragment
        }
        var origin = text[..<hash]
        if origin.last == UInt8(ascii: "/"), origin.count > Self.scheme.count { origin.removeLast() }
        try self.init(origin: [UInt8](origin), fragment: text[(hash + 1)...])
    }

    /// Reads what a browser that opened the link knows.
    ///
    /// - Parameters:
    ///   - origin: `location.origin`.
    ///   - fragment: `location.hash` without its `#`.
    public init(origin: String, fragment: [UInt8]) throws(LinkError) {
        try self.init(origin: [UInt8](origin.utf8), fragment: fragment[...])
    }

    private init(origin: [UInt8], fragment: ArraySlice<UInt8>) throws(LinkError) {
        // What is wrong with the origin comes first: it is read first.
        let origin = try Self.checkedOrigin(origin)
        guard !fragment.isEmpty else { throw .noFragment }
        guard fragment.count <= Self.textLimit else { throw .wrongLength }
        guard fragment.allSatisfy(Self.isBase64URL) else { throw .badCharacter }
        guard fragment.count == (Self.payloadLength * 8 + 5) / 6 else { throw .wrongLength }
        var payload: [UInt8]
        do throws(WireError) {
            payload = try Base64URL.decode([UInt8](fragment))
        } catch {
            throw .badCharacter
        }
        defer { wipe(&payload) }
        guard let kind = Kind(rawValue: payload[0]) else { throw .unknownVersion }
        var secret = [UInt8](payload[1..<1 + InvitationKeys.secretLength])
        try self.init(
            origin: origin, kind: kind, secret: Secret(wiping: &secret),
            authorityHash: [UInt8](payload[(1 + InvitationKeys.secretLength)...]))
    }

    private init(origin: [UInt8], kind: Kind, secret: Secret, authorityHash: [UInt8]) throws(LinkError) {
        guard let origin = String(validating: try Self.checkedOrigin(origin), as: UTF8.self) else { throw .badHost }
        guard authorityHash.count == 32, authorityHash.allSatisfy({ $0 == 0 }) == (kind == .operatorClaim) else {
            throw .badAuthorityHash
        }
        self.origin = origin
        self.kind = kind
        self.authorityHash = authorityHash
        keys = InvitationKeys(secret: secret, authorityHash: authorityHash)
    }

    /// The link, in ASCII.
    public var text: [UInt8] {
        var payload = [kind.rawValue] + keys.secret.exposed + authorityHash
        defer { wipe(&payload) }
        return [UInt8](origin.utf8) + Self.separator + Base64URL.encode(payload)
    }

    /// A scheme, a host and perhaps a port, and nothing else; the host in lower case, as browsers have it.
    private static func checkedOrigin(_ origin: [UInt8]) throws(LinkError) -> [UInt8] {
        guard origin.starts(with: scheme) else { throw .notHTTPS }
        var rest = origin[scheme.count...]
        let hostEnd: Int
        if rest.first == UInt8(ascii: "[") {
            guard let bracket = rest.firstIndex(of: UInt8(ascii: "]")) else { throw .badHost }
            hostEnd = bracket + 1
            guard hostEnd - rest.startIndex > 2, rest[(rest.startIndex + 1)..<bracket].allSatisfy(isIPv6) else {
                throw .badHost
            }
        } else {
            hostEnd = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            guard hostEnd > rest.startIndex, hostEnd - rest.startIndex <= 253,
                rest[rest.startIndex..<hostEnd].allSatisfy(isHostName)
            else { throw .badHost }
        }
        let host = rest[..<hostEnd]
        rest = rest[hostEnd...]
        if let colon = rest.first {
            guard colon == UInt8(ascii: ":") else { throw .badHost }
            rest.removeFirst()
            guard (1...5).contains(rest.count), rest.first != UInt8(ascii: "0") else { throw .badPort }
            var port = 0
            for digit in rest {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .badPort }
                port = port * 10 + Int(digit - UInt8(ascii: "0"))
            }
            guard port <= 65_535 else { throw .badPort }
        }
        return scheme + host.map(lowercased) + origin[hostEnd...]
    }

    private static func isHostName(_ character: UInt8) -> Bool {
        switch lowercased(character) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isBase64URL(_ character: UInt8) -> Bool {
        switch lowercased(character) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv6(_ character: UInt8) -> Bool {
        switch lowercased(character) {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func lowercased(_ character: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character) ? character + 32 : character
    }

    private static func isSpace(_ character: UInt8) -> Bool {
        character == UInt8(ascii: " ") || (9...13).contains(character)
    }
}
