import Crypto
import FoundationEssentials
import NIOCore
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// Where the node's certificate comes from, and the TLS context made of it, which is replaced before it expires.
final class TrustAnchor: Sendable {
    /// The node's own authority; nil with a given certificate.
    let authority: LocalAuthority?
    /// The name that stands in links.
    let primaryName: ServerName
    /// Where browsers reach the node, if not at its own port.
    private let publicOrigin: PublicOrigin?
    private let source: Source
    /// `localhost` and the machine's addresses, as they were seen last.
    private let machine = Mutex<[ServerName]>([])
    private let current: Mutex<(identity: ServerIdentity, context: NIOSSLContext)>
    /// What was found out about the chain that was looked at last.
    private let examined = Mutex<(chain: [Certificate], isTrusted: Bool)?>(nil)

    private enum Source {
        case own(LocalAuthority, DataFolder, hosts: [ServerName])
        case given(NodeConfiguration.CertificateFiles, hosts: [ServerName])
    }

    /// What browsers accept of a private authority, with a margin (Apple: 825 days, and 398 for public ones).
    private static let lifetime: TimeInterval = 397 * 86_400
    private static let renewalMargin: TimeInterval = 60 * 86_400

    init(configuration: NodeConfiguration, folder: DataFolder, now: Date) throws(StartError) {
        var hosts = try configuration.hosts.map { host throws(StartError) in try ServerName(host: host) }
        publicOrigin = try configuration.publicOrigin.map { origin throws(StartError) in try PublicOrigin(origin) }
        if let publicOrigin { hosts = [publicOrigin.name] + hosts.filter { $0 != publicOrigin.name } }
        let identity: ServerIdentity
        if let files = configuration.certificate {
            authority = nil
            source = .given(files, hosts: hosts)
            identity = try Self.given(files, hosts: hosts, now: now)
            guard let name = hosts.first ?? identity.firstName else {
                throw StartError(
                    "The certificate in \(files.certificate) holds no name",
                    advice: "say with --host under which name the node is reached")
            }
            primaryName = name
        } else {
            let now = Self.possible(now)
            let authority = try Self.ownAuthority(folder, hosts: hosts, now: now)
            for host in hosts where !authority.vouches(for: host) {
                throw StartError(
                    "This node's certificate authority was not made for \(host.host)",
                    advice:
                        "remove ca.pem and ca.key from \(folder.path) to have a new one made (devices must then install it again), or use --tls-cert"
                )
            }
            self.authority = authority
            source = .own(authority, folder, hosts: hosts)
            identity = try Self.ownIdentity(authority, folder, hosts: hosts, now: now)
            primaryName = hosts.first ?? .dns("localhost")
        }
        current = Mutex((identity, try Self.context(of: identity)))
    }

    private static func context(of identity: ServerIdentity) throws(StartError) -> NIOSSLContext {
        do {
            return try identity.makeContext()
        } catch {
            throw StartError(
                "The certificate and key cannot be used for TLS",
                advice: "check that the PEM files hold a server certificate and its RSA, ECDSA P-256 or P-384 key")
        }
    }

    var context: NIOSSLContext { current.withLock { $0.context } }

    /// The names under which the node is reached from elsewhere, as far as they were given to it, and its certificate.
    var givenNames: [ServerName] {
        switch source {
        case .own(_, _, let hosts): hosts
        case .given(_, let hosts): hosts + current.withLock { $0.identity.serverNames }.filter { !hosts.contains($0) }
        }
    }

    /// The origin that stands in links.
    ///
    /// - Parameter port: the one that the node listens at.
    func primaryOrigin(port: Int) -> String { publicOrigin?.text ?? primaryName.origin(port: port) }

    /// Where a browser is to go that asked for that host, without TLS: there, if it is this node's, and to the port that it
    /// asked for.
    ///
    /// - Parameters:
    ///   - host: as it stands in a request, `HOST[:PORT]`.
    ///   - port: the one that the node listens at.
    func origin(forHost host: String?, port: Int) -> String {
        guard let host, let name = ServerName(origin: "https://\(host)"), isOwn(name) else {
            return primaryOrigin(port: port)
        }
        // Without a port it is the usual one of plain HTTP, at which nothing speaks TLS.
        let asked = host.last == "]" || !host.contains(":") ? port : ServerName.port(ofOrigin: "https://\(host)")
        return name.origin(port: asked ?? port)
    }

    /// Whether a page of this origin, as a browser writes it, is this node's.
    ///
    /// - Parameter port: the one that the node listens at.
    func isOwn(origin: String, port: Int) -> Bool {
        if let publicOrigin, publicOrigin.names(origin) { return true }
        guard let name = ServerName(origin: origin), name.isWritten(as: origin, port: port) else { return false }
        return isOwn(name)
    }

    /// Whether a browser that shows this name in its address bar has come to this node.
    func isOwn(_ name: ServerName) -> Bool {
        current.withLock { $0.identity.covers(name) } || machine.withLock { $0.contains(name) }
    }

    /// The files of a given certificate; nil: the node makes its own.
    var files: NodeConfiguration.CertificateFiles? {
        if case .given(let files, _) = source { files } else { nil }
    }

    /// Whether this machine trusts whoever vouches for a given certificate, as browsers then do, too: a root of the system's.
    func isTrustedBySystem() async -> Bool {
        guard case .given = source else { return false }
        let chain = current.withLock { $0.identity.chain }
        if let known = examined.withLock({ $0 }), known.chain == chain { return known.isTrusted }
        var verifier = Verifier(rootCertificates: CertificateStore.systemTrustRoots) { RFC5280Policy() }
        var isTrusted = false
        if case .validCertificate = await verifier.validate(
            leaf: chain[0], intermediates: CertificateStore(chain.dropFirst()))
        {
            isTrusted = true
        }
        examined.withLock { [isTrusted] in $0 = (chain, isTrusted) }
        return isTrusted
    }

    /// When the first of the certificates that are shown ends.
    var end: Date {
        current.withLock { $0.identity.chain.map(\.notValidAfter).min() ?? .distantPast }
    }

    /// Reads a given certificate and its key anew. Connections that stand keep the old one.
    ///
    /// - Returns: whether another one is shown from now on.
    /// - Throws: a ``StartError`` that says what is wrong with the files: the old one stays.
    func reload(now: Date) throws(StartError) -> Bool {
        guard case .given(let files, let hosts) = source else { return false }
        let identity = try Self.given(files, hosts: hosts, now: now)
        let isShown = current.withLock {
            $0.identity.chain == identity.chain && $0.identity.key.publicKey == identity.key.publicKey
        }
        if isShown { return false }
        let context = try Self.context(of: identity)
        current.withLock { $0 = (identity, context) }
        return true
    }

    /// Makes a new certificate of the node's own when the old one nears its end, or was made by a clock that was wrong, or
    /// lacks an address that the machine has by now. Connections that stand keep the old one.
    ///
    /// Addresses that have gone stay in it until it is made anew for another reason: a cable that is pulled and plugged in again
    /// asks nobody to accept another certificate.
    func renewIfNeeded(now: Date) throws(StartError) {
        guard case .own(let authority, let folder, let hosts) = source else { return }
        let now = Self.possible(now)
        let addresses = Self.machineNames()
        machine.withLock { $0 = addresses }
        let names = (hosts + addresses).filter { authority.vouches(for: $0) }
        let isGood = current.withLock { current in
            Self.isFresh(current.identity, authority, now: now) && !current.identity.begins(after: now)
                && names.allSatisfy { current.identity.covers($0) }
        }
        if isGood { return }
        let identity = try Self.ownIdentity(authority, folder, hosts: hosts, now: now)
        let context = try Self.context(of: identity)
        current.withLock { $0 = (identity, context) }
    }

    /// The time, as far as it can be true: a small computer without a battery begins in 1970.
    private static func possible(_ now: Date) -> Date {
        max(now, Date(timeIntervalSince1970: TimeInterval(Version.earliest)))
    }

    // MARK: - A given certificate

    private static func given(_ files: NodeConfiguration.CertificateFiles, hosts: [ServerName], now: Date)
        throws(StartError) -> ServerIdentity
    {
        let chain: [Certificate]
        do {
            let pem = String(decoding: try readFile(files.certificate), as: UTF8.self)
            chain = try PEMDocument.parseMultiple(pemString: pem).map { try Certificate(pemDocument: $0) }
            guard !chain.isEmpty else { throw CertificateProblem.keyOfAnother }
        } catch let error as FileError {
            throw StartError(
                "The certificate \(files.certificate) cannot be read (\(error.reason))", advice: "correct --tls-cert")
        } catch {
            throw StartError(
                "\(files.certificate) does not hold a certificate",
                advice: "give the certificate and its chain as PEM with --tls-cert")
        }
        let key: Certificate.PrivateKey
        do {
            key = try Certificate.PrivateKey(pemEncoded: String(decoding: try readFile(files.key), as: UTF8.self))
        } catch let error as FileError {
            throw StartError(
                "The private key \(files.key) cannot be read (\(error.reason))", advice: "correct --tls-key")
        } catch {
            throw StartError(
                "\(files.key) does not hold a private key", advice: "give it as unencrypted PEM with --tls-key")
        }
        let identity: ServerIdentity
        do {
            identity = try ServerIdentity(chain: chain, key: key)
        } catch {
            throw StartError(
                "The key \(files.key) is not that of the certificate \(files.certificate)",
                advice: "give the pair that belongs together with --tls-cert and --tls-key")
        }
        if identity.expires(within: 0, of: now) {
            throw StartError(
                "The certificate \(files.certificate) has expired", advice: "renew it, or correct the clock")
        }
        for host in hosts where !identity.covers(host) {
            throw StartError(
                "The certificate \(files.certificate) is not one for \(host.host)",
                advice: "correct --host or --tls-cert")
        }
        return identity
    }

    // MARK: - The node's own

    private static func ownAuthority(_ folder: DataFolder, hosts: [ServerName], now: Date) throws(StartError)
        -> LocalAuthority
    {
        do {
            let authority = try LocalAuthority(
                certificate: String(decoding: try readFile(folder.authorityCertificate), as: UTF8.self),
                key: String(decoding: try readFile(folder.authorityKey), as: UTF8.self))
            guard authority.certificate.notValidAfter > now else { throw CertificateProblem.expired }
            return authority
        } catch CertificateProblem.expired {
            throw StartError(
                "The node's certificate authority has expired",
                advice:
                    "correct the clock, or remove ca.pem and ca.key from \(folder.path) to have a new one made (devices must then install it again)"
            )
        } catch let error as FileError where error.isMissing {
            // A first start, or the owner wants a new one.
        } catch {
            throw StartError(
                "The certificate authority in \(folder.path) cannot be read",
                advice:
                    "restore ca.pem and ca.key, or remove both to have a new one made (devices must then install it again)"
            )
        }
        do {
            let authority = try LocalAuthority(for: hosts + machineNames(), now: now)
            try writeFile(folder.authorityKey, [UInt8](try authority.keyPEM.utf8))
            try writeFile(folder.authorityCertificate, [UInt8](try authority.pem.utf8), mode: 0o644)
            return authority
        } catch {
            throw StartError(
                "The certificate authority cannot be written to \(folder.path)",
                advice: "see that there is room and that the user who runs the node may write there")
        }
    }

    /// The stored server certificate as long as it serves: a browser that was told to accept it is not asked again.
    private static func ownIdentity(_ authority: LocalAuthority, _ folder: DataFolder, hosts: [ServerName], now: Date)
        throws(StartError) -> ServerIdentity
    {
        let names = (hosts + machineNames()).filter { authority.vouches(for: $0) }
        if let stored = try? stored(folder, authority), isFresh(stored, authority, now: now),
            !stored.begins(after: now), names.allSatisfy({ stored.covers($0) }), stored.names.count == Set(names).count
        {
            return stored
        }
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            var unique: [ServerName] = []
            for name in names where !unique.contains(name) { unique.append(name) }
            let leaf = try authority.issue(to: key.publicKey, for: unique, now: now, lifetime: lifetime)
            try writeFile(folder.serverKey, [UInt8](try key.serializeAsPEM().pemString.utf8))
            try writeFile(folder.serverCertificate, [UInt8](try leaf.serializeAsPEM().pemString.utf8))
            return try ServerIdentity(chain: [leaf], key: key)
        } catch {
            throw StartError(
                "The server certificate cannot be written to \(folder.path)",
                advice: "see that there is room and that the user who runs the node may write there")
        }
    }

    /// Whether a new certificate would not last longer: none does that ends with the authority itself.
    private static func isFresh(_ identity: ServerIdentity, _ authority: LocalAuthority, now: Date) -> Bool {
        guard identity.expires(within: renewalMargin, of: now) else { return true }
        return identity.chain.allSatisfy { $0.notValidAfter >= authority.certificate.notValidAfter }
    }

    private static func stored(_ folder: DataFolder, _ authority: LocalAuthority) throws -> ServerIdentity {
        let leaf = try Certificate(
            pemEncoded: String(decoding: try readFile(folder.serverCertificate), as: UTF8.self))
        guard authority.certificate.publicKey.isValidSignature(leaf.signature, for: leaf) else {
            throw CertificateProblem.keyOfAnother
        }
        return try ServerIdentity(
            chain: [leaf],
            key: try Certificate.PrivateKey(
                pemEncoded: String(decoding: try readFile(folder.serverKey), as: UTF8.self)))
    }

    /// `localhost`, and the addresses of this machine's interfaces. Link-local IPv6 addresses are left out: a browser
    /// cannot reach them by address without a zone.
    private static func machineNames() -> [ServerName] {
        var names: [ServerName] = [
            .dns("localhost"), .address([127, 0, 0, 1]), .address([UInt8](repeating: 0, count: 15) + [1]),
        ]
        for device in (try? System.enumerateDevices()) ?? [] {
            guard let bytes = device.address?.addressBytes, !bytes.isEmpty else { continue }
            if bytes.count == 16, bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { continue }
            if !names.contains(.address(bytes)) { names.append(.address(bytes)) }
        }
        return names
    }
}
