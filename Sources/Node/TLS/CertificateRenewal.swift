import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle

/// Sees that the node shows the certificate that it should: one of its own is renewed before it ends, a given one is read
/// again when its files have changed.
struct CertificateRenewal: Service {
    let anchor: TrustAnchor
    /// Seconds since 1970.
    let clock: @Sendable () -> UInt64
    let logger: Logger

    private static let interval = Duration.seconds(1)
    /// Seconds after which what went wrong is tried, and said, again.
    private static let patience: Int64 = 60
    /// Seconds before its end at which a given certificate is worth a word, and between two words.
    private static let margin: TimeInterval = 14 * 86_400
    private static let reminderInterval: Int64 = 86_400

    private var now: Date { Date(timeIntervalSince1970: TimeInterval(clock())) }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var files = FileWatch(anchor.files)
            var nextTry: Int64 = 0
            var nextReminder: Int64 = 0
            while true {
                try await Task.sleep(for: Self.interval)
                let moment = RelayLoop.seconds
                if files.haveChanged() { reload() }
                if moment >= nextReminder, let words = reminder {
                    nextReminder = moment + Self.reminderInterval
                    logger.warning(words)
                }
                guard moment >= nextTry else { continue }
                do throws(StartError) {
                    try anchor.renewIfNeeded(now: now)
                } catch {
                    nextTry = moment + Self.patience
                    logger.error("\(error).")
                }
            }
        }
    }

    /// Reads a given certificate again, and says which one is shown from now on.
    func reload(because reason: String = "") {
        guard let files = anchor.files else {
            if !reason.isEmpty {
                logger.notice("\(reason)the node makes its own certificate: there is none to read again.")
            }
            return
        }
        do throws(StartError) {
            if try anchor.reload(now: now) {
                logger.notice("\(reason)the certificate in \(files.certificate) is shown from now on.")
            } else if !reason.isEmpty {
                logger.notice("\(reason)the certificate in \(files.certificate) is the one that is shown already.")
            }
        } catch {
            logger.error("\(reason)\(error): the old one stays, for \(days) days.")
        }
    }

    /// What is to be said of an end that comes near; nil while none does.
    private var reminder: Logger.Message? {
        if let files = anchor.files {
            guard anchor.end < now + Self.margin else { return nil }
            return "The certificate in \(files.certificate) ends in \(days) days: renew it."
        }
        guard let end = anchor.authority?.certificate.notValidAfter, end < now + LocalAuthority.warning else {
            return nil
        }
        return
            "The node's certificate authority ends in \(daysUntil(end)) days, and the node does not start after that: remove ca.pem and ca.key from its data folder and start it again, to have a new one made (devices must then install it again)."
    }

    private var days: Int { daysUntil(anchor.end) }

    private func daysUntil(_ end: Date) -> Int { max(0, Int(end.timeIntervalSince(now) / 86_400)) }
}

/// Notices that files have been replaced or written, once nobody writes them any more: a certificate and its key are two files,
/// and for a moment they do not belong together.
private struct FileWatch {
    private struct Mark: Equatable {
        var inode: UInt = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private let paths: [String]
    private var known: [Mark]
    private var last: [Mark]

    init(_ files: NodeConfiguration.CertificateFiles?) {
        paths = files.map { [$0.certificate, $0.key] } ?? []
        known = paths.map(Self.mark)
        last = known
    }

    /// Whether the files are others than before, and have been so for as long as it took until this was asked again.
    mutating func haveChanged() -> Bool {
        let current = paths.map(Self.mark)
        defer { last = current }
        guard current == last, current != known else { return false }
        known = current
        return true
    }

    /// Of what a name leads to at the end: programs that renew certificates exchange links.
    private static func mark(_ path: String) -> Mark {
        var status = stat()
        guard stat(path, &status) == 0 else { return Mark() }
        return Mark(
            inode: UInt(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }
}
