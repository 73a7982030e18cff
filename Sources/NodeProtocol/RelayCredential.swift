import WireFormat

/// A credential for the node's relay, good for a limited time, and where it is served: STUN and TURN (RFC 8489, RFC 8656) at the
/// host of the session itself, and over TLS at the session's own port.
public struct RelayCredential: Equatable, Sendable {
    /// The user name, `expiry:random` (the convention of the TURN REST API). At most ``Limits/relayCredentialLength``
    /// bytes, as the password.
    public let username: [UInt8]
    public let password: [UInt8]
    /// When it ends, in seconds since 1970 by the node's clock. What was allocated with it before outlives it.
    public let expires: UInt64
    /// The port for UDP; 0 for none.
    public let udpPort: UInt16
    /// The port for plain TCP; 0 for none.
    public let tcpPort: UInt16

    public init(username: [UInt8], password: [UInt8], expires: UInt64, udpPort: UInt16, tcpPort: UInt16) {
        self.username = username
        self.password = password
        self.expires = expires
        self.udpPort = udpPort
        self.tcpPort = tcpPort
    }
}

extension RelayCredential: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(opaque: username)
        writer.write(opaque: password)
        writer.write(expires)
        writer.write(udpPort)
        writer.write(tcpPort)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            username: try reader.readOpaque(limit: Limits.relayCredentialLength),
            password: try reader.readOpaque(limit: Limits.relayCredentialLength),
            expires: try reader.readUInt64(), udpPort: try reader.readUInt16(), tcpPort: try reader.readUInt16())
    }
}
