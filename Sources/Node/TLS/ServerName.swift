import NIOCore

/// A name under which the node is reached: what stands in a certificate, and in a browser's address bar.
enum ServerName: Hashable, Sendable {
    /// In lower case.
    case dns(String)
    /// 4 or 16 bytes.
    case address([UInt8])

    /// - Returns: nil for what is neither a host name nor an address. An IPv6 address may stand in brackets. A name in another
    ///   script is taken in its ASCII form, and one with a full stop at its end without that.
    init?(_ text: String) {
        guard var text = InternationalName.ascii(text.lowercased()) else { return nil }
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        if let address = try? SocketAddress(ipAddress: text, port: 0) {
            self = .address(address.addressBytes)
            return
        }
        // The root's label (RFC 1034 §3.1): certificates and links do without.
        if text.hasSuffix("."), text.utf8.count > 1 { text.removeLast() }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, !labels.isEmpty,
            labels.allSatisfy({ label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { Self.isNameByte($0) }
            }),
            // Four numbers that are no address, or an address with a typing error in it.
            !labels.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        self = .dns(text)
    }

    /// The name in an origin that a browser wrote.
    init?(origin: String) {
        guard origin.hasPrefix("https://") else { return nil }
        var host = origin.dropFirst("https://".count)
        if let colon = host.lastIndex(of: ":"), host[colon...].firstIndex(of: "]") == nil { host = host[..<colon] }
        self.init(String(host))
    }

    /// What a person wrote after `--host`.
    init(host text: String) throws(StartError) {
        if let name = ServerName(text) {
            self = name
            return
        }
        let problem = "\(text) is neither a host name nor an address"
        if text.contains("://") { throw StartError(problem, advice: "give --host the name alone, without https://") }
        if let colon = text.lastIndex(of: ":"), ServerName(String(text[..<colon])) != nil {
            throw StartError(problem, advice: "give --host the name alone, and the port with --port or --public-origin")
        }
        if text.contains("_") {
            throw StartError(
                problem, advice: "an underscore stands in no certificate: use a hyphen, also where the name is entered")
        }
        throw StartError(problem, advice: "correct --host")
    }

    /// The port of an origin; nil if that is none.
    static func port(ofOrigin origin: String) -> Int? {
        guard let colon = origin.lastIndex(of: ":"), origin[colon...].firstIndex(of: "]") == nil else { return 443 }
        let text = origin[origin.index(after: colon)...]
        if text.hasPrefix("//") { return 443 }
        return Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    /// Whether a browser that was led to this name and port writes its origin so: it keeps the full stop at a name's end.
    func isWritten(as origin: String, port: Int) -> Bool {
        if self.origin(port: port) == origin { return true }
        guard case .dns(let name) = self else { return false }
        return Self.dns(name + ".").origin(port: port) == origin
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "-")
    }

    /// As it stands in an origin: an IPv6 address in brackets.
    var host: String {
        switch self {
        case .dns(let name): return name
        case .address(let bytes):
            let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0)
            let text = address?.ipAddress ?? ""
            return bytes.count == 16 ? "[\(text)]" : text
        }
    }

    /// `https://HOST:PORT`, without the port where it is the usual one, as a browser writes it.
    func origin(port: Int) -> String {
        port == 443 ? "https://\(host)" : "https://\(host):\(port)"
    }
}

extension SocketAddress {
    /// The address alone, in network byte order.
    var addressBytes: [UInt8] {
        switch self {
        case .v4(let address):
            var value = address.address.sin_addr
            return withUnsafeBytes(of: &value) { [UInt8]($0) }
        case .v6(let address):
            var value = address.address.sin6_addr
            return withUnsafeBytes(of: &value) { [UInt8]($0) }
        case .unixDomainSocket:
            return []
        }
    }
}
