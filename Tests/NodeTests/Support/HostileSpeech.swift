import STUN
import TURN

/// Numbers that follow from a seed, so that what broke something can be said again (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}

/// What somebody says on a connection who means no good: a protocol's own words, cut, bent, repeated or drowned in noise.
struct HostileSpeech {
    /// What is sent at once, one after the other.
    let pieces: [[UInt8]]
    /// The speaker closes its half afterwards, instead of waiting for what comes.
    let endsItself: Bool

    /// - Parameter words: whole messages of what the listener speaks.
    init(of words: [[UInt8]], _ numbers: inout SeededNumbers) {
        var bytes = words[numbers.below(words.count)]
        switch numbers.below(8) {
        case 0:
            bytes = numbers.bytes(numbers.below(4_000))
        case 1:
            bytes.removeLast(1 + numbers.below(bytes.count))
        case 2:
            for _ in 0...numbers.below(8) { bytes[numbers.below(bytes.count)] ^= UInt8(1 + numbers.below(255)) }
        case 3:
            // A length that lies, wherever there is one.
            let lies: [[UInt8]] = [[0xFF, 0xFF], [0, 0], [0x7F, 0xFF], [0, 1], numbers.bytes(2)]
            let place = numbers.below(min(bytes.count - 1, 48))
            bytes.replaceSubrange(place..<place + 2, with: lies[numbers.below(lies.count)])
        case 4:
            bytes += numbers.bytes(1 + numbers.below(2_000))
        case 5:
            bytes = (0...numbers.below(40)).flatMap { _ in words[numbers.below(words.count)] }
            bytes.removeLast(numbers.below(bytes.count))
        case 6:
            // More than anybody has to say, behind a beginning that is right.
            bytes = bytes.prefix(8 + numbers.below(24)) + numbers.bytes(200_000)
        default:
            // Two protocols at once.
            bytes = bytes.prefix(numbers.below(bytes.count)) + words[numbers.below(words.count)]
        }
        pieces = Self.cut(bytes, &numbers)
        endsItself = numbers.below(2) == 0
    }

    private static func cut(_ bytes: [UInt8], _ numbers: inout SeededNumbers) -> [[UInt8]] {
        switch numbers.below(3) {
        case 0:
            return [bytes]
        case 1:
            // The beginning byte by byte, where decisions fall.
            let head = min(bytes.count, 40)
            return bytes[..<head].map { [$0] } + [Array(bytes[head...])]
        default:
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                pieces.append(Array(rest.prefix(1 + numbers.below(bytes.count / 4 + 1))))
                rest = rest.dropFirst(pieces.last?.count ?? 0)
            }
            return pieces
        }
    }
}

/// Whole messages of each protocol that a listener of the node knows.
enum Words {
    static func stun() -> [[UInt8]] {
        var requests = RelayRequests(secret: "south", user: "mallory")
        let peer = TransportAddress(DatagramClient.loopback, port: 9)
        return [
            RelayRequests.binding, RelayRequests.question,
            requests.make(.allocate) { $0.append(.requestedTransport, [17, 0, 0, 0]) },
            requests.make(.channelBind) {
                $0.append(.channelNumber, [0x40, 0, 0, 0])
                $0.append(.xorPeerAddress, xored: peer)
            },
            RelayRequests.binding + StreamClient.channelData(0x4000, [UInt8](repeating: 7, count: 333)),
        ]
    }

    /// - Parameter origin: the node's own, under which a page opens its session.
    static func http(_ origin: String) -> [[UInt8]] {
        let masked: (_ head: [UInt8], _ data: [UInt8]) -> [UInt8] = { $0 + [0, 0, 0, 0] + $1 }
        let upgrade =
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: \(origin)\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        let texts = [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nbody",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nFFFFFFFFFFFFFFFF\r\nbody",
            "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 500) + "\r\n",
            "GET /" + String(repeating: "a", count: 40_000) + " HTTP/1.1\r\n\r\n",
            "GET / HTTP/9.9\nHost:\n\n", "get\u{0} / HTTP/1.1\r\n\r\n", upgrade,
        ]
        return texts.map { Array($0.utf8) }
            + [
                // Frames (RFC 6455 §5.2): binary, one of 2^63 bytes, a ping too long, a piece of nothing, a reserved opcode, a close.
                masked([0x82, 0x84], [1, 2, 3, 4]),
                masked([0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7), [1]),
                masked([0x89, 0xFE, 0x01, 0x00], [UInt8](repeating: 0, count: 256)), masked([0x00, 0x80], []),
                masked([0x83, 0x81], [1]), masked([0x88, 0x82], [3, 0xE8]),
            ].map { Array(upgrade.utf8) + $0 }
    }

    /// A ClientHello of TLS 1.3 in its record (RFC 8446 §4.1.2), and other records.
    static func tls(_ numbers: inout SeededNumbers) -> [[UInt8]] {
        func counted(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
        }
        func part(_ type: UInt8, _ data: [UInt8]) -> [UInt8] { [0, type] + counted(data, 2) }
        let extensions =
            part(43, counted([3, 4], 1)) + part(10, counted([0, 29], 2)) + part(13, counted([4, 3, 8, 4], 2))
            + part(51, counted([0, 29] + counted(numbers.bytes(32), 2), 2))
        let hello =
            [3, 3] + numbers.bytes(32) + counted(numbers.bytes(32), 1) + counted([0x13, 1, 0x13, 2, 0x13, 3], 2)
            + counted([0], 1) + counted(extensions, 2)
        let first = [22, 3, 1] + counted([1] + counted(hello, 3), 2)
        return [
            first, first + [20, 3, 3, 0, 1, 1], first + [21, 3, 3, 0, 2, 2, 40],
            first + [23, 3, 3] + counted(numbers.bytes(200), 2), [22, 3, 1, 0xFF, 0xFF, 1, 0xFF, 0xFF, 0xFF] + hello,
        ]
    }
}
