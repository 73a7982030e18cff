import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import WireFormat

/// A node: everything between its sockets and its data folder.
public struct Node: Service {
    /// What a starting node has to say to the person at the terminal.
    public enum Announcement: Sendable {
        /// Nobody has claimed the node yet: the first person who opens this link will.
        case operatorInvitation(String)
        /// SHA-256 of the node's own authority's certificate.
        case authorityFingerprint(String)
        /// Connections are accepted at this origin.
        case ready(origin: String)
    }

    private var configuration: NodeConfiguration
    private let announce: @Sendable (Announcement) -> Void
    private let logger: Logger
    private let folder: DataFolder
    private let lock: DataFolderLock
    private let registry = PrometheusRegistry()
    private let store: SQLiteStore
    private let identity: NodeIdentity
    private let anchor: TrustAnchor
    private let webApp: WebApp
    private let owner: Bubble?

    private var renewal: CertificateRenewal {
        CertificateRenewal(anchor: anchor, clock: configuration.clock, logger: logger)
    }

    /// Opens the data folder and makes what is missing in it.
    ///
    /// - Throws: a ``StartError`` that says what is wrong and what to do.
    public init(
        _ configuration: NodeConfiguration, logger: Logger, announce: @escaping @Sendable (Announcement) -> Void
    ) throws(StartError) {
        self.configuration = configuration
        self.logger = logger
        self.announce = announce
        let folder = try DataFolder(creating: configuration.data)
        self.folder = folder
        lock = try DataFolderLock(folder)
        identity = try NodeIdentity(folder)
        if configuration.relay != nil, configuration.relay?.secret == nil {
            self.configuration.relay?.secret = try RelaySecret.kept(in: folder)
        }
        store = try SQLiteStore(
            folder, logger: logger, metrics: registry, pendingBytes: configuration.bounds.pendingBytes)
        do {
            owner = try store.readNow { try Bubble(stored: $0) }
        } catch {
            throw StartError(
                "The database \(folder.database) is damaged",
                advice: "restore node.sqlite from a backup, or move it away to start an empty node")
        }
        anchor = try TrustAnchor(
            configuration: configuration, folder: folder,
            now: Date(timeIntervalSince1970: TimeInterval(configuration.clock())))
        do throws(WireError) {
            webApp =
                if let archive = configuration.webApp { try WebApp(archive: archive) } else { try WebApp.embedded() }
        } catch {
            throw StartError("This executable holds no web app", advice: "build it again with `make build`")
        }
    }

    /// Serves until it is told to stop.
    ///
    /// - Throws: a ``StartError`` when the port cannot be had.
    public func run() async throws {
        defer { lock.release() }
        let (isReady, ready) = AsyncStream<Never>.makeStream()
        var bounds = configuration.bounds
        // An accept that fails for want of descriptors would end the server: some are kept for the store.
        let descriptors = Self.descriptors() - 128
        if configuration.relay != nil { bounds.relays = min(bounds.relays, max(16, descriptors / 4)) }
        bounds.connections = min(
            bounds.connections, max(64, descriptors - (configuration.relay == nil ? 0 : bounds.relays)))
        if bounds.areConnectionsNamed, bounds.connections < configuration.bounds.connections {
            logger.notice(
                "Files that the system lets the node open bound it to \(bounds.connections) connections: raise that (`ulimit -n`) for \(configuration.bounds.connections)."
            )
        }
        let ledger = ConnectionLedger(bounds)
        let metrics = NodeMetrics(registry)
        let room = AnswerRoom(bound: bounds.answerBytes)
        registry.observe("cryptpeer_http_bytes_held") { Int64(room.bytes) }
        let sessions = SessionRegistry(sessionsPerDevice: bounds.sessionsPerDevice)
        let relay = try await startedRelay(registry, bounds, ledger, sessions)
        let retention = RetentionClock(
            wall: configuration.clock, elapsed: configuration.isClockSet ? RetentionClock.secondsSinceBoot : nil,
            folder: folder, logger: logger)
        let service = NodeService(
            store: store, identity: identity, owner: owner,
            sessions: sessions, metrics: metrics, quotas: bounds.quotas, desk: relay?.makeDesk(),
            clock: configuration.clock, retention: { retention.now() })
        let port = ListeningPort(configuration.port)
        let routes = Routes(webApp: webApp, anchor: anchor) { [store] in
            await store.canStore()
        } isOwnOrigin: { [anchor] origin in
            anchor.isOwn(origin: origin, port: port.value)
        }
        let application = Application(
            router: try routes.makeRouter(),
            server: HTTPServerBuilder { [anchor, bounds] responder in
                NodeChannel(
                    responder: responder, anchor: anchor, ledger: ledger, bounds: bounds, room: room,
                    metrics: metrics, streams: relay?.streams
                ) { origin in
                    WebSocketSession(service: service, ledger: ledger, bounds: bounds, origin: origin)
                }
            },
            configuration: ApplicationConfiguration(
                address: .hostname(Self.anyAddress(), port: configuration.port), serverName: nil, backlog: 1_024),
            onServerRunning: { channel in
                do {
                    try await channel.eventLoop.submit {
                        try channel.pipeline.syncOperations.addHandler(
                            AcceptErrorHandler(logger: logger), position: .first)
                    }.get()
                    if let found = channel.localAddress?.port { port.set(found) }
                    relay?.reportPort()
                    try await announceStart(port: port.value)
                    ready.finish()
                } catch {
                    logger.error("The node cannot write to its data folder.")
                    channel.close(promise: nil)
                }
            },
            logger: logger)
        var services: [any Service] = [
            store, retention,
            ExpirySweep(store: store, clock: { retention.now() }),
            renewal,
        ]
        if let relay { services.append(relay) }
        if let port = configuration.metricsPort {
            services.append(MetricsListener(registry: registry, port: port, logger: logger, nodeIsReady: isReady))
        }
        // Told to stop in reverse order: first the connections, the store last.
        services.append(application)
        var group = ServiceGroupConfiguration(services: services, logger: logger)
        // What does not end by itself is cut off: a service manager counts to five.
        group.maximumGracefulShutdownDuration = .seconds(3)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError where Self.listening.contains(error.errnoCode) {
            throw StartError(
                PortFailure(
                    name: "Port \(configuration.port)", port: configuration.port, bootstrap: error, option: "--port"))
        }
    }

    /// Reads a given certificate and its key again, now, and says in the log which one is shown from then on.
    ///
    /// - Parameter reason: what made the node do so; stands before what the log says.
    public func reloadCertificate(because reason: String) {
        renewal.reload(because: "\(reason): ")
    }

    /// What only a port that cannot be had is the reason of.
    private static let listening = [EADDRINUSE, EACCES, EPERM, EADDRNOTAVAIL, EAFNOSUPPORT]

    /// The relay, serving already; nil if there is to be none.
    private func startedRelay(
        _ registry: PrometheusRegistry, _ bounds: ServiceBounds, _ ledger: ConnectionLedger,
        _ sessions: SessionRegistry
    ) async throws(StartError) -> RelayService? {
        guard let relay = configuration.relay else { return nil }
        let service = try RelayService(
            relay, issuer: identity.publicKey, ownPorts: [configuration.port, configuration.metricsPort],
            names: { [anchor] in anchor.givenNames + sessions.names }, bounds: bounds, ledger: ledger,
            metrics: RelayMetrics(registry), logger: logger)
        try await service.start()
        return service
    }

    private func announceStart(port: Int) async throws {
        let origin = anchor.primaryOrigin(port: port)
        // What is known already is not written: on a full disk that alone would keep the node from starting.
        if try await store.read({ try $0.origin() }) != origin {
            try await store.change(.freeing) { try $0.set(origin: origin) }
        }
        if try await store.read({ try $0.ownership() }) == nil {
            let invitation = try OperatorInvitation(origin: origin)
            try await store.change(.freeing) { try $0.offerClaim(tokenHash: invitation.tokenHash) }
            announce(.operatorInvitation(invitation.link))
        }
        if let authority = anchor.authority { announce(.authorityFingerprint(try authority.fingerprint)) }
        announce(.ready(origin: origin))
    }

    /// How many files and sockets the system lets this process have, after asking for as many as it may.
    private static func descriptors() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        let current = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return Int(clamping: isRaised ? limit.rlim_max : current)
    }

    /// Both protocols through one socket, where the machine has both.
    ///
    /// Servers look up what they bind to, and where no interface but the loopback has an IPv6 address that fails even for a
    /// literal one (RFC 3493 §6.1, AI_ADDRCONFIG). And the system may refuse this process all of IPv6.
    static func anyAddress() -> String {
        let socket = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return "0.0.0.0" }
        close(socket)
        return (try? SocketAddress.makeAddressResolvingHost("::", port: 0)) == nil ? "0.0.0.0" : "::"
    }
}

/// The port that the node listens at: the system may choose it.
private final class ListeningPort: Sendable {
    private let port: Mutex<Int>

    init(_ port: Int) { self.port = Mutex(port) }

    var value: Int { port.withLock { $0 } }

    func set(_ port: Int) { self.port.withLock { $0 = port } }
}
