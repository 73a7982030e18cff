import HTTPTypes
import Hummingbird

/// What every answer says to a browser about what a page of this node may do: nothing but talk to this node.
struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    /// Only a certificate that the world trusts makes it safe to forbid plain HTTP for a year to come: with the node's own
    /// authority, or another private one, a browser could then no longer click through.
    let isTrusted: @Sendable () async -> Bool

    private static var strictTransport: HTTPField.Name? { HTTPField.Name("Strict-Transport-Security") }

    private static var contentSecurityPolicy: String {
        [
            "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'",
            "img-src 'self' data: blob:",
            // What members send each other is decrypted in the page and shown from there: in sandboxed frames, and as voice.
            "frame-src 'self' blob:", "media-src 'self' blob:",
            "connect-src 'self'", "worker-src 'self'", "manifest-src 'self'", "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types cryptpeer",
        ].joined(separator: "; ")
    }

    /// What the product uses is for this origin alone; of what it does not use, the most telling is denied.
    private static var permissionsPolicy: String {
        let own = ["camera", "microphone", "display-capture", "clipboard-read", "clipboard-write", "fullscreen"]
        let none = [
            "accelerometer", "geolocation", "gyroscope", "magnetometer", "midi", "payment", "serial", "usb",
            "bluetooth",
            "browsing-topics",
        ]
        return (own.map { "\($0)=(self)" } + none.map { "\($0)=()" }).joined(separator: ", ")
    }

    private let fields: [(HTTPField.Name, String)]

    init(isTrusted: @escaping @Sendable () async -> Bool) {
        self.isTrusted = isTrusted
        let named: [(String, String)] = [
            ("Content-Security-Policy", Self.contentSecurityPolicy),
            ("Permissions-Policy", Self.permissionsPolicy),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
        ]
        fields = named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        for (name, value) in fields { response.headers[name] = value }
        if let name = Self.strictTransport, await isTrusted() { response.headers[name] = "max-age=31536000" }
        return response
    }
}
