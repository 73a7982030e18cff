import CryptoPrimitives
import Glibc
import Logging
import NIOCore
import STUN
import ServiceLifecycle
import Synchronization
import TURN

/// The relay: STUN and TURN on threads of their own, over UDP and, by streams that the event loops read and write, over TCP
/// and TLS.
final class RelayService: Service {
    /// The realm of the credentials, which clients learn from the relay itself.
    static let realm = Array("turn".utf8)

    private let configuration: RelayConfiguration
    private let publicIPv4: IPAddress?
    private let publicIPv6: IPAddress?
    /// Ports on which the node itself serves something.
    private let ownPorts: Set<UInt16>
    private let metrics: RelayMetrics
    private let logger: Logger
    private let ports = PortPool()
    private let mailboxes: [RelayMailbox]
    private let bounds: ServiceBounds
    private let ledger: ConnectionLedger
    private let threads = Mutex<[pthread_t]>([])
    private let listener = Mutex<RelayListener?>(nil)
    private let chosenPort = Mutex<UInt16>(0)
    /// Makes credentials for the relay, and checks them.
    let credentials: TimeLimitedCredentials
    /// Where connections go that speak STUN or TURN.
    let streams: RelayStreams

    /// How long a new address of the machine may go unnoticed.
    private static let interval = Duration.seconds(3)

    init(
        _ configuration: RelayConfiguration, ownPorts: [Int?], bounds: ServiceBounds, ledger: ConnectionLedger,
        metrics: RelayMetrics, logger: Logger
    ) throws(StartError) {
        self.configuration = configuration
        self.ownPorts = Set(ownPorts.compactMap { $0.flatMap { UInt16(exactly: $0) } })
        self.bounds = bounds
        self.ledger = ledger
        self.metrics = metrics
        self.logger = logger
        var publicIPv4: IPAddress?
        var publicIPv6: IPAddress?
        for text in configuration.publicAddresses {
            guard let ip = IPAddress(text: text) else {
                throw StartError("\(text) is no IP address", advice: "give --public-ip an IPv4 or IPv6 address")
            }
            if ip.family == .ipv4 { publicIPv4 = ip } else { publicIPv6 = ip }
        }
        self.publicIPv4 = publicIPv4
        self.publicIPv6 = publicIPv6
        let secret = configuration.secret.map { Secret($0) } ?? Randomness.system().secret(32)
        credentials = TimeLimitedCredentials(secret: secret, realm: Self.realm)
        mailboxes = (0..<max(1, configuration.threads)).map { _ in RelayMailbox() }
        streams = RelayStreams(
            mailboxes, ledger: ledger, acceptsOldChannelNumbers: configuration.acceptsOldChannelNumbers)
    }

    /// The port at which it serves, once it has started: UDP's and TCP's.
    var port: UInt16 { chosenPort.withLock { $0 } }

    /// Opens the port and begins to serve: another one, if the usual one is in use and nobody asked for it. Clients learn
    /// it from the node.
    ///
    /// - Throws: a ``StartError`` if the port cannot be had.
    func start() async throws(StartError) {
        let wanted = UInt16(clamping: configuration.port)
        var failure = await take(wanted)
        // Another one that both UDP and TCP have: mostly the first.
        for _ in 0..<16 where failure != nil && !configuration.isPortChosen { failure = await take(0) }
        if let failure {
            throw failure.error == EACCES
                ? StartError(
                    "\(failure.transport) port \(wanted) is not open to this user",
                    advice: "choose a port of 1024 or above with --turn-port")
                : StartError(
                    "\(failure.transport) port \(wanted) is in use",
                    advice: "stop what uses it, or choose another port with --turn-port")
        }
        if port != wanted { logger.info("Port \(wanted) is in use: the relay is at \(port).") }
        if configuration.allowsLoopback {
            logger.warning(
                "--turn-allow-loopback: the relay reaches this machine's own services. For benches and tests only.")
        }
        let addresses = LocalAddresses.current()
        for mailbox in mailboxes { start(mailbox, addresses) }
    }

    /// Takes the port, of UDP and of TCP.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Returns: why it cannot be had; nil if it can.
    private func take(_ port: UInt16) async -> (transport: String, error: Int32)? {
        let error = takeDatagrams(port)
        guard error == 0 else { return ("UDP", error) }
        do {
            let opened = try await RelayListener(
                port: self.port, streams: streams, ledger: ledger, bounds: bounds)
            listener.withLock { $0 = opened }
            return nil
        } catch {
            return ("TCP", (error as? IOError)?.errnoCode ?? EADDRINUSE)
        }
    }

    /// Sees whether the UDP port is free: several threads share it by a way that would share it with a stranger, too.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Returns: 0, or why it cannot be had.
    private func takeDatagrams(_ port: UInt16) -> Int32 {
        let socket = DatagramSocket.open(.ipv4, nil, port: port, for: .listener(isShared: false))
        guard socket >= 0 else { return -socket }
        defer { close(socket) }
        guard let free = DatagramSocket.port(of: socket) else { return EADDRINUSE }
        let socket6 = DatagramSocket.open(.ipv6, nil, port: free, for: .listener(isShared: false))
        // A machine without IPv6 has no such socket.
        if socket6 == -EADDRINUSE { return EADDRINUSE }
        if socket6 >= 0 { close(socket6) }
        chosenPort.withLock { $0 = free }
        return 0
    }

    /// Starts a thread, and returns when it listens.
    private func start(_ mailbox: RelayMailbox, _ addresses: LocalAddresses) {
        let listening = Latch()
        let thread = startThread { [self] in
            let sockets = RelaySocketTable()
            // A public address that is not one of ours is a router's, which passes on what comes to it.
            sockets.bindIPv4 = publicIPv4.flatMap { addresses.all.contains($0) ? $0 : nil }
            sockets.bindIPv6 = publicIPv6.flatMap { addresses.all.contains($0) ? $0 : nil }
            let server = Server(
                serverConfiguration(addresses), ports: ports, sockets: sockets, credentials: credentials,
                random: Randomness.system(), at: RelayLoop.moment)
            var loop = RelayLoop(server: server, sockets: sockets, port: port, isShared: mailboxes.count > 1)
            loop.listen(at: addresses.all)
            listening.open()
            loop.run(mailbox)
        }
        guard let thread else { return }
        threads.withLock { $0.append(thread) }
        listening.wait()
    }

    private func serverConfiguration(_ addresses: LocalAddresses) -> ServerConfiguration {
        var server = ServerConfiguration(realm: Self.realm)
        (server.relayIPv4, server.relayIPv6) = relayAddresses(addresses)
        server.supportsDontFragment = true
        server.acceptsOldChannelNumbers = configuration.acceptsOldChannelNumbers
        server.policy = policy(addresses)
        if configuration.allowsLoopback { server.quotas.relaysPerUser = server.quotas.relays }
        return server
    }

    private func relayAddresses(_ addresses: LocalAddresses) -> (IPAddress?, IPAddress?) {
        guard publicIPv4 == nil, publicIPv6 == nil else { return (publicIPv4, publicIPv6) }
        return (addresses.preferred(.ipv4), addresses.preferred(.ipv6))
    }

    private func policy(_ addresses: LocalAddresses) -> PeerPolicy {
        var policy = PeerPolicy()
        policy.privateRanges = configuration.reachesPrivateNetworks ? .allowed : .denied
        policy.allowsLoopback = configuration.allowsLoopback
        policy.ownAddresses = Set(addresses.all.filter { !LocalAddresses.isLoopback($0) })
        policy.ownPorts = ownPorts.union([port])
        return policy
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            var addresses = LocalAddresses.current()
            var reported = RelayMailbox.Report()
            while true {
                try await Task.sleep(for: Self.interval)
                let current = LocalAddresses.current()
                if current != addresses { follow(current) }
                addresses = current
                reported = metrics.record(mailboxes.map(\.report), since: reported)
            }
        }
        await listener.withLock { $0 }?.stop()
        stop()
    }

    /// Takes up the addresses that the machine has now.
    private func follow(_ addresses: LocalAddresses) {
        let (ipv4, ipv6) = relayAddresses(addresses)
        let policy = policy(addresses)
        for mailbox in mailboxes {
            mailbox.put(.listen(addresses.all))
            mailbox.put(
                .command { server in
                    server.setRelayAddresses(ipv4: ipv4, ipv6: ipv6)
                    server.setPolicy(policy)
                })
        }
    }

    /// Ends the threads, and with them all allocations.
    func stop() {
        for mailbox in mailboxes { mailbox.put(.stop) }
        let running = threads.withLock { threads in
            defer { threads.removeAll() }
            return threads
        }
        for thread in running { pthread_join(thread, nil) }
    }
}

/// What one thread waits for until another one opens it, once.
private final class Latch: Sendable {
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}

/// A thread that is nobody's pool's: it blocks in the kernel for as long as there is nothing to do.
///
/// - Returns: what it can be waited for by; nil if the system has none to give.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(body))
    let started = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, body.toOpaque())
    guard started == 0 else {
        body.release()
        return nil
    }
    return thread
}
