import CryptoPrimitives
import NodeProtocol

extension NodeConformance {
    static let blobRules: [NodeRule] = [
        NodeRule("a blob is fetched as it was put, by whoever knows its id, over a restart too") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let (id, bytes) = (bubble.random.bytes(32), bubble.random.bytes(100_000))
            let expires = try await bubble.node.now() + 3_600
            let put = Request.putBlob(blob: id, expires: expires, bytes: bytes)
            try expect(try await bubble.session(of: chief).ask([put, put]), is: [.done, .done])
            try await bubble.node.restart()
            try expect(try await bubble.session(of: member).ask(.fetchBlob(blob: id)), is: .blob(bytes))
        },
        NodeRule("the longest blob passes") { bubble in
            guard bubble.node.limits.blobBytesPerDevice >= Limits.blobLength else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let (id, bytes) = (bubble.random.bytes(32), bubble.random.bytes(Limits.blobLength))
            let expires = try await bubble.node.now() + 3_600
            try expect(
                try await session.ask([.putBlob(blob: id, expires: expires, bytes: bytes), .fetchBlob(blob: id)]),
                is: [.done, .blob(bytes)])
        },
        NodeRule("a blob's id holds one content") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let (id, bytes) = (bubble.random.bytes(32), bubble.random.bytes(100))
            let expires = try await bubble.node.now() + 3_600
            try expect(
                try await session.ask([
                    .putBlob(blob: id, expires: expires, bytes: bytes),
                    .putBlob(blob: id, expires: expires, bytes: bubble.random.bytes(100)), .fetchBlob(blob: id),
                ]), is: [.done, .refused(.conflict), .blob(bytes)])
        },
        NodeRule("a deleted, expired or never stored blob is unknown") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let (id, other) = (bubble.random.bytes(32), bubble.random.bytes(32))
            let now = try await bubble.node.now()
            try expect(
                try await session.ask([
                    .fetchBlob(blob: id), .deleteBlob(blob: id),
                    .putBlob(blob: id, expires: now - 1, bytes: [1]),
                    .putBlob(blob: id, expires: now + 600, bytes: [1]),
                    .putBlob(blob: other, expires: now + 600, bytes: [2]),
                ]),
                is: [.refused(.unknownBlob), .refused(.unknownBlob), .refused(.malformed), .done, .done])
            let recipient = try await bubble.session(of: member)
            try expect(
                try await recipient.ask([.deleteBlob(blob: id), .fetchBlob(blob: id)]),
                is: [.done, .refused(.unknownBlob)])
            guard try await bubble.node.advance(seconds: 601) else { return }
            try expect(try await recipient.ask(.fetchBlob(blob: other)), is: .refused(.unknownBlob))
        },
        NodeRule("a device has a quota of blob bytes; deletion frees it") { bubble in
            let quota = bubble.node.limits.blobBytesPerDevice
            guard quota <= 16 << 20 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let expires = try await bubble.node.now() + 3_600
            var ids: [[UInt8]] = []
            var left = quota
            while left > 0 {
                ids.append(bubble.random.bytes(32))
                let length = min(left, Limits.blobLength, max(quota / 4, 1))
                try expect(
                    try await session.ask(
                        .putBlob(blob: ids[ids.count - 1], expires: expires, bytes: bubble.random.bytes(length))),
                    is: .done)
                left -= length
            }
            let another = Request.putBlob(blob: bubble.random.bytes(32), expires: expires, bytes: [1])
            try expect(
                try await session.ask([another, .deleteBlob(blob: ids[0]), another]),
                is: [.refused(.quotaExceeded), .done, .done])
        },
        NodeRule("blobs and commits of nothing count, for 4 KiB each") { bubble in
            guard bubble.node.limits.blobBytesPerDevice <= 16 << 20 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let expires = try await bubble.node.now() + 3_600
            try await fillQuota(leaving: 3 * Limits.leastCharge, over: session, bubble)
            let slot = ConformanceSlot(bubble.random, positions: 3)
            try expect(try await session.ask([slot.creation, slot.commit([], at: 0)]), is: [.done, .done])
            let (first, second, third) = (bubble.random.bytes(32), bubble.random.bytes(32), bubble.random.bytes(32))
            func put(_ id: [UInt8]) -> Request { .putBlob(blob: id, expires: expires, bytes: []) }
            try expect(
                try await session.ask([put(first), put(second), put(third), slot.commit([], at: 1)]),
                is: [.done, .done, .refused(.quotaExceeded), .refused(.quotaExceeded)])
            try expect(try await session.ask([.deleteBlob(blob: first), put(third)]), is: [.done, .done])
        },
        NodeRule("the quota of blob bytes survives a restart, and ends with the day on which what was put expires") {
            bubble in
            guard bubble.node.limits.blobBytesPerDevice <= 16 << 20 else { return }
            let chief = try await bubble.enrolOperator()
            let another = Request.putBlob(
                blob: bubble.random.bytes(32), expires: try await bubble.node.now() + 7 * 86_400, bytes: [1])
            try await fillQuota(leaving: 0, over: try await bubble.session(of: chief), bubble)
            try expect(try await bubble.session(of: chief).ask(another), is: .refused(.quotaExceeded))
            try await bubble.node.restart()
            try expect(try await bubble.session(of: chief).ask(another), is: .refused(.quotaExceeded))
            guard try await bubble.node.advance(seconds: 2 * 86_400) else { return }
            try expect(try await bubble.session(of: chief).ask(another), is: .done)
        },
    ]

    /// Puts blobs that live for an hour until no more than so many bytes are left of the device's quota.
    private static func fillQuota(leaving rest: Int, over session: ConformanceSession, _ bubble: ConformanceBubble)
        async throws
    {
        let expires = try await bubble.node.now() + 3_600
        var left = bubble.node.limits.blobBytesPerDevice - rest
        while left > 0 {
            // What is left over would count for more than it is.
            let length = left > Limits.blobLength ? Limits.blobLength - Limits.leastCharge : left
            let put = Request.putBlob(
                blob: bubble.random.bytes(32), expires: expires, bytes: bubble.random.bytes(length))
            try expect(try await session.ask(put), is: .done)
            left -= length
        }
    }

    static let slotRules: [NodeRule] = [
        NodeRule("one commit wins each position, whoever holds the token, and is fetched by it, over a restart too") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let slot = ConformanceSlot(bubble.random, positions: 4)
            var first = try await bubble.session(of: chief)
            var second = try await bubble.session(of: member)
            try expect(try await first.ask(slot.creation), is: .done)
            let (winner, loser) = (bubble.random.bytes(3_000), bubble.random.bytes(3_000))
            try expect(try await second.ask(slot.fetch(0)), is: .commit(nil))
            try expect(try await first.ask(slot.commit(winner, at: 0)), is: .done)
            try expect(try await second.ask(slot.commit(loser, at: 0)), is: .refused(.slotTaken))
            try await bubble.node.restart()
            first = try await bubble.session(of: chief)
            second = try await bubble.session(of: member)
            try expect(try await second.ask([slot.fetch(0), slot.fetch(1)]), is: [.commit(winner), .commit(nil)])
            try expect(try await second.ask(slot.commit(loser, at: 1)), is: .done)
            try expect(
                try await first.ask([slot.fetch(0), slot.fetch(1), slot.fetch(2)]),
                is: [.commit(winner), .commit(loser), .commit(nil)])
        },
        NodeRule("a commit is idempotent for the same bytes and next token, also when the slot has moved on") {
            bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let slot = ConformanceSlot(bubble.random, positions: 3)
            let commits = [bubble.random.bytes(100), bubble.random.bytes(100)]
            let otherNext = Request.commit(
                slot: slot.id, position: 0, token: slot.tokens[0], nextTokenHash: bubble.random.bytes(32),
                sealedCommit: commits[0])
            try expect(
                try await session.ask([
                    slot.creation, slot.commit(commits[0], at: 0), slot.commit(commits[0], at: 0),
                    slot.commit(commits[1], at: 1), slot.commit(commits[0], at: 0), otherNext,
                ]), is: [.done, .done, .done, .done, .done, .refused(.slotTaken)])
        },
        NodeRule("a wrong token, or a position that is not reached, advances and reads nothing") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let slot = ConformanceSlot(bubble.random, positions: 4)
            let commit = bubble.random.bytes(100)
            func forged(at position: UInt64, with token: [UInt8]) -> Request {
                .commit(
                    slot: slot.id, position: position, token: token, nextTokenHash: bubble.random.bytes(32),
                    sealedCommit: bubble.random.bytes(10))
            }
            try expect(
                try await session.ask([
                    slot.creation, forged(at: 0, with: bubble.random.bytes(32)), slot.commit(commit, at: 1),
                    slot.fetch(1), slot.commit(commit, at: 0),
                    // The tokens of a position that has passed do not open the next: a removed member burns no epoch.
                    forged(at: 1, with: slot.tokens[0]), forged(at: .max, with: slot.tokens[1]),
                    .fetchCommit(slot: slot.id, position: 0, token: slot.tokens[1]),
                    .fetchCommit(slot: slot.id, position: 1, token: slot.tokens[0]), slot.fetch(1),
                ]),
                is: [
                    .done, .refused(.wrongSlotToken), .refused(.wrongSlotToken), .refused(.wrongSlotToken), .done,
                    .refused(.wrongSlotToken), .refused(.wrongSlotToken), .refused(.wrongSlotToken),
                    .refused(.wrongSlotToken), .commit(nil),
                ])
        },
        NodeRule("a slot is made once; an unknown one is refused as such") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let slot = ConformanceSlot(bubble.random, positions: 2)
            try expect(
                try await session.ask([slot.fetch(0), slot.commit([1], at: 0), slot.creation, slot.creation]),
                is: [.refused(.unknownSlot), .refused(.unknownSlot), .done, .done])
            let taken = Request.createSlot(slot: slot.id, tokenHash: bubble.random.bytes(32))
            try expect(try await bubble.session(of: member).ask(taken), is: .refused(.conflict))
        },
        NodeRule("a commit stays until its time has passed; its position stays taken") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let slot = ConformanceSlot(bubble.random, positions: 3)
            let commit = bubble.random.bytes(100)
            try expect(try await session.ask([slot.creation, slot.commit(commit, at: 0)]), is: [.done, .done])
            guard try await bubble.node.advance(seconds: Limits.commitLifetime - 10) else { return }
            try expect(try await session.ask(slot.fetch(0)), is: .commit(commit))
            guard try await bubble.node.advance(seconds: 20) else { return }
            try expect(
                try await session.ask([slot.fetch(0), slot.commit([1], at: 0), slot.fetch(1)]),
                is: [.refused(.slotTaken), .refused(.slotTaken), .commit(nil)])
        },
        NodeRule("a device has a quota of slots") { bubble in
            let quota = bubble.node.limits.slotsPerDevice
            guard quota <= 300 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            for _ in 0..<quota {
                try expect(
                    try await session.ask(ConformanceSlot(bubble.random, positions: 1).creation), is: .done)
            }
            try expect(
                try await session.ask(ConformanceSlot(bubble.random, positions: 1).creation),
                is: .refused(.quotaExceeded))
        },
        NodeRule("the quota of slots survives a restart, and a slot counts for 90 days") { bubble in
            let quota = bubble.node.limits.slotsPerDevice
            guard quota <= 300 else { return }
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            for _ in 0..<quota {
                try expect(try await session.ask(ConformanceSlot(bubble.random, positions: 1).creation), is: .done)
            }
            let another = ConformanceSlot(bubble.random, positions: 1).creation
            try await bubble.node.restart()
            try expect(try await bubble.session(of: chief).ask(another), is: .refused(.quotaExceeded))
            guard try await bubble.node.advance(seconds: Limits.slotPeriod + 2 * 86_400) else { return }
            try expect(try await bubble.session(of: chief).ask(another), is: .done)
        },
    ]

    static let checkpointRules: [NodeRule] = [
        NodeRule("a device has one checkpoint, the last it put, over a restart too") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let (first, second) = (bubble.random.bytes(1_000), bubble.random.bytes(2_000))
            try expect(
                try await session.ask([.checkpoint, .putCheckpoint(first), .putCheckpoint(second), .checkpoint]),
                is: [.checkpoint(nil), .done, .done, .checkpoint(second)])
            try await bubble.node.restart()
            try expect(try await bubble.session(of: chief).ask(.checkpoint), is: .checkpoint(second))
            try expect(try await bubble.session(of: member).ask(.checkpoint), is: .checkpoint(nil), "another's")
        },
        NodeRule("a session that has asked for its device's checkpoint replaces none that it has not seen") { bubble in
            let chief = try await bubble.enrolOperator()
            let first = try await bubble.session(of: chief)
            let second = try await bubble.session(of: chief)
            let bytes = (0..<4).map { _ in bubble.random.bytes(900) }
            try expect(try await first.ask(.checkpoint), is: .checkpoint(nil))
            try expect(try await second.ask(.checkpoint), is: .checkpoint(nil))
            try expect(try await first.ask(.putCheckpoint(bytes[0])), is: .done)
            try expect(try await second.ask(.putCheckpoint(bytes[1])), is: .refused(.conflict))
            try expect(
                try await second.ask([.checkpoint, .putCheckpoint(bytes[1]), .putCheckpoint(bytes[2])]),
                is: [.checkpoint(bytes[0]), .done, .done])
            try expect(
                try await first.ask([.putCheckpoint(bytes[3]), .checkpoint]),
                is: [.refused(.conflict), .checkpoint(bytes[2])])
            let third = try await bubble.session(of: chief)
            try expect(try await third.ask(.putCheckpoint(bytes[3])), is: .done, "it has not asked")
            try expect(try await first.ask(.putCheckpoint(bytes[0])), is: .refused(.conflict))
        },
    ]

    static let relayRules: [NodeRule] = [
        NodeRule("a device is given a credential for the relay for an hour, its own, or told that there is none") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let answer = try await session.ask(.relayCredential)
            if answer == .refused(.unavailable) { return }
            guard case .relayCredential(let credential) = answer else {
                throw ConformanceFailure.broken("no credential", line: #line)
            }
            let now = try await bubble.node.now()
            try expect(
                credential.expires > now + Limits.relayCredentialLifetime - 60
                    && credential.expires <= now + Limits.relayCredentialLifetime + 60, "good for an hour")
            try expect(
                credential.username.starts(with: [UInt8]("\(credential.expires):".utf8)), "expiry:user is the name")
            try expect(!credential.password.isEmpty, "a password")
            let another = try await bubble.session(of: member).ask(.relayCredential)
            guard case .relayCredential(let other) = another else {
                throw ConformanceFailure.broken("none for a member", line: #line)
            }
            try expect(other.username != credential.username, "two devices share none")
            guard try await bubble.node.advance(seconds: 3_600) else { return }
            guard case .relayCredential(let next) = try await session.ask(.relayCredential) else {
                throw ConformanceFailure.broken("no second credential", line: #line)
            }
            try expect(next.expires > credential.expires, "a later one")
        },
        NodeRule("a revoked device's credential for the relay ends at once, and what it has allocated with it") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            var clients: [any ConformanceRelayClient] = []
            for device in [chief, member] {
                guard
                    case .relayCredential(let credential) = try await bubble.session(of: device).ask(.relayCredential),
                    let client = try bubble.node.relayClient(credential),
                    let next = try bubble.node.relayClient(credential)
                else { return }
                try expect(try client.allocate(), "a device is served")
                clients += [client, next]
            }
            let state = try bubble.state(
                version: 2, nodeKey: session.nodeKey, issued: try await bubble.node.now(),
                revoked: { $0.revoke(member.id) })
            try expect(try await session.ask(.publishBubbleState(state.encoded)), is: .done)
            try expect(try !clients[3].allocate(), "a revoked device's credential is refused")
            try expect(try !clients[2].refresh(), "what it had is gone")
            try expect(try clients[1].allocate() && clients[0].refresh(), "others are served as before")
        },
        NodeRule("no credential for the relay outlives the device's revocation, whenever the node was started again") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            func right(of device: ConformanceDevice) async throws -> (any ConformanceRelayClient)? {
                let answer = try await bubble.session(of: device).ask(.relayCredential)
                guard case .relayCredential(let credential) = answer else { return nil }
                return try bubble.node.relayClient(credential)
            }
            // Given, started again, and given once more.
            guard let first = try await right(of: member) else { return }
            try await bubble.node.restart()
            guard let second = try await right(of: member) else { return }
            try expect(try second.allocate(), "a device is served by the node that was started again")
            let session = try await bubble.session(of: chief)
            let state = try bubble.state(
                version: 2, nodeKey: session.nodeKey, issued: try await bubble.node.now(),
                revoked: { $0.revoke(member.id) })
            try expect(try await session.ask(.publishBubbleState(state.encoded)), is: .done)
            try expect(try !first.allocate(), "what was given before the restart is refused")
            try expect(try !second.refresh(), "what it had is gone")
            try await bubble.node.restart()
            for client in [first, second] {
                try expect(try !client.allocate(), "what was given before the revocation is refused after a restart")
            }
            try expect(try await right(of: chief)?.allocate() == true, "others are served")
        },
        NodeRule("a guest is given no credential for the relay") { bubble in
            _ = try await bubble.enrolOperator()
            let guest = try await bubble.guest()
            try expect(try await guest.ask(.relayCredential), is: .refused(.notPermitted))
        },
    ]
}

/// A commit slot with the tokens of its first positions.
private struct ConformanceSlot {
    let id: [UInt8]
    let tokens: [[UInt8]]

    init(_ random: Randomness, positions: Int) {
        id = random.bytes(16)
        tokens = (0..<positions).map { _ in random.bytes(32) }
    }

    var creation: Request { .createSlot(slot: id, tokenHash: HashAlgorithm.sha256.hash(tokens[0])) }

    func commit(_ sealed: [UInt8], at position: Int) -> Request {
        .commit(
            slot: id, position: UInt64(position), token: tokens[position],
            nextTokenHash: HashAlgorithm.sha256.hash(tokens[position + 1]), sealedCommit: sealed)
    }

    func fetch(_ position: Int) -> Request {
        .fetchCommit(slot: id, position: UInt64(position), token: tokens[position])
    }
}
