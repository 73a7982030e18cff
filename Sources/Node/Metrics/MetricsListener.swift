import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves the metrics to this machine alone.
struct MetricsListener: Service {
    let registry: PrometheusRegistry
    let port: Int
    let logger: Logger
    /// Ends when the node itself accepts connections: whatever keeps it from that is said first, and alone.
    let nodeIsReady: AsyncStream<Never>

    func run() async throws {
        for await _ in nodeIsReady.cancelOnGracefulShutdown() {}
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        let router = Router()
        router.get("/metrics") { [registry] _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text)))
        }
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), serverName: nil),
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            let failure = PortFailure(name: "port \(port)", port: port, bootstrap: error, option: "--metrics-port")
            logger.warning("No metrics: \(failure.problem): \(failure.advice).")
            // The node goes on without them.
            try? await gracefulShutdown()
        }
    }
}
