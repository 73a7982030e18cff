import Crypto
import Foundation
import NodeClient
import Testing
import X509

@Suite("The command line")
struct CommandTests {
    @Test("the first start prints the operator invitation, the fingerprint and Ready, one line each and nothing else")
    func firstStart() async throws {
        let node = try await NodeProcess()
        let lines = node.lines
        #expect(lines.count == 3)
        let link = try #require(lines.first?.dropped(prefix: "Operator invitation: "))
        #expect(link.hasPrefix("\(node.origin)/#"))
        #expect(link.utf8.count <= 120)
        let certificate = try Certificate(pemEncoded: String(decoding: try node.authority, as: UTF8.self))
        let der = try certificate.serializeAsPEM().derBytes
        let fingerprint = SHA256.hash(data: der).map { String(format: "%02X", $0) }.joined(separator: ":")
        #expect(lines.dropFirst().first == "CA fingerprint: \(fingerprint)")
        #expect(lines.last == "Ready: \(node.origin)")
        #expect(try await node.terminate() == 0)
    }

    @Test("while nobody has claimed the node each start prints an invitation, and earlier ones stay good; then none")
    func invitations() async throws {
        let node = try await NodeProcess()
        let first = try #require(node.operatorLink)
        try await node.terminate()
        try await node.start()
        let links = node.lines.compactMap { $0.dropped(prefix: "Operator invitation: ") }
        #expect(links.count == 2)
        #expect(Set(links).count == 2)
        let made = try await NodeProcess.output(of: ["operator-invitation", "--data", node.data])
        #expect(made.status == 0)
        #expect(made.out.hasPrefix("Operator invitation: \(node.origin)/#"))
        #expect(made.out.split(separator: "\n").count == 1)

        _ = try await TestBubble(claiming: first, over: try await node.connect())
        let late = try await NodeProcess.output(of: ["operator-invitation", "--data", node.data])
        #expect(late.status == 1)
        #expect(late.out.isEmpty)
        #expect(isOneLine(late.err), "\(late.err)")
        try await node.terminate()
        try await node.start()
        #expect(node.lines.count { $0.hasPrefix("Operator invitation: ") } == 2)
        try await node.terminate()
    }

    @Test("an invitation that the command made claims the node while it runs")
    func commandInvitation() async throws {
        let node = try await NodeProcess()
        let made = try await NodeProcess.output(of: ["operator-invitation", "--data", node.data])
        let link = try #require(
            made.out.split(separator: "\n").first?.description.dropped(prefix: "Operator invitation: "))
        _ = try await TestBubble(claiming: link, over: try await node.connect())
        try await node.terminate()
    }

    @Test("everything in the data folder is its owner's alone")
    func permissions() async throws {
        let node = try await NodeProcess()
        for name in try FileManager.default.contentsOfDirectory(atPath: node.data) + ["."] {
            let attributes = try FileManager.default.attributesOfItem(atPath: node.data + "/" + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o077 == 0 || name == "ca.pem", "\(name) has mode \(String(mode, radix: 8))")
        }
        try await node.terminate()
    }

    @Test("a second node on the same data is refused, and a second one on the same port")
    func twice() async throws {
        let node = try await NodeProcess()
        let data = try await NodeProcess.output(of: [
            "serve", "--data", node.data, "--port", "\(NodeProcess.freePort())",
        ])
        expectComplaint(data, about: "Another node is running")
        let other = try TemporaryFolder()
        let port = try await NodeProcess.output(of: ["serve", "--data", other.path, "--port", "\(node.port)"])
        expectComplaint(port, about: "Port \(node.port) is in use")
        try await node.terminate()
    }

    @Test("a data folder that cannot be used is named")
    func dataFolder() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        expectComplaint(
            try await NodeProcess.output(of: ["serve", "--data", folder.path + "/file"]), about: "is not a folder")
        expectComplaint(
            try await NodeProcess.output(of: ["serve", "--data", folder.path + "/file/data"]), about: "cannot be made")
        expectComplaint(
            try await NodeProcess.output(of: ["operator-invitation", "--data", folder.path]), about: "There is no node")
    }

    @Test(
        "a damaged database, node key or authority is named",
        arguments: [
            ("node.sqlite", "is damaged"), ("node.key", "cannot be used"), ("ca.pem", "cannot be read"),
        ])
    func damaged(name: String, complaint: String) async throws {
        let node = try await NodeProcess()
        try await node.terminate()
        for file in ["node.sqlite-wal", "node.sqlite-shm"] where name == "node.sqlite" {
            try? FileManager.default.removeItem(atPath: node.data + "/" + file)
        }
        try node.folder.write([UInt8](repeating: 0x5A, count: 9_000), to: "data/" + name)
        expectComplaint(
            try await NodeProcess.output(of: ["serve", "--data", node.data, "--port", "\(node.port)"]), about: complaint
        )
    }

    @Test("a database with one damaged page is found out")
    func damagedPage() async throws {
        let node = try await NodeProcess()
        try await node.terminate()
        var bytes = try node.folder.bytes("data/node.sqlite")
        try #require(bytes.count > 20_000, "the log was written back at the end")
        for index in 4_096..<16_384 { bytes[index] = 0x5A }
        try node.folder.write(bytes, to: "data/node.sqlite")
        expectComplaint(
            try await NodeProcess.output(of: ["serve", "--data", node.data, "--port", "\(node.port)"]),
            about: "is damaged")
    }

    @Test("certificates that do not fit are named")
    func certificates() async throws {
        let folder = try TemporaryFolder()
        let (key, other) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        try folder.write(Array(key.pemRepresentation.utf8), to: "key.pem")
        try folder.write(Array(other.pemRepresentation.utf8), to: "other.pem")
        try folder.write(try certificate(for: key, name: "chat.example.org", days: 9), to: "chain.pem")
        try folder.write(try certificate(for: key, name: "chat.example.org", days: -1), to: "old.pem")
        func serve(_ certificate: String, _ key: String, _ more: [String] = []) async throws -> (
            status: Int32, out: String, err: String
        ) {
            try await NodeProcess.output(
                of: ["serve", "--data", folder.path + "/data", "--port", "\(NodeProcess.freePort())"] + more + [
                    "--tls-cert", folder.path + "/" + certificate, "--tls-key", folder.path + "/" + key,
                ])
        }
        expectComplaint(try await serve("none.pem", "key.pem"), about: "cannot be read")
        expectComplaint(try await serve("key.pem", "key.pem"), about: "does not hold a certificate")
        expectComplaint(try await serve("chain.pem", "chain.pem"), about: "does not hold a private key")
        expectComplaint(try await serve("chain.pem", "other.pem"), about: "is not that of the certificate")
        expectComplaint(try await serve("old.pem", "key.pem"), about: "has expired")
        expectComplaint(
            try await serve("chain.pem", "key.pem", ["--host", "other.example.org"]), about: "is not one for")
    }

    @Test(
        "a wrong option is a usage error",
        arguments: [
            ["--bogus"], ["serve", "--bogus"], ["serve", "--port", "many"], ["serve", "--port", "70000"],
            ["serve", "--tls-cert", "x.pem"], ["serve", "--turn-port", "70000"], ["fly"],
        ])
    func usage(arguments: [String]) async throws {
        let result = try await NodeProcess.output(of: arguments)
        #expect(result.status == 64)
        #expect(result.out.isEmpty)
        #expect(isOneLine(result.err), "\(result.err)")
    }

    @Test("a host that is none is named")
    func badHost() async throws {
        let folder = try TemporaryFolder()
        expectComplaint(
            try await NodeProcess.output(of: ["serve", "--data", folder.path, "--host", "not a name"]),
            about: "neither a host name nor an address")
    }

    @Test("help teaches: what it is, examples, the files")
    func help() async throws {
        let help = try await NodeProcess.output(of: ["serve", "--help"])
        #expect(help.status == 0)
        for word in ["EXAMPLES", "node.sqlite", "--host", "Ready:", "/ca.crt", "--turn-port"] {
            #expect(help.out.contains(word))
        }
        #expect(try await NodeProcess.output(of: ["--help"]).out.contains("operator-invitation"))
    }

    private func expectComplaint(
        _ result: (status: Int32, out: String, err: String), about words: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == 1, sourceLocation: location)
        #expect(!result.out.contains("Ready"), sourceLocation: location)
        #expect(isOneLine(result.err), "\(result.err)", sourceLocation: location)
        #expect(result.err.hasPrefix("cryptpeer: "), "\(result.err)", sourceLocation: location)
        #expect(result.err.contains(words), "\(result.err)", sourceLocation: location)
    }

    private func isOneLine(_ text: String) -> Bool {
        text.hasSuffix("\n") && text.dropLast().allSatisfy { $0 != "\n" }
    }

    private func certificate(for key: P256.Signing.PrivateKey, name: String, days: Double) throws -> [UInt8] {
        let key = Certificate.PrivateKey(key)
        let subject = try DistinguishedName { CommonName(name) }
        let end = Date() + days * 86_400
        return Array(
            try Certificate(
                version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: end - 20 * 86_400,
                notValidAfter: end, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions { SubjectAlternativeNames([.dnsName(name)]) },
                issuerPrivateKey: key
            ).serializeAsPEM().pemString.utf8)
    }
}
