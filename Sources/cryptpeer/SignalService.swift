import Glibc
import Logging
import Node
import ServiceLifecycle
import UnixSignals

/// What signals ask of a running node besides stopping.
struct SignalService: Service {
    let node: Node
    /// Whether the relay has others to which SIGUSR1 sends its clients: then it is the relay's.
    let hasAlternates: Bool
    let logger: Logger

    /// Signals that would end the process if they came before somebody waits for them.
    static func ignoreUntilRunning() {
        for number in [SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE] { signal(number, SIG_IGN) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await signal in await UnixSignalsSequence(trapping: hasAlternates ? [.sighup] : [.sighup, .sigusr1]) {
                if signal == .sighup {
                    node.reloadCertificate(because: "SIGHUP")
                } else {
                    logger.notice("SIGUSR1: there is no other relay to send clients to (--relay-alternate).")
                }
            }
        }
    }
}
