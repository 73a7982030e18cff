import HTTPTypes
import Hummingbird
import NIOCore

/// What the node answers over plain HTTPS. The rest is said on the WebSocket.
struct Routes: Sendable {
    static let socketPath = "/ws"
    /// Tells a page whether the node knows the origin that the page says it has.
    static let originPath = "/origin"
    static let originField = HTTPField.Name("CryptPeer-Origin")

    let webApp: WebApp
    let anchor: TrustAnchor
    /// Whether the node can serve: its store answers.
    let isHealthy: @Sendable () async -> Bool
    /// Whether a page of this origin is this node's.
    let isOwnOrigin: @Sendable (String) -> Bool

    func makeRouter() throws -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders { [anchor] in await anchor.isTrustedBySystem() })
        router.add(middleware: ReadingOnly())
        router.get("/healthz") { _, _ in
            await isHealthy()
                ? Self.text("ok\n") : Self.text("This node cannot serve now.\n", status: .serviceUnavailable)
        }
        router.get(RouterPath(Self.originPath)) { request, _ in
            // A page cannot see why a WebSocket was refused, and its browser sends no Origin with what it only reads.
            isOwnOrigin(Self.originField.flatMap { request.headers[$0] } ?? "")
                ? Self.text("ok\n")
                : Self.text(
                    "This node was not told that it is reached here: see --public-origin.\n", status: .forbidden)
        }
        router.get(RouterPath(Self.socketPath)) { _, _ in
            Self.text("A WebSocket of this node's own origin is expected here.\n", status: .forbidden)
        }
        if let authority = anchor.authority {
            let pem = ByteBuffer(string: try authority.pem)
            let der = ByteBuffer(bytes: try authority.der)
            router.get("/ca.pem") { _, _ in
                Self.download(pem, "application/x-pem-file", name: "cryptpeer-ca.pem")
            }
            router.get("/ca.crt") { _, _ in
                Self.download(der, "application/x-x509-ca-cert", name: "cryptpeer-ca.crt")
            }
        }
        router.get("/**") { request, _ in file(request) }
        router.get("/") { request, _ in file(request) }
        return router
    }

    /// RFC 9110 §13.1.2: an unchanged file is not sent again, whichever of its variants the client holds.
    private func file(_ request: Request) -> Response {
        let variants = webApp.variants(of: request.uri.path)
        let accepted = AcceptedEncodings(request.headers[.acceptEncoding])
        guard let chosen = variants.first(where: { accepted.contains($0.encoding) }) else {
            return Self.text("Not found.\n", status: .notFound)
        }
        var headers: HTTPFields = [.cacheControl: "no-cache", .eTag: chosen.etag]
        if variants.count > 1 { headers[.vary] = "Accept-Encoding" }
        if let known = request.headers[.ifNoneMatch] {
            let tags = known.split(separator: ",").map { tag in
                let tag = tag.drop { $0 == " " }
                return tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
            }
            if let match = variants.first(where: { variant in tags.contains { $0 == variant.etag } }) {
                headers[.eTag] = match.etag
                return Response(status: .notModified, headers: headers)
            }
        }
        headers[.contentType] = chosen.contentType
        if !chosen.encoding.isEmpty { headers[.contentEncoding] = chosen.encoding }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: chosen.body))
    }

    private static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static func download(_ bytes: ByteBuffer, _ type: String, name: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .contentDisposition: "attachment; filename=\"\(name)\"", .cacheControl: "no-cache",
            ],
            body: ResponseBody(byteBuffer: bytes))
    }
}

/// Refuses every method that would send something: nothing is ever sent to the node this way.
private struct ReadingOnly<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        guard request.method == .get || request.method == .head else {
            return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD", .cacheControl: "no-store"])
        }
        return try await next(request, context)
    }
}
