import MLS
import Trust
import WireFormat

/// What the node hands out to those who may write to us: a KeyPackage and the chain that its leaf names.
struct PublishedKeyPackage: WireCodable {
    var keyPackage: KeyPackage
    var chain: CertificateChain

    init(keyPackage: KeyPackage, chain: CertificateChain) {
        self.keyPackage = keyPackage
        self.chain = chain
    }

    func encode(into writer: inout WireWriter) {
        writer.write(keyPackage)
        writer.write(chain)
    }

    init(from reader: inout WireReader) throws(WireError) {
        keyPackage = try reader.read()
        chain = try reader.read()
    }
}
