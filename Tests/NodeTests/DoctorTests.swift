import Foundation
import Node
import NodeClient
import Testing

@Suite("The doctor")
struct DoctorTests {
    /// A node with a relay, and what the doctor finds of it.
    private func findings(
        of configure: @escaping @Sendable (inout NodeConfiguration) -> Void = { _ in },
        host: String = "localhost", relayPort: Int? = nil, authority: String? = nil, isTrusting: Bool = true,
        secret: [UInt8]? = Array("north".utf8), secondsLater: UInt64 = 0
    ) async throws -> [Doctor.Finding] {
        let port = NodeProcess.freePort()
        var findings: [Doctor.Finding] = []
        try await withNode { configuration in
            configuration.relay = RelayConfiguration(port: port)
            configuration.relay?.secret = Array("north".utf8)
            configure(&configuration)
        } _: { node in
            let trusted = node.folder.path + "/data/ca.pem"
            var doctor = try await Doctor(
                origin: node.origin.replacingOccurrences(of: "localhost", with: host),
                authority: authority ?? (isTrusting ? trusted : nil), secret: secret, relayPort: relayPort ?? port)
            doctor.clock = { UInt64(Date().timeIntervalSince1970) + secondsLater }
            let isWell = await doctor.run { findings.append($0) }
            #expect(isWell == !findings.contains { $0.standing == .fail })
        }
        return findings
    }

    private func expectFailure(_ findings: [Doctor.Finding], _ words: String...) {
        let failures = findings.filter { $0.standing == .fail }.map(\.sentence)
        #expect(failures.count == words.count, "\(failures)")
        for (failure, words) in zip(failures, words) { #expect(failure.contains(words), "\(failures)") }
    }

    @Test(
        "finds nothing wrong with a healthy node, by any of its addresses",
        arguments: ["localhost", "127.0.0.1", "[::1]"])
    func healthy(host: String) async throws {
        let findings = try await findings(host: host)
        #expect(findings.allSatisfy { $0.standing == .ok }, "\(findings)")
        for subject in [
            "HTTPS", "Certificate", "Clock", "Relay over UDP", "Relay over TCP", "Relay over TLS", "Allocation",
        ] {
            #expect(findings.contains { $0.sentence.hasPrefix(subject + ":") }, "\(subject)")
        }
    }

    @Test("says that UDP is blocked, and that TLS is not")
    func blockedUDP() async throws {
        let findings = try await findings(relayPort: NodeProcess.freePort())
        expectFailure(findings, "Relay over UDP: nothing answers")
        #expect(findings.contains { $0.standing == .warn && $0.sentence.hasPrefix("Relay over TCP:") })
        #expect(findings.contains { $0.standing == .ok && $0.sentence.hasPrefix("Relay over TLS:") })
        #expect(findings.contains { $0.standing == .ok && $0.sentence.hasPrefix("Allocation:") })
    }

    @Test("says that there is no relay where there should be one")
    func noRelay() async throws {
        expectFailure(
            try await findings(of: { $0.relay = nil }), "Relay over UDP: nothing answers",
            "Relay over TLS: nothing answers")
    }

    @Test("says what is wrong with a certificate")
    func certificate() async throws {
        // Made for 397 days.
        let old = try await findings(secondsLater: 400 * 86_400)
        #expect(old.contains { $0.standing == .fail && $0.sentence.hasPrefix("Certificate: it has expired") }, "\(old)")
        // The relay listens at the addresses that there are; this one is none.
        expectFailure(
            try await findings(host: "127.0.0.2"), "Address: the node was not told that it is reached here",
            "Certificate: it is not for 127.0.0.2", "Relay over UDP: nothing answers"
        )
        expectFailure(try await findings(isTrusting: false), "Certificate: this machine does not trust its authority")
        let other = try await LocalNode()
        let authority = other.folder.path + "/data/ca.pem"
        expectFailure(try await findings(authority: authority), "Certificate: it is not from the authority given")
        try await other.stop()
        let soon = try await findings(secondsLater: 390 * 86_400)
        #expect(soon.contains { $0.standing == .warn && $0.sentence.hasPrefix("Certificate: it ends in") }, "\(soon)")
    }

    @Test("says how far the clocks are apart")
    func clock() async throws {
        expectFailure(try await findings(secondsLater: 300), "Clock: the node's differs from this machine's by")
        let near = try await findings(secondsLater: 60)
        #expect(near.contains { $0.standing == .warn && $0.sentence.hasPrefix("Clock:") })
    }

    @Test("says that a credential is refused, and that there is none to try")
    func credential() async throws {
        expectFailure(
            try await findings(secret: Array("south".utf8)), "Allocation: the relay does not know the credential")
        let untried = try await findings(secret: nil)
        #expect(untried.contains { $0.standing == .warn && $0.sentence.hasPrefix("Allocation: not tried") })
    }

    @Test("as a command, looks at the node of a data folder, and ends with 1 if anything failed")
    func command() async throws {
        let port = NodeProcess.freePort()
        let node = try await NodeProcess(options: ["--turn-port", "\(port)"])
        let asked = ["doctor", "--data", node.data, "--turn-port", "\(port)"]
        let healthy = try await NodeProcess.output(of: asked)
        #expect(healthy.status == 0, "\(healthy)")
        #expect(healthy.err.isEmpty)
        let lines = healthy.out.split(separator: "\n")
        #expect(lines.count == 7 && lines.allSatisfy { $0.hasPrefix("ok    ") }, "\(healthy)")
        try await node.terminate()
        let stopped = try await NodeProcess.output(of: asked)
        #expect(stopped.status == 1)
        #expect(
            stopped.out.hasPrefix("fail  HTTPS: nothing listens at TCP port \(node.port) of localhost"), "\(stopped)")
        #expect(stopped.out.split(separator: "\n").count == 1)
        let nothing = try await NodeProcess.output(of: ["doctor"])
        #expect(nothing.status == 64)
        for wrong in ["http://localhost", "https://", "localhost:8443", "https://localhost:0"] {
            let answer = try await NodeProcess.output(of: ["doctor", wrong])
            #expect(answer.status == 1 && answer.err.contains("is no node's address"), "\(wrong): \(answer)")
        }
    }

    @Test("credentials outlive a restart of the node")
    func restart() async throws {
        let port = NodeProcess.freePort()
        let node = try await LocalNode { $0.relay = RelayConfiguration(port: port) }
        let secret = String(decoding: try node.folder.bytes("data/relay.key"), as: UTF8.self)
        try await node.stop()
        try await node.start()
        #expect(try DatagramClient(relayPort: port, secret: secret).allocate() != nil)
        try await node.stop()
    }
}
