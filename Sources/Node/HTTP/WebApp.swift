import CWebApp
import NIOCore
import WireFormat

/// The web app's files, as they were packed into the executable (`Web/pack.py` writes the same structure).
struct WebApp: Sendable {
    /// One way to send one file.
    struct Variant: Sendable {
        let contentType: String
        /// The `Content-Encoding`; empty: the file as it is.
        let encoding: String
        let etag: String
        let body: ByteBuffer
    }

    /// By path; a path's variants smallest first, the plain one last.
    private let variants: [String: [Variant]]

    /// The archive inside this executable.
    static func embedded() throws(WireError) -> WebApp {
        let bytes = UnsafeBufferPointer(start: cryptpeer_webapp_bytes(), count: cryptpeer_webapp_length())
        return try WebApp(archive: [UInt8](bytes))
    }

    /// Of an archive; an empty one is a program that was built without the web app, and says so in place of it.
    init(archive: [UInt8]) throws(WireError) {
        guard !archive.isEmpty else {
            let sentence = "This program was built without the web app. Run `make build`, then start it again.\n"
            variants = [
                "/": [
                    Variant(
                        contentType: "text/plain; charset=utf-8", encoding: "", etag: "\"none\"",
                        body: ByteBuffer(string: sentence))
                ]
            ]
            return
        }
        var reader = WireReader(archive)
        guard try reader.readFixed(4) == Array("CPWA".utf8), try reader.readUInt8() == 1 else { throw .invalidValue }
        var entries = try reader.readSlice()
        try reader.finish()
        var variants: [String: [Variant]] = [:]
        while !entries.isAtEnd {
            let path = try entries.readText()
            let variant = Variant(
                contentType: try entries.readText(), encoding: try entries.readText(), etag: try entries.readText(),
                body: ByteBuffer(bytes: try entries.readOpaque()))
            variants[path, default: []].append(variant)
        }
        self.variants = variants
    }

    func variants(of path: String) -> [Variant] {
        variants[path] ?? []
    }
}

/// The codings that a client takes (RFC 9110 §12.5.3), as far as this node has any to offer.
struct AcceptedEncodings {
    private let names: [Substring]

    init(_ header: String?) {
        names = (header ?? "").split(separator: ",").compactMap { element in
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first else { return nil }
            let isRefused = parts.dropFirst().contains { part in
                part.hasPrefix("q=0") && part.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
            }
            return isRefused ? nil : Substring(name.lowercased())
        }
    }

    func contains(_ encoding: String) -> Bool {
        encoding.isEmpty || names.contains { $0 == encoding }
    }
}
