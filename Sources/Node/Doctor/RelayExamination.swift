import CryptoPrimitives
import Glibc
import NIOCore
import STUN
import TURN

/// Looks at the relay: over each transport whether it answers, and whether it allocates an address that peers reach.
struct RelayExamination: Sendable {
    let host: String
    /// The port of HTTPS, where TLS is.
    let httpsPort: Int
    /// The port of UDP and TCP.
    let port: Int
    let secret: Secret?

    func run() async -> [Doctor.Finding] {
        var findings: [Doctor.Finding] = []
        var answering: [Probe] = []
        for transport in Probe.Transport.allCases {
            let port = transport == .tls ? httpsPort : self.port
            do {
                let probe = try await Probe.open(transport, host: host, port: port)
                let answer = try await probe.ask(
                    MessageBuilder(MessageType(.binding, .request), Self.transaction()).bytes)
                guard let mapped = Self.read(answer, { try? $0.xorAddress(.xorMappedAddress) }) else {
                    throw Probe.Silence()
                }
                answering.append(probe)
                let isSame = mapped == probe.local
                findings.append(
                    .ok(
                        "Relay over \(transport.rawValue): it answers at port \(port), and sees this machine at \(mapped.text)"
                            + (isSame ? "." : ", behind a NAT.")))
            } catch {
                findings.append(Self.silence(transport, port))
            }
        }
        guard let probe = answering.first else { return findings }
        guard let secret else {
            return findings + [
                .warn(
                    "Allocation: not tried without a credential: give the relay's secret with --turn-secret, or --data."
                )
            ]
        }
        return findings + [await allocation(probe, secret)]
    }

    private static func silence(_ transport: Probe.Transport, _ port: Int) -> Doctor.Finding {
        switch transport {
        case .udp:
            .fail(
                "Relay over UDP: nothing answers at port \(port): open UDP port \(port) in the firewall and router, or see that --turn-port is the node's; calls take a slower way until then."
            )
        case .tcp:
            .warn(
                "Relay over TCP: nothing answers at port \(port): open TCP port \(port), too; who cannot use UDP then has TLS only."
            )
        case .tls:
            .fail(
                "Relay over TLS: nothing answers at port \(port), where HTTPS does: whatever stands before the node must pass connections on as they are, and the node needs a relay (--turn-port)."
            )
        }
    }

    // MARK: An allocation

    private func allocation(_ probe: Probe, _ secret: Secret) async -> Doctor.Finding {
        let refused: (ErrorCode?) -> Doctor.Finding = { code in
            switch code {
            case .unauthenticated:
                .fail(
                    "Allocation: the relay does not know the credential: see that the secret is the node's, and the clocks."
                )
            case .allocationQuotaReached, .insufficientCapacity:
                .warn("Allocation: the relay has no room for another one: see its metrics, or give it more.")
            default:
                .fail("Allocation: the relay refuses (\(code.map { "\($0.rawValue)" } ?? "no code")): see its log.")
            }
        }
        do {
            let question = try await probe.ask(Self.allocate(Self.transaction()).bytes)
            if let finding = Self.redirection(question) { return finding }
            guard let realm = Self.read(question, { $0.first(.realm).map { [UInt8]($0) } }),
                let nonce = Self.read(question, { $0.first(.nonce).map { [UInt8]($0) } })
            else { return refused(Self.read(question) { try? $0.errorCode() }) }
            let maker = TimeLimitedCredentials(secret: secret, realm: realm)
            let user = Array("doctor".utf8)
            let (username, password) = maker.issue(
                user: user, subject: user, seconds: 60, unixTime: UInt64(clamping: time(nil)))
            let key = PasswordAlgorithm.md5.key(username: username, realm: realm, password: Secret(password))
            let sign: (inout MessageBuilder) -> Void = { builder in
                builder.append(.username, username)
                builder.append(.realm, realm)
                builder.append(.nonce, nonce)
                builder.append(.sha1, key: key)
            }
            var request = Self.allocate(Self.transaction())
            sign(&request)
            let answer = try await probe.ask(request.bytes)
            if let finding = Self.redirection(answer) { return finding }
            guard let relayed = Self.read(answer, { try? $0.xorAddress(.xorRelayedAddress) }) else {
                return refused(Self.read(answer) { try? $0.errorCode() })
            }
            // Given back at once.
            var release = MessageBuilder(MessageType(.refresh, .request), Self.transaction())
            release.append(.lifetime, number: 0)
            sign(&release)
            _ = try? await probe.ask(release.bytes)
            return address(relayed.ip, reachedAt: probe.remote?.ip)
        } catch {
            return .fail("Allocation: the relay does not answer the request for one: see its log.")
        }
    }

    /// What is to be said of an answer that names another relay.
    private static func redirection(_ answer: [UInt8]) -> Doctor.Finding? {
        read(answer) { try? $0.address(.alternateServer) }.map { alternate in
            .warn(
                "Allocation: the relay sends new ones to another one at \(alternate.text) (--relay-alternate): it has no room, or was told to (SIGUSR1)."
            )
        }
    }

    /// Whether peers reach what the relay announces, as far as can be seen from here.
    private func address(_ relayed: IPAddress, reachedAt remote: IPAddress?) -> Doctor.Finding {
        let text = TransportAddress(relayed, port: 0).ipText
        guard let remote, remote.family == relayed.family, remote != relayed else {
            return .ok("Allocation: the relay gives addresses at \(text), where it is reached, too.")
        }
        let isAnybodys = PeerPolicy.isPublic(relayed)
        if PeerPolicy.isPublic(remote), !isAnybodys {
            return .fail(
                "Address: the relay announces \(text), which nobody outside its network reaches: start the node with --public-ip \(TransportAddress(remote, port: 0).ipText)."
            )
        }
        if LocalAddresses.isLoopback(relayed) {
            return .fail(
                "Address: the relay announces \(text), which only the node's machine reaches: correct --public-ip.")
        }
        if isAnybodys, PeerPolicy.isPublic(remote) {
            return .warn(
                "Address: the relay announces \(text) and is reached at \(TransportAddress(remote, port: 0).ipText): if the first is not the node's own, correct --public-ip or --host."
            )
        }
        return .ok("Allocation: the relay gives addresses at \(text).")
    }

    private static func allocate(_ transaction: TransactionID) -> MessageBuilder {
        var builder = MessageBuilder(MessageType(.allocate, .request), transaction)
        builder.append(.requestedTransport, [17, 0, 0, 0])
        return builder
    }

    private static func transaction() -> TransactionID {
        TransactionID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
    }

    private static func read<Value>(_ bytes: [UInt8], _ read: (Message) -> Value?) -> Value? {
        bytes.withUnsafeBytes { bytes in (try? Message(bytes)).flatMap(read) }
    }
}

extension TransportAddress {
    /// The IP address alone, as people write it.
    var ipText: String {
        (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: ip.bytes), port: 0))?.ipAddress ?? ""
    }

    /// `address:port`.
    var text: String { family == .ipv6 ? "[\(ipText)]:\(port)" : "\(ipText):\(port)" }
}
