import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// The node's own certificate authority, for a network where no public one can vouch for it.
///
/// People install its certificate on their devices, so it is constrained: it can only ever vouch for this node's names,
/// for names that are local by convention and for addresses of private networks, and for no site of the Internet.
struct LocalAuthority: Sendable {
    let certificate: Certificate
    private let key: Certificate.PrivateKey

    private static let lifetime: TimeInterval = 10 * 365 * 86_400
    /// From when on its end is worth a word: whoever has installed it has to install another one.
    static let warning: TimeInterval = 90 * 86_400
    /// A clock that is a little behind must not make a new certificate one of the future.
    private static let leeway: TimeInterval = 86_400

    /// - Parameter names: the names it must be able to vouch for, besides the local ones.
    init(for names: [ServerName], now: Date) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.key = key
        let number = [UInt8](SHA256.hash(data: key.publicKey.subjectPublicKeyInfoBytes)).prefix(4)
        let subject = try DistinguishedName {
            // Two nodes' authorities on one device must be told apart.
            CommonName("CryptPeer node \(number.map { hexadecimal($0) }.joined())")
        }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            // Before the time of any correct clock: an authority that was made by a clock that was ahead is still valid
            // after the clock was set.
            notValidBefore: min(now, Date(timeIntervalSince1970: TimeInterval(Version.earliest))) - Self.leeway,
            notValidAfter: now + Self.lifetime,
            issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
                Critical(Self.constraints(for: names))
            },
            issuerPrivateKey: key)
    }

    init(certificate: String, key: String) throws {
        self.certificate = try Certificate(pemEncoded: certificate)
        self.key = try Certificate.PrivateKey(pemEncoded: key)
        guard self.key.publicKey == self.certificate.publicKey else { throw CertificateProblem.keyOfAnother }
    }

    var pem: String {
        get throws { try certificate.serializeAsPEM().pemString }
    }
    var keyPEM: String {
        get throws { try key.serializeAsPEM().pemString }
    }
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return serializer.serializedBytes
        }
    }

    /// What people compare before they trust it: the certificate's SHA-256, as browsers show it.
    var fingerprint: String {
        get throws { SHA256.hash(data: try der).map { hexadecimal($0) }.joined(separator: ":") }
    }

    /// A server certificate for `names`, which it must be able to vouch for.
    func issue(to publicKey: Certificate.PublicKey, for names: [ServerName], now: Date, lifetime: TimeInterval) throws
        -> Certificate
    {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: now - Self.leeway, notValidAfter: min(now + lifetime, certificate.notValidAfter),
            issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("CryptPeer node") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                SubjectAlternativeNames(names.map(\.generalName))
            },
            issuerPrivateKey: key)
    }

    /// Whether a certificate of this authority may hold the name: one that may not would spoil the whole certificate.
    func vouches(for name: ServerName) -> Bool {
        guard let constraints = try? certificate.extensions.nameConstraints else { return true }
        switch name {
        case .dns(let name):
            return constraints.permittedDNSDomains.contains { name == $0 || name.hasSuffix("." + $0) }
        case .address(let address):
            return constraints.permittedIPRanges.contains { Self.includes([UInt8]($0.bytes), address) }
        }
    }

    /// Whether an address lies in a range of network and mask.
    private static func includes(_ range: [UInt8], _ address: [UInt8]) -> Bool {
        guard range.count == 2 * address.count else { return false }
        return address.indices.allSatisfy { address[$0] & range[address.count + $0] == range[$0] }
    }

    // MARK: - Name constraints (RFC 5280 §4.2.1.10)

    private static func constraints(for names: [ServerName]) -> NameConstraints {
        var domains = localDomains
        var ranges = privateRanges
        for name in names {
            switch name {
            case .dns(let name):
                if !domains.contains(where: { name == $0 || name.hasSuffix("." + $0) }) { domains.append(name) }
            case .address(let address):
                if !ranges.contains(where: { includes($0, address) }) {
                    ranges.append(address + [UInt8](repeating: 0xFF, count: address.count))
                }
            }
        }
        return NameConstraints(
            permittedDNSDomains: domains, permittedIPRanges: ranges.map { ASN1OctetString(contentBytes: $0[...]) })
    }

    /// RFC 6761, 6762, 8375, ICANN's `internal`, and what home routers use.
    private static let localDomains = ["localhost", "local", "home.arpa", "internal", "lan", "home"]

    /// Address and mask: RFC 1918, 1122 (loopback), 3927, 6598; RFC 4291 (loopback, link-local), 4193.
    private static let privateRanges: [[UInt8]] = [
        [127, 0, 0, 0, 255, 0, 0, 0],
        [10, 0, 0, 0, 255, 0, 0, 0],
        [172, 16, 0, 0, 255, 240, 0, 0],
        [192, 168, 0, 0, 255, 255, 0, 0],
        [169, 254, 0, 0, 255, 255, 0, 0],
        [100, 64, 0, 0, 255, 192, 0, 0],
        [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 16),
        [0xFE, 0x80] + [UInt8](repeating: 0, count: 14) + [0xFF, 0xC0] + [UInt8](repeating: 0, count: 14),
        [0xFC] + [UInt8](repeating: 0, count: 15) + [0xFE] + [UInt8](repeating: 0, count: 15),
    ]
}

/// What is wrong with a certificate or key that was found or given.
enum CertificateProblem: Error {
    case keyOfAnother
    case expired
}

extension ServerName {
    var generalName: GeneralName {
        switch self {
        case .dns(let name): .dnsName(name)
        case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
    }
}

func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 1 ? "0" + digits : digits
}
