import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import X509

/// Looks at what browsers come to: the port, the certificate, the answer, and the clock by which it was given.
struct HTTPSExamination: Sendable {
    let host: String
    let name: ServerName
    let port: Int
    let authority: [UInt8]?
    /// The file of the certificate that the node is to show.
    let file: String?
    /// Seconds since 1970.
    let now: Int

    /// A certificate that ends sooner is to be renewed, in days.
    private static let margin = 14
    /// Seconds by which clocks may differ: what ends by the clock then ends at the wrong time, and past that is refused.
    private static let smallSkew = 10
    private static let largeSkew = 120

    func run() async -> (findings: [Doctor.Finding], isReachable: Bool) {
        let shown = Mutex<[Certificate]>([])
        let answer: String
        do {
            let probe = try await Probe.open(.tls, host: host, port: port) { chain in shown.withLock { $0 = chain } }
            let request = "GET /healthz HTTP/1.1\r\nHost: \(name.host):\(port)\r\nConnection: close\r\n\r\n"
            answer = String(decoding: try await probe.collect(after: Array(request.utf8)), as: UTF8.self)
        } catch {
            let chain = shown.withLock { $0 }
            guard chain.isEmpty else {
                return (
                    await certificate(chain) + [.fail("HTTPS: the node does not answer a request: see its log.")], true
                )
            }
            return ([.fail("HTTPS: \(Self.explanation(error, host, port))")], false)
        }
        let chain = shown.withLock { $0 }
        var findings: [Doctor.Finding] = []
        let head = answer.split(separator: "\r\n")
        switch head.first?.split(separator: " ").dropFirst().first {
        case "200": findings.append(.ok("HTTPS: the node answers at \(name.origin(port: port))."))
        case "503":
            findings.append(
                .fail("HTTPS: the node says that it cannot serve: see that there is room for its data folder."))
        default:
            findings.append(
                .fail(
                    "HTTPS: what answers at \(name.origin(port: port)) is not a node: see what else listens on the port."
                ))
        }
        if findings.first?.standing == .ok, await !isKnownOrigin() {
            findings.append(
                .fail(
                    "Address: the node was not told that it is reached here, and lets nobody in: start it with --public-origin \(name.origin(port: port))."
                ))
        }
        findings += await certificate(chain)
        let date = head.first { $0.lowercased().hasPrefix("date:") }.map { String($0.dropFirst(5).drop { $0 == " " }) }
        findings.append(clock(date.flatMap(Self.seconds)))
        return (findings, true)
    }

    /// Whether the node takes a page of this origin for its own. Any answer but a 403 counts as yes.
    private func isKnownOrigin() async -> Bool {
        let origin = name.origin(port: port)
        let request =
            "GET \(Routes.originPath) HTTP/1.1\r\nHost: \(name.host):\(port)\r\nCryptPeer-Origin: \(origin)\r\n"
            + "Connection: close\r\n\r\n"
        guard let probe = try? await Probe.open(.tls, host: host, port: port),
            let answer = try? await probe.collect(after: Array(request.utf8))
        else { return true }
        return answer.prefix { $0 != 13 }.split(separator: 32).dropFirst().first.map { $0.elementsEqual("403".utf8) }
            != true
    }

    // MARK: The certificate

    private func certificate(_ chain: [Certificate]) async -> [Doctor.Finding] {
        guard let leaf = chain.first else { return [] }
        var findings: [Doctor.Finding] = []
        let now = Date(timeIntervalSince1970: TimeInterval(self.now))
        let days = Int((leaf.notValidAfter.timeIntervalSince1970 - now.timeIntervalSince1970) / 86_400)
        if leaf.notValidAfter <= now {
            findings.append(
                .fail(
                    "Certificate: it has expired: restart the node, which renews its own, or renew the one of --tls-cert."
                ))
        } else if leaf.notValidBefore > now {
            findings.append(.fail("Certificate: it is not valid yet: set the clocks of the node and of this machine."))
        } else if days < Self.margin {
            findings.append(.warn("Certificate: it ends in \(days) days: see that it is being renewed."))
        }
        if let file { findings += comparison(of: leaf, with: file) }
        let names = [GeneralName]((try? leaf.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames())
        if !ServerIdentity.covers(name, names) {
            findings.append(
                .fail(
                    "Certificate: it is not for \(name.host): start the node with --host \(name.host), or correct --tls-cert."
                ))
        }
        let roots: CertificateStore
        if let authority {
            guard let trusted = try? Certificate(pemEncoded: String(decoding: authority, as: UTF8.self)) else {
                return findings + [.fail("Certificate: the authority's file holds no certificate: correct --ca.")]
            }
            if trusted.notValidAfter <= now {
                return findings + [
                    .fail(
                        "Certificate: its authority has expired: remove ca.pem and ca.key from the node's data folder.")
                ]
            }
            if trusted.notValidAfter < now + LocalAuthority.warning {
                let left = Int(trusted.notValidAfter.timeIntervalSince(now) / 86_400)
                findings.append(
                    .warn(
                        "Certificate: its authority ends in \(left) days: in time, remove ca.pem and ca.key from the node's data folder, and have devices install the new one."
                    ))
            }
            roots = CertificateStore([trusted])
        } else {
            roots = CertificateStore.systemTrustRoots
        }
        // What is not valid now is not looked at further: whom to trust for it is another day's question.
        guard chain.allSatisfy({ $0.notValidBefore <= now && now < $0.notValidAfter }) else {
            return findings.contains { $0.standing == .fail }
                ? findings
                : findings + [.fail("Certificate: one of its chain has expired: renew the chain in --tls-cert.")]
        }
        var verifier = Verifier(rootCertificates: roots) { RFC5280Policy() }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(chain.dropFirst())) {
        case .validCertificate:
            if findings.isEmpty {
                findings.append(.ok("Certificate: it is trusted, for \(name.host), for \(days) days."))
            }
        case .couldNotValidate where authority == nil:
            findings.append(
                .fail(
                    "Certificate: this machine does not trust its authority: give the node's own with --ca (it is at /ca.pem) and install it on devices, or complete the chain in --tls-cert."
                ))
        case .couldNotValidate:
            findings.append(
                .fail("Certificate: it is not from the authority given: see that --ca or --data are this node's."))
        }
        return findings
    }

    /// Whether the node shows what is in its file.
    private func comparison(of leaf: Certificate, with file: String) -> [Doctor.Finding] {
        guard let bytes = try? readFile(file),
            let stored = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self))
        else { return [.fail("Certificate: \(file) holds no certificate: correct --tls-cert.")] }
        guard stored != leaf else { return [] }
        return [
            .warn(
                "Certificate: the node shows another certificate than that in \(file): send it SIGHUP, and see in its log what it has against the new one."
            )
        ]
    }

    // MARK: The clock

    private func clock(_ seconds: Int?) -> Doctor.Finding {
        guard let seconds else { return .warn("Clock: the node does not say its time.") }
        let skew = seconds - now
        let text = "the node's differs from this machine's by \(abs(skew)) s"
        if abs(skew) <= Self.smallSkew { return .ok("Clock: \(text).") }
        return abs(skew) <= Self.largeSkew
            ? .warn("Clock: \(text): have both follow a time server.")
            : .fail("Clock: \(text): set the one that is wrong; certificates and credentials end by it.")
    }

    /// The seconds since 1970 of an HTTP date (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func seconds(_ date: String) -> Int? {
        let parts = date.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "," })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, let day = Int32(parts[1]), let month = months.firstIndex(of: String(parts[2])),
            let year = Int32(parts[3]), let hour = Int32(parts[4]), let minute = Int32(parts[5]),
            let second = Int32(parts[6])
        else { return nil }
        var fields = tm()
        fields.tm_year = year - 1_900
        fields.tm_mon = Int32(month)
        fields.tm_mday = day
        fields.tm_hour = hour
        fields.tm_min = minute
        fields.tm_sec = second
        return timegm(&fields)
    }

    // MARK: Words

    private static func explanation(_ error: any Error, _ host: String, _ port: Int) -> String {
        if let error = error as? NIOConnectionError {
            if error.connectionErrors.isEmpty {
                return "the name \(host) leads nowhere: enter it in the name server, or correct the address."
            }
            let refused = error.connectionErrors.contains { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
            return refused
                ? "nothing listens at TCP port \(port) of \(host): start the node, or correct its --port."
                : "nothing answers at TCP port \(port) of \(host): open it in the firewall and router."
        }
        if error is NIOSSLError || error is BoringSSLError {
            return "what listens at TCP port \(port) of \(host) does not speak TLS as the node does: see what it is."
        }
        return
            "nothing answers at TCP port \(port) of \(host): start the node, or open the port in the firewall and router."
    }
}
