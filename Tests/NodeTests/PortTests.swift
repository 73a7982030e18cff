import Foundation
import Glibc
import Testing

/// What the executable says of a port that it cannot have: what is wrong, truly, and what to do.
@Suite("Ports that cannot be had")
struct PortTests {
    /// A socket that has a port, as another program's would.
    private final class Occupant {
        struct IsTaken: Error {}

        private let descriptor: Int32

        init(_ family: Int32, _ type: __socket_type, port: Int) throws {
            descriptor = socket(family, Int32(type.rawValue), 0)
            var yes: Int32 = 1
            if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4) }
            // Both families' addresses have the port at the same place, and "any address" is all zeros.
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(family)
            address.sin6_port = UInt16(port).bigEndian
            let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            let bound = withUnsafePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(length))
                }
            }
            if bound != 0 || type == SOCK_STREAM && listen(descriptor, 1) != 0 { throw IsTaken() }
        }

        deinit { close(descriptor) }
    }

    private func serve(_ options: [String], under wrapper: [String] = []) async throws -> String {
        let folder = try TemporaryFolder()
        let result = try await NodeProcess.output(of: ["serve", "--data", folder.path] + options, under: wrapper)
        #expect(result.status == 1)
        #expect(!result.out.contains("Ready"))
        return result.err
    }

    private func complaint(_ problem: String, _ advice: String) -> String { "cryptpeer: \(problem): \(advice)\n" }

    @Test("one that another program has is in use, of UDP, of TCP, and of IPv6 alone")
    func inUse() async throws {
        let port = NodeProcess.freePort()
        let advice = "stop what uses it, or choose another port with --turn-port"
        for (family, type, name) in [
            (AF_INET, SOCK_DGRAM, "UDP"), (AF_INET6, SOCK_DGRAM, "UDP"), (AF_INET, SOCK_STREAM, "TCP"),
        ] {
            let occupant = try Occupant(family, type, port: port)
            let said = try await serve(["--port", "\(NodeProcess.freePort())", "--turn-port", "\(port)"])
            #expect(said == complaint("\(name) port \(port) is in use", advice))
            withExtendedLifetime(occupant) {}
        }
    }

    private static let privilegedPort = 87
    private static var hasPrivilegedPorts: Bool {
        let file = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
        let first = (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return first.map { $0 > privilegedPort } == true && (getuid() != 0 || has(setpriv))
    }

    private static let setpriv = "/usr/bin/setpriv"
    private static let strace = "/usr/bin/strace"
    private static func has(_ program: String) -> Bool { FileManager.default.isExecutableFile(atPath: program) }

    @Test("one below 1024 is not open to who is not root", .enabled(if: hasPrivilegedPorts))
    func privileged() async throws {
        let wrapper = getuid() == 0 ? [Self.setpriv, "--bounding-set", "-net_bind_service"] : []
        let (free, port) = ("\(NodeProcess.freePort())", Self.privilegedPort)
        for (options, name, option) in [
            (["--port", free, "--turn-port", "\(port)"], "UDP port", "--turn-port"),
            (["--port", "\(port)", "--turn-port", "0"], "Port", "--port"),
        ] {
            let said = try await serve(options, under: wrapper)
            let advice = "choose a port of 1024 or above with \(option)"
            #expect(said == complaint("\(name) \(port) is not open to this user", advice))
        }
    }

    /// What the system refuses in ways that no test can bring about otherwise.
    @Test(
        "what else the system refuses is said in its own words, with what to do", .enabled(if: has(strace)),
        arguments: [
            (
                "bind", "EADDRNOTAVAIL", "cannot be had: this machine has no address for it",
                "see that the machine's network is up"
            ),
            (
                "bind", "EPERM", "is not open to this user",
                "see which rule of the system keeps this user from it, or choose another port with"
            ),
            (
                "bind", "EACCES", "is not open to this user",
                "see which rule of the system keeps this user from it, or choose another port with"
            ),
            (
                "bind", "ENOMEM", "cannot be had (cannot allocate memory)",
                "see what the system has against it, or choose another port with"
            ),
            ("listen", "EADDRINUSE", "is in use", "stop what uses it, or choose another port with"),
        ])
    func others(call: String, error: String, problem: String, advice: String) async throws {
        let wrapper = [
            Self.strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error)",
        ]
        let (port, relayPort) = (NodeProcess.freePort(), NodeProcess.freePort())
        func whole(_ option: String) -> String { advice.hasSuffix(" with") ? "\(advice) \(option)" : advice }
        let relay = try await serve(["--port", "\(port)", "--turn-port", "\(relayPort)"], under: wrapper)
        let transport = call == "listen" ? "TCP" : "UDP"
        #expect(relay == complaint("\(transport) port \(relayPort) \(problem)", whole("--turn-port")))
        if error == "ENOMEM" { return }
        let https = try await serve(["--port", "\(port)", "--turn-port", "0"], under: wrapper)
        #expect(https == complaint("Port \(port) \(problem)", whole("--port")))
    }

    @Test("the usual one of the relay is exchanged for another, and the log says why")
    func exchanged() async throws {
        // If it cannot be had here, somebody else has it.
        let occupant = try? Occupant(AF_INET, SOCK_DGRAM, port: 3_478)
        let node = try await NodeProcess()
        #expect(node.log.contains("UDP port 3478 is in use: the relay is at "))
        withExtendedLifetime(occupant) {}
        try await node.terminate()
    }
}
