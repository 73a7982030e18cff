import Crypto
import Foundation
import NodeClient
import Testing
import X509

@Suite("The node's address and certificate")
struct AddressTests {
    @Test("its authority vouches for it by name and by address, as a verifier sees it that heeds name constraints")
    func certificate() async throws {
        try await withNode { node in
            let port = try #require(node.origin.split(separator: ":").last)
            for host in ["localhost", "127.0.0.1"] {
                let client = try HTTPSClient("https://\(host):\(port)", trusting: try node.authority)
                #expect(try await client.get("/healthz").status == 200)
            }
            let other = try await LocalNode()
            await #expect(throws: (any Error).self, "another node's authority") {
                _ = try await HTTPSClient(node.origin, trusting: try other.authority).get("/healthz")
            }
            try await other.stop()
        }
    }

    @Test("the authority is constrained to this node's names, local ones and private networks")
    func constraints() async throws {
        try await withNode {
            $0.hosts = ["chat.example.org", "203.0.113.7"]
        } _: { node in
            let authority = try Certificate(pemEncoded: String(decoding: try node.authority, as: UTF8.self))
            let constraints = try #require(try authority.extensions.nameConstraints)
            #expect(constraints.permittedDNSDomains.contains("chat.example.org"))
            #expect(constraints.permittedDNSDomains.contains("localhost"))
            #expect(!constraints.permittedDNSDomains.contains { $0.isEmpty || $0 == "org" })
            #expect(
                constraints.permittedIPRanges.contains { [UInt8]($0.bytes) == [203, 0, 113, 7, 255, 255, 255, 255] })
            #expect(
                !constraints.permittedIPRanges.contains { $0.bytes.suffix($0.bytes.count / 2).allSatisfy { $0 == 0 } })
            #expect(node.origin.hasPrefix("https://chat.example.org:"))
        }
    }

    @Test("both forms of the authority's certificate are served, with the type that installs it at a touch")
    func download() async throws {
        try await withNode { node in
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            let pem = try await client.get("/ca.pem")
            #expect(pem.body == (try node.authority))
            let der = try await client.get("/ca.crt")
            #expect(der.headers["content-type"] == "application/x-x509-ca-cert")
            let certificate = try Certificate(derEncoded: der.body)
            #expect(certificate == (try Certificate(pemEncoded: pem.text)))
        }
    }

    @Test("the certificate stays the same over restarts, and is renewed before it ends")
    func renewal() async throws {
        let node = try await LocalNode()
        let first = try node.folder.bytes("data/server.pem")
        try await node.stop()
        try await node.start()
        #expect(try node.folder.bytes("data/server.pem") == first)
        try await node.stop()
        node.advance(seconds: 350 * 86_400)
        try await node.start()
        let renewed = try node.folder.bytes("data/server.pem")
        #expect(renewed != first)
        let end = try Certificate(pemEncoded: String(decoding: renewed, as: UTF8.self)).notValidAfter
        #expect(end > Date(timeIntervalSince1970: TimeInterval(node.now + 300 * 86_400)))
        try await node.stop()
    }

    @Test("plain HTTP on the port is told where to go")
    func plainHTTP() async throws {
        try await withNode { node in
            let port = try #require(Int(node.origin.split(separator: ":")[2]))
            let connection = try await RawConnection.open(host: "localhost", port: port)
            let answer = String(
                decoding: try await connection.exchange(Array("GET / HTTP/1.1\r\n\r\n".utf8)), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 307 "))
            #expect(answer.contains("\r\nLocation: \(node.origin)/\r\n"))
        }
    }

    @Test(
        "a WebSocket is opened for the node's own pages and for no other",
        arguments: [
            ("own", 101), ("other name of its own", 101), ("none", 403), ("another site", 403), ("another port", 403),
            ("without TLS", 403), ("a longer name", 403), ("null", 403),
        ])
    func origins(what: String, status: Int) async throws {
        try await withNode { node in
            let port = try #require(node.origin.split(separator: ":").last)
            let origin: String? =
                switch what {
                case "own": node.origin
                case "other name of its own": "https://127.0.0.1:\(port)"
                case "another site": "https://example.org:\(port)"
                case "another port": "https://localhost:1"
                case "without TLS": "http://localhost:\(port)"
                case "a longer name": "https://localhost.example.org:\(port)"
                case "null": "null"
                default: nil
                }
            let opening = await Result {
                let connection = try await node.connect(NodeConnection.Options(origin: origin))
                await connection.close()
            }
            switch opening {
            case .success: #expect(status == 101)
            case .failure(let error): #expect(error as? NodeConnection.Failure == .refused(status: status))
            }
        }
    }

    @Test("a WebSocket is opened at its path only")
    func path() async throws {
        try await withNode { node in
            var options = NodeConnection.Options(origin: node.origin)
            options.path = "/nowhere"
            await #expect(throws: NodeConnection.Failure.refused(status: 404)) { _ = try await node.connect(options) }
        }
    }

    @Test("a request for any other upgrade is answered as if it had not asked")
    func otherUpgrades() async throws {
        try await withNode {
            $0.bounds.silenceSeconds = 2
        } _: { node in
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            for (path, upgrade, status) in [
                ("/healthz", "h2c", 200), ("/ws", "websocket", 403), ("/x", "websocket", 404),
            ] {
                let request =
                    "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: \(upgrade)\r\n\r\n"
                let answer = String(decoding: try await client.exchange(Array(request.utf8)), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            }
            let body =
                "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nOrigin: \(node.origin)\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: 9\r\n\r\nbody"
            #expect(!String(decoding: try await client.exchange(Array(body.utf8)), as: UTF8.self).contains(" 101 "))
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
