import Foundation
import Glibc
import STUN
import TURN
import Testing

/// Requests of strangers, as many as there can be, from thousands of places.
@Suite("Floods of the relay")
struct RelayFloodTests {
    /// Sends from many addresses of this machine, and reads no answers.
    private final class Strangers {
        private let sockets: [Int32]
        private let questions: [[UInt8]]
        private var sent = 0

        init(relayPort: Int, networks: Int) throws {
            sockets = (0..<networks).compactMap { network in
                let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                var own = Self.address(0x7F10_0001 + UInt32(network) << 8, 0)
                var relay = Self.address(0x7F00_0001, UInt16(relayPort))
                let size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let isConnected = withUnsafePointer(to: &own) { own in
                    withUnsafePointer(to: &relay) { relay in
                        own.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) == 0 }
                            && relay.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                                connect(socket, $0, size) == 0
                            }
                    }
                }
                if isConnected { return socket }
                close(socket)
                return nil
            }
            questions = Self.questions()
            try #require(sockets.count == networks)
        }

        deinit { for socket in sockets { close(socket) } }

        private static func address(_ ip: UInt32, _ port: UInt16) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = ip.bigEndian
            return address
        }

        /// Of every kind, with names, nonces and codes that nobody has given out; and what is no question at all.
        private static func questions() -> [[UInt8]] {
            var numbers = SystemRandomNumberGenerator()
            var questions: [[UInt8]] = []
            for method in [Method.binding, .allocate, .refresh, .createPermission, .channelBind] {
                for length in [0, 40, 400, 1_200] {
                    var bare = MessageBuilder(
                        MessageType(method, .request), TransactionID(high: numbers.next(), low: numbers.next()))
                    if length > 0 { bare.append(.software, [UInt8](repeating: 0x20, count: length)) }
                    questions.append(bare.bytes)
                    var signed = bare
                    signed.append(.username, Array("\(numbers.next() as UInt64):guest".utf8))
                    signed.append(.realm, Array("turn".utf8))
                    signed.append(.nonce, (0..<35).map { _ in UInt8.random(in: 0x41...0x5A, using: &numbers) })
                    signed.append(.sha1, key: .init([1, 2, 3]))
                    questions.append(signed.bytes)
                }
            }
            questions.append(DatagramClient.channelData(0x4000, [UInt8](repeating: 7, count: 1_000)))
            questions.append([])
            questions.append((0..<1_400).map { _ in UInt8.random(in: 0...255, using: &numbers) })
            return questions
        }

        func send(_ count: Int) {
            for _ in 0..<count {
                let question = questions[sent % questions.count]
                _ = Glibc.send(sockets[sent / questions.count % sockets.count], question, question.count, 0)
                sent += 1
            }
        }
    }

    /// Datagrams are lost where more come than there is room for. Clients ask again.
    private func insist(_ body: () throws -> Bool) -> Bool {
        for _ in 0..<5 where (try? body()) == true { return true }
        return false
    }

    /// So many fit the room that the kernel has for them.
    private static let handful = 100

    @Test("300,000 requests of strangers leave memory flat, and devices are served meanwhile")
    func flood() async throws {
        let requests = 300_000
        let port = NodeProcess.freePort()
        let folder = try TemporaryFolder()
        let secret = try folder.relaySecret()
        // Without --turn-allow-loopback, which would answer this machine's strangers without end.
        let node = try await NodeProcess(
            folder: folder,
            options: [
                "--turn-port", "\(port)", "--public-ip", "127.0.0.1", "--turn-secret", secret,
            ])
        let strangers = try Strangers(relayPort: port, networks: 200)
        let alice = try DatagramClient(relayPort: port, patience: 1)
        let bob = try DatagramClient(relayPort: port, user: "bob", patience: 1)
        let aliceRelayed = try #require(try alice.allocate())
        let bobRelayed = try #require(try bob.allocate())
        #expect(try alice.bind(0x4000, to: bobRelayed))
        #expect(try bob.bind(0x4000, to: aliceRelayed))
        // Everything has been done once.
        strangers.send(10_000)
        try await Task.sleep(for: .seconds(1))
        let before = node.residentBytes
        func passes(_ round: Int) -> Bool {
            let data = DatagramClient.channelData(0x4000, [UInt8(round >> 8), UInt8(round & 0xFF)])
            return insist {
                alice.send(data)
                return try bob.receive() == data
            }
        }
        // Each of these is worked on: no more are sent than there is room for, until what was sent after them has come through.
        for round in 0..<requests / Self.handful {
            strangers.send(Self.handful)
            #expect(passes(round))
        }
        // And as many as there can be, most of which are lost before they are looked at.
        for round in 0..<12 {
            strangers.send(25_000)
            #expect(passes(round))
            #expect(insist { try bob.permit(aliceRelayed) })
        }
        // Also who comes only now, from a network that is not flooded.
        let carol = try DatagramClient(relayPort: port, user: "carol", patience: 1)
        #expect(insist { try carol.allocate() != nil })
        try await Task.sleep(for: .seconds(1))
        // The least that can be kept of each are the 32 bytes of a small block: half of them would be seen.
        #expect(node.residentBytes < before + requests * 16)
        try await node.terminate()
    }
}
