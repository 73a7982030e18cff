import CryptoPrimitives
import Glibc
import Logging
import NIOCore
import STUN
import ServiceLifecycle
import Synchronization
import TURN
import UnixSignals

/// The relay: STUN and TURN on threads of their own, over UDP and, by streams that the event loops read and write, over TCP
/// and TLS.
final class RelayService: Service {
    /// The realm of the credentials, which clients learn from the relay itself.
    static let realm = Array("turn".utf8)

    private let configuration: RelayConfiguration
    /// Knows at which addresses peers reach the relay.
    private let finder: AddressFinder
    /// Private networks in which peers may be.
    private let networks: [AddressPrefix]
    private let alternates: [AlternateServer]
    /// Ports on which the node itself serves something.
    private let ownPorts: Set<UInt16>
    private let metrics: RelayMetrics
    private let logger: Logger
    private let ports: PortPool
    private let mailboxes: [RelayMailbox]
    private let bounds: ServiceBounds
    private let ledger: ConnectionLedger
    private let threads = Mutex<[pthread_t]>([])
    private let listener = Mutex<RelayListener?>(nil)
    private let chosenPort = Mutex<UInt16>(0)
    /// What kept it from the usual port, for which it took another one.
    private let exchanged = Mutex<PortFailure?>(nil)
    /// Makes credentials for the relay, and checks them.
    let credentials: TimeLimitedCredentials
    /// Where connections go that speak STUN or TURN.
    let streams: RelayStreams

    private static let portOption = "--turn-port"
    /// How long a new address of the machine may go unnoticed.
    private static let interval = Duration.seconds(2)

    /// - Parameters:
    ///   - issuer: the node's own name among relays that share the secret: what it gave before its last start is refused.
    ///   - ownPorts: those at which the node serves something besides.
    ///   - names: those under which browsers reach the node, at the moment.
    init(
        _ configuration: RelayConfiguration, issuer: [UInt8], ownPorts: [Int?],
        names: @escaping @Sendable () -> [ServerName],
        bounds: ServiceBounds, ledger: ConnectionLedger,
        metrics: RelayMetrics, logger: Logger
    ) throws(StartError) {
        self.configuration = configuration
        self.ownPorts = Set(ownPorts.compactMap { $0.flatMap { UInt16(exactly: $0) } })
        self.bounds = bounds
        self.ledger = ledger
        self.metrics = metrics
        self.logger = logger
        networks = try configuration.prefixes()
        ports = PortPool(range: try configuration.portRange())
        let listening = try configuration.listeningAddresses()
        alternates = try configuration.alternateServers()
        var given: [IPAddress] = []
        for text in configuration.publicAddresses {
            guard let ip = IPAddress(text: text) else {
                throw StartError("\(text) is no IP address", advice: "give --public-ip an IPv4 or IPv6 address")
            }
            given.append(ip)
        }
        finder = AddressFinder(given: given, listening: listening, names: names)
        let secret = configuration.secret.map { Secret($0) } ?? Randomness.system().secret(32)
        credentials = TimeLimitedCredentials(
            secret: secret, others: [configuration.otherSecret].compactMap { $0.map { Secret($0) } }, realm: Self.realm,
            issuer: issuer)
        mailboxes = (0..<configuration.threads).map { _ in RelayMailbox() }
        streams = RelayStreams(
            mailboxes, ledger: ledger, acceptsOldChannelNumbers: configuration.acceptsOldChannelNumbers)
    }

    /// The port at which it serves, once it has started: UDP's and TCP's.
    var port: UInt16 { chosenPort.withLock { $0 } }

    /// Refuses a device from now on, and ends what it has allocated.
    func withdraw(_ device: [UInt8]) {
        credentials.withdraw(subject: device)
        for mailbox in mailboxes { mailbox.put(.remove(device: device)) }
    }

    /// Opens the port and begins to serve: another one, if the usual one is in use and nobody asked for it. Clients learn
    /// it from the node.
    ///
    /// - Throws: a ``StartError`` if the port cannot be had.
    func start() async throws(StartError) {
        let addresses = finder.find()
        if let absent = finder.listening.first(where: { !addresses.local.all.contains($0) }) {
            throw StartError(
                "This machine has no address \(TransportAddress(absent, port: 0).ipText)",
                advice: "give --relay-listen one that it has, or see that its network is up")
        }
        let wanted = UInt16(clamping: configuration.port)
        let failure = await take(wanted)
        var last = failure
        // Another one that both UDP and TCP have: mostly the first.
        for _ in 0..<16 where last != nil && (wanted == 0 || !configuration.isPortChosen) { last = await take(0) }
        if let last { throw StartError(last) }
        if wanted != 0 { exchanged.withLock { $0 = failure } }
        if configuration.allowsLoopback {
            logger.warning(
                "--turn-allow-loopback: the relay reaches this machine's own services. For benches and tests only.")
        }
        for mailbox in mailboxes {
            let error = start(mailbox, addresses)
            guard error != 0 else { continue }
            await listener.withLock { $0 }?.stop()
            stop()
            throw Self.refusal(error, port: port)
        }
    }

    /// What is said of a thread that could not begin.
    private static func refusal(_ error: Int32, port: UInt16) -> StartError {
        switch error {
        case EMFILE, ENFILE, EAGAIN, ENOMEM, ENOSPC:
            StartError(
                "The relay cannot be started (\(String(cString: strerror(error)).lowercased()))",
                advice:
                    "let the node have more open files and threads (ulimit -n and -u, or LimitNOFILE and TasksMax in its service)"
            )
        default:
            StartError(
                PortFailure(name: "UDP port \(port)", port: Int(port), error: error, option: portOption))
        }
    }

    /// Says in the log that the relay is not at the port it was to have, and why. An operator may have opened that one only.
    func reportPort() {
        guard let failure = exchanged.withLock({ $0 }) else { return }
        logger.notice("\(failure.problem): the relay is at \(port).")
    }

    /// Takes the port, of UDP and of TCP.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Returns: why it cannot be had; nil if it can.
    private func take(_ port: UInt16) async -> PortFailure? {
        let number = port == 0 ? "" : " \(port)"
        let error = takeDatagrams(port)
        guard error == 0 else {
            return PortFailure(
                name: "UDP port\(number)", port: Int(port), error: error, option: Self.portOption)
        }
        do {
            let opened = try await RelayListener(
                at: finder.listening, port: self.port, streams: streams, ledger: ledger, bounds: bounds)
            listener.withLock { $0 = opened }
            return nil
        } catch {
            return PortFailure(
                name: "TCP port\(number)", port: Int(port), bootstrap: error, option: Self.portOption)
        }
    }

    /// Sees whether the UDP port is free: several threads share it by a way that would share it with a stranger, too.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Returns: 0, or why it cannot be had (`errno`).
    private func takeDatagrams(_ port: UInt16) -> Int32 {
        var taken: [Int32] = []
        defer { for socket in taken { close(socket) } }
        var free = port
        // Those that were chosen; or all, of each family.
        let chosen = finder.listening.map { ($0.family, IPAddress?.some($0)) }
        for (family, ip) in chosen.isEmpty ? [(.ipv4, nil), (.ipv6, nil)] : chosen {
            let socket = DatagramSocket.open(family, ip, port: free, for: .listener(isShared: false))
            guard socket >= 0 else {
                // A machine without IPv6 has no such socket.
                if ip == nil, family == .ipv6, socket != -EADDRINUSE { continue }
                return -socket
            }
            taken.append(socket)
            guard let port = DatagramSocket.port(of: socket) else { return errno }
            free = port
        }
        chosenPort.withLock { $0 = free }
        return 0
    }

    /// Starts a thread, and returns when it listens, or cannot.
    ///
    /// - Returns: 0, or why it cannot (`errno`).
    private func start(_ mailbox: RelayMailbox, _ addresses: RelayAddresses) -> Int32 {
        let listening = Latch()
        let thread = startThread { [self] in
            let sockets = RelaySocketTable()
            sockets.bind(to: addresses)
            let server = Server(
                serverConfiguration(addresses), ports: ports, sockets: sockets, credentials: credentials,
                random: Randomness.system(), at: RelayLoop.now())
            var loop = RelayLoop(server: server, sockets: sockets, port: port, isShared: mailboxes.count > 1)
            let error = loop.open(mailbox, at: addresses.listening)
            listening.open(error)
            if error == 0 { loop.run(mailbox) }
        }
        guard let thread else { return EAGAIN }
        threads.withLock { $0.append(thread) }
        return listening.wait()
    }

    private func serverConfiguration(_ addresses: RelayAddresses) -> ServerConfiguration {
        var server = ServerConfiguration(realm: Self.realm)
        server.relayIPv4 = addresses.ipv4
        server.relayIPv6 = addresses.ipv6
        server.supportsDontFragment = true
        server.acceptsOldChannelNumbers = configuration.acceptsOldChannelNumbers
        server.policy = policy(addresses)
        server.alternateServers = alternates
        server.redirection = .whenFull
        configuration.setBandwidth(&server.quotas)
        // One that has no ports left is full.
        let families = [addresses.ipv4, addresses.ipv6].count { $0 != nil }
        let most = min(server.quotas.relays, bounds.relays, ports.range.count * max(1, families))
        server.quotas.relays = max(1, most / mailboxes.count)
        if configuration.allowsLoopback { server.quotas.relaysPerUser = server.quotas.relays }
        return server
    }

    private func policy(_ addresses: RelayAddresses) -> PeerPolicy {
        var policy = PeerPolicy()
        policy.privateRanges =
            configuration.reachesPrivateNetworks ? .allowed : networks.isEmpty ? .denied : .networks(networks)
        policy.allowsLoopback = configuration.allowsLoopback
        policy.ownAddresses = Set(addresses.local.all.filter { !LocalAddresses.isLoopback($0) })
        policy.ownNetworks = addresses.local.networks
        policy.ownPorts = ownPorts.union([port])
        return policy
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                if !alternates.isEmpty { group.addTask { await self.drainWhenTold() } }
                group.addTask { try await self.watch() }
                try await group.waitForAll()
            }
        }
        await listener.withLock { $0 }?.stop()
        stop()
    }

    /// Follows the machine's addresses, and reports what was done.
    private func watch() async throws {
        var addresses = finder.last
        var last = RelayTotals()
        var log = RelayLog(logger)
        while true {
            try await Task.sleep(for: Self.interval)
            let current = finder.find()
            let totals = self.totals
            // Where it could not listen it may now.
            if current != addresses || totals.report.missing > 0 { follow(current) }
            addresses = current
            metrics.record(totals, since: last)
            log.note(totals, at: RelayLoop.seconds)
            last = totals
        }
    }

    /// At SIGUSR1, all new allocations go to the other relays, so that this one can be stopped when its calls have ended.
    private func drainWhenTold() async {
        for await _ in await UnixSignalsSequence(trapping: .sigusr1) {
            logger.notice(
                "New allocations are sent to the other relays from now on: this one can be stopped when it has none.")
            for mailbox in mailboxes { mailbox.put(.command { $0.setRedirection(.always) }) }
        }
    }

    private var totals: RelayTotals {
        let report = mailboxes.reduce(into: RelayMailbox.Report()) { $0.add($1.report) }
        return RelayTotals(report: report, streams: streams.counts.values)
    }

    /// Takes up the addresses that the machine has now.
    private func follow(_ addresses: RelayAddresses) {
        let policy = policy(addresses)
        for mailbox in mailboxes { mailbox.put(.follow(addresses, policy)) }
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

/// What one thread waits for until another one opens it, once, with a number.
private final class Latch: Sendable {
    private let number = Atomic<Int32>(0)
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open(_ number: Int32) {
        self.number.store(number, ordering: .releasing)
        sem_post(semaphore)
    }

    func wait() -> Int32 {
        while sem_wait(semaphore) != 0 {}
        return number.load(ordering: .acquiring)
    }
}
