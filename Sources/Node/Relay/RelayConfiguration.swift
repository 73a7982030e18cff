/// What a person decides about the relay.
public struct RelayConfiguration: Sendable {
    /// The UDP port of STUN and TURN.
    public var port: Int
    /// Whether the port was asked for: if it cannot be had, the node then does not start, and takes another one if not.
    public var isPortChosen = true
    /// The addresses at which peers reach the relay, at most one of each family; those of the interfaces if there is none.
    public var publicAddresses: [String] = []
    /// A secret that other programs share to make credentials; one of the node's own if there is none.
    public var secret: [UInt8]?
    /// Peers may be in private networks: the node serves a network without the Internet.
    public var reachesPrivateNetworks = false
    /// For benches and tests: peers may be on this machine.
    public var allowsLoopback = false
    /// For clients from before RFC 8656: channel numbers up to 0x7FFF.
    public var acceptsOldChannelNumbers = false
    /// Threads that relay. Each of them has its part of the clients.
    public var threads = 1

    public init(port: Int = 3_478) {
        self.port = port
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
