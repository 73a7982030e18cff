import STUN
import TURN

/// What a person decides about the relay.
public struct RelayConfiguration: Sendable {
    /// The port of STUN and TURN, of UDP and of TCP.
    public var port: Int
    /// Whether the port was asked for: if it cannot be had, the node then does not start, and takes another one if not.
    public var isPortChosen = true
    /// The addresses at which peers reach the relay, at most one of each family; empty: the interfaces' own.
    public var publicAddresses: [String] = []
    /// A secret that other programs share to make credentials; nil: one of the node's own, kept in its data folder.
    public var secret: [UInt8]?
    /// Another secret whose credentials are accepted too, until they end: the former one, while programs change over.
    public var otherSecret: [UInt8]?
    /// Peers may be in private networks: the node serves a network without the Internet.
    public var reachesPrivateNetworks = false
    /// Networks in which peers may be, as `address/length`: private ones, and those that the machine is itself in, where not all
    /// of them may be reached.
    public var networks: [String] = []
    /// Other relays with the same secret, for clients over UDP as `address` or `address:port`, over TCP with `tcp:` before it,
    /// over TLS as `tls:address:port` or `tls:address:port#name`: new allocations are sent there, if this one has no room for
    /// them, or is about to be stopped (SIGUSR1).
    public var alternates: [String] = []
    /// Relayed megabits (10^6) each second, of one device and of all together, both directions counted; 0 for no bound; nil
    /// for what suits a Raspberry Pi: four busy devices have all that its network card carries.
    public var deviceMegabits: Int?
    public var megabits: Int?
    /// For benches and tests: peers may be on this machine.
    public var allowsLoopback = false
    /// For clients from before RFC 8656: channel numbers up to 0x7FFF.
    public var acceptsOldChannelNumbers = false
    /// Threads that relay, 1 to 64. Each of them has its part of the clients.
    public var threads = 1
    /// The addresses of this machine at which clients come to the relay; empty: all of them.
    public var listen: [String] = []
    /// The ports at which peers reach what is relayed, as `first-last`; nil for the dynamic ones (RFC 8656 §7.2).
    public var ports: String?

    /// How many threads there can be.
    public static let threadCounts = 1...64

    public init(port: Int = 3_478) {
        self.port = port
    }
}

extension RelayConfiguration {
    static let usualDeviceMegabits = 200
    static let usualMegabits = 800

    /// The bounds on what is relayed, for each of the threads.
    func setBandwidth(_ quotas: inout ServerConfiguration.Quotas) {
        // A bench of the relay wants no bound.
        let (device, all) = allowsLoopback ? (0, 0) : (Self.usualDeviceMegabits, Self.usualMegabits)
        quotas.bytesPerSecondPerUser = UInt64(max(0, deviceMegabits ?? device)) * 125_000
        quotas.bytesPerSecond = UInt64(max(0, megabits ?? all)) * 125_000 / UInt64(max(1, threads))
    }

    /// The addresses of ``listen``.
    ///
    /// - Throws: a ``StartError`` for what is no address.
    func listeningAddresses() throws(StartError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for text in listen {
            guard let ip = IPAddress(text: text) else {
                throw StartError("\(text) is no IP address", advice: "give --relay-listen addresses of this machine")
            }
            if !addresses.contains(ip) { addresses.append(ip) }
        }
        return addresses
    }

    /// The range of ``ports``.
    ///
    /// - Throws: a ``StartError`` for what is no range, or a number of threads that there cannot be.
    func portRange() throws(StartError) -> ClosedRange<UInt16> {
        guard Self.threadCounts.contains(threads) else {
            throw StartError("The relay cannot have \(threads) threads", advice: "give --relay-threads 1 to 64")
        }
        guard let ports else { return PortPool.dynamicPorts }
        let ends = ports.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1_024, first <= last else {
            throw StartError(
                "\(ports) is no range of ports",
                advice: "give --relay-ports two ports from 1024 on, such as 50000-50999")
        }
        return first...last
    }

    /// - Throws: a ``StartError`` for what is no network.
    func prefixes() throws(StartError) -> [AddressPrefix] {
        var prefixes: [AddressPrefix] = []
        for text in networks {
            guard let prefix = AddressPrefix(text: text) else {
                throw StartError(
                    "\(text) is no network", advice: "give --relay-network an address and a length, such as 10.8.0.0/16"
                )
            }
            prefixes.append(prefix)
        }
        return prefixes
    }

    /// - Throws: a ``StartError`` for what is no other relay.
    func alternateServers() throws(StartError) -> [AlternateServer] {
        var servers: [AlternateServer] = []
        for text in alternates { servers.append(try AlternateServer(text: text)) }
        return servers
    }
}

extension AddressPrefix {
    /// The network that `address/length` writes; nil if it writes none, or an address inside one.
    init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let ip = IPAddress(text: String(parts[0])), let length = Int(parts[1]),
            (0...(ip.family == .ipv4 ? 32 : 128)).contains(length)
        else { return nil }
        self.init(ip, length: length)
        guard first == ip else { return nil }
    }
}

extension TransportAddress {
    /// The address that `address`, `address:port` or, of IPv6, `[address]:port` writes; nil if it writes none.
    init?(text: String, usualPort: UInt16) {
        if let ip = IPAddress(text: text) {
            self.init(ip, port: usualPort)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port != 0
        else {
            return nil
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let ip = IPAddress(text: String(host)), isBracketed == (ip.family == .ipv6) else { return nil }
        self.init(ip, port: port)
    }
}

extension RelayConfiguration {
    /// The secret that a file holds: its text without the white space around it.
    ///
    /// - Throws: a ``StartError`` that says why it cannot be used.
    public static func secret(inFile path: String) throws(StartError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try readFile(path)
        } catch {
            throw StartError(
                "The relay's secret \(path) cannot be read (\(error.reason))", advice: "see that --turn-secret names it"
            )
        }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let secret = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !secret.isEmpty else {
            throw StartError("The relay's secret \(path) is empty", advice: "put a long random text into it")
        }
        return Array(secret)
    }
}
