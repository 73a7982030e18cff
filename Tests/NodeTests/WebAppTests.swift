import NodeClient
import Testing
import WireFormat

@Suite("The web app's files")
struct WebAppTests {
    @Test("each is sent in the best encoding that the browser takes, and says that it varies")
    func negotiates() async throws {
        try await withWebApp { client in
            for (accepted, encoding, body) in [
                ("gzip, deflate, br", "br", "B"), ("gzip", "gzip", "GG"), ("br;q=0, gzip;q=0.5", "gzip", "GG"),
                ("identity", nil, "plain"), ("", nil, "plain"),
            ] as [(String, String?, String)] {
                let answer = try await client.get("/app.js", headers: [("Accept-Encoding", accepted)])
                #expect(answer.status == 200)
                #expect(answer.headers["content-encoding"] == encoding, "for \(accepted)")
                #expect(answer.text == body)
                #expect(answer.headers["content-type"] == "text/javascript; charset=utf-8")
                #expect(answer.headers["vary"] == "Accept-Encoding")
                #expect(answer.headers["cache-control"] == "no-cache")
            }
            #expect(try await client.get("/").headers["vary"] == nil)
        }
    }

    @Test("an unchanged one is not sent again, whichever of its variants the browser holds")
    func revalidates() async throws {
        try await withWebApp { client in
            let answer = try await client.get("/app.js", headers: [("Accept-Encoding", "br")])
            #expect(answer.headers["etag"] == "\"b\"")
            for tag in ["\"b\"", "\"p\"", "W/\"g\"", "\"old\", \"b\""] {
                let again = try await client.get("/app.js", headers: [("If-None-Match", tag)])
                #expect(again.status == 304, "\(tag)")
                #expect(again.body.isEmpty)
            }
            #expect(try await client.get("/app.js", headers: [("If-None-Match", "\"old\"")]).status == 200)
        }
    }

    @Test("HEAD is GET without the body; nothing may be sent; what is not there is not found")
    func methods() async throws {
        try await withWebApp { client in
            let head = try await client.send("HEAD", "/app.js")
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == "5")
            #expect(head.body.isEmpty)
            #expect(try await client.send("POST", "/app.js").status == 405)
            #expect(try await client.send("DELETE", "/").status == 405)
            #expect(try await client.get("/../etc/passwd").status == 404)
            #expect(try await client.get("/nothing").status == 404)
        }
    }

    @Test("every answer forbids the page everything but this node")
    func securityHeaders() async throws {
        try await withWebApp { client in
            for path in ["/", "/app.js", "/nothing", "/healthz", "/ca.pem"] {
                let headers = try await client.get(path).headers
                let policy = headers["content-security-policy"] ?? ""
                for directive in [
                    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'",
                    "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
                    "require-trusted-types-for 'script'", "trusted-types cryptpeer",
                ] {
                    #expect(
                        policy.split(separator: ";").contains { $0.drop { $0 == " " } == directive }, "\(directive)")
                }
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["cross-origin-opener-policy"] == "same-origin")
                #expect(headers["cross-origin-resource-policy"] == "same-origin")
                #expect(headers["permissions-policy"]?.contains("geolocation=()") == true)
                // With the node's own authority a browser must stay able to click through.
                #expect(headers["strict-transport-security"] == nil)
                #expect(headers["server"] == nil)
            }
        }
    }

    @Test("without a web app the node still runs")
    func empty() async throws {
        try await withNode {
            $0.webApp = Array("CPWA".utf8) + [1, 0]
        } _: { node in
            let client = try HTTPSClient(node.origin, trusting: try node.authority)
            #expect(try await client.get("/").status == 404)
            #expect(try await client.get("/healthz").text == "ok\n")
        }
    }

    @Test("a program built without the web app says so")
    func notBuilt() async throws {
        try await withNode {
            $0.webApp = []
        } _: { node in
            let page = try await HTTPSClient(node.origin, trusting: try node.authority).get("/")
            #expect(page.status == 200)
            #expect(page.text.contains("make build"))
        }
    }

    private func withWebApp(_ body: (HTTPSClient) async throws -> Void) async throws {
        try await withNode {
            $0.webApp = Self.archive
        } _: { node in
            try await body(try HTTPSClient(node.origin, trusting: try node.authority))
        }
    }

    private static var archive: [UInt8] {
        archive(of: [
            ["/", "text/html; charset=utf-8", "", "\"i\"", "page"],
            ["/app.js", "text/javascript; charset=utf-8", "br", "\"b\"", "B"],
            ["/app.js", "text/javascript; charset=utf-8", "gzip", "\"g\"", "GG"],
            ["/app.js", "text/javascript; charset=utf-8", "", "\"p\"", "plain"],
        ])
    }

    /// A web app of these files: of each the path, type, encoding, tag and content.
    static func archive(of files: [[String]]) -> [UInt8] {
        var writer = WireWriter()
        writer.write(fixed: Array("CPWA".utf8) + [1])
        writer.writeVector { writer in
            for file in files {
                for field in file { writer.write(text: field) }
            }
        }
        return writer.bytes
    }
}
