import CryptoPrimitives
import NodeProtocol
import Trust

extension NodeConformance {
    static let invitationRules: [NodeRule] = [
        NodeRule("an open invitation gives its bundle to a guest, over a restart too") { bubble in
            let chief = try await bubble.enrolOperator()
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await bubble.session(of: chief).ask(invitation.request), is: .done)
            try await bubble.node.restart()
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: invitation.id)),
                is: .invitationBundle(invitation.bundle))
        },
        NodeRule("putting an invitation again changes nothing; other content is a conflict") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await session.ask([invitation.request, invitation.request]), is: [.done, .done])
            let other = Request.putInvitation(
                invitation: invitation.id, verifier: invitation.keys.redemptionVerifier, expires: invitation.expires,
                bundle: bubble.random.bytes(8_192))
            try expect(try await session.ask(other), is: .refused(.conflict))
        },
        NodeRule("only who may invite opens an invitation") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let invitation = try await bubble.invitation(by: member)
            try expect(try await bubble.session(of: member).ask(invitation.request), is: .refused(.notPermitted))
        },
        NodeRule("an unknown invitation is refused as such") { bubble in
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let id = bubble.random.bytes(16)
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: id)), is: .refused(.unknownInvitation))
            try expect(
                try await session.ask(.withdrawInvitation(invitation: id)), is: .refused(.unknownInvitation))
        },
        NodeRule("a withdrawn invitation is refused as such, and withdrawing again is well") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            let withdrawal = Request.withdrawInvitation(invitation: invitation.id)
            try expect(try await session.ask([invitation.request, withdrawal, withdrawal]), is: [.done, .done, .done])
            try await bubble.node.restart()
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: invitation.id)),
                is: .refused(.invitationWithdrawn))
            let chain = try await bubble.chain(for: try ConformanceKeys(bubble.random), from: invitation)
            try expect(try await bubble.redeem(invitation, chain: chain), is: .refused(.invitationWithdrawn))
        },
        NodeRule("another's invitation cannot be withdrawn") { bubble in
            let chief = try await bubble.enrolOperator()
            let member = try await bubble.enrol(by: chief)
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await bubble.session(of: chief).ask(invitation.request), is: .done)
            try expect(
                try await bubble.session(of: member).ask(.withdrawInvitation(invitation: invitation.id)),
                is: .refused(.unknownInvitation))
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: invitation.id)),
                is: .invitationBundle(invitation.bundle))
        },
        NodeRule("an expired invitation is refused as such; one that has passed is not taken") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let now = try await bubble.node.now()
            let past = Request.putInvitation(
                invitation: bubble.random.bytes(16), verifier: bubble.random.bytes(32), expires: now - 1, bundle: [1])
            try expect(try await session.ask(past), is: .refused(.malformed))
            let invitation = try await bubble.invitation(by: chief, for: 600)
            try expect(try await session.ask(invitation.request), is: .done)
            guard try await bubble.node.advance(seconds: 601) else { return }
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: invitation.id)),
                is: .refused(.invitationExpired))
            let keys = try ConformanceKeys(bubble.random)
            let member = try MemberCertificate.issue(
                to: keys.member.publicKey, redeeming: invitation.certificate, with: invitation.keys, now: now,
                random: bubble.random)
            let device = try keys.certificate(
                rights: [], bubble: bubble.authority.bubble, from: now, random: bubble.random)
            let chain = CertificateChain(
                inviter: chief.chain.member, invitation: invitation.certificate, member: member, device: device)
            try expect(try await bubble.redeem(invitation, chain: chain), is: .refused(.invitationExpired))
        },
        NodeRule("a device has a quota of open invitations; withdrawing frees it") { bubble in
            let quota = bubble.node.limits.invitationsPerDevice
            guard quota <= 300 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let expires = try await bubble.node.now() + 3_600
            func put(_ id: [UInt8]) -> Request {
                .putInvitation(invitation: id, verifier: bubble.random.bytes(32), expires: expires, bundle: [1])
            }
            let ids = (0..<quota).map { _ in bubble.random.bytes(16) }
            for id in ids { try expect(try await session.ask(put(id)), is: .done) }
            try expect(try await session.ask(put(bubble.random.bytes(16))), is: .refused(.quotaExceeded))
            try expect(try await session.ask(.withdrawInvitation(invitation: ids[0])), is: .done)
            try expect(try await session.ask(put(bubble.random.bytes(16))), is: .done)
        },
        NodeRule("invitations that are put and withdrawn again have a quota as well") { bubble in
            let quota = bubble.node.limits.invitationsPerDevice * Limits.invitationsRemembered
            guard quota <= 300 else { return }
            let session = try await bubble.session(of: try await bubble.enrolOperator())
            let expires = try await bubble.node.now() + 3_600
            func put(_ id: [UInt8]) -> Request {
                .putInvitation(invitation: id, verifier: bubble.random.bytes(32), expires: expires, bundle: [1])
            }
            for _ in 0..<quota {
                let id = bubble.random.bytes(16)
                try expect(
                    try await session.ask([put(id), .withdrawInvitation(invitation: id)]), is: [.done, .done])
            }
            try expect(try await session.ask(put(bubble.random.bytes(16))), is: .refused(.quotaExceeded))
        },
    ]

    static let redemptionRules: [NodeRule] = [
        NodeRule("a redemption makes the newcomer a device, is receipted and told to the inviter") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await session.ask(invitation.request), is: .done)
            let keys = try ConformanceKeys(bubble.random)
            let chain = try await bubble.chain(for: keys, from: invitation)
            guard case .redeemed(let receipt) = try await bubble.redeem(invitation, chain: chain) else {
                throw ConformanceFailure.broken("a redemption is receipted", line: #line)
            }
            try RedemptionReceipt(decoding: receipt).verify(
                nodeKey: session.nodeKey, bubble: bubble.authority.bubble, invitation: invitation.keys.id,
                memberKey: keys.member.publicKey)
            try expect(try await session.nextPush(), is: .invitationRedeemed(invitation: invitation.id))
            try expect(try await bubble.admits(keys.device(chain)), "at once")
            try await bubble.node.restart()
            try expect(try await bubble.admits(keys.device(chain)), "after a restart")
        },
        NodeRule("a redemption is idempotent for its member key and refused to another") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await session.ask(invitation.request), is: .done)
            let chain = try await bubble.chain(for: try ConformanceKeys(bubble.random), from: invitation)
            let second = try await bubble.chain(for: try ConformanceKeys(bubble.random), from: invitation)
            let receipt = try await bubble.redeem(invitation, chain: chain)
            try await bubble.node.restart()
            try expect(try await bubble.redeem(invitation, chain: chain), is: receipt, "the same receipt")
            try expect(try await bubble.redeem(invitation, chain: second), is: .refused(.invitationUsed))
            try expect(
                try await bubble.guest().ask(.invitationBundle(invitation: invitation.id)),
                is: .refused(.invitationUsed))
            try expect(
                try await bubble.session(of: chief).ask(.withdrawInvitation(invitation: invitation.id)),
                is: .refused(.invitationUsed))
        },
        NodeRule("a redemption without the link's proof or with another's chain is refused, and uses nothing up") {
            bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            let other = try await bubble.invitation(by: chief)
            try expect(try await session.ask([invitation.request, other.request]), is: [.done, .done])
            let keys = try ConformanceKeys(bubble.random)
            let chain = try await bubble.chain(for: keys, from: invitation)
            try expect(
                try await bubble.redeem(invitation, chain: chain, keys: other.keys),
                is: .refused(.invalidCredential), "a wrong proof")
            let foreign = try await bubble.chain(for: keys, from: other)
            try expect(
                try await bubble.redeem(invitation, chain: foreign), is: .refused(.invalidCredential),
                "another invitation's chain")
            let guest = try await bubble.guest()
            try expect(
                try await guest.ask(.redeem(invitation: invitation.id, redemption: [1, 2, 3])),
                is: .refused(.invalidCredential), "rubbish")
            guard case .redeemed = try await bubble.redeem(invitation, chain: chain) else {
                throw ConformanceFailure.broken("the invitation is still open", line: #line)
            }
        },
        NodeRule("a newcomer cannot take another member's device id") { bubble in
            let chief = try await bubble.enrolOperator()
            let session = try await bubble.session(of: chief)
            let invitation = try await bubble.invitation(by: chief)
            try expect(try await session.ask(invitation.request), is: .done)
            let thief = try ConformanceKeys(id: chief.id, bubble.random)
            let chain = try await bubble.chain(for: thief, from: invitation)
            try expect(try await bubble.redeem(invitation, chain: chain), is: .refused(.invalidCredential))
            try expect(try await bubble.admits(chief), "its owner keeps it")
        },
    ]
}
