import CryptoPrimitives
import NodeProtocol

extension NodeConformance {
    static let mailboxRules: [NodeRule] = [
        NodeRule("a mailbox is made once: again is well, another key or another device is a conflict") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let mailbox = try await bubble.mailbox(of: session)
            try expect(try await session.ask(mailbox.creation), is: .done)
            let rekeyed = ConformanceMailbox(id: mailbox.id, deliveryKey: bubble.random.bytes(32))
            try expect(try await session.ask(rekeyed.creation), is: .refused(.conflict))
            try expect(try await bubble.session(of: member).ask(mailbox.creation), is: .refused(.conflict))
        },
        NodeRule("another's mailbox is unknown to a device") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let mailbox = try await bubble.mailbox(of: try await bubble.session(of: chief))
            let session = try await bubble.session(of: member)
            for request: Request in [
                mailbox.fetch(), .acknowledge(mailbox: mailbox.id, through: 1),
                .rotateDeliveryKey(mailbox: mailbox.id, deliveryKeyHash: bubble.random.bytes(32)),
                .publishKeyPackages(mailbox: mailbox.id, keyPackages: []),
            ] {
                try expect(try await session.ask(request), is: .refused(.unknownMailbox), "\(request)")
            }
        },
        NodeRule("a fetch is oldest first, above a number, at most what was asked, and says whether there is more") {
            bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            let envelopes = (0..<5).map { _ in bubble.envelope() }
            for envelope in envelopes {
                try expect(try await session.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
            }
            let stored = envelopes.enumerated().map { StoredEnvelope(sequence: UInt64($0 + 1), envelope: $1) }
            try expect(try await session.ask(mailbox.fetch()), is: .envelopes(stored, more: false))
            try expect(
                try await session.ask(mailbox.fetch(limit: 2)), is: .envelopes(Array(stored[..<2]), more: true))
            try expect(
                try await session.ask(mailbox.fetch(after: 2, limit: 3)),
                is: .envelopes(Array(stored[2...]), more: false))
            try expect(try await session.ask(mailbox.fetch(after: 5)), is: .envelopes([], more: false))
            try expect(try await session.ask(mailbox.fetch(after: .max)), is: .envelopes([], more: false))
            try expect(try await session.ask(mailbox.fetch(limit: 0)), is: .refused(.malformed))
        },
        NodeRule("a fetch gives no more than the protocol's most") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            guard bubble.node.limits.mailboxEnvelopes > Limits.envelopesPerFetch,
                bubble.node.limits.mailboxBytes > (Limits.envelopesPerFetch + 1) * Limits.envelopeLengths[0]
            else { return }
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            for _ in 0...Limits.envelopesPerFetch {
                try expect(try await session.ask(mailbox.deliver(bubble.envelope(), expires: expires)), is: .done)
            }
            guard case .envelopes(let stored, more: true) = try await session.ask(mailbox.fetch(limit: .max)) else {
                throw ConformanceFailure.broken("there is more", line: #line)
            }
            try expect(stored.count, is: Limits.envelopesPerFetch)
        },
        NodeRule("an acknowledgement deletes what is there up to it, and nothing that comes later") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            let envelopes = (0..<4).map { _ in bubble.envelope() }
            for envelope in envelopes.prefix(3) {
                try expect(try await session.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
            }
            let acknowledgement = Request.acknowledge(mailbox: mailbox.id, through: 2)
            try expect(try await session.ask([acknowledgement, acknowledgement]), is: [.done, .done])
            try expect(
                try await session.ask(mailbox.fetch()),
                is: .envelopes([StoredEnvelope(sequence: 3, envelope: envelopes[2])], more: false))
            try expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: .max)), is: .done)
            try expect(try await session.ask(mailbox.deliver(envelopes[3], expires: expires)), is: .done)
            try expect(
                try await session.ask(mailbox.fetch()),
                is: .envelopes([StoredEnvelope(sequence: 4, envelope: envelopes[3])], more: false))
        },
        NodeRule("what was acknowledged stays deleted over a restart, and no number is used twice") { bubble in
            let device = try await bubble.enrolOperator()
            var session = try await bubble.session(of: device)
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            for _ in 0..<3 {
                try expect(try await session.ask(mailbox.deliver(bubble.envelope(), expires: expires)), is: .done)
            }
            try expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: 3)), is: .done)
            try await bubble.node.restart()
            session = try await bubble.session(of: device)
            let envelope = bubble.envelope()
            try expect(try await session.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
            try expect(
                try await session.ask(mailbox.fetch()),
                is: .envelopes([StoredEnvelope(sequence: 4, envelope: envelope)], more: false))
        },
        NodeRule("a rotated delivery key is refused at once, over a restart too") { bubble in
            let device = try await bubble.enrolOperator()
            var session = try await bubble.session(of: device)
            let mailbox = try await bubble.mailbox(of: session)
            let next = ConformanceMailbox(id: mailbox.id, deliveryKey: bubble.random.bytes(32))
            let expires = try await bubble.node.now() + 3_600
            let rotation = Request.rotateDeliveryKey(
                mailbox: mailbox.id, deliveryKeyHash: HashAlgorithm.sha256.hash(next.deliveryKey))
            try expect(
                try await session.ask([rotation, mailbox.deliver(bubble.envelope(), expires: expires)]),
                is: [.done, .refused(.wrongDeliveryKey)])
            try await bubble.node.restart()
            session = try await bubble.session(of: device)
            try expect(
                try await session.ask([
                    mailbox.deliver(bubble.envelope(), expires: expires),
                    next.deliver(bubble.envelope(), expires: expires),
                ]), is: [.refused(.wrongDeliveryKey), .done])
        },
        NodeRule("a device has a quota of mailboxes") { bubble in
            let quota = bubble.node.limits.mailboxesPerDevice
            guard quota <= 300 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            for _ in 0..<quota { _ = try await bubble.mailbox(of: session) }
            let another = ConformanceMailbox(id: bubble.random.bytes(16), deliveryKey: bubble.random.bytes(32))
            try expect(try await session.ask(another.creation), is: .refused(.quotaExceeded))
        },
    ]

    static let keyPackageRules: [NodeRule] = [
        NodeRule("each key package is handed out once, the last again and again, over a restart too") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let mailbox = try await bubble.mailbox(of: session)
            let packages = (0..<3).map { _ in bubble.random.bytes(2_000) }
            try expect(
                try await session.ask(.publishKeyPackages(mailbox: mailbox.id, keyPackages: packages)), is: .done)
            let take = Request.takeKeyPackage(mailbox: mailbox.id, deliveryKey: mailbox.deliveryKey)
            var other = try await bubble.session(of: member)
            try expect(
                try await other.ask([take, take]), is: [.keyPackage(packages[0]), .keyPackage(packages[1])])
            try await bubble.node.restart()
            other = try await bubble.session(of: member)
            try expect(
                try await other.ask([take, take, take]), is: Array(repeating: .keyPackage(packages[2]), count: 3))
        },
        NodeRule("publishing replaces the mailbox's key packages") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let (old, new) = (bubble.random.bytes(100), bubble.random.bytes(100))
            let take = Request.takeKeyPackage(mailbox: mailbox.id, deliveryKey: mailbox.deliveryKey)
            try expect(
                try await session.ask([
                    .publishKeyPackages(mailbox: mailbox.id, keyPackages: [old, old]),
                    .publishKeyPackages(mailbox: mailbox.id, keyPackages: [new]), take, take,
                    .publishKeyPackages(mailbox: mailbox.id, keyPackages: []), take,
                ]), is: [.done, .done, .keyPackage(new), .keyPackage(new), .done, .keyPackage(nil)])
        },
        NodeRule("a key package is taken with the delivery key only") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let package = bubble.random.bytes(100)
            try expect(
                try await session.ask([
                    .publishKeyPackages(mailbox: mailbox.id, keyPackages: [package]),
                    .takeKeyPackage(mailbox: mailbox.id, deliveryKey: bubble.random.bytes(32)),
                    .takeKeyPackage(mailbox: bubble.random.bytes(16), deliveryKey: mailbox.deliveryKey),
                    .takeKeyPackage(mailbox: mailbox.id, deliveryKey: mailbox.deliveryKey),
                ]), is: [.done, .refused(.wrongDeliveryKey), .refused(.unknownMailbox), .keyPackage(package)])
        },
    ]
}
