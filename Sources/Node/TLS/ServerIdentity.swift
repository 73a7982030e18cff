import Crypto
import FoundationEssentials
import Logging
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// The certificates and key that the node shows to browsers.
struct ServerIdentity: Sendable {
    let chain: [Certificate]
    let key: Certificate.PrivateKey
    /// The names in the first certificate; a DNS one may begin with `*.`.
    let names: [GeneralName]

    init(chain: [Certificate], key: Certificate.PrivateKey) throws {
        guard let leaf = chain.first, key.publicKey == leaf.publicKey else { throw CertificateProblem.keyOfAnother }
        self.chain = chain
        self.key = key
        names = [GeneralName](try leaf.extensions.subjectAlternativeNames ?? SubjectAlternativeNames())
    }

    /// Whether the certificate is one for this name (RFC 9525 §6.3: a wildcard stands for one label).
    func covers(_ name: ServerName) -> Bool { Self.covers(name, names) }

    /// Whether one of a certificate's names is this one.
    static func covers(_ name: ServerName, _ names: [GeneralName]) -> Bool {
        names.contains { candidate in
            switch (candidate, name) {
            case (.dnsName(let pattern), .dns(let name)):
                let pattern = pattern.lowercased()
                guard pattern.hasPrefix("*.") else { return pattern == name }
                guard let dot = name.firstIndex(of: ".") else { return false }
                return name[dot...] == pattern.dropFirst(1)
            case (.ipAddress(let bytes), .address(let address)):
                return bytes.bytes.elementsEqual(address)
            default:
                return false
            }
        }
    }

    /// The first name that can stand in a link.
    var firstName: ServerName? { serverNames.first }

    /// The names that are one name each.
    var serverNames: [ServerName] {
        names.compactMap { name in
            switch name {
            case .dnsName(let text): ServerName(text)
            case .ipAddress(let bytes): .address([UInt8](bytes.bytes))
            default: nil
            }
        }
    }

    func expires(within seconds: TimeInterval, of now: Date) -> Bool {
        chain.contains { $0.notValidAfter < now + seconds }
    }

    /// Whether a clock that was ahead made it.
    func begins(after now: Date) -> Bool { chain.contains { $0.notValidBefore > now } }

    func makeContext() throws -> NIOSSLContext {
        let certificates = try chain.map { certificate in
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return NIOSSLCertificateSource.certificate(
                try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der))
        }
        let key = try NIOSSLPrivateKey(bytes: try self.key.serializeAsPEM().derBytes, format: .der)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // How long a closed connection waits for the other side's goodbye: the node must stop within five seconds.
        configuration.shutdownTimeout = .seconds(1)
        // The latter two for the relay's clients that say so (RFC 7443); most do not.
        configuration.applicationProtocols = ["http/1.1", "stun.turn", "stun.nat-discovery"]
        return try NIOSSLContext(configuration: configuration)
    }
}
