import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

extension NodeConformance {
    static let sessionRules: [NodeRule] = [
        NodeRule("a session stands once both sides have signed, and the challenge carries the node's clock") { bubble in
            let device = try await bubble.enrolOperator()
            let before = try await bubble.node.now()
            let session = try await bubble.session(of: device)
            try expect(session.nodeTime >= before && session.nodeTime <= before + 60, "the node's clock, in seconds")
            guard case .bubbleState = try await session.ask(.bubbleState) else {
                throw ConformanceFailure.broken("an established session is served", line: #line)
            }
        },
        NodeRule("the node keeps its key over a restart") { bubble in
            let key = try await bubble.guest().nodeKey
            try await bubble.node.restart()
            try expect(try await bubble.guest().nodeKey, is: key)
        },
        NodeRule("a device that signs with another key is refused") { bubble in
            let device = try await bubble.enrolOperator()
            let other = try SignatureScheme.ed25519.generate(bubble.random)
            let impostor = ConformanceDevice(
                id: device.id, memberKey: device.memberKey, session: other, chain: device.chain)
            try expect(try await !bubble.admits(impostor), "an impostor is refused")
            try expect(try await bubble.admits(device), "the device itself is not")
        },
        NodeRule("a device that the node does not know is refused") { bubble in
            let device = try await bubble.enrolOperator()
            let stranger = ConformanceDevice(
                id: DeviceID.generate(bubble.random), memberKey: device.memberKey, session: device.session,
                chain: device.chain)
            try expect(try await !bubble.admits(stranger), "a stranger is refused")
        },
        NodeRule("a signature over another session's transcript is refused") { bubble in
            let device = try await bubble.enrolOperator()
            func greeted() async throws -> (ConformanceSession, [UInt8]) {
                let session = try await bubble.connect()
                let transcript = try await session.greet(
                    as: .device, bubble: bubble.authority.bubble.bytes, device: device.id.bytes,
                    origin: bubble.operatorLink.origin, random: bubble.random)
                return (
                    session,
                    try SignatureScheme.ed25519.sign(transcript.bytes(role: .client), with: device.session.privateKey)
                )
            }
            let (_, recorded) = try await greeted()
            let (session, _) = try await greeted()
            try await session.send(.authenticate(signature: recorded))
            try expect(try await session.goodbye(), is: .notAuthenticated)
        },
        NodeRule("another version of the protocol is refused as such") { bubble in
            let session = try await bubble.connect()
            let zeros = [UInt8](repeating: 0, count: 16)
            try await session.send(
                .hello(version: 99, role: .guest, bubble: zeros, device: zeros, nonce: bubble.random.bytes(32)))
            try expect(try await session.goodbye(), is: .unsupportedVersion)
        },
        NodeRule("what is no frame ends the session, whatever its state") { bubble in
            let fresh = try await bubble.connect()
            try await fresh.send(raw: [0xFF, 0x00])
            try expect(try await fresh.goodbye(), is: .malformed)
            let guest = try await bubble.guest()
            try await guest.send(raw: [])
            try expect(try await guest.goodbye(), is: .malformed)
            let trailing = try await bubble.guest()
            try await trailing.send(raw: ClientFrame.request(id: 1, .bubbleState).encoded + [0])
            try expect(try await trailing.goodbye(), is: .malformed)
        },
        NodeRule("a frame out of order ends the session") { bubble in
            let device = try await bubble.enrolOperator()
            let eager = try await bubble.connect()
            try await eager.send(.request(id: 1, .bubbleState))
            try expect(try await eager.goodbye(), is: .malformed, "a request before the hello")
            let unproved = try await bubble.connect()
            _ = try await unproved.greet(
                as: .device, bubble: bubble.authority.bubble.bytes, device: device.id.bytes,
                origin: bubble.operatorLink.origin, random: bubble.random)
            try await unproved.send(.request(id: 1, .bubbleState))
            try expect(try await unproved.goodbye(), is: .malformed, "a request before the proof")
            let twice = try await bubble.session(of: device)
            try await twice.send(.authenticate(signature: bubble.random.bytes(64)))
            try expect(try await twice.goodbye(), is: .malformed, "a second proof")
            let again = try await bubble.guest()
            let zeros = [UInt8](repeating: 0, count: 16)
            try await again.send(
                .hello(
                    version: nodeProtocolVersion, role: .guest, bubble: zeros, device: zeros,
                    nonce: bubble.random.bytes(32)))
            try expect(try await again.goodbye(), is: .malformed, "a second hello")
        },
        NodeRule("a guest may make no device's request, and goes on as a guest") { bubble in
            _ = try await bubble.enrolOperator()
            let guest = try await bubble.guest()
            let id = bubble.random.bytes(16)
            let key = bubble.random.bytes(32)
            for request: Request in [
                .bubbleState, .checkpoint, .putCheckpoint([1]), .createMailbox(mailbox: id, deliveryKeyHash: key),
                .fetchEnvelopes(mailbox: id, after: 0, limit: 1), .createSlot(slot: id, tokenHash: key),
                .takeKeyPackage(mailbox: id, deliveryKey: key), .fetchBlob(blob: key),
                .withdrawInvitation(invitation: id),
            ] {
                try expect(try await guest.ask(request), is: .refused(.notPermitted), "\(request)")
            }
            try expect(try await guest.ask(.invitationBundle(invitation: id)), is: .refused(.unknownInvitation))
        },
        NodeRule("a device makes no guest's request") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let id = bubble.random.bytes(16)
            try expect(try await session.ask(.invitationBundle(invitation: id)), is: .refused(.notPermitted))
            try expect(try await session.ask(.redeem(invitation: id, redemption: [])), is: .refused(.notPermitted))
        },
        NodeRule("requests of one session take effect in the order they were sent") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let mailbox = try await bubble.mailbox(of: session)
            let expires = try await bubble.node.now() + 3_600
            let envelopes = (0..<16).map { _ in bubble.envelope() }
            let responses = try await session.ask(
                envelopes.map { mailbox.deliver($0, expires: expires) } + [mailbox.fetch()])
            try expect(responses.dropLast().allSatisfy { $0 == .done }, "each is delivered")
            guard case .envelopes(let stored, more: false)? = responses.last else {
                throw ConformanceFailure.broken("a fetch behind them", line: #line)
            }
            try expect(stored.map(\.envelope), is: envelopes)
        },
        NodeRule("two sessions of one device are both told") { bubble in
            let device = try await bubble.enrolOperator()
            let first = try await bubble.session(of: device)
            let second = try await bubble.session(of: device)
            let mailbox = try await bubble.mailbox(of: first)
            let envelope = bubble.envelope()
            let expires = try await bubble.node.now() + 3_600
            try expect(try await second.ask(mailbox.deliver(envelope, expires: expires)), is: .done)
            let push = Push.envelope(mailbox: mailbox.id, sequence: 1, envelope: envelope)
            try expect(try await first.nextPush(), is: push)
            try expect(try await second.nextPush(), is: push)
        },
    ]
}
