import FoundationEssentials
import NIOCore
import NIOSSL
import X509

/// A node as seen from outside: where it is, and whose certificates it may show.
///
/// The chain is checked by swift-certificates: BoringSSL's own verifier refuses every authority whose name constraints are
/// about addresses.
struct Server: Sendable {
    let host: String
    let port: Int
    private let authority: Certificate
    private let context: NIOSSLContext

    init(_ origin: String, trusting authority: [UInt8]) throws {
        guard origin.hasPrefix("https://"), let colon = origin.lastIndex(of: ":"),
            let port = Int(origin[origin.index(after: colon)...])
        else { throw NodeConnection.Failure.badOrigin }
        // An IPv6 address stands in brackets there.
        let name = origin[origin.index(origin.startIndex, offsetBy: 8)..<colon]
        host = String(name.hasPrefix("[") ? name.dropFirst().dropLast() : name)
        self.port = port
        self.authority = try Certificate(pemEncoded: String(decoding: authority, as: UTF8.self))
        var configuration = TLSConfiguration.makeClientConfiguration()
        // The system's authorities have no say here, and reading them takes longer than all the rest.
        configuration.trustRoots = .certificates([])
        context = try NIOSSLContext(configuration: configuration)
    }

    func makeTLSHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: context, serverHostname: isAddress ? nil : host,
            customVerificationCallback: { [self] chain, promise in
                promise.completeWithTask {
                    let certificates = try chain.map { try Certificate(derEncoded: $0.toDERBytes()) }
                    return await trusts(certificates) ? .certificateVerified : .failed
                }
            })
    }

    private var isAddress: Bool {
        (try? SocketAddress(ipAddress: host, port: port)) != nil
    }

    private func trusts(_ chain: [Certificate]) async -> Bool {
        guard let leaf = chain.first else { return false }
        var verifier = Verifier(rootCertificates: CertificateStore([authority])) {
            RFC5280Policy()
            ServerIdentityPolicy(serverHostname: isAddress ? nil : host, serverIP: isAddress ? host : nil)
        }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(chain.dropFirst())) {
        case .validCertificate: return true
        case .couldNotValidate: return false
        }
    }
}
