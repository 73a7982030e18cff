import CryptoPrimitives
import WireFormat

/// Names one use of a pre-shared key (RFC 9420 §8.4).
public struct PreSharedKeyID: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// Provisioned by the application.
        case external(id: [UInt8])
        /// The resumption secret of a group in an epoch.
        case resumption(ResumptionUsage, groupID: [UInt8], epoch: UInt64)
    }

    public enum ResumptionUsage: UInt8, Sendable {
        case application = 1
        case reInit = 2
        case branch = 3
    }

    public var kind: Kind
    /// Random, as long as the suite's hash, so that each use injects another value.
    public var nonce: [UInt8]

    public init(kind: Kind, nonce: [UInt8]) {
        self.kind = kind
        self.nonce = nonce
    }
}

extension PreSharedKeyID: WireEncodable, WireDecodable {
    public func encode(into writer: inout WireWriter) {
        switch kind {
        case .external(let id):
            writer.write(UInt8(1))
            writer.write(opaque: id)
        case .resumption(let usage, let groupID, let epoch):
            writer.write(UInt8(2))
            writer.write(usage.rawValue)
            writer.write(opaque: groupID)
            writer.write(epoch)
        }
        writer.write(opaque: nonce)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 1:
            kind = .external(id: try reader.readOpaque())
        case 2:
            let usage = try ResumptionUsage(from: &reader)
            let groupID = try reader.readOpaque()
            kind = .resumption(usage, groupID: groupID, epoch: try reader.readUInt64())
        default:
            throw .invalidValue
        }
        nonce = try reader.readOpaque()
    }
}

/// A pre-shared key with the name it is used under.
package struct PreSharedKey: Sendable {
    let id: PreSharedKeyID
    let secret: Secret

    package init(id: PreSharedKeyID, secret: Secret) {
        self.id = id
        self.secret = secret
    }
}

extension Algorithms {
    /// `psk_secret` (RFC 9420 §8.4): zero if there are no pre-shared keys.
    ///
    /// - Throws: ``ProposalFault/tooMany`` if they cannot be counted in 16 bits.
    package func preSharedKeySecret(_ keys: [PreSharedKey]) throws(MLSError) -> Secret {
        guard let count = UInt16(exactly: keys.count) else { throw .invalidProposals(.tooMany) }
        var result = zeroSecret
        var index: UInt16 = 0
        for key in keys {
            var label = WireWriter()
            label.write(key.id)
            label.write(index)
            label.write(count)
            let extracted = extract(salt: zeroSecret, key.secret)
            let input = expandWithLabel(extracted, "derived psk", label.bytes, hashLength)
            result = extract(salt: input, result)
            index += 1
        }
        return result
    }
}
