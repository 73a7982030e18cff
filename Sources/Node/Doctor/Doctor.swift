import CryptoPrimitives
import FoundationEssentials
import Glibc
import NIOCore
import STUN
import TURN

/// Looks at a node from outside in, as its clients do, and says what to mend: its address, certificate, clock and relay.
public struct Doctor: Sendable {
    public enum Standing: String, Sendable {
        case ok
        /// Something works less well than it could, or could not be looked at.
        case warn
        /// People will notice.
        case fail
    }

    /// One thing that was looked at.
    public struct Finding: Sendable {
        public let standing: Standing
        /// One sentence; of what does not work, with what to do about it.
        public let sentence: String
    }

    /// The origin of the node: `https://HOST:PORT`.
    public let origin: String
    let name: ServerName
    let port: Int
    /// The port of the relay over UDP and TCP; nil: there is to be none.
    let relayPort: Int?
    /// The only authority that is trusted, as PEM; nil: those that this system trusts.
    let authority: [UInt8]?
    /// The file of a certificate that the node is to show; nil: it is not compared.
    let certificate: String?
    /// What credentials for the relay are made of; nil: no allocation is tried.
    let secret: Secret?
    /// Where the node's data are, if they are on this machine.
    private let folder: DataFolder?

    /// Seconds since 1970, on this machine.
    public var clock: @Sendable () -> UInt64 = { UInt64(clamping: time(nil)) }

    /// Seconds that each step may take.
    static let patience: Int64 = 10

    /// - Parameters:
    ///   - origin: nil: that of the node in the data folder.
    ///   - data: the folder of a node, on whose own authority the certificate then stands, and whose secret makes a credential.
    ///   - authority: a file with the certificate of the authority, as PEM.
    ///   - certificate: a file with the certificate that the node is to show, as PEM.
    ///   - relayPort: 0 if there is to be no relay.
    /// - Throws: a ``StartError`` for what cannot be looked at at all.
    public init(
        origin: String?, data: String? = nil, authority: String? = nil, certificate: String? = nil,
        secret: [UInt8]? = nil, relayPort: Int = 3_478
    ) async throws {
        let folder = try data.map { try DataFolder(existing: $0) }
        var found = origin
        if found == nil, let folder {
            found = try SQLiteStore(visiting: folder, isReadOnly: true).readNow { try $0.origin() }
        }
        guard let text = found else {
            throw StartError(
                "There is no node to look at",
                advice: "give its address, https://HOST:PORT, or its data folder with --data")
        }
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let name = ServerName(origin: trimmed), let port = ServerName.port(ofOrigin: trimmed) else {
            throw StartError("\(text) is no node's address", advice: "write it as https://HOST:PORT")
        }
        self.origin = name.origin(port: port)
        self.name = name
        self.port = port
        self.relayPort = relayPort == 0 ? nil : relayPort
        self.certificate = certificate
        if let authority {
            do throws(FileError) {
                self.authority = try readFile(authority)
            } catch {
                throw StartError("The authority \(authority) cannot be read (\(error.reason))", advice: "correct --ca")
            }
        } else {
            self.authority = folder.flatMap { folder in
                // A node with a certificate that was given to it may have one of its own besides.
                (try? readFile(folder.authorityCertificate))
            }
        }
        self.folder = folder
        self.secret = (secret ?? folder.flatMap { try? RelaySecret.stored(in: $0) }).map { Secret($0) }
    }

    /// Looks at everything, and says each finding as soon as it is there.
    ///
    /// - Returns: whether nothing failed.
    public func run(_ say: (Finding) -> Void) async -> Bool {
        var isWell = true
        func report(_ findings: [Finding]) {
            for finding in findings {
                if finding.standing == .fail { isWell = false }
                say(finding)
            }
        }
        if let folder { report(Self.room(of: DiskRoom(folder))) }
        let host = name.host.filter { $0 != "[" && $0 != "]" }
        let https = await HTTPSExamination(
            host: host, name: name, port: port, authority: authority, file: certificate, now: Int(clamping: clock())
        ).run()
        report(https.findings)
        // Without a node there is no relay to look for.
        if https.isReachable, let relayPort {
            let relay = RelayExamination(
                host: host, httpsPort: port, port: relayPort, secret: secret)
            report(await relay.run())
        }
        return isWell
    }

    /// Only what is wrong: with room there is nothing to do.
    private static func room(of disk: DiskRoom) -> [Finding] {
        guard disk.look().isShort else { return [] }
        let left = (disk.free ?? 0) >> 20
        return [.fail("Data: the disk is full (\(left) MiB left), and the node stores nothing more: make room there.")]
    }
}

extension Doctor.Finding {
    static func ok(_ sentence: String) -> Self { Self(standing: .ok, sentence: sentence) }
    static func warn(_ sentence: String) -> Self { Self(standing: .warn, sentence: sentence) }
    static func fail(_ sentence: String) -> Self { Self(standing: .fail, sentence: sentence) }
}
