import FoundationEssentials
import Logging
import ServiceLifecycle

/// Looks once a day whether the node's certificate nears its end.
struct CertificateRenewal: Service {
    let anchor: TrustAnchor
    /// Seconds since 1970.
    let clock: @Sendable () -> UInt64
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(86_400))
                do {
                    try anchor.renewIfNeeded(now: Date(timeIntervalSince1970: TimeInterval(clock())))
                } catch {
                    logger.error("The server certificate cannot be renewed: see that there is room in the data folder.")
                }
            }
        }
    }
}
