import CryptoPrimitives
import NodeClient
import NodeProtocol
import Synchronization
import Testing
import WireFormat

@Suite("Durability")
struct DurabilityTests {
    @Test("what was acknowledged before a SIGKILL is there after it, once, and no number is used twice")
    func survivesKills() async throws {
        let node = try await NodeProcess()
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        let owner = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let mailbox = try await TestMailbox(of: owner)
        await owner.close()
        var highest: UInt64 = 0

        for round in 0..<4 {
            let count = Counter()
            let acknowledged = try await withThrowingTaskGroup(of: Set<[UInt8]>.self) { group in
                for sender in 0..<3 {
                    let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
                    group.addTask {
                        await Self.deliver(
                            through: session, to: mailbox, prefix: [UInt8(round), UInt8(sender)], count: count)
                    }
                }
                while count.value < 30 + 40 * round { try await Task.sleep(for: .milliseconds(2)) }
                try await node.kill()
                return try await group.reduce(into: Set()) { $0.formUnion($1) }
            }
            #expect(acknowledged.count < 3 * Self.deliveries, "the kill came in the middle")

            try await node.start()
            let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
            var found: [StoredEnvelope] = []
            var more = true
            while more {
                guard
                    case .envelopes(let envelopes, let isMore) = try await session.ask(
                        .fetchEnvelopes(mailbox: mailbox.id, after: found.last?.sequence ?? 0, limit: 32))
                else { throw NodeSession.Failure.unexpected }
                found += envelopes
                more = isMore
            }
            let names = found.map { Array($0.envelope.prefix(16)) }
            #expect(Set(names).isSuperset(of: acknowledged), "nothing acknowledged is lost")
            #expect(Set(names).count == names.count, "nothing is doubled")
            #expect(zip(found, found.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
            #expect(found.first.map { $0.sequence > highest } ?? false, "numbers only grow")
            highest = try #require(found.last?.sequence)
            #expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: highest)) == .done)
            await session.close()
        }
        #expect(try await node.terminate() == 0)
    }

    private static let deliveries = 390

    /// Sends until the node dies, a few at a time.
    ///
    /// - Returns: the names of the envelopes whose delivery was acknowledged.
    private static func deliver(through session: NodeSession, to mailbox: TestMailbox, prefix: [UInt8], count: Counter)
        async
        -> Set<[UInt8]>
    {
        var acknowledged: Set<[UInt8]> = []
        var waiting: [UInt32: [UInt8]] = [:]
        do {
            for number in 0..<deliveries {
                let name = prefix + UInt64(number).bytes + [0, 0, 0, 0, 0, 0]
                let envelope = name + [UInt8](repeating: 5, count: Limits.envelopeLengths[0] - name.count)
                waiting[try await session.submit(mailbox.delivery(envelope, at: session.nodeTime))] = name
                while waiting.count >= 8 {
                    let answer = try await session.nextAnswer()
                    if let name = waiting.removeValue(forKey: answer.id), answer.response == .done {
                        acknowledged.insert(name)
                        count.increase()
                    }
                }
            }
            while !waiting.isEmpty {
                let answer = try await session.nextAnswer()
                if let name = waiting.removeValue(forKey: answer.id), answer.response == .done {
                    acknowledged.insert(name)
                }
            }
        } catch {
            // The node is dead.
        }
        return acknowledged
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func increase() { count.withLock { $0 += 1 } }
}

extension UInt64 {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}
