/// Where browsers reach a node behind a router or a proxy that passes on another port, or another name.
struct PublicOrigin: Sendable {
    let name: ServerName
    private let port: Int

    init(_ text: String) throws(StartError) {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let name = ServerName(origin: trimmed), let port = ServerName.port(ofOrigin: trimmed) else {
            throw StartError(
                "\(text) is no origin", advice: "write --public-origin as https://HOST or https://HOST:PORT")
        }
        self.name = name
        self.port = port
    }

    /// As a browser writes it.
    var text: String { name.origin(port: port) }

    /// Whether a browser that has come here writes this.
    func names(_ origin: String) -> Bool { name.isWritten(as: origin, port: port) }
}
