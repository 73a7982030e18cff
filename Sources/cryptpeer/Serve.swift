import ArgumentParser
import Glibc
import Logging
import Node
import ServiceLifecycle

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the node: the web app, sessions and mailboxes, over HTTPS on one port.",
        discussion: """
            Prints, one line each: an operator invitation, for as long as nobody has used one; the fingerprint (SHA-256) of \
            the node's own certificate authority; and `Ready:` with its address once it accepts connections. Logs go to \
            standard error. SIGTERM or Ctrl-C stops it. SIGHUP reads --tls-cert and --tls-key again, as the node does by itself \
            within seconds after they have changed; a pair that cannot be used is named in the log, and the old one stays.

            A browser trusts the node once its authority's certificate is installed on the device: it is at /ca.crt (and \
            as PEM at /ca.pem). Compare the fingerprint. With --tls-cert and --tls-key the node uses a certificate that \
            browsers know already.

            FILES IN THE DATA FOLDER (make backups of all of them; keep them private)
              node.key                 the key by which clients know this node again
              ca.pem, ca.key           its own certificate authority
              server.pem, server.key   the certificate it shows, renewed by itself
              relay.key                the secret of the relay's credentials, unless --turn-secret gives another
              node.sqlite*             mailboxes, invitations and devices: sealed bytes and hashes, nothing readable
              clock                    how far the clock was set ahead or back, while what is stored keeps its time
              reserve                  room that the node gives up when the disk is full; needs no backup
              lock                     held while a node runs on the folder

            EXAMPLES
              cryptpeer serve --port 443 --host chat.example.org --tls-cert chain.pem --tls-key key.pem
              cryptpeer serve --host 192.168.8.1 camp.local
            """)

    @Option(
        help: ArgumentHelp("The folder that holds everything the node keeps; made if it is missing.", valueName: "dir"))
    var data = "./data"

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Names or addresses under which browsers reach the node. The first stands in links; localhost and this machine's addresses work besides.",
            valueName: "name"))
    var host: [String] = []

    @Option(help: "The TCP port for HTTPS.")
    var port = 8443

    @Option(
        help: ArgumentHelp(
            "Where browsers reach the node, if a router or proxy passes on another port or name to it: https://HOST:PORT. Stands in links.",
            valueName: "origin"))
    var publicOrigin: String?

    @Option(
        help: ArgumentHelp(
            "A certificate with its chain, PEM, instead of one of the node's own authority.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The private key of --tls-cert, PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "The port of Prometheus metrics at http://127.0.0.1:PORT/metrics; 0 for none.", valueName: "port"))
    var metricsPort = 9464

    @Option(
        help: ArgumentHelp(
            "The port of the relay (STUN and TURN), of UDP and of TCP; 0 for none. By default 3478, or another one if that is in use.",
            valueName: "port"))
    var turnPort: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The IPv4 and IPv6 address at which peers reach the relay. By default a public one of this machine, else what --host leads to, else a private one of this machine; a change is taken up within seconds.",
            valueName: "address"))
    var publicIp: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "A secret that other programs share to make credentials for the relay. By default the node has its own. Given twice, it also accepts the former secret while those programs change over.",
            valueName: "file"))
    var turnSecret: [String] = []

    @Flag(help: "The node serves a network without the Internet: the relay reaches private addresses.")
    var bubble = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Networks that the relay reaches though they are private, or this machine's own, such as 10.8.0.0/16. With --bubble it reaches all of these.",
            valueName: "network"))
    var relayNetwork: [String] = []

    @Option(
        help: ArgumentHelp(
            "What one device may relay, in megabits a second, both directions together; 0 for no bound. By default 200.",
            valueName: "megabits"))
    var relayDeviceRate: Int?

    @Option(
        help: ArgumentHelp(
            "What all devices together may relay, in megabits a second; 0 for no bound. By default 800.",
            valueName: "megabits"))
    var relayRate: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Other relays with the same --turn-secret, to which clients are sent when this one is full, or has got SIGUSR1: ADDRESS[:PORT] for those over UDP, tcp:ADDRESS[:PORT] over TCP, tls:ADDRESS:PORT over TLS. tls:ADDRESS:PORT#NAME, with the name in that relay's certificate, is for clients that know to look for another name, which browsers do not.",
            valueName: "relay"))
    var relayAlternate: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The addresses of this machine at which clients come to the relay. By default all of them.",
            valueName: "address"))
    var relayListen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The UDP ports at which peers reach what is relayed. By default 49152-65535.", valueName: "first-last"))
    var relayPorts: String?

    @Option(
        help: ArgumentHelp(
            "Threads that relay, each its part of the clients: one carries some hundred calls.", valueName: "number"))
    var relayThreads = 1

    @Flag(help: "For benches and tests only: the relay reaches this machine itself.")
    var turnAllowLoopback = false

    @Flag(help: "Accept the channel numbers of TURN clients from before RFC 8656 (0x5000 to 0x7FFF).")
    var turnOldChannels = false

    @Option(
        help: ArgumentHelp(
            "How many connections may stand. By default as many as a quarter of the memory has room for.",
            valueName: "number"))
    var maxConnections: Int?

    @Option(
        help: ArgumentHelp(
            "How many connections may stand from one IPv4 address or IPv6 /56; a /48 may have four times as many. By default 512, or a sixteenth of all.",
            valueName: "number"))
    var connectionsPerAddress: Int?

    @Option(
        help: ArgumentHelp(
            "How many sessions may stand from one address: more for an organisation behind one. By default 256, or half of the connections.",
            valueName: "number"))
    var sessionsPerAddress: Int?

    @Option(
        help: ArgumentHelp(
            "How many people may be joining at the same time from one address: more for a large hall. By default 32, or an eighth of the sessions.",
            valueName: "number"))
    var guestsPerAddress: Int?

    func validate() throws {
        for (name, value) in [
            ("max-connections", maxConnections), ("connections-per-address", connectionsPerAddress),
            ("sessions-per-address", sessionsPerAddress), ("guests-per-address", guestsPerAddress),
        ] {
            guard (1...10_000_000).contains(value ?? 1) else {
                throw ValidationError("--\(name) takes a number from 1 to 10000000")
            }
        }
        guard (0...65_535).contains(turnPort ?? 0) else {
            throw ValidationError("--turn-port takes a number from 1 to 65535, or 0")
        }
        guard (relayDeviceRate ?? 0) >= 0, (relayRate ?? 0) >= 0, (relayDeviceRate ?? 0) <= 1_000_000,
            (relayRate ?? 0) <= 1_000_000
        else {
            throw ValidationError("--relay-device-rate and --relay-rate take a number from 0 to 1000000")
        }
        guard RelayConfiguration.threadCounts.contains(relayThreads) else {
            throw ValidationError("--relay-threads takes a number from 1 to 64")
        }
        guard turnSecret.count <= 2 else { throw ValidationError("--turn-secret takes one file or two") }
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 1 to 65535") }
        guard (0...65_535).contains(metricsPort) else {
            throw ValidationError("--metrics-port takes a number from 0 to 65535")
        }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key are given together")
        }
    }

    func run() async throws {
        Self.forbidDumps()
        // Nor must a reader of our output that goes away end the node (SIGPIPE).
        SignalService.ignoreUntilRunning()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "cryptpeer")
        logger.logLevel = .notice

        var configuration = NodeConfiguration(data: data)
        configuration.hosts = host
        configuration.port = port
        configuration.publicOrigin = publicOrigin
        configuration.bounds = bounds
        configuration.isClockSet = true
        configuration.metricsPort = metricsPort == 0 ? nil : metricsPort
        configuration.relay = try relayConfiguration()
        if let tlsCert, let tlsKey { configuration.certificate = .init(certificate: tlsCert, key: tlsKey) }

        let node = try Node(configuration, logger: logger) { announcement in
            switch announcement {
            case .operatorInvitation(let link): Terminal.say("Operator invitation: \(link)")
            case .authorityFingerprint(let fingerprint): Terminal.say("CA fingerprint: \(fingerprint)")
            case .ready(let origin): Terminal.say("Ready: \(origin)")
            }
        }
        let hasAlternates = configuration.relay?.alternates.isEmpty == false
        let signals = SignalService(node: node, hasAlternates: hasAlternates, logger: logger)
        try await ServiceGroup(
            services: [node, signals], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}

extension Serve {
    /// The memory has the node's keys: a crash is to leave none of it on the disk.
    private static func forbidDumps() {
        var none = rlimit()
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }

    /// As the machine's memory allows, unless the options say otherwise.
    private var bounds: ServiceBounds {
        var bounds = ServiceBounds(memory: ServiceBounds.machineMemory)
        if let maxConnections {
            bounds.connections = maxConnections
            bounds.areConnectionsNamed = true
        }
        if let guestsPerAddress { bounds.guestsPerAddress = guestsPerAddress }
        // Each needs those before it, unless they were bounded, too.
        bounds.sessionsPerAddress = sessionsPerAddress ?? max(bounds.sessionsPerAddress, guestsPerAddress ?? 0)
        bounds.connectionsPerAddress =
            connectionsPerAddress
            ?? max(
                bounds.connectionsPerAddress,
                sessionsPerAddress == nil && guestsPerAddress == nil ? 0 : 2 * bounds.sessionsPerAddress)
        return bounds
    }

    private func relayConfiguration() throws -> RelayConfiguration? {
        guard turnPort != 0 else { return nil }
        var relay = RelayConfiguration()
        // A port that nobody chose may be another program's: the node takes another one then.
        relay.isPortChosen = turnPort != nil
        if let turnPort { relay.port = turnPort }
        relay.publicAddresses = publicIp
        relay.secret = try turnSecret.first.map { try RelayConfiguration.secret(inFile: $0) }
        relay.otherSecret = try turnSecret.dropFirst().first.map { try RelayConfiguration.secret(inFile: $0) }
        relay.reachesPrivateNetworks = bubble
        relay.networks = relayNetwork
        relay.deviceMegabits = relayDeviceRate
        relay.megabits = relayRate
        relay.alternates = relayAlternate
        relay.allowsLoopback = turnAllowLoopback
        relay.acceptsOldChannelNumbers = turnOldChannels
        relay.listen = relayListen
        relay.ports = relayPorts
        relay.threads = relayThreads
        return relay
    }
}

struct OperatorInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator-invitation",
        abstract: "Print another operator invitation, while the node has no operator yet.",
        discussion: """
            Whoever opens the link first becomes the operator of the node. Works while the node runs, and while it does not. \
            Once an operator has enrolled, invitations come from the operator's web app.

            EXAMPLE
              cryptpeer operator-invitation --data ./data
            """)

    @Option(help: ArgumentHelp("The node's data folder.", valueName: "dir"))
    var data = "./data"

    func run() async throws {
        let invitation = try await OperatorInvitation.make(forNodeIn: data)
        Terminal.say("Operator invitation: \(invitation.link)")
    }
}
