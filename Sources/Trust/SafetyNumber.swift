import CryptoPrimitives
import WireFormat

/// What two members compare, by voice or by camera, to know that nobody stands between them. It depends on the members'
/// keys, not on their devices.
public struct SafetyNumber: Equatable, Sendable {
    /// What a scanned code says.
    public enum Comparison: Sendable {
        /// Both see the same keys.
        case match
        /// The other sees other keys, or it is another conversation's code.
        case mismatch
        /// Not a safety code, or a later version's.
        case unreadable
    }

    private static let prefix = label("CPS1:")

    /// The two members' hashes, SHA-512, in ascending order.
    private let hashes: [[UInt8]]

    public init(bubble: BubbleID, _ first: HybridPublicKey, _ second: HybridPublicKey) {
        let hashes = [Self.hash(first, bubble), Self.hash(second, bubble)]
        self.hashes = hashes.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func hash(_ key: HybridPublicKey, _ bubble: BubbleID) -> [UInt8] {
        HashAlgorithm.sha512.hash(
            label("CryptPeer safety 1") + bubble.bytes + MemberID(of: key, bubble: bubble).bytes
                + HashAlgorithm.sha512.hash(key.bytes))
    }

    /// 60 digits, in ASCII: 30 for each member, the smaller half first.
    public var digits: [UInt8] {
        let halves = hashes.map(Self.digits(of:))
        return halves[0].lexicographicallyPrecedes(halves[1]) ? halves[0] + halves[1] : halves[1] + halves[0]
    }

    /// Six times five bytes, each as a number modulo 100,000.
    private static func digits(of hash: [UInt8]) -> [UInt8] {
        var digits: [UInt8] = []
        for chunk in 0..<6 {
            var number: UInt64 = 0
            for byte in hash[(5 * chunk)..<(5 * chunk + 5)] { number = number << 8 | UInt64(byte) }
            var divisor: UInt64 = 10_000
            for _ in 0..<5 {
                digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
                divisor /= 10
            }
        }
        return digits
    }

    /// The text of the QR code, in ASCII, with both hashes whole. Both members show the same one.
    public var qrPayload: [UInt8] {
        Self.prefix + Base64URL.encode(hashes[0] + hashes[1])
    }

    /// Compares with what the other's screen showed to our camera.
    public func compare(scanned payload: [UInt8]) -> Comparison {
        guard payload.count <= 1024, payload.starts(with: Self.prefix) else { return .unreadable }
        do throws(WireError) {
            let scanned = try Base64URL.decode([UInt8](payload[Self.prefix.count...]))
            guard scanned.count == 2 * HashAlgorithm.sha512.length else { return .unreadable }
            return constantTimeEqual(scanned, hashes[0] + hashes[1]) ? .match : .mismatch
        } catch {
            return .unreadable
        }
    }
}

extension SafetyNumber {
    /// Of the members that two verified devices belong to.
    public init(_ first: VerifiedDevice, _ second: VerifiedDevice) {
        self.init(bubble: first.bubble, first.memberKey, second.memberKey)
    }
}
