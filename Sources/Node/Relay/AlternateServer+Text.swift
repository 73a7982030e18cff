import STUN
import TURN

extension AlternateServer {
    /// Another relay as `--relay-alternate` names it: `address` or `address:port` for clients over UDP, the same behind `tcp:` for
    /// those over TCP, and `tls:address:port` for those over TLS, with `#name` behind it where clients are to find that name in
    /// its certificate.
    ///
    /// - Throws: a ``StartError`` for anything else.
    init(text: String) throws(StartError) {
        let prefixes: [(String, ClientTransport)] = [("udp:", .udp), ("tcp:", .tcp), ("tls:", .tls)]
        let prefix = prefixes.first { text.hasPrefix($0.0) }
        let transport = prefix?.1 ?? .udp
        let parts = text.dropFirst(prefix?.0.count ?? 0).split(
            separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let usualPort: UInt16 = transport == .tls ? 0 : 3_478
        guard let first = parts.first, let address = TransportAddress(text: String(first), usualPort: usualPort) else {
            throw StartError(
                "\(text) is no address of a relay",
                advice: "give --relay-alternate an IP address, and its port if that is not 3478")
        }
        // There is no usual one: it is the port of that node's HTTPS.
        guard address.port != 0 else {
            throw StartError(
                "\(text) has no port", advice: "give --relay-alternate the port at which that relay speaks TLS")
        }
        var domain: [UInt8]?
        if parts.count > 1 {
            guard transport == .tls else {
                throw StartError(
                    "\(text) has a certificate's name, which relays have over TLS only",
                    advice: "give --relay-alternate tls: before the address, or no name")
            }
            guard case .dns(let name) = ServerName(String(parts[1])) else {
                throw StartError(
                    "\(text) has no DNS name after its #",
                    advice:
                        "give --relay-alternate the name in that relay's certificate, such as tls:203.0.113.8:443#relay.example.org"
                )
            }
            domain = Array(name.utf8)
        }
        self.init(transport, address, domain: domain)
    }
}
