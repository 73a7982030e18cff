import NodeProtocol

extension NodeConformance {
    static let deliveryRules: [NodeRule] = [
        NodeRule("an acknowledged envelope survives a kill, byte for byte") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let mailbox = try await bubble.mailbox(of: try await bubble.session(of: chief))
            let sender = try await bubble.session(of: member)
            let expires = try await bubble.node.now() + 3_600
            let envelopes = Limits.envelopeLengths.map { bubble.envelope($0) }
            for envelope in envelopes {
                try expect(try await sender.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
            }
            try await bubble.node.restart()
            let stored = envelopes.enumerated().map { StoredEnvelope(sequence: UInt64($0 + 1), envelope: $1) }
            try expect(
                try await bubble.session(of: chief).ask(mailbox.fetch()), is: .envelopes(stored, more: false))
        },
        NodeRule("an envelope is pushed to its owner with its number, and stays until acknowledged") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let owner = try await bubble.session(of: chief)
            let mailbox = try await bubble.mailbox(of: owner)
            let sender = try await bubble.session(of: member)
            let expires = try await bubble.node.now() + 3_600
            let envelopes = [bubble.envelope(), bubble.envelope(4_096)]
            for (index, envelope) in envelopes.enumerated() {
                try expect(try await sender.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
                try expect(
                    try await owner.nextPush(),
                    is: .envelope(mailbox: mailbox.id, sequence: UInt64(index + 1), envelope: envelope))
            }
            try expect(try await sender.allPushes(), is: [], "nobody else is told")
            guard case .envelopes(let stored, more: false) = try await owner.ask(mailbox.fetch()) else {
                throw ConformanceFailure.broken("they are still there", line: #line)
            }
            try expect(stored.map(\.envelope), is: envelopes)
        },
        NodeRule("who connects later fetches: nothing stored is pushed") { bubble in
            let device = try await bubble.enrolOperator()
            let first = try await bubble.session(of: device)
            let mailbox = try await bubble.mailbox(of: first)
            let expires = try await bubble.node.now() + 3_600
            try expect(try await first.ask(mailbox.deliver(bubble.envelope(), expires: expires)), is: .done)
            try expect(try await bubble.session(of: device).allPushes(), is: [])
        },
        NodeRule("a transient envelope is handed over and not stored, or refused") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let owner = try await bubble.session(of: chief)
            let mailbox = try await bubble.mailbox(of: owner)
            let sender = try await bubble.session(of: member)
            let expires = try await bubble.node.now() + 3_600
            let envelope = bubble.envelope()
            let transient = mailbox.deliver(envelope, transient: true, expires: expires)
            try expect(try await sender.ask(transient), is: .done)
            try expect(
                try await owner.nextPush(), is: .envelope(mailbox: mailbox.id, sequence: 0, envelope: envelope))
            try expect(try await owner.ask(mailbox.fetch()), is: .envelopes([], more: false))
            await owner.close()
            // A closed connection may take the node a moment to notice.
            for attempt in 0..<20 {
                let response = try await sender.ask(transient)
                if response == .refused(.recipientAway) { break }
                try expect(response, is: .done)
                try expect(attempt < 19, "the recipient is away")
                try await Task.sleep(nanoseconds: 50_000_000)
            }
            let again = try await bubble.session(of: chief)
            try expect(try await again.ask(mailbox.fetch()), is: .envelopes([], more: false))
            try expect(
                try await sender.ask(mailbox.deliver(bubble.envelope(), expires: expires)), is: .done)
            try expect(
                try await again.nextPush().sequence, is: 1, "a transient envelope uses no number")
        },
        NodeRule("an envelope has one of three sizes") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            for length in [0, 1, 1_023, 1_025, 4_095, 16_383] {
                try expect(
                    try await session.ask(mailbox.deliver(bubble.envelope(length), expires: expires)),
                    is: .refused(.malformed), "\(length) bytes")
            }
        },
        NodeRule("a wrong mailbox or delivery key is refused, for transient envelopes too") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            let nowhere = ConformanceMailbox(id: bubble.random.bytes(16), deliveryKey: mailbox.deliveryKey)
            let wrong = ConformanceMailbox(id: mailbox.id, deliveryKey: bubble.random.bytes(32))
            for transient in [false, true] {
                try expect(
                    try await session.ask(nowhere.deliver(bubble.envelope(), transient: transient, expires: expires)),
                    is: .refused(.unknownMailbox))
                try expect(
                    try await session.ask(wrong.deliver(bubble.envelope(), transient: transient, expires: expires)),
                    is: .refused(.wrongDeliveryKey))
            }
            try expect(try await session.ask(mailbox.fetch()), is: .envelopes([], more: false))
        },
        NodeRule("an envelope lives until its expiry and no longer than the longest life") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let now = try await bubble.node.now()
            try expect(
                try await session.ask(mailbox.deliver(bubble.envelope(), expires: now - 1)), is: .refused(.malformed))
            let lasting = bubble.envelope()
            try expect(try await session.ask(mailbox.deliver(bubble.envelope(), expires: now + 600)), is: .done)
            try expect(try await session.ask(mailbox.deliver(lasting, expires: .max)), is: .done)
            guard try await bubble.node.advance(seconds: 601) else { return }
            try expect(
                try await session.ask(mailbox.fetch()),
                is: .envelopes([StoredEnvelope(sequence: 2, envelope: lasting)], more: false))
            guard try await bubble.node.advance(seconds: Limits.envelopeLifetime) else { return }
            try expect(try await session.ask(mailbox.fetch()), is: .envelopes([], more: false))
        },
        NodeRule("a mailbox full by count refuses, loses nothing, and takes more once acknowledged") { bubble in
            let quota = bubble.node.limits.mailboxEnvelopes
            guard quota <= 300, bubble.node.limits.mailboxBytes >= quota * Limits.envelopeLengths[0] else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            for _ in 0..<quota {
                try expect(try await session.ask(mailbox.deliver(bubble.envelope(), expires: expires)), is: .done)
            }
            let another = mailbox.deliver(bubble.envelope(), expires: expires)
            try expect(try await session.ask(another), is: .refused(.mailboxFull))
            try expect(
                try await session.ask([.acknowledge(mailbox: mailbox.id, through: 1), another, another]),
                is: [.done, .done, .refused(.mailboxFull)])
        },
        NodeRule("a mailbox full by bytes refuses") { bubble in
            let quota = bubble.node.limits.mailboxBytes
            let largest = Limits.envelopeLengths[2]
            let count = quota / largest
            guard count <= 300, count < bubble.node.limits.mailboxEnvelopes else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            for _ in 0..<count {
                try expect(
                    try await session.ask(mailbox.deliver(bubble.envelope(largest), expires: expires)), is: .done)
            }
            try expect(
                try await session.ask(mailbox.deliver(bubble.envelope(largest), expires: expires)),
                is: .refused(.mailboxFull))
        },
    ]
}

extension Push {
    /// Of an envelope; nil for other pushes.
    fileprivate var sequence: UInt64? {
        if case .envelope(_, let sequence, _) = self { return sequence }
        return nil
    }
}
