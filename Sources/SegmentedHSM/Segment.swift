import CryptoPrimitives
import WireFormat

/// One independent share of what opens a vault. All of a vault's segments are needed.
public enum Segment: Sendable {
    /// The 32 bytes that ``PassphraseParameters/derive(_:)`` gave, and the parameters it gave them with.
    case passphrase(Secret, PassphraseParameters)
    /// 32 random bytes that the host keeps, in a browser under a key that WebCrypto does not let out.
    case device(Secret)

    /// Bytes of a segment's secret.
    public static let length = 32
}

/// The segments that a vault asks for, in their order.
struct SegmentSet {
    let passphrase: Secret
    let parameters: PassphraseParameters
    let device: Secret

    /// None unless `segments` is one passphrase segment followed by one device segment, each of the right length.
    init?(_ segments: [Segment]) {
        guard segments.count == 2, case .passphrase(let passphrase, let parameters) = segments[0],
            case .device(let device) = segments[1], passphrase.count == Segment.length, device.count == Segment.length
        else { return nil }
        self.passphrase = passphrase
        self.parameters = parameters
        self.device = device
    }
}

/// What the header says, in clear, about one segment.
enum SegmentDescriptor: Equatable, Sendable, WireCodable {
    /// No check value: with one, a seized header would be enough for guessing, without the device segment.
    case passphrase(PassphraseParameters)
    /// A random segment has 256 bits, so that a check value gives nothing away.
    case device(check: [UInt8])

    /// The kinds' numbers in the header. 3 (carried: file, QR, NFC), 4 (passkey) and 5 (node) are reserved.
    private enum Kind {
        static let passphrase: UInt8 = 1
        static let device: UInt8 = 2
    }

    static let checkLength = 16

    static func deviceCheck(of secret: Secret, in identity: VaultIdentity) -> [UInt8] {
        HKDF.derive(
            .sha512, salt: identity.salt, ikm: secret, info: label("CryptPeer device check 1") + identity.vaultID,
            length: checkLength
        ).exposed
    }

    /// 16 bytes that tell the kinds apart in the unlock key's input, so that no segment can stand in another's place.
    var keyLabel: [UInt8] {
        let name: StaticString =
            switch self {
            case .passphrase: "passphrase"
            case .device: "device"
            }
        let bytes = label(name)
        return bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
    }

    func encode(into writer: inout WireWriter) {
        switch self {
        case .passphrase(let parameters):
            writer.write(Kind.passphrase)
            writer.write(parameters)
        case .device(let check):
            writer.write(Kind.device)
            writer.write(fixed: check)
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case Kind.passphrase: self = .passphrase(try reader.read())
        case Kind.device: self = .device(check: try reader.readFixed(Self.checkLength))
        default: throw .invalidValue
        }
    }
}

/// The bytes of an ASCII label. A static string carries no Unicode tables into the WebAssembly build.
func label(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { [UInt8]($0) }
}
