import CryptoPrimitives
import NodeProtocol
import Trust

extension NodeConformance {
    static let claimRules: [NodeRule] = [
        NodeRule("the claim makes the operator a device, over a restart too") { bubble in
            let device = try await bubble.enrolOperator()
            try expect(try await bubble.admits(device), "at once")
            try await bubble.node.restart()
            try expect(try await bubble.admits(device), "after a restart")
        },
        NodeRule("a wrong claim token is refused, and the node stays unclaimed") { bubble in
            try expect(
                try await bubble.claim(token: bubble.random.bytes(32)), is: .refused(.wrongClaimToken))
            _ = try await bubble.enrolOperator()
        },
        NodeRule("a claim is idempotent for its authority and refused to another") { bubble in
            _ = try await bubble.enrolOperator()
            try expect(try await bubble.claim(), is: .done)
            let key = try HybridSigningKey.generate(bubble.random)
            let other = Authority(bubble: bubble.authority.bubble, key: key.publicKey)
            try expect(try await bubble.claim(authority: other, stateSigner: key), is: .refused(.alreadyClaimed))
        },
        NodeRule("a claim that its authority did not sign is refused") { bubble in
            let other = try HybridSigningKey.generate(bubble.random)
            try expect(try await bubble.claim(stateSigner: other), is: .refused(.invalidCredential), "its state")
            try expect(
                try await bubble.claim(authority: Authority(bubble: bubble.authority.bubble, key: other.publicKey)),
                is: .refused(.invalidCredential), "all of it")
        },
        NodeRule("a claim must name this node's key and an operator") { bubble in
            try expect(
                try await bubble.claim(nodeKey: bubble.random.bytes(32)), is: .refused(.invalidCredential))
            try expect(try await bubble.claim(rights: .mayInvite), is: .refused(.invalidCredential))
        },
        NodeRule("before the claim an invitation is unknown") { bubble in
            let guest = try await bubble.guest()
            try expect(
                try await guest.ask(.invitationBundle(invitation: bubble.random.bytes(16))),
                is: .refused(.unknownInvitation))
        },
    ]

    static let bubbleStateRules: [NodeRule] = [
        NodeRule("a newer bubble state replaces the old one, is told to every session, and survives a restart") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let other = try await bubble.session(of: member)
            let next = try bubble.state(version: 2, nodeKey: session.nodeKey, issued: try await bubble.node.now())
            try expect(try await session.ask(.publishBubbleState(next.encoded)), is: .done)
            try expect(try await other.nextPush(), is: .bubbleState(version: 2))
            try expect(try await session.ask(.publishBubbleState(next.encoded)), is: .done, "again")
            try await bubble.node.restart()
            try expect(
                try await bubble.session(of: member).ask(.bubbleState), is: .bubbleState(next.encoded))
        },
        NodeRule("an older bubble state, or another of the same version, is refused") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let now = try await bubble.node.now()
            for version: UInt64 in [0, 1] {
                let old = try bubble.state(version: version, nodeKey: session.nodeKey, issued: now + 1)
                try expect(
                    try await session.ask(.publishBubbleState(old.encoded)), is: .refused(.staleBubbleState))
            }
        },
        NodeRule("a bubble state that the authority did not sign for this node is refused") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let now = try await bubble.node.now()
            let other = try HybridSigningKey.generate(bubble.random)
            let forged = try bubble.state(version: 2, nodeKey: session.nodeKey, issued: now, signer: other)
            try expect(try await session.ask(.publishBubbleState(forged.encoded)), is: .refused(.invalidCredential))
            let elsewhere = try bubble.state(version: 2, nodeKey: bubble.random.bytes(32), issued: now)
            try expect(
                try await session.ask(.publishBubbleState(elsewhere.encoded)), is: .refused(.invalidCredential))
            try expect(try await session.ask(.publishBubbleState([1, 2, 3])), is: .refused(.invalidCredential))
        },
        NodeRule("a revoked device is shown out and let in no more") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            let revoked = try await bubble.session(of: member)
            let next = try bubble.state(
                version: 2, nodeKey: session.nodeKey, issued: try await bubble.node.now(),
                revoked: { $0.revoke(member.id) })
            try expect(try await session.ask(.publishBubbleState(next.encoded)), is: .done)
            try expect(try await revoked.goodbye(), is: .notAuthenticated)
            try expect(try await !bubble.admits(member), "the device is refused")
            try expect(try await bubble.admits(chief), "others are not")
            try await bubble.node.restart()
            try expect(try await !bubble.admits(member), "also after a restart")
        },
        NodeRule("who was invited by a revoked invitation is shown out") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let session = try await bubble.session(of: chief)
            guard let invitation = member.chain.invitation?.invitation else {
                throw ConformanceFailure.broken("a member's chain names its invitation", line: #line)
            }
            let next = try bubble.state(
                version: 2, nodeKey: session.nodeKey, issued: try await bubble.node.now(),
                revoked: { $0.revoke(invitation) })
            try expect(try await session.ask(.publishBubbleState(next.encoded)), is: .done)
            try expect(try await !bubble.admits(member), "the member is refused")
        },
    ]
}
